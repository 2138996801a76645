package plugin

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/history/remote/remotetest"
)

// acknowledged waits until the engine remote has everything.
func (s *fixture) acknowledged() remote.Stats {
	s.t.Helper()
	far := s.source().store.(*remote.Store)
	require.Eventually(s.t, func() bool { st := far.Remote(); return st.Sent > 0 && st.Oldest.IsZero() }, 20*time.Second, 5*time.Millisecond, "%+v", far.Remote())
	return far.Remote()
}

func TestHistoryIsInARemoteEngineAndStaysThereOverARestart(t *testing.T) {
	for _, kind := range remotetest.Kinds {
		t.Run(kind.Name, func(t *testing.T) { staysOverARestart(t, kind) })
	}
}

func staysOverARestart(t *testing.T, kind remotetest.Kind) {
	e := remotetest.Start(t, kind)
	settings := map[string]any{"engine": "remote", "remoteUrl": e.URL, "remoteWriteUrl": e.WriteURL, "remoteLabels": kind.Adds}
	if kind.Tenants {
		settings["remoteTenant"] = remotetest.Tenant
	}
	s := newFixture(t, settings, workload, redirect, roles).start()
	for range 30 {
		s.clock.Advance(every)
	}
	s.acknowledged()
	const panel = `{"expr": "sum by (framework) (mesos_framework_cpus_allocated)"}`
	var before backend.DataResponse
	require.Eventually(t, func() bool { // some engines show samples some time after they took them
		e.Flush()
		before = s.ask(panel)
		require.NoError(t, before.Error)
		return len(before.Frames) > 1 && before.Frames[0].Rows() > 0
	}, 20*time.Second, 200*time.Millisecond)

	// Save & test, the status and the own metrics say how it is.
	answer, details := s.check()
	require.Equal(t, backend.HealthStatusOk, answer.Status, answer.Message)
	require.Contains(t, details, "History: in memory, ")
	require.Contains(t, details, "Remote engine: remote write "+kind.Protocol+", ")
	require.Contains(t, details, " samples taken, nothing waits, 0 refused")
	status := s.source().statusAnswer().History
	require.NotNil(t, status.Remote)
	require.Equal(t, "memory", status.Engine)
	require.Zero(t, status.Remote.LagSeconds)
	require.Zero(t, *status.Remote.Samples)
	metrics := s.collected()
	require.Zero(t, metrics[`remote_failing{source="1-mesos"}`])
	require.Equal(t, float64(status.Remote.Sent), metrics[`remote_samples_total{source="1-mesos"}`])
	require.Contains(t, metrics, `remote_refused_total{reason="out_of_order",source="1-mesos"}`)
	e.Flush()
	series := s.source().store.Stats().Series
	require.Eventually(t, func() bool { return len(e.Raw(`{cluster!=""}`, s.clock.Now())) == series }, 20*time.Second, 100*time.Millisecond, "every series, under its own labels")
	s.close()

	// Memory is empty after a restart, and the panel is the same.
	again := newFixture(t, settings, workload, redirect, roles)
	again.clock.Advance(31 * every)
	again.start()
	again.acknowledged()
	query := again.asked(panel)
	query.TimeRange.To = begin.Add(30 * every)
	from := again.context()
	var after backend.DataResponse
	require.Eventually(t, func() bool {
		res, err := again.plugin.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: from, Queries: []backend.DataQuery{query}})
		require.NoError(t, err)
		after = res.Responses["A"]
		require.NoError(t, after.Error)
		return len(after.Frames) == len(before.Frames) && after.Frames[0].Rows() > 25
	}, 20*time.Second, 200*time.Millisecond, "%d frames, and not %d", len(after.Frames), len(before.Frames))
	for i, frame := range after.Frames {
		for j, field := range frame.Fields {
			require.Equal(t, before.Frames[i].Fields[j].Labels, field.Labels)
			for k := range min(field.Len(), before.Frames[i].Fields[j].Len()) {
				require.Equal(t, before.Frames[i].Fields[j].At(k), field.At(k))
			}
		}
		require.Greater(t, frame.Rows(), 25)
	}
	require.Empty(t, after.Frames[0].Meta.Notices)
	var names struct{ Data []string }
	again.answer("GET label-values?label=framework&start="+begin.Format(time.RFC3339)+"&end="+begin.Add(20*every).Format(time.RFC3339), "", &names)
	require.NotEmpty(t, names.Data)

	// While it is away panels of what is kept here are answered, and others say why not.
	e.Stop()
	for range 20 {
		again.clock.Advance(every)
	}
	require.Eventually(t, func() bool { return again.source().statusAnswer().History.Remote.Failing != "" }, 10*time.Second, 5*time.Millisecond)
	failed := again.ask(panel)
	require.ErrorContains(t, failed.Error, "The query is not answered from what this Grafana keeps, since it reaches further back or another Grafana polls, and the remote engine "+e.URL+" cannot be reached")
	require.Equal(t, backend.StatusBadGateway, failed.Status)
	recent := again.over(`{"expr": "mesos_up{poll=\"state\"}"}`, again.clock.Now().Add(-time.Minute), again.clock.Now())
	require.NoError(t, recent.Error)
	require.Positive(t, recent.Frames[0].Rows())
	answer, details = again.check()
	require.Equal(t, backend.HealthStatusOk, answer.Status)
	require.Contains(t, answer.Message, "the remote engine takes no samples since")
	require.Contains(t, details, "not acknowledged, the oldest ")

	// Another engine takes over what is local.
	again.configure(map[string]any{"engine": "auto"})
	again.start()
	require.NotEmpty(t, again.latest(`{"expr": "mesos_up{poll=\"state\"}"}`))
	require.Nil(t, again.source().statusAnswer().History.Remote)
}

