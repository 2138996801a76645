package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/stretchr/testify/require"
)

// read is what the settings and the SDK make of a data source.
type read struct {
	Settings
	http httpclient.Options
}

func readAll(t *testing.T, jsonData string, secrets map[string]string) (read, error) {
	t.Helper()
	ds := instance(jsonData)
	ds.DecryptedSecureJSONData = secrets
	s, err := ParseSettings(ds)
	if err != nil {
		return read{}, err
	}
	ds.JSONData, ds.DecryptedSecureJSONData = s.forSDK(ds.JSONData, secrets)
	options, err := ds.HTTPClientOptions(t.Context())
	require.NoError(t, err)
	return read{s, options}, nil
}

// with returns a jsonData with a key of this value.
func with(key, value string) string {
	if key == "masters" {
		return `{"masters": ` + value + `}`
	}
	return `{"masters": ["http://m:5050"], "` + key + `": ` + value + `}`
}

// sameAs are the values of each key as Grafana's provisioning, or a tool that knows
// only text, delivers them, beside what they say. Each pair must mean the same.
var sameAs = map[string][][2]string{
	"masters":             {{`[" http://m:5050 "]`, `["http://m:5050"]`}},
	"clusterName":         {{`42`, `"42"`}, {`" prod "`, `"prod"`}},
	"pollInterval":        {{`" 30s "`, `"30s"`}},
	"taskSeries":          {{`" never "`, `"never"`}},
	"taskLabels":          {{`"team,env"`, `["team", "env"]`}, {`"team, env"`, `["team", "env"]`}, {`"team"`, `["team"]`}, {`"[\"team\", \"env\"]"`, `["team", "env"]`}, {`["team", 1]`, `["team", "1"]`}},
	"maxSeries":           {{`"50000"`, `50000`}, {`" 50000 "`, `50000`}, {`5e4`, `50000`}, {`50000.0`, `50000`}},
	"idleTimeout":         {{`" 1d"`, `"1d"`}},
	"subscribe":           {{`" never "`, `"never"`}},
	"agentStatistics":     {{`"true"`, `true`}, {`"false"`, `false`}, {`"True"`, `true`}, {`1`, `true`}, {`"1"`, `true`}, {`0`, `false`}, {`"yes"`, `true`}, {`"off"`, `false`}},
	"agentAddress":        {{`" http://{ip}:5051 "`, `"http://{ip}:5051"`}},
	"agentBasicAuthUser":  {{`7`, `"7"`}},
	"agentHosts":          {{`" a.* "`, `"a.*"`}, {`10`, `"10"`}},
	"agentHeaders":        {{`"X-A,X-B"`, `["X-A", "X-B"]`}, {`"X-A"`, `["X-A"]`}},
	"engine":              {{`" memory"`, `"memory"`}},
	"memoryLimit":         {{`" 1GiB"`, `"1GiB"`}},
	"retention":           {{`"30d "`, `"30d"`}},
	"sandboxLogs":         {{`" admin"`, `"admin"`}},
	"remoteUrl":           {{`" https://m/ "`, `"https://m"`}},
	"remoteWriteUrl":      {{`" https://m/ "`, `"https://m"`}},
	"remoteTenant":        {{`7`, `"7"`}},
	"remoteBasicAuthUser": {{`7`, `"7"`}},
	"remoteLabels":        {{`"{\"replica\": 7}"`, `{"replica": "7"}`}},
	"replicas":            {{`" zk://zk1:2181/x/ "`, `"zk://zk1:2181/x"`}},
	"webUrl":              {{`" https://mesos.example.com/ "`, `"https://mesos.example.com"`}},

	"access": {{`" proxy"`, `"proxy"`}}, "url": {{`" x"`, `"x"`}}, "basicAuthUser": {{`7`, `"7"`}}, "serverName": {{`" m1"`, `"m1"`}},
	"basicAuth": {{`"true"`, `true`}, {`"false"`, `false`}},
	"timeout":   {{`"20"`, `20`}, {`" 20 "`, `20`}, {`"20s"`, `20`}, {`"1m"`, `60`}}, "dialTimeout": {{`"9"`, `9`}},
	"httpKeepAlive": {{`"9"`, `9`}}, "keepAlive": {{`"9"`, `9`}}, "httpTLSHandshakeTimeout": {{`"9"`, `9`}},
	"httpExpectContinueTimeout": {{`"9"`, `9`}}, "httpIdleConnTimeout": {{`"9"`, `9`}},
	"httpMaxConnsPerHost": {{`"9"`, `9`}}, "httpMaxIdleConns": {{`"9"`, `9`}}, "httpMaxIdleConnsPerHost": {{`"9"`, `9`}},
	"tlsAuth": {{`"true"`, `true`}, {`"false"`, `false`}}, "tlsAuthWithCACert": {{`"true"`, `true`}, {`"false"`, `false`}},
	"tlsSkipVerify": {{`"true"`, `true`}, {`"false"`, `false`}, {`1`, `true`}},
	// Without the secure socks proxy of a Grafana, on is an error of the SDK.
	"enableSecureSocksProxy": {{`"false"`, `false`}, {`0`, `false`}}, "secureSocksProxyUsername": {{`7`, `"7"`}},
	"sigV4Auth": {{`"true"`, `true`}}, "sigV4Region": {{`" eu"`, `"eu"`}}, "sigV4AssumeRoleArn": {{`" a"`, `"a"`}},
	"sigV4AuthType": {{`" keys"`, `"keys"`}}, "sigV4ExternalId": {{`7`, `"7"`}}, "sigV4Profile": {{`" p"`, `"p"`}},
	"httpHeaderName1": {{`" X-A "`, `"X-A"`}},
}

