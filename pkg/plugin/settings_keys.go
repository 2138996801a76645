package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// minPollInterval keeps one data source to a small part of what a master
// allows: /metrics/snapshot answers two requests a second to all clients
// together.
const minPollInterval = 10 * time.Second

// A setting reads one key of jsonData into Settings. The error says what is
// wrong, with the value, and what would be right; the caller adds the key.
type setting func(raw json.RawMessage, s *Settings) error

// settings are the keys of jsonData that belong to this plugin.
var settings = map[string]setting{
	"masters":      readMasters,
	"clusterName":  text(func(s *Settings) *string { return &s.ClusterName }),
	"webUrl":       readWebURL,
	"pollInterval": duration(func(s *Settings) *time.Duration { return &s.PollInterval }, minPollInterval),
	"taskSeries":   oneOf(func(s *Settings) *string { return &s.TaskSeries }, "auto", "always", "never"),
	"taskLabels":   readTaskLabels,
	"maxSeries":    readMaxSeries,
	"idleTimeout":  duration(func(s *Settings) *time.Duration { return &s.IdleTimeout }, time.Minute),

	"subscribe": oneOf(func(s *Settings) *string { return &s.Subscribe }, "auto", "never"),

	"agentStatistics":    readAgentStatistics,
	"agentAddress":       readAgentAddress,
	"agentBasicAuthUser": text(func(s *Settings) *string { return &s.AgentBasicAuthUser }),
	"agentHosts":         readAgentHosts,
	"agentHeaders":       texts(func(s *Settings) *[]string { return &s.agentHeaderNames }, "Authorization"),

	"engine":      oneOf(func(s *Settings) *string { return &s.Engine }, "auto", engineMemory, engineRemote),
	"memoryLimit": readMemoryLimit,
	"retention":   duration(func(s *Settings) *time.Duration { return &s.Retention }, 10*time.Minute),

	"remoteUrl":           readRemoteURL,
	"remoteWriteUrl":      remoteAddress(func(s *Settings) *string { return &s.RemoteWriteURL }, "write for example https://mimir.example.com/api/v1/push"),
	"remoteTenant":        readRemoteTenant,
	"remoteBasicAuthUser": text(func(s *Settings) *string { return &s.RemoteBasicAuthUser }),
	"remoteLabels":        readRemoteLabels,
	"replicas":            readReplicas,

	"sandboxLogs": oneOf(func(s *Settings) *string { return &s.SandboxLogs }, "none", "admin", "editor", "viewer"),
}

func text(field func(*Settings) *string) setting {
	return func(raw json.RawMessage, s *Settings) error {
		v, err := readText(raw)
		if v != "" {
			*field(s) = v
		}
		return err
	}
}

func texts(field func(*Settings) *[]string, example ...string) setting {
	like, _ := json.Marshal(example) // texts always marshal
	return func(raw json.RawMessage, s *Settings) error {
		v, err := readList(raw)
		if err != nil {
			return fmt.Errorf("%w: write for example %s", err, like)
		}
		*field(s) = v
		return nil
	}
}

func readTaskLabels(raw json.RawMessage, s *Settings) error {
	err := texts(func(s *Settings) *[]string { return &s.TaskLabels }, "team", "env")(raw, s)
	s.warnOfEmpty("taskLabels", s.TaskLabels)
	s.TaskLabels = slices.DeleteFunc(s.TaskLabels, func(label string) bool { return label == "" })
	if n := len(s.TaskLabels); n > series.MaxLabels {
		// Not the first of each task: whether a task has a label must not depend on its others.
		s.warn("taskLabels names %d labels, and the first %d are used: remove those that nobody queries (jsonData.taskLabels)", n, series.MaxLabels)
		s.TaskLabels = s.TaskLabels[:series.MaxLabels]
	}
	return err
}

func oneOf(field func(*Settings) *string, values ...string) setting {
	return func(raw json.RawMessage, s *Settings) error {
		v, ok := written(raw)
		if !ok || !slices.Contains(append(values, ""), v) {
			return fmt.Errorf("%s is not possible: write one of %s", short(raw), strings.Join(values, ", "))
		}
		if v != "" {
			*field(s) = v
		}
		return nil
	}
}

func duration(field func(*Settings) *time.Duration, least time.Duration) setting {
	return func(raw json.RawMessage, s *Settings) error {
		v, ok := written(raw)
		if ok && v == "" {
			return nil
		}
		d, err := gtime.ParseDuration(v)
		if !ok || err != nil {
			return fmt.Errorf(`%s is not a valid duration: write for example "15s", "10m" or "7d"`, short(raw))
		}
		if d < least {
			return fmt.Errorf("%q is too short: it must be at least %s", v, least)
		}
		*field(s) = d
		return nil
	}
}

// readMasters reads a list of addresses, or one text with all of them, as Grafana's
// provisioning makes it of a variable. An entry of a list may hold several as well;
// that of the editor's empty row holds none.
func readMasters(raw json.RawMessage, s *Settings) error {
	entries, err := masterEntries(raw)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		s.Masters = append(s.Masters, mastersIn(entry)...)
	}
	s.warnOfEmpty("masters", strings.Split(strings.Join(entries, ","), ","))
	return nil
}

// masterEntries returns the entries of the list of masters as they are written.
func masterEntries(raw json.RawMessage) ([]string, error) {
	entries, err := readList(raw)
	if text, of := written(raw); of && !strings.HasPrefix(text, "[") {
		entries = []string{text} // whose commas may be those of zk://zk1:2181,zk2:2181/mesos
	}
	if err != nil {
		return nil, fmt.Errorf(`%s is not a list of addresses: write for example ["http://master1:5050", "http://master2:5050"]`, short(raw))
	}
	return entries, nil
}

