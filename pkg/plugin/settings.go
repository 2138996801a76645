package plugin

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"

	"community-mesos-datasource/pkg/mesos"
)

// This file reads a data source's settings: what Grafana stores as jsonData,
// checked key by key. The HTTP client's own keys (TLS, time-outs, headers,
// proxy) belong to Grafana's SDK, which reads some of them with unchecked type
// assertions and ignores others silently; their types are checked here first.

// Settings are a data source's settings with defaults filled in.
type Settings struct {
	Masters         []string
	ZooKeeperDigest string // user:password, from secureJsonData
	TLS             bool   // one of Grafana's TLS settings is on
	ClusterName     string

	PollInterval time.Duration
	TaskSeries   string // auto, always, never
	TaskLabels   []string
	MaxSeries    int
	IdleTimeout  time.Duration

	AgentStatistics    bool
	AgentAddress       string
	AgentBasicAuthUser string
	AgentHosts         *regexp.Regexp

	Engine      string // auto, memory
	MemoryLimit int64  // bytes
	Retention   time.Duration

	SandboxLogs string // none, admin, editor, viewer

	// Warnings are sentences for the operator about settings that are accepted
	// but do nothing.
	Warnings []string
}

// defaultSettings are what an empty jsonData means, but for masters.
func defaultSettings() Settings {
	return Settings{
		PollInterval: 15 * time.Second,
		TaskSeries:   "auto",
		MaxSeries:    300_000,
		IdleTimeout:  7 * 24 * time.Hour,
		AgentAddress: mesos.DefaultAgentAddress,
		Engine:       "auto",
		MemoryLimit:  256 << 20,
		Retention:    15 * 24 * time.Hour,
		SandboxLogs:  "none",
	}
}

// minPollInterval keeps one data source to a small part of what a master
// allows: /metrics/snapshot answers two requests a second to all clients
// together.
const minPollInterval = 10 * time.Second

// setting is one key of jsonData: how it is read into Settings. A returned
// error says what would be right; the key is put before it.
type setting func(raw json.RawMessage, s *Settings) error

// settings are the keys this plugin owns.
var settings = map[string]setting{
	"masters":      readMasters,
	"clusterName":  text(func(s *Settings) *string { return &s.ClusterName }),
	"pollInterval": duration(func(s *Settings) *time.Duration { return &s.PollInterval }, minPollInterval),
	"taskSeries":   oneOf(func(s *Settings) *string { return &s.TaskSeries }, "auto", "always", "never"),
	"taskLabels":   texts(func(s *Settings) *[]string { return &s.TaskLabels }),
	"maxSeries":    readMaxSeries,
	"idleTimeout":  duration(func(s *Settings) *time.Duration { return &s.IdleTimeout }, time.Minute),

	"agentStatistics":    readAgentStatistics,
	"agentAddress":       readAgentAddress,
	"agentBasicAuthUser": text(func(s *Settings) *string { return &s.AgentBasicAuthUser }),
	"agentHosts":         readAgentHosts,

	"engine":      oneOf(func(s *Settings) *string { return &s.Engine }, "auto", "memory"),
	"memoryLimit": readMemoryLimit,
	"retention":   duration(func(s *Settings) *time.Duration { return &s.Retention }, 10*time.Minute),

	"sandboxLogs": oneOf(func(s *Settings) *string { return &s.SandboxLogs }, "none", "admin", "editor", "viewer"),
}

// sdkKinds are the JSON types of the keys that Grafana's SDK reads
// (backend/http_settings.go, backend/common.go). A wrong type there means a
// panic or no time-out at all, so it ends here with a sentence.
var sdkKinds = map[string]string{
	"access": "text", "url": "text", "basicAuth": "true or false", "basicAuthUser": "text", "serverName": "text",
	"timeout": "a number of seconds", "dialTimeout": "a number of seconds", "httpKeepAlive": "a number of seconds",
	"httpTLSHandshakeTimeout": "a number of seconds", "httpExpectContinueTimeout": "a number of seconds",
	"httpIdleConnTimeout": "a number of seconds",
	"httpMaxConnsPerHost": "a number", "httpMaxIdleConns": "a number", "httpMaxIdleConnsPerHost": "a number",
	"tlsAuth": "true or false", "tlsAuthWithCACert": "true or false", "tlsSkipVerify": "true or false",
	"enableSecureSocksProxy": "true or false", "secureSocksProxyUsername": "text",
	"sigV4Auth": "true or false", "sigV4Region": "text", "sigV4AssumeRoleArn": "text", "sigV4AuthType": "text",
	"sigV4ExternalId": "text", "sigV4Profile": "text",
}

// nowhere is the address that stands for an empty url: the one plugin.json's
// route sends Grafana's data source proxy to, where nobody listens. Grafana
// never stores an empty url over another (xorm leaves empty columns out of an
// update, pkg/services/datasources/service/store.go), so that one that was set
// by mistake could not be taken away otherwise.
const nowhere = "http://127.0.0.1:9"