// A recorder is a server that notes what it is asked with.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
}

func newRecorder(t *testing.T, tls bool, answer func(http.ResponseWriter, *http.Request)) *recorder {
	r := &recorder{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		r.mu.Lock()
		r.requests = append(r.requests, req)
		r.mu.Unlock()
		answer(w, req)
	})
	if tls {
		r.Server = httptest.NewTLSServer(handler)
	} else {
		r.Server = httptest.NewServer(handler)
	}
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) all() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*http.Request{}, r.requests...)
}

func takes(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != "application/x-protobuf" { // as one that knows 1.0 alone
		http.Error(w, "unsupported", http.StatusUnsupportedMediaType)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// The remote engine gets its own credentials, over TLS with its own CA; masters get theirs.
func TestCredentialsOfTheRemoteEngineAreItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		settings, secrets map[string]string
		authorization     string
	}{
		"a token":              {nil, map[string]string{remoteToken: "s3cret-token"}, "Bearer s3cret-token"},
		"a user":               {map[string]string{"remoteBasicAuthUser": "writer"}, map[string]string{remotePassword: "s3cret-password"}, "Basic d3JpdGVyOnMzY3JldC1wYXNzd29yZA=="},
		"nothing of a masters": {nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			far := newRecorder(t, true, takes)
			with := map[string]any{"engine": "remote", "remoteUrl": far.URL + "/prometheus", "remoteWriteUrl": far.URL + "/api/v1/push", "remoteTenant": "mesos", "httpHeaderName1": "X-Masters"}
			for key, value := range c.settings {
				with[key] = value
			}
			s := newFixture(t, with, workload, redirect)
			s.as("grafana", "s3cret-master")
			s.edit(func(ds *backend.DataSourceInstanceSettings) {
				ds.DecryptedSecureJSONData["httpHeaderValue1"] = "s3cret-header"
				ds.DecryptedSecureJSONData[remoteCA] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: far.Certificate().Raw}))
				for key, value := range c.secrets {
					ds.DecryptedSecureJSONData[key] = value
				}
			})
			s.start()
			s.acknowledged()
			for _, r := range far.all() {
				require.Equal(t, c.authorization, r.Header.Get("Authorization"))
				require.Equal(t, "mesos", r.Header.Get("X-Scope-OrgID"))
				require.Empty(t, r.Header.Get("X-Masters"))
				require.True(t, r.URL.Path == "/api/v1/push" || strings.HasPrefix(r.URL.Path, "/prometheus/api/v1/"), r.URL.Path)
			}
			for _, r := range s.cluster.Requests() {
				require.NotContains(t, []string{"Bearer s3cret-token", "Basic d3JpdGVyOnMzY3JldC1wYXNzd29yZA=="}, r.Authorization)
				require.Empty(t, r.Header.Get("X-Scope-OrgID"))
			}
			_, details := s.check()
			require.NotContains(t, details+s.heard(), "s3cret")
		})
	}
}

