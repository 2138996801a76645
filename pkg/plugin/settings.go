package plugin

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/zookeeper"
)

// This file parses the settings of a data source. How each key of jsonData is
// read is in settings_keys.go, the keys of Grafana's SDK are in settings_sdk.go,
// and secureJsonData is in settings_secrets.go.

// Settings are a data source's settings with defaults filled in.
type Settings struct {
	Masters         []string
	ZooKeeperDigest string // user:password, from secureJsonData
	TLS             bool   // one of Grafana's TLS settings is on
	ClusterName     string
	WebURL          string // of Mesos' web UI, without / at its end; "" for the leader's address

	PollInterval time.Duration
	TaskSeries   string // auto, always, never
	TaskLabels   []string
	MaxSeries    int
	IdleTimeout  time.Duration
	Subscribe    string // auto, never

	AgentStatistics    bool
	AgentAddress       string
	AgentBasicAuthUser string
	AgentHosts         *regexp.Regexp
	AgentHeaders       http.Header // values from secureJsonData

	Engine      string // auto, memory, remote
	MemoryLimit int64  // bytes
	Retention   time.Duration

	// Of the engine remote.
	RemoteURL           string // of the HTTP API, without /api/v1 and without / at its end
	RemoteWriteURL      string
	RemoteTenant        string
	RemoteBasicAuthUser string
	RemoteLabels        map[string]string
	Replicas            *zookeeper.Ensemble // where several Grafanas elect the one that polls; nil: each polls

	SandboxLogs string // none, admin, editor, viewer

	// Warnings are sentences for the operator about settings that are accepted
	// and do nothing, or more than is safe.
	Warnings []string

	// mastersAuthorization is the secret with the value of the masters' header
	// Authorization, such as httpHeaderValue1; "" where they get none.
	mastersAuthorization string

	dialZooKeeper    zookeeper.Dial // as masters are reached; set by newClients
	agentHeaderNames []string       // as written; the value of the nth is agentHeaderValue<n+1>
	sdk              map[string]any // the values of the SDK's keys that are set; nil without one
}

// defaultSettings returns the settings of a jsonData that has masters only.
func defaultSettings() Settings {
	return Settings{
		PollInterval: 15 * time.Second,
		TaskSeries:   "auto",
		MaxSeries:    300_000,
		IdleTimeout:  7 * 24 * time.Hour,
		Subscribe:    "auto",
		AgentAddress: mesos.DefaultAgentAddress,
		Engine:       "auto",
		MemoryLimit:  256 << 20,
		Retention:    15 * 24 * time.Hour,
		SandboxLogs:  "none",
	}
}

// nowhere is the address that stands for an empty url: plugin.json's route sends
// Grafana's data source proxy there, and nobody listens. Grafana never stores an
// empty url over another one (xorm leaves empty columns out of an update,
// pkg/services/datasources/service/store.go), so without it a url that was set by
// mistake could not be removed.
const nowhere = "http://127.0.0.1:9"

const mastersMissing = `masters is missing: name at least one, for example ["http://master1:5050"] or ["zk://zk1:2181,zk2:2181/mesos"]`

// ParseSettings parses and checks the settings of a data source. The error names
// every wrong key, and holds no value of secureJsonData.
func ParseSettings(ds backend.DataSourceInstanceSettings) (Settings, error) {
	s := defaultSettings()
	var keys map[string]json.RawMessage
	if len(bytes.TrimSpace(ds.JSONData)) > 0 {
		if err := json.Unmarshal(ds.JSONData, &keys); err != nil {
			return s, fmt.Errorf("settings of the data source: jsonData is not a JSON object: %w", err)
		}
	}
	var problems []error
	if ds.URL != "" && ds.URL != nowhere {
		problems = append(problems, errors.New("url must stay empty: Grafana's data source proxy would forward any request of a Viewer, POST included, to it with the stored credentials; write the address into masters (jsonData.masters), and "+nowhere+" as url, since Grafana does not store an empty one over another"))
	}
	mastersRefused, first := false, len(problems)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if err := s.read(key, keys[key]); err != nil {
			problems = append(problems, err)
			mastersRefused = mastersRefused || key == "masters"
		}
	}
	if len(s.Masters) == 0 && !mastersRefused {
		unset := ""
		if keys["masters"] != nil {
			unset = "; where it is a variable of a provisioning file, that is not set in the environment of Grafana's process"
		} else if i := slices.IndexFunc(slices.Sorted(maps.Keys(keys)), likeMasters); i >= 0 {
			unset = fmt.Sprintf("; %q is not a setting of this data source, so write masters in its place", slices.Sorted(maps.Keys(keys))[i])
		}
		// First, as nothing works without them, and other faults may follow from it.
		problems = slices.Insert(problems, first, fmt.Errorf("%s%s (jsonData.masters)", mastersMissing, unset))
	}
	problems = slices.Insert(problems, first, s.checkMasters()...)
	s.warnOfMisplaced(ds)
	s.TLS = s.isOn("tlsAuth") || s.isOn("tlsAuthWithCACert") || s.isOn("tlsSkipVerify")
	problems = append(problems, s.readSecrets(keys, ds)...)
	problems = append(problems, s.checkRemote(keys, ds.DecryptedSecureJSONData)...)
	if len(problems) > 0 {
		return s, fmt.Errorf("settings of the data source: %w", joinSentences(problems))
	}
	return s, nil
}