// grafanaKeys are keys Grafana itself or its config editors store with any
// data source; they mean nothing to us.
var grafanaKeys = []string{"pdcInjected", "oauthPassThru", "keepCookies", "authType", "manageAlerts", "pluginVersion"}

var httpHeaderName = regexp.MustCompile(`^httpHeaderName\d+$`)

// ParseSettings reads and checks the settings of a data source. Every wrong
// key is named in the error, all of them at once.
func ParseSettings(ds backend.DataSourceInstanceSettings) (Settings, error) {
	s := defaultSettings()
	var problems []error
	wrong := func(key string, err error) { problems = append(problems, fmt.Errorf("%s: %w", key, err)) }

	if ds.URL != "" && ds.URL != nowhere {
		wrong("url", errors.New("must stay empty: Grafana's data source proxy would forward anything, even a Viewer's POST, to that address with the stored credentials; put the address into masters (jsonData.masters), and "+nowhere+" into url, since Grafana does not store an empty one over another"))
	}
	var keys map[string]json.RawMessage
	if len(bytes.TrimSpace(ds.JSONData)) > 0 {
		if err := json.Unmarshal(ds.JSONData, &keys); err != nil {
			return s, fmt.Errorf("jsonData is not a JSON object: %w", err)
		}
	}
	names := make([]string, 0, len(keys))
	for key := range keys {
		names = append(names, key)
	}
	slices.Sort(names)
	for _, key := range names {
		raw := keys[key]
		if read, ours := settings[key]; ours {
			if string(raw) == "null" { // as good as absent
				continue
			}
			if err := read(raw, &s); err != nil {
				wrong(key, err)
			}
			continue
		}
		kind, sdk := sdkKinds[key]
		if httpHeaderName.MatchString(key) {
			kind, sdk = "text", true
		}
		switch {
		case key == "zkDigest": // not repeated: it is a secret
			wrong(key, errors.New("belongs into secureJsonData: everybody who may see this data source can read jsonData; change that password, too"))
		case sdk && !isKind(raw, kind):
			wrong(key, fmt.Errorf("must be %s, not %s", kind, short(raw)))
		case !sdk && !slices.Contains(grafanaKeys, key):
			s.Warnings = append(s.Warnings, fmt.Sprintf("the setting %q is not known and does nothing", key))
		}
	}
	s.TLS = isTrue(keys["tlsAuth"]) || isTrue(keys["tlsAuthWithCACert"]) || isTrue(keys["tlsSkipVerify"])
	s.ZooKeeperDigest = ds.DecryptedSecureJSONData["zkDigest"]
	switch user, _, ok := strings.Cut(s.ZooKeeperDigest, ":"); {
	case s.ZooKeeperDigest == "":
	case !ok || user == "": // not repeated: it is a secret
		wrong("zkDigest", errors.New("must be user:password, with a colon between them"))
	case len(s.Masters) > 0 && !s.throughZooKeeper():
		s.Warnings = append(s.Warnings, "zkDigest is set and does nothing: masters has no zk:// address")
	}
	if len(s.Masters) == 0 && !slices.ContainsFunc(problems, func(err error) bool { return strings.HasPrefix(err.Error(), "masters:") }) {
		wrong("masters", errors.New(`name at least one, for example ["http://master1:5050"] or ["zk://zk1:2181,zk2:2181/mesos"]`))
	}
	if len(problems) > 0 {
		return s, fmt.Errorf("settings of the data source: %w", joinSentences(problems))
	}
	return s, nil
}

// throughZooKeeper tells whether the masters are found through ZooKeeper.
func (s Settings) throughZooKeeper() bool {
	return slices.ContainsFunc(s.Masters, func(master string) bool { return strings.HasPrefix(strings.ToLower(master), "zk://") })
}

// mastersScheme is the scheme of masters that ZooKeeper names, which does not
// tell it: https for who has set up TLS.
func (s Settings) mastersScheme() string {
	if s.TLS {
		return "https"
	}
	return "http"
}

func isTrue(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "true" }

// Fingerprint is equal for settings that mean the same to this plugin. It does
// not look at Updated, which has whole seconds only (a second edit within one
// second would be missed), nor at what Grafana adds by itself.
func Fingerprint(ds backend.DataSourceInstanceSettings) [sha256.Size]byte {
	var keys map[string]json.RawMessage
	_ = json.Unmarshal(ds.JSONData, &keys) // a bad one is told by ParseSettings
	delete(keys, "pdcInjected")
	canonical, _ := json.Marshal(struct { // maps are written with sorted keys
		Name, URL, User, BasicAuthUser string
		BasicAuth                      bool
		JSON                           map[string]json.RawMessage
		Raw                            []byte // where JSON is not an object
		Secure                         map[string]string
	}{ds.Name, ds.URL, ds.User, ds.BasicAuthUser, ds.BasicAuthEnabled, keys, rawUnless(keys != nil, ds.JSONData), ds.DecryptedSecureJSONData})
	return sha256.Sum256(canonical)
}