func TestRedirectsOfTheRemoteEngineAreNotFollowed(t *testing.T) {
	elsewhere := newRecorder(t, false, takes)
	far := newRecorder(t, false, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	s := newFixture(t, map[string]any{"engine": "remote", "remoteUrl": far.URL}, workload, redirect)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{remoteToken: "s3cret-token"}
	})
	s.start()
	require.Eventually(t, func() bool { return s.source().statusAnswer().History.Remote.Failing != "" }, 10*time.Second, 5*time.Millisecond)
	require.Contains(t, s.source().statusAnswer().History.Remote.Failing, "answers with a redirect (307), which is not followed: write the address that it leads to (jsonData.remoteWriteUrl)")
	require.NotEmpty(t, far.all())
	require.Empty(t, elsewhere.all())
}

func TestACertificateThatIsNotTrustedIsSaid(t *testing.T) {
	far := newRecorder(t, true, takes)
	s := newFixture(t, map[string]any{"engine": "remote", "remoteUrl": far.URL, "tlsSkipVerify": true}, workload, redirect).start()
	require.Eventually(t, func() bool { return s.source().statusAnswer().History.Remote.Failing != "" }, 10*time.Second, 5*time.Millisecond)
	require.Contains(t, s.source().statusAnswer().History.Remote.Failing, "certificate signed by unknown authority")
	require.Empty(t, far.all())
}

