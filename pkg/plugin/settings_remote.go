package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"

	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/zookeeper"
)

// This file has the settings of the engine remote, and makes its HTTP client: one of its
// own, with credentials and a CA that no master and no agent gets.

// Secrets of the engine remote.
const (
	remotePassword = "remoteBasicAuthPassword"
	remoteToken    = "remoteBearerToken"
	remoteCA       = "remoteTlsCACert"
)

// tenantHeader names the tenant to Mimir, Cortex and Loki's relatives.
const tenantHeader = "X-Scope-OrgID"

const likeRemoteURL = "write for example https://mimir.example.com/prometheus"

// remoteAddress reads an address of the engine remote.
func remoteAddress(field func(*Settings) *string, like string) setting {
	return func(raw json.RawMessage, s *Settings) error {
		v, err := readText(raw)
		if err != nil {
			return fmt.Errorf("%w: %s", err, like)
		}
		if v == "" {
			return nil
		}
		u, err := parseAddress(v, "use remoteBasicAuthUser, and "+like, like)
		if err != nil {
			return err
		}
		*field(s) = strings.TrimRight(u.String(), "/")
		return nil
	}
}

func readRemoteURL(raw json.RawMessage, s *Settings) error {
	if err := remoteAddress(func(s *Settings) *string { return &s.RemoteURL }, likeRemoteURL)(raw, s); err != nil {
		return err
	}
	if strings.HasSuffix(s.RemoteURL, "/api/v1") || strings.Contains(s.RemoteURL, "/api/v1/") {
		return fmt.Errorf("%s has the path of one request: write the address before /api/v1, for example https://mimir.example.com/prometheus", short(raw))
	}
	return nil
}

func readRemoteTenant(raw json.RawMessage, s *Settings) error {
	v, err := readText(raw)
	if err != nil {
		return err
	}
	if why := headerProblem(tenantHeader, v); why != "" {
		return fmt.Errorf("%s cannot be sent as the header %s, which %s", short(raw), tenantHeader, why)
	}
	s.RemoteTenant = v
	return nil
}

// Bounds of the labels that are added when writing.
const (
	maxRemoteLabels     = 10
	maxRemoteLabelBytes = 256
)

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// ownLabels are labels that series have themselves. Those that tenants name begin with
// attr_ and label_.
var ownLabels = []string{
	"__name__", "agent", "agent_id", "cluster", "executor_id", "framework", "framework_id", "key", "kind", "level", "master", "mode", "poll",
	"principal", "quantile", "reason", "region", "resource", "role", "roles", "source", "state", "task", "task_id", "type", "user", "version", "webui_url", "zone",
}

// readRemoteLabels reads labels, as an object or as text that is one.
func readRemoteLabels(raw json.RawMessage, s *Settings) error {
	const like = `write for example {"replica": "a"}`
	if isUnset(raw) {
		return nil
	}
	var named map[string]json.RawMessage
	object := raw
	if text, ok := written(raw); ok && strings.HasPrefix(text, "{") { // of a variable
		object = json.RawMessage(text)
	}
	if json.Unmarshal(object, &named) != nil {
		return fmt.Errorf("%s is not an object of labels: %s", short(raw), like)
	}
	labels := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		value, err := readText(named[name])
		switch {
		case !labelName.MatchString(name):
			return fmt.Errorf("%.60q is not the name of a label, which has letters, digits and _: %s", name, like)
		case slices.Contains(ownLabels, name) || strings.HasPrefix(name, "attr_") || strings.HasPrefix(name, "label_"):
			return fmt.Errorf("series have a label %q of their own: choose another name, for example replica", name)
		case err != nil:
			return fmt.Errorf("the value of %q is wrong: %w", name, err)
		case value == "":
			return fmt.Errorf("the value of %q is empty, as an unset variable in a provisioning file is: %s", name, like)
		case len(value) > maxRemoteLabelBytes || !utf8.ValidString(value):
			return fmt.Errorf("the value of %q has more than %d bytes: shorten it", name, maxRemoteLabelBytes)
		}
		labels[name] = value
	}
	if len(labels) > maxRemoteLabels {
		return fmt.Errorf("there are %d labels, and %d are the most: remove some", len(labels), maxRemoteLabels)
	}
	if len(labels) > 0 {
		s.RemoteLabels = labels
	}
	return nil
}

// replicasForm is what the address of replicas looks like.
var replicasForm = zookeeper.Form{Example: "zk://zk1:2181,zk2:2181/mesos-datasource", Path: "below which the Grafanas note which of them polls"}

// readReplicas reads the address in ZooKeeper below which the Grafanas elect the one that
// polls. What may have a secret in it is not repeated.
func readReplicas(raw json.RawMessage, s *Settings) error {
	const like = "write for example zk://zk1:2181,zk2:2181/mesos-datasource"
	v, err := readText(raw)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s", err, like)
	case v == "":
		return nil
	case strings.ContainsAny(v, "?#"):
		return errors.New("it has a query or fragment: " + like)
	case !zookeeper.IsAddress(v) && strings.Contains(v, "@"):
		return errors.New("it has a user or password, which everyone who may query this data source could read, and is not an address of ZooKeeper: use zkDigest (secureJsonData.zkDigest), and " + like)
	case !zookeeper.IsAddress(v):
		return fmt.Errorf("%s is not an address of ZooKeeper: %s", short(raw), like)
	}
	s.Replicas, err = replicasForm.Parse(v)
	return err
}