func rawUnless(parsed bool, raw []byte) []byte {
	if parsed {
		return nil
	}
	return raw
}

// joinSentences puts problems on one line, as panels show them.
func joinSentences(problems []error) error {
	texts := make([]string, len(problems))
	for i, err := range problems {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

// short is a JSON value for an error message. Values of jsonData are no
// secrets: every Viewer can read them.
func short(raw json.RawMessage) string {
	const most = 60
	if text := string(raw); len(text) <= most {
		return text
	}
	return string(raw[:most]) + "..."
}

func isKind(raw json.RawMessage, kind string) bool {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return false
	}
	switch v.(type) {
	case string:
		return kind == "text"
	case bool:
		return kind == "true or false"
	case float64:
		return strings.HasPrefix(kind, "a number")
	default:
		return false
	}
}

func text(field func(*Settings) *string) setting {
	return func(raw json.RawMessage, s *Settings) error {
		var v string
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("must be text, not %s", short(raw))
		}
		if v = strings.TrimSpace(v); v != "" {
			*field(s) = v
		}
		return nil
	}
}

func texts(field func(*Settings) *[]string) setting {
	return func(raw json.RawMessage, s *Settings) error {
		var v []string
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf(`must be a list of texts like ["team", "env"], not %s`, short(raw))
		}
		*field(s) = v
		return nil
	}
}

func oneOf(field func(*Settings) *string, values ...string) setting {
	return func(raw json.RawMessage, s *Settings) error {
		var v string
		if err := json.Unmarshal(raw, &v); err != nil || !slices.Contains(append(values, ""), v) {
			return fmt.Errorf("must be one of %s, not %s", strings.Join(values, ", "), short(raw))
		}
		if v != "" {
			*field(s) = v
		}
		return nil
	}
}

func duration(field func(*Settings) *time.Duration, least time.Duration) setting {
	return func(raw json.RawMessage, s *Settings) error {
		var v string
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf(`must be a duration in quotes like "15s", "10m" or "7d", not %s`, short(raw))
		}
		if v == "" {
			return nil
		}
		d, err := gtime.ParseDuration(v)
		if err != nil {
			return fmt.Errorf(`must be a duration like "15s", "10m" or "7d", not %q`, v)
		}
		if d < least {
			return fmt.Errorf("must be at least %s, not %q", least, v)
		}
		*field(s) = d
		return nil
	}
}

func readMasters(raw json.RawMessage, s *Settings) error {
	var v []string
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf(`must be a list of addresses like ["http://master1:5050", "http://master2:5050"], not %s`, short(raw))
	}
	for _, master := range v {
		if master = strings.TrimSpace(master); master != "" { // the editor's empty row
			s.Masters = append(s.Masters, master)
		}
	}
	return nil
}

func readMaxSeries(raw json.RawMessage, s *Settings) error {
	var v int
	if err := json.Unmarshal(raw, &v); err != nil || v < 1000 {
		return fmt.Errorf("must be a whole number of at least 1000, not %s", short(raw))
	}
	s.MaxSeries = v
	return nil
}

func readAgentStatistics(raw json.RawMessage, s *Settings) error {
	if err := json.Unmarshal(raw, &s.AgentStatistics); err != nil {
		return fmt.Errorf("must be true or false, not %s", short(raw))
	}
	return nil
}

func readAgentAddress(raw json.RawMessage, s *Settings) error {
	if err := text(func(s *Settings) *string { return &s.AgentAddress })(raw, s); err != nil {
		return err
	}
	return mesos.CheckAgentAddress(s.AgentAddress)
}

func readAgentHosts(raw json.RawMessage, s *Settings) error {
	var v string
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf(`must be a regular expression in quotes like '.*\.example\.com', not %s`, short(raw))
	}
	if v == "" {
		return nil
	}
	re, err := regexp.Compile("^(?:" + v + ")$")
	if err != nil {
		return fmt.Errorf("is not a regular expression: %w", err)
	}
	s.AgentHosts = re
	return nil
}

func readMemoryLimit(raw json.RawMessage, s *Settings) error {
	var v string
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf(`must be a size in quotes like "256MiB" or "1GiB", not %s`, short(raw))
	}
	if v == "" {
		return nil
	}
	size, err := parseSize(v, "16MiB", "1GiB")
	if err == nil {
		s.MemoryLimit = size
	}
	return err
}

// parseSize reads a size in bytes. least is the smallest that makes sense, usual
// another example for the message.
func parseSize(text, least, usual string) (int64, error) {
	size, err := units.ParseBase2Bytes(text)
	if err != nil {
		return 0, fmt.Errorf(`must be a size like "256MiB" or %q, not %q`, usual, text)
	}
	if smallest, err := units.ParseBase2Bytes(least); err != nil || size < smallest {
		return 0, fmt.Errorf(`must be at least %q, not %q`, least, text)
	}
	return int64(size), nil
}