func TestSettingsOfTheRemoteEngineAreCheckedAgainstEachOther(t *testing.T) {
	const with = `{"masters": ["http://m:5050"], "engine": "remote", "remoteUrl": "https://mimir/prometheus"`
	for _, c := range []struct {
		settings string
		secrets  map[string]string
		wrong    string
		warning  string
	}{
		{settings: with + `}`},
		{settings: `{"masters": ["http://m:5050"], "engine": "remote"}`, wrong: "remoteUrl is missing: the engine remote needs the address of Prometheus' HTTP API, write for example https://mimir.example.com/prometheus (jsonData.remoteUrl)"},
		{settings: `{"masters": ["http://m:5050"], "engine": "remote", "remoteUrl": ""}`, wrong: "remoteUrl is missing"},
		{settings: `{"masters": ["http://m:5050"], "engine": "remote", "remoteUrl": "mimir"}`, wrong: `"mimir" is not an http or https address`},
		{settings: `{"masters": ["http://m:5050"], "remoteUrl": "https://mimir"}`, warning: "remoteUrl is set and does nothing: the engine is not remote (jsonData.engine)"},
		{settings: `{"masters": ["http://m:5050"]}`, secrets: map[string]string{remoteToken: "s3cret"}, warning: "remoteBearerToken is set and does nothing: the engine is not remote (secureJsonData.remoteBearerToken)"},
		{settings: with + `, "remoteBasicAuthUser": "u"}`, secrets: map[string]string{remoteToken: "s3cret"}, wrong: "remoteBearerToken and remoteBasicAuthUser are both set"},
		{settings: with + `, "remoteBasicAuthUser": "u"}`, warning: "remoteBasicAuthPassword is empty, as where a variable of a provisioning file is not set"},
		{settings: with + `}`, secrets: map[string]string{remotePassword: "s3cret"}, warning: "remoteBasicAuthPassword is set and does nothing: the user is missing (jsonData.remoteBasicAuthUser)"},
		{settings: with + `}`, secrets: map[string]string{remoteToken: "Bearer s3cret"}, wrong: "remoteBearerToken begins with Bearer, which is sent before it"},
		{settings: with + `}`, secrets: map[string]string{remoteToken: "s3\ncret"}, wrong: "remoteBearerToken has a line break"},
		{settings: with + `}`, secrets: map[string]string{remoteToken: "$TOKEN"}, warning: "remoteBearerToken is the name of a variable"},
		{settings: with + `}`, secrets: map[string]string{remoteCA: "/etc/ca.pem"}, wrong: "remoteTlsCACert is the path of a file"},
		{settings: strings.Replace(with, "https", "http", 1) + `}`, secrets: map[string]string{remoteCA: testCA(t)}, warning: "remoteTlsCACert is set and does nothing: the addresses of the remote engine are http"},
		{settings: with + `, "remoteBearerToken": "s3cret"}`, wrong: "remoteBearerToken is a secret and must be in secureJsonData"},
		{settings: with + `, "remoteTlsCACert": "x"}`, warning: "remoteTlsCACert is in jsonData and does nothing there"},
		{settings: `{"masters": ["http://m:5050"], "replicas": "zk://zk1:2181/x"}`, warning: "replicas is set and does nothing: the engine is not remote (jsonData.engine)"},
		{settings: with + `, "replicas": "zk://zk1:2181/x"}`, secrets: map[string]string{"zkDigest": "u:s3cret"}},
		{settings: with + `, "replicas": "zk://u:s3cret@zk1:2181/x"}`, wrong: "the ZooKeeper address has an @"},
		{settings: with + `}`, secrets: map[string]string{"zkDigest": "u:s3cret"}, warning: "zkDigest is set and does nothing: there is no zk:// address in masters, and none in replicas (jsonData.masters)"},
		{settings: with + `, "remoteURL": "https://mimir"}`, warning: `"remoteURL" is not a setting of this data source and does nothing: did you mean remoteUrl?`},
	} {
		ds := instance(c.settings)
		ds.DecryptedSecureJSONData = c.secrets
		s, err := ParseSettings(ds)
		if c.wrong != "" {
			require.ErrorContains(t, err, c.wrong)
			require.NotContains(t, err.Error(), "s3")
			continue
		}
		require.NoError(t, err, c.settings)
		if c.warning == "" {
			require.Empty(t, s.Warnings)
			require.Equal(t, "https://mimir/prometheus/api/v1/write", s.RemoteWriteURL)
			continue
		}
		require.Len(t, s.Warnings, 1, c.settings)
		require.Contains(t, s.Warnings[0], c.warning)
		require.NotContains(t, s.Warnings[0], "s3cret")
	}
}

// What stands in an address may be a secret, however wrong the address is otherwise.
func TestAddressesAreNotRepeatedWithSecrets(t *testing.T) {
	const user, query = "user", "query or fragment"
	for address, says := range map[string]string{
		"https://user:s3%zz@host": user, "ftp://user:s3cret@host": user, "user:s3cret@host": user,
		"https://user:s3cret@host?x": user, "https://u:s3/cret@host": user,
		"https://host/?token=s3cret": query, "ftp://host?token=s3cret": query, "https://host#s3cret": query,
		"https://ho st?token=s3cret": query,
	} {
		for key, settings := range map[string]string{
			"remoteUrl":      `{"masters": ["http://m:5050"], "engine": "remote", "remoteUrl": %q}`,
			"remoteWriteUrl": `{"masters": ["http://m:5050"], "engine": "remote", "remoteWriteUrl": %q}`,
			"agentAddress":   `{"masters": ["http://m:5050"], "agentStatistics": true, "agentAddress": %q}`,
			"webUrl":         `{"masters": ["http://m:5050"], "webUrl": %q}`,
		} {
			_, err := ParseSettings(instance(fmt.Sprintf(settings, address)))
			if key == "webUrl" && strings.Contains(address, "#") {
				require.NoError(t, err, "an address copied from a browser: what is behind # is left out")
				continue
			}
			require.ErrorContains(t, err, says, "%s %s", key, address)
			require.NotContains(t, err.Error(), "s3", "%s %s", key, address)
		}
	}
	_, err := ParseSettings(instance(`{"masters": ["http://m:5050"], "engine": "remote", "remoteUrl": "https://host/a@b"}`))
	require.NoError(t, err)
}