// remoteKeys are the settings that nothing reads with another engine.
var remoteKeys = []string{"remoteUrl", "remoteWriteUrl", "remoteTenant", "remoteBasicAuthUser", "remoteLabels", "replicas"}

// checkRemote checks the settings of the engine remote against each other.
func (s *Settings) checkRemote(keys map[string]json.RawMessage, secrets map[string]string) (problems []error) {
	if s.Engine != engineRemote {
		for _, key := range remoteKeys {
			if keys[key] != nil && !isUnset(keys[key]) && string(keys[key]) != "{}" {
				s.warn("%s is set and does nothing: the engine is not remote (jsonData.engine)", key)
			}
		}
		for _, key := range []string{remotePassword, remoteToken, remoteCA} {
			if secrets[key] != "" {
				s.warn("%s is set and does nothing: the engine is not remote (secureJsonData.%s)", key, key)
			}
		}
		return nil
	}
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if s.RemoteURL == "" && (keys["remoteUrl"] == nil || isUnset(keys["remoteUrl"])) {
		add("remoteUrl is missing: the engine remote needs the address of Prometheus' HTTP API, %s (jsonData.remoteUrl)", likeRemoteURL)
	}
	if s.RemoteWriteURL == "" {
		s.RemoteWriteURL = s.RemoteURL + "/api/v1/write"
	}
	password, token := secrets[remotePassword], secrets[remoteToken]
	switch {
	case token != "" && s.RemoteBasicAuthUser != "":
		add("remoteBearerToken and remoteBasicAuthUser are both set, and a request has one of them: remove one (jsonData.remoteBasicAuthUser)")
	case token != "" && headerProblem("Authorization", "Bearer "+token) != "":
		add("remoteBearerToken has a line break or another control character in it: write it again (secureJsonData.%s)", remoteToken)
	case token != "":
		if _, with := cutFold(token, "bearer "); with {
			add("remoteBearerToken begins with Bearer, which is sent before it: write the token alone (secureJsonData.%s)", remoteToken)
		} else if fault := headerFault("Authorization", "Bearer "+token); fault != "" {
			s.warn("remoteBearerToken %s (secureJsonData.%s)", fault, remoteToken)
		}
	case s.RemoteBasicAuthUser != "" && passwordFault(password) != "":
		s.warn("remoteBasicAuthPassword %s (secureJsonData.%s)", passwordFault(password), remotePassword)
	}
	if password != "" && s.RemoteBasicAuthUser == "" {
		s.warn("remoteBasicAuthPassword is set and does nothing: the user is missing (jsonData.remoteBasicAuthUser)")
	}
	if why := pemProblem(secrets[remoteCA], false); why != "" {
		add("%s %s (secureJsonData.%s)", remoteCA, why, remoteCA)
	}
	overHTTP := strings.HasPrefix(s.RemoteURL, "http:") && strings.HasPrefix(s.RemoteWriteURL, "http:")
	if secrets[remoteCA] != "" && overHTTP {
		s.warn("%s is set and does nothing: the addresses of the remote engine are http (jsonData.remoteUrl)", remoteCA)
	}
	return problems
}

// remoteOptions returns the options for the engine remote: those for masters without any of
// their credentials, certificates and names, and with those of its own.
func remoteOptions(options httpclient.Options, parsed Settings, secrets map[string]string) httpclient.Options {
	options.BasicAuth, options.SigV4 = nil, nil
	options.Header = http.Header{}
	options.TLS = &httpclient.TLSOptions{CACertificate: secrets[remoteCA]}
	if parsed.RemoteTenant != "" {
		options.Header.Set(tenantHeader, parsed.RemoteTenant)
	}
	switch token := secrets[remoteToken]; {
	case token != "":
		options.Header.Set("Authorization", "Bearer "+token)
	case parsed.RemoteBasicAuthUser != "":
		options.BasicAuth = &httpclient.BasicAuthOptions{User: parsed.RemoteBasicAuthUser, Password: secrets[remotePassword]}
	}
	return options
}

// newRemoteTarget returns the target of the engine remote; nil with another engine.
func newRemoteTarget(ctx context.Context, ds backend.DataSourceInstanceSettings, parsed Settings) (*remote.Target, error) {
	if parsed.Engine != engineRemote {
		return nil, nil
	}
	secrets := ds.DecryptedSecureJSONData
	ds.JSONData, ds.DecryptedSecureJSONData = parsed.forSDK(ds.JSONData, secrets)
	options, err := ds.HTTPClientOptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("settings of the data source: HTTP client: %s", withoutFile(err))
	}
	var transport *http.Transport
	options = remoteOptions(options, parsed, secrets)
	options.ConfigureTransport = func(_ httpclient.Options, t *http.Transport) { transport = t }
	client, err := httpclient.New(options)
	if err != nil {
		return nil, fmt.Errorf("settings of the data source: HTTP client of the remote engine (TLS certificates, proxy): %s", withoutFile(err))
	}
	return &remote.Target{
		URL: parsed.RemoteURL, WriteURL: parsed.RemoteWriteURL, HTTP: client, Labels: parsed.RemoteLabels, Close: transport.CloseIdleConnections,
	}, nil
}