// The keys beside which others must be set, so that they are read.
var needs = map[string]string{
	"basicAuthUser": `"basicAuth": true, `, "serverName": `"tlsAuthWithCACert": true, `,
	"sigV4Region": `"sigV4Auth": true, `, "sigV4AssumeRoleArn": `"sigV4Auth": true, `, "sigV4AuthType": `"sigV4Auth": true, `,
	"sigV4ExternalId": `"sigV4Auth": true, `, "sigV4Profile": `"sigV4Auth": true, `,
}

func readKey(t *testing.T, key, value string) (read, error) {
	secrets := map[string]string{}
	switch key {
	case "agentHeaders":
		secrets = map[string]string{"agentHeaderValue1": "a", "agentHeaderValue2": "b"}
	case "httpHeaderName1":
		secrets = map[string]string{"httpHeaderValue1": "a"}
	}
	return readAll(t, `{`+needs[key]+with(key, value)[1:], secrets)
}

// sameSettings compares what is read, without the texts of jsonData that the SDK keeps.
func sameSettings(t *testing.T, want, got read, about string) {
	t.Helper()
	for _, r := range []*read{&want, &got} {
		r.http.CustomOptions, r.http.ProxyOptions = nil, nil
	}
	wantSDK, err := json.Marshal(want.sdk)
	require.NoError(t, err)
	gotSDK, err := json.Marshal(got.sdk)
	require.NoError(t, err)
	require.JSONEq(t, string(wantSDK), string(gotSDK), about)
	want.sdk, got.sdk = nil, nil
	require.Equal(t, want, got, about)
}

// Grafana makes texts, numbers and booleans of variables as they look, so every key
// is taken for what it says.
func TestSettingsAreTakenForWhatTheySay(t *testing.T) {
	for _, key := range knownKeys() {
		require.NotEmpty(t, sameAs[key], "%s has no row here", key)
		for _, pair := range sameAs[key] {
			t.Run(key+" "+pair[0], func(t *testing.T) {
				got, err := readKey(t, key, pair[0])
				require.NoError(t, err)
				want, err := readKey(t, key, pair[1])
				require.NoError(t, err)
				sameSettings(t, want, got, key)
				if !slices.Contains([]string{"false", `["http://m:5050"]`}, pair[1]) {
					none, err := readAll(t, `{`+needs[key]+`"masters": ["http://m:5050"]}`, nil)
					require.NoError(t, err)
					none.sdk, got.sdk = nil, nil
					none.http.CustomOptions, got.http.CustomOptions = nil, nil
					// These two are checked and then left alone: the SDK does not use them here.
					if !slices.Contains([]string{"access", "url", "keepAlive", "secureSocksProxyUsername"}, key) {
						require.NotEqual(t, none, got, "%s is read", key)
					}
				}
			})
		}
	}
}