func testCA(t *testing.T) string {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func TestLabelsToAddAreBounded(t *testing.T) {
	for value, says := range map[string]string{
		`{"a": "` + strings.Repeat("x", 257) + `"}`: "has more than 256 bytes",
		`{"agent": "x"}`:     `series have a label "agent" of their own`,
		`{"attr_rack": "x"}`: "of their own",
		`{"a": ["x"]}`:       `the value of "a" is wrong`,
		`{"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1","h":"1","i":"1","j":"1","k":"1"}`: "there are 11 labels, and 10 are the most",
	} {
		var s Settings
		require.ErrorContains(t, readRemoteLabels(json.RawMessage(value), &s), says, value)
	}
}

// An engine that is away takes what waits for it, also when the settings change meanwhile in a way that needs another
// forwarding: the setting replicas comes and goes, or samples in memory move to disk.
func TestWhatWaitsIsSentAfterTheSettingsChanged(t *testing.T) {
	for name, change := range map[string]func(s *fixture, with map[string]any){
		"replicas": func(s *fixture, with map[string]any) {
			s.configure(map[string]any{"engine": "remote", "remoteUrl": with["remoteUrl"], "replicas": "zk://127.0.0.1:1/mesos-datasource"})
			_, err := s.registry.For(s.t.Context(), s.context())
			require.NoError(s.t, err)
		},
		"the engine": func(s *fixture, with map[string]any) {
			s.configure(map[string]any{"engine": "memory"})
			s.start()
		},
		"history_path": func(s *fixture, with map[string]any) {
			s.registry.KeepHistoryIn(s.t.TempDir(), "")
			s.configure(with)
			s.start()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var away atomic.Bool
			var mu sync.Mutex
			taken := map[int64]bool{} // times of mesos_up
			far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				raw, _ := io.ReadAll(r.Body)
				if away.Load() || !strings.HasSuffix(r.URL.Path, "/write") || r.Header.Get("Content-Type") != "application/x-protobuf" {
					http.Error(w, "", map[bool]int{true: http.StatusServiceUnavailable, false: http.StatusUnsupportedMediaType}[away.Load()])
					return
				}
				var request prompb.WriteRequest
				text, err := snappy.Decode(nil, raw)
				if err != nil || request.Unmarshal(text) != nil {
					http.Error(w, "", http.StatusBadRequest)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				for _, series := range request.Timeseries {
					for _, l := range series.Labels {
						if l.Name == "poll" && l.Value == "state" {
							for _, x := range series.Samples {
								taken[x.Timestamp] = true
							}
						}
					}
				}
				w.WriteHeader(http.StatusNoContent)
			}))
			t.Cleanup(far.Close)
			with := map[string]any{"engine": "remote", "remoteUrl": far.URL}
			s := newFixture(t, with, workload, redirect, roles).start()
			s.clock.Advance(every)
			s.acknowledged()
			away.Store(true)
			var waits []int64
			for range 5 {
				s.clock.Advance(every)
				waits = append(waits, s.clock.Now().Add(-every/10).UnixMilli()) // see start
			}
			require.NotZero(t, s.source().store.(*remote.Store).Remote().Unsent)
			change(s, with)
			away.Store(false)
			s.configure(with)
			s.start()
			s.clock.Advance(every)
			require.Eventually(t, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return !slices.ContainsFunc(waits, func(at int64) bool { return !taken[at] })
			}, 10*time.Second, 5*time.Millisecond)
		})
	}
}
