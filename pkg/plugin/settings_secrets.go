package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"golang.org/x/net/http/httpguts"

	"community-mesos-datasource/pkg/mesos"
)

// Secrets of a data source are in secureJsonData. No sentence of this file, and
// no other that leaves the plugin, has one in it.

// secretKey matches the keys of secureJsonData of this plugin and of the SDK. In
// jsonData everyone who may query the data source could read them.
var secretKey = regexp.MustCompile(`^(zkDigest|(agentB|remoteB|b)asicAuthPassword|remoteBearerToken|password|(agent|http)HeaderValue\d+|tlsClientKey|secureSocksProxyPassword|sigV4(AccessKey|SecretKey|SessionToken))$`)

func isSecret(key string) bool { return secretKey.MatchString(key) }

var agentHeaderValue = regexp.MustCompile(`^agentHeaderValue\d+$`)

const notDigest = "zkDigest is not user:password: write both, with a colon between them"

// dollars is what a secret without its end, or one that is not accepted, may come of.
const dollars = "in a provisioning file $ is written $$, or the word behind it is taken as a variable, and a variable whose value has a $ as $NAME and not ${NAME}"

// readSecrets reads secureJsonData, after jsonData, and checks both against each
// other. keys is jsonData.
func (s *Settings) readSecrets(keys map[string]json.RawMessage, ds backend.DataSourceInstanceSettings) (problems []error) {
	secrets := ds.DecryptedSecureJSONData
	s.ZooKeeperDigest = secrets["zkDigest"]
	_, zkPassword, _ := strings.Cut(s.ZooKeeperDigest, ":")
	switch {
	case s.ZooKeeperDigest == "":
	case !mesos.IsDigest(s.ZooKeeperDigest):
		problems = append(problems, errors.New(notDigest+" (secureJsonData.zkDigest)"))
	case len(s.Masters) > 0 && !s.throughZooKeeper() && s.Replicas == nil:
		s.warn("zkDigest is set and does nothing: there is no zk:// address in masters, and none in replicas (jsonData.masters)")
	case zkPassword == "":
		s.warn("zkDigest has a user and no password behind the colon: %s; write it again (secureJsonData.zkDigest)", dollars)
	}
	problems = append(problems, s.readAgentHeaders(secrets)...)
	problems = append(problems, s.checkMastersHeaders(keys, secrets)...)
	s.warnOfValuesWithoutName(keys, secrets)
	problems = append(problems, s.checkTLS(secrets)...)
	s.checkBasicAuth(ds)
	s.warnOfUnknownSecrets(secrets)
	if secrets["agentBasicAuthPassword"] != "" && s.AgentBasicAuthUser == "" {
		s.warn("agentBasicAuthPassword is set and does nothing: the user is missing (jsonData.agentBasicAuthUser)")
	}
	if s.AgentBasicAuthUser != "" && s.AgentHeaders.Get("Authorization") != "" {
		s.warn("agentBasicAuthUser does nothing: agentHeaders has Authorization, which replaces it (jsonData.agentHeaders)")
	}
	if s.asksAgents() && s.AgentBasicAuthUser != "" && secrets["agentBasicAuthPassword"] == "" && s.AgentHeaders.Get("Authorization") == "" {
		s.warn("agentBasicAuthUser is set and its password is empty: %s, and an unset one is empty (secureJsonData.agentBasicAuthPassword)", dollars)
	}
	if err := s.checkAgentCredentials(keys); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// checkBasicAuth warns of basic authentication for masters that cannot be what was
// meant.
func (s *Settings) checkBasicAuth(ds backend.DataSourceInstanceSettings) {
	user, password := ds.BasicAuthUser, "basicAuthPassword"
	switch {
	case ds.BasicAuthEnabled:
	case ds.User != "": // the SDK takes it for basic authentication
		user, password = ds.User, "password"
	case s.isOn("basicAuth"): // in jsonData
		user, _ = s.sdk["basicAuthUser"].(string)
	default:
		for _, password := range []string{"basicAuthPassword", "password"} {
			if ds.DecryptedSecureJSONData[password] != "" {
				s.warn("%s is set and does nothing: basicAuth: true and basicAuthUser are missing, beside jsonData (secureJsonData.%s)", password, password)
			}
		}
		return
	}
	switch {
	case s.mastersAuthorization != "":
		s.warn("basic authentication does nothing: the header Authorization replaces it (jsonData.httpHeaderName1)")
	case user == "":
		s.warn("basic authentication is on and the user is empty: an unset variable in a provisioning file is empty (basicAuthUser)")
	case ds.DecryptedSecureJSONData[password] == "":
		s.warn("basic authentication is on and the password is empty: %s, and an unset one is empty (secureJsonData.%s)", dollars, password)
	}
}

// readAgentHeaders pairs the names in agentHeaders with their values: that of the
// first is agentHeaderValue1.
func (s *Settings) readAgentHeaders(secrets map[string]string) (problems []error) {
	used := map[string]bool{}
	for i, name := range s.agentHeaderNames {
		key := "agentHeaderValue" + strconv.Itoa(i+1)
		used[key] = true
		value := secrets[key]
		if name = strings.TrimSpace(name); name == "" {
			if value != "" { // else it is the editor's empty row
				problems = append(problems, fmt.Errorf("name %d of agentHeaders is empty, as an unset variable in a provisioning file is, and its value is set: write the name of the header, for example Authorization (jsonData.agentHeaders)", i+1))
			}
			continue
		}
		switch fault, why := agentHeaderFault(s.agentHeaderNames, i), headerProblem(name, value); {
		case fault != "":
			problems = append(problems, fmt.Errorf("%s (jsonData.agentHeaders)", fault))
		case why != "":
			problems = append(problems, fmt.Errorf("header %q for agents %s (jsonData.agentHeaders)", name, why))
		case value == "":
			problems = append(problems, fmt.Errorf("header %q for agents has no value: write it as %s (secureJsonData.%s)", name, key, key))
		default:
			if s.AgentHeaders == nil {
				s.AgentHeaders = http.Header{}
			}
			s.AgentHeaders.Set(name, value)
			if fault := headerFault(name, value); fault != "" {
				s.warn("header %q for agents %s (secureJsonData.%s)", name, fault, key)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(secrets)) {
		if agentHeaderValue.MatchString(key) && !used[key] && secrets[key] != "" {
			s.warn("%s is set and does nothing: agentHeaders has no name for it (jsonData.agentHeaders)", key)
		}
	}
	return problems
}

// agentHeaderFault returns what is wrong with the name of a header for agents, whatever
// its value; "" if nothing is.
func agentHeaderFault(names []string, at int) string {
	name := strings.TrimSpace(names[at])
	same := func(other string) bool { return strings.EqualFold(strings.TrimSpace(other), name) }
	switch why := headerProblem(name, ""); {
	case name == "":
	case why != "":
		return fmt.Sprintf("header %q for agents %s", name, why)
	case slices.ContainsFunc(names[:at], same):
		return fmt.Sprintf("header %q for agents is there twice: remove one", name)
	}
	return ""
}

// httpHeaderValue matches the values of the masters' headers.
var httpHeaderValue = regexp.MustCompile(`^httpHeaderValue([1-9]\d*)$`)

// warnOfValuesWithoutName warns of values of masters' headers whose name is missing.
func (s *Settings) warnOfValuesWithoutName(keys map[string]json.RawMessage, secrets map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(secrets)) {
		number := httpHeaderValue.FindStringSubmatch(key)
		if number == nil || secrets[key] == "" {
			continue
		}
		if name := "httpHeaderName" + number[1]; keys[name] == nil || isNull(keys[name]) {
			s.warn("%s is set and does nothing: the name of the header is missing; write for example %s: Authorization (jsonData.%s)", key, name, name)
		}
	}
}

// checkMastersHeaders checks httpHeaderName1, httpHeaderName2, ... with their values.
func (s *Settings) checkMastersHeaders(keys map[string]json.RawMessage, secrets map[string]string) (problems []error) {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		number := httpHeaderName.FindStringSubmatch(key)
		if number == nil {
			continue
		}
		valueKey := "httpHeaderValue" + number[1]
		value := secrets[valueKey]
		name, _ := s.sdk[key].(string)
		switch why := headerProblem(name, value); {
		case name == "" && !isUnset(keys[key]): // the error of its type is there already
			continue
		case name == "" && value != "":
			problems = append(problems, fmt.Errorf("%s is empty, as an unset variable in a provisioning file is, and its value is set: write the name of the header, for example Authorization (jsonData.%s)", key, key))
			continue
		case name == "":
			continue
		case why != "":
			problems = append(problems, fmt.Errorf("header %q %s (jsonData.%s)", name, why, key))
			continue
		case value == "":
			s.warn("header %q has no value and is not sent: write it as %s (secureJsonData.%s)", name, valueKey, valueKey)
			continue
		}
		if fault := headerFault(name, value); fault != "" {
			s.warn("header %q %s (secureJsonData.%s)", name, fault, valueKey)
		}
		if strings.EqualFold(name, "Authorization") {
			s.mastersAuthorization = valueKey
		}
	}
	return problems
}

// connectionHeaders are set by Go's HTTP client, or by the plugin so that it can
// read the response.
var connectionHeaders = []string{"Accept-Encoding", "Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// headerProblem returns why a header cannot be sent, without its value; "" if it
// can.
func headerProblem(name, value string) string {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return "is not the name of an HTTP header: write for example Authorization"
	case slices.Contains(connectionHeaders, http.CanonicalHeaderKey(name)):
		return "is set by the HTTP client: remove it"
	case !httpguts.ValidHeaderFieldValue(value):
		return "has a value that cannot be sent, with a line break or another control character in it: write it again"
	}
	return ""
}

// checkAgentCredentials warns if whoever may register an agent with the master
// gets the credentials for agents, and returns an error where a variable that is not
// set may be the reason. A host that agentAddress itself names, a router, is the
// operator's choice.
func (s *Settings) checkAgentCredentials(keys map[string]json.RawMessage) error {
	if !s.asksAgents() || s.AgentHosts != nil || !mesos.HostByAgent(s.AgentAddress) {
		return nil
	}
	var sent []string
	if s.AgentBasicAuthUser != "" {
		sent = append(sent, "agentBasicAuthUser with its password")
	}
	if len(s.AgentHeaders) > 0 {
		sent = append(sent, "agentHeaders with their values")
	}
	if len(sent) == 0 {
		return nil
	}
	for _, key := range []string{"agentAddress", "agentHosts"} {
		if isEmpty(keys[key]) {
			return fmt.Errorf("%s is empty, as an unset variable in a provisioning file is, and every host that registers as an agent would get the credentials for agents (%s): set it, or remove it if that is right (jsonData.%s)", key, strings.Join(sent, ", "), key)
		}
	}
	s.warn("credentials for agents (%s) are sent to every host that registers as an agent: write a pattern for your agents' hosts, for example '.*\\.example\\.com' (jsonData.agentHosts)", strings.Join(sent, ", "))
	return nil
}