// checkMasters returns what is wrong with the addresses of masters: each of them, else all together.
func (s *Settings) checkMasters() (problems []error) {
	add := func(err error) { problems = append(problems, fmt.Errorf("%w (jsonData.masters)", err)) }
	for i, address := range s.Masters {
		if err := mesos.CheckMaster(address); err != nil {
			add(fmt.Errorf("master %d: %w", i+1, err))
		}
	}
	if len(problems) > 0 || len(s.Masters) == 0 {
		return problems
	}
	if err := mesos.CheckMasters(s.Masters); err != nil {
		add(err)
	}
	return problems
}

// read reads one key of jsonData, whoever it belongs to. The error is a sentence
// that names the key.
func (s *Settings) read(key string, raw json.RawMessage) error {
	if err := s.readKey(key, raw); err != nil {
		return fmt.Errorf("%w (jsonData.%s)", err, key)
	}
	return nil
}

// readKey reads one key of jsonData. The error is a sentence about its value.
func (s *Settings) readKey(key string, raw json.RawMessage) error {
	if read, ours := settings[key]; ours {
		if isNull(raw) {
			return nil
		}
		return read(raw, s)
	}
	if isSecret(key) { // its value is not repeated
		return fmt.Errorf("%s is a secret and must be in secureJsonData: everyone who may query this data source can read jsonData; move it there, and change it", key)
	}
	if kind, sdk := sdkKindOf(key); sdk {
		value, err := kind.read(raw)
		if value != nil {
			s.setSDK(key, value)
		}
		return err
	}
	return s.readUnknown(key, raw)
}

func (s *Settings) setSDK(key string, value any) {
	if s.sdk == nil {
		s.sdk = map[string]any{}
	}
	s.sdk[key] = value
}

// isOn reports whether a switch of the SDK is on.
func (s *Settings) isOn(key string) bool { return s.sdk[key] == true }

func (s *Settings) warn(format string, args ...any) {
	s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...))
}

// throughZooKeeper reports whether the masters are found through ZooKeeper.
func (s *Settings) throughZooKeeper() bool { return slices.ContainsFunc(s.Masters, mesos.IsZooKeeper) }

// mastersScheme returns the scheme of masters that are found through ZooKeeper,
// which does not have it: https if TLS is set up.
func (s *Settings) mastersScheme() string {
	if s.TLS {
		return "https"
	}
	return "http"
}

// Fingerprint returns a hash that is equal for settings that mean the same to
// this plugin. It leaves out Updated, which has whole seconds only (a second edit
// within one second would be missed), and what Grafana adds by itself.
func Fingerprint(ds backend.DataSourceInstanceSettings) [sha256.Size]byte {
	var keys map[string]json.RawMessage
	_ = json.Unmarshal(ds.JSONData, &keys) // ParseSettings returns the error
	delete(keys, "pdcInjected")
	delete(keys, proxyKey)
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

// joinSentences returns one error with all problems on one line, as panels show
// errors.
func joinSentences(problems []error) error {
	texts := make([]string, len(problems))
	for i, err := range problems {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

// short returns a JSON value for an error message. Values of jsonData are not
// secret: every Viewer can read them.
func short(raw json.RawMessage) string {
	const most = 60
	if text := string(raw); len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(string(raw[:most]), "") + "..."
}

// asksAgents reports whether agents get requests, and with them their credentials.
func (s *Settings) asksAgents() bool { return s.AgentStatistics || s.SandboxLogs != "none" }