// knownKeys returns every key of jsonData that this plugin or the SDK reads.
func knownKeys() []string {
	keys := []string{"httpHeaderName1"}
	for key := range settings {
		keys = append(keys, key)
	}
	for key := range sdkKeys {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// A variable that is not set is "" in a provisioning file, and a key without a value
// is null: both are as if the key was not there.
func TestSettingsOfUnsetVariablesAreNotSet(t *testing.T) {
	for _, key := range knownKeys() {
		if key == "masters" { // which must be set
			continue
		}
		for _, value := range []string{`""`, `" "`, `null`} {
			t.Run(key+" "+value, func(t *testing.T) {
				want, err := readAll(t, `{`+needs[key]+`"masters": ["http://m:5050"]}`, nil)
				require.NoError(t, err)
				got, err := readAll(t, `{`+needs[key]+with(key, value)[1:], nil)
				require.NoError(t, err)
				sameSettings(t, want, got, key)
			})
		}
	}
	for _, masters := range []string{`""`, `[""]`, `null`, `[]`} {
		_, err := readAll(t, with("masters", masters), nil)
		require.ErrorContains(t, err, "masters is missing", masters)
		require.ErrorContains(t, err, "that is not set in the environment of Grafana's process (jsonData.masters)", masters)
	}
}

// Every secret of an unset variable is as if it was not there.
func TestSecretsOfUnsetVariablesAreNotSet(t *testing.T) {
	secrets := map[string]string{}
	for _, key := range []string{"zkDigest", "basicAuthPassword", "agentBasicAuthPassword", "password", "httpHeaderValue1", "remoteBasicAuthPassword", "remoteBearerToken", "remoteTlsCACert", "tlsCACert", "tlsClientCert", "tlsClientKey"} {
		secrets[key] = ""
	}
	const jsonData = `{"masters": ["http://m:5050"], "httpHeaderName1": "Authorization", "tlsAuth": true, "tlsAuthWithCACert": true}`
	want, err := readAll(t, jsonData, nil)
	require.NoError(t, err)
	got, err := readAll(t, jsonData, secrets)
	require.NoError(t, err)
	require.Empty(t, got.http.Header, "no header without a value is sent")
	sameSettings(t, want, got, "secrets")
}

// An unset variable must not send the agents' credentials to more hosts than were meant.
func TestSettingsOfUnsetVariablesThatAreNotSafe(t *testing.T) {
	const credentials = `{"masters": ["http://m:5050"], "agentStatistics": true, "agentBasicAuthUser": "u", `
	secrets := map[string]string{"agentBasicAuthPassword": "s3cret"}
	for _, key := range []string{"agentHosts", "agentAddress"} {
		_, err := readAll(t, credentials+`"`+key+`": ""}`, secrets)
		require.ErrorContains(t, err, key+" is empty, as an unset variable in a provisioning file is")
	}
	_, err := readAll(t, credentials+`"agentHosts": "a.*", "agentAddress": ""}`, secrets)
	require.NoError(t, err)
	_, err = readAll(t, `{"masters": ["http://m:5050"], "httpHeaderName1": ""}`, map[string]string{"httpHeaderValue1": "s3cret"})
	require.ErrorContains(t, err, "httpHeaderName1 is empty, as an unset variable in a provisioning file is, and its value is set")
	require.NotContains(t, err.Error(), "s3cret")
}

// What a variable said is lost where Grafana made another type of it.
func TestSettingsThatLostTheirTextAreErrors(t *testing.T) {
	for _, key := range []string{"clusterName", "agentBasicAuthUser", "serverName", "httpHeaderName1"} {
		for value, says := range map[string]string{
			"1.1":                  "1.1 is not text: Grafana makes a number of a variable that looks like one",
			"12345678901234567000": "12345678901234567000 is not text: Grafana makes a number",
			"true":                 "true is not text: Grafana makes true or false of a variable that looks like it (also of t and f)",
			"[]":                   "[] is not text in quotes",
		} {
			_, err := readAll(t, with(key, value), nil)
			require.ErrorContains(t, err, says)
			require.ErrorContains(t, err, "(jsonData."+key+")")
		}
	}
}

// The case of a provisioning file that was written with texts only.
func TestSettingsAsTexts(t *testing.T) {
	got, err := readAll(t, `{"masters": ["http://m1.example:5050"], "maxSeries": "300001", "agentStatistics": "true", "tlsSkipVerify": "true", "timeout": "20"}`, nil)
	require.NoError(t, err)
	require.Equal(t, 300_001, got.MaxSeries)
	require.True(t, got.AgentStatistics)
	require.True(t, got.TLS)
	require.True(t, got.http.TLS.InsecureSkipVerify)
	require.Equal(t, 20*time.Second, got.http.Timeouts.Timeout)
	require.Empty(t, got.Warnings)
}

// Headers for masters whose names and values are empty.
func TestSettingsHeadersOfMasters(t *testing.T) {
	got, err := readAll(t, `{"masters": ["http://m:5050"], "httpHeaderName1": "Authorization", "httpHeaderName2": "X-Empty"}`,
		map[string]string{"httpHeaderValue1": "token=abc", "httpHeaderValue2": ""})
	require.NoError(t, err)
	require.Equal(t, "httpHeaderValue1", got.mastersAuthorization)
	require.Equal(t, http.Header{"Authorization": {"token=abc"}}, got.http.Header)
	require.Equal(t, []string{`header "X-Empty" has no value and is not sent: write it as httpHeaderValue2 (secureJsonData.httpHeaderValue2)`}, got.Warnings)
}

// A $ in a provisioning file begins a variable, so that a secret loses its end.
func TestSettingsWarnOfSecretsThatLostTheirEnd(t *testing.T) {
	ds := instance(`{"masters": ["zk://zk1:2181/mesos"]}`)
	ds.DecryptedSecureJSONData = map[string]string{"zkDigest": "mesos:"}
	s, err := ParseSettings(ds)
	require.NoError(t, err)
	require.Equal(t, []string{"zkDigest has a user and no password behind the colon: in a provisioning file $ is written $$, or the word behind it is taken as a variable, and a variable whose value has a $ as $NAME and not ${NAME}; write it again (secureJsonData.zkDigest)"}, s.Warnings)

	for name, c := range map[string]struct {
		change func(*backend.DataSourceInstanceSettings)
		want   string
	}{
		"no password": {func(ds *backend.DataSourceInstanceSettings) {
			ds.BasicAuthEnabled, ds.BasicAuthUser = true, "u"
		}, "basic authentication is on and the password is empty: in a provisioning file $ is written $$"},
		"no user": {func(ds *backend.DataSourceInstanceSettings) {
			ds.BasicAuthEnabled, ds.DecryptedSecureJSONData = true, map[string]string{"basicAuthPassword": "p"}
		}, "basic authentication is on and the user is empty: an unset variable in a provisioning file is empty"},
		"a header that replaces it": {func(ds *backend.DataSourceInstanceSettings) {
			ds.JSONData = []byte(`{"masters": ["http://m:5050"], "httpHeaderName1": "authorization"}`)
			ds.BasicAuthEnabled, ds.BasicAuthUser = true, "u"
			ds.DecryptedSecureJSONData = map[string]string{"basicAuthPassword": "p", "httpHeaderValue1": "token=x"}
		}, "basic authentication does nothing: the header Authorization replaces it"},
		"an agent's user without a password": {func(ds *backend.DataSourceInstanceSettings) {
			ds.JSONData = []byte(`{"masters": ["http://m:5050"], "agentStatistics": true, "agentBasicAuthUser": "u", "agentHosts": "a"}`)
		}, "agentBasicAuthUser is set and its password is empty: in a provisioning file $ is written $$"},
	} {
		ds := instance(`{"masters": ["http://m:5050"]}`)
		c.change(&ds)
		s, err := ParseSettings(ds)
		require.NoError(t, err, name)
		require.Len(t, s.Warnings, 1, name)
		require.Contains(t, s.Warnings[0], c.want, name)
	}
}

// response_limit of grafana.ini is for a body, and that of the stream has no end.
func TestTheLimitOfBodiesDoesNotEndTheEventStream(t *testing.T) {
	t.Setenv("GF_DATAPROXY_RESPONSE_LIMIT", "1000")
	cluster := mesostest.NewCluster(t, os.DirFS(captures), workload)
	cluster.Stream(mesostest.Master, cluster.Records("subscribe-leader-killed")[0])
	clients, _, err := newClients(t.Context(), instance(`{"masters": ["`+cluster.URL(mesostest.Master)+`"]}`), time.Now, nil)
	require.NoError(t, err)
	defer clients.Close()
	client := clients.Client.(*mesos.Client)
	enough := errors.New("enough")
	err = client.Subscribe(t.Context(), func(e mesos.StreamEvent) error {
		require.Greater(t, e.Bytes, int64(1000))
		return enough
	})
	require.ErrorIs(t, err, enough)
	_, err = client.State(t.Context())
	require.ErrorContains(t, err, "to /state is longer than Grafana lets data sources read (1000 bytes): raise response_limit")
}

// The event stream keeps a connection, for which polls must not wait.
func TestTheEventStreamHasAConnectionBesideThoseOfPolls(t *testing.T) {
	for value, polls := range map[string]string{"auto": "answered", "never": "waiting"} {
		unblock := make(chan struct{})
		master := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/redirect":
				w.Header().Set("Location", "//"+r.Host)
				w.WriteHeader(http.StatusTemporaryRedirect)
			case "/api/v1":
				_, _ = w.Write([]byte("54\n" + `{"type":"SUBSCRIBED","subscribed":{"get_state":{  } }}`))
				w.(http.Flusher).Flush()
				<-unblock
			default:
				_, _ = w.Write([]byte(`{"version":"1.12.0"}`))
			}
		}))
		ds := instance(`{"masters": ["` + master.URL + `"], "httpMaxConnsPerHost": 1, "subscribe": "` + value + `"}`)
		clients, _, err := newClients(t.Context(), ds, time.Now, nil)
		require.NoError(t, err)
		client := clients.Client.(*mesos.Client)
		began, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			_ = client.Subscribe(t.Context(), func(mesos.StreamEvent) error { close(began); return nil })
		}()
		<-began
		patience := 30 * time.Second
		if polls == "waiting" {
			patience = 50 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, err = client.Version(ctx)
		cancel()
		require.Equal(t, polls == "answered", err == nil, "%s: %v", value, err)
		close(unblock)
		client.Close()
		<-ended
		master.Close()
	}
}