// mastersIn returns the addresses in one entry of the list of masters.
func mastersIn(entry string) (addresses []string) {
	list := []string{entry}
	if strings.HasPrefix(entry, "[") { // a list as JSON, as the only entry of another one
		if inner, err := readList(json.RawMessage(entry)); err == nil {
			list = inner
		}
	}
	for _, address := range list {
		addresses = append(addresses, mesos.SplitMasters(address)...)
	}
	return addresses
}

// warnOfEmpty warns of entries of a list that are empty beside others. A list of nothing
// else is not set.
func (s *Settings) warnOfEmpty(key string, entries []string) {
	if strings.TrimSpace(strings.Join(entries, "")) == "" {
		return
	}
	for i, entry := range entries {
		if strings.TrimSpace(entry) == "" {
			s.warn("entry %d of %s is empty, as an unset variable in a provisioning file is, and is left out: set the variable in the environment of Grafana's process, or remove the entry (jsonData.%s)", i+1, key, key)
		}
	}
}

// parseAddress reads the address of a server that everyone who may query the data source can
// read, and so can whoever reads Grafana's log: what may have a secret in it is not repeated,
// however wrong the rest is. withUser says what to do about a user in it, like what would be right.
func parseAddress(v, withUser, like string) (*url.URL, error) {
	u, err := url.Parse(v)
	wrong := err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == ""
	switch {
	case strings.Contains(v, "@") && (wrong || u.User != nil):
		return nil, errors.New("it has a user or password, which everyone who may query this data source could read: " + withUser)
	case strings.ContainsAny(v, "?#"):
		return nil, errors.New("it has a query or fragment: " + like)
	case wrong:
		return nil, fmt.Errorf("%q is not an http or https address: %s", v, like)
	}
	return u, nil
}

// readWebURL reads the address of Mesos' web UI. The page behind # is left out, since the
// address may be copied from a browser.
func readWebURL(raw json.RawMessage, s *Settings) error {
	const like = "write for example https://mesos.example.com, or https://dcos.example.com/mesos"
	v, err := readText(raw)
	if err != nil {
		return fmt.Errorf("%w: %s", err, like)
	}
	if v == "" {
		return nil
	}
	v, _, _ = strings.Cut(v, "#")
	u, err := parseAddress(v, like, like)
	if err != nil {
		return err
	}
	s.WebURL = strings.TrimRight(u.String(), "/")
	return nil
}

func readMaxSeries(raw json.RawMessage, s *Settings) error {
	const least, most = 1000, 1 << 31
	if isEmpty(raw) {
		return nil
	}
	v, err := readNumber(raw)
	if err != nil || v < least || v > most || v != float64(int(v)) {
		return fmt.Errorf("%s is not a whole number of at least %d: write for example 300000", short(raw), least)
	}
	s.MaxSeries = int(v)
	return nil
}

func readAgentStatistics(raw json.RawMessage, s *Settings) (err error) {
	s.AgentStatistics, err = readSwitch(raw)
	return err
}

func readAgentAddress(raw json.RawMessage, s *Settings) error {
	if err := text(func(s *Settings) *string { return &s.AgentAddress })(raw, s); err != nil {
		return err
	}
	return mesos.CheckAgentAddress(s.AgentAddress)
}

func readAgentHosts(raw json.RawMessage, s *Settings) error {
	const most = 4 << 10            // bytes; it is matched once per agent and poll
	const mostInstructions = 20_000 // more than most bytes have without counts such as {1000}
	v, err := readText(raw)
	if err != nil {
		return fmt.Errorf(`%w: write for example '.*\.example\.com'`, err)
	}
	if v == "" {
		return nil
	}
	if len(v) > most {
		return fmt.Errorf("the regular expression has %d bytes: %d are the most", len(v), most)
	}
	if n := promql.PatternSize(v); n > mostInstructions {
		return fmt.Errorf("the regular expression compiles to some %d instructions: %d are the most; use smaller repeat counts than in x{1000}", n, mostInstructions)
	}
	re, err := regexp.Compile("^(?:" + v + ")$")
	if _, alone := regexp.Compile(v); alone != nil { // a)|(b is one only with what is around it
		err = alone
	}
	if err != nil {
		return fmt.Errorf(`%q is not a regular expression (%w): write for example '.*\.example\.com'`, v, err)
	}
	s.AgentHosts = re
	return nil
}

func readMemoryLimit(raw json.RawMessage, s *Settings) error {
	v, ok := written(raw)
	if ok && v == "" {
		return nil
	}
	if !ok {
		return fmt.Errorf(`%s is not a valid size: write for example "256MiB" or "1GiB"`, short(raw))
	}
	size, err := parseSize(v, "16MiB", "256MiB")
	if err == nil {
		s.MemoryLimit = size
	}
	return err
}

// parseSize parses a size in bytes. least is the smallest that makes sense, usual
// is the example in the error.
func parseSize(text, least, usual string) (int64, error) {
	size, err := units.ParseBase2Bytes(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a valid size: write for example %q", text, usual)
	}
	smallest, err := units.ParseBase2Bytes(least)
	if err != nil {
		return 0, errors.New("not a size: " + least) // a mistake of the program
	}
	if size < smallest {
		return 0, fmt.Errorf("%q is too small: it must be at least %q", text, least)
	}
	return int64(size), nil
}
