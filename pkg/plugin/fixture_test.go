package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

const captures = "../../testdata/captures"

// begin is when the tests' time begins: a multiple of every step they use.
var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// every is the poll interval of the tests, the shortest there is.
const every = minPollInterval

// redirect is laid under scenes that have no recording of who leads, roles
// under those without /roles.
var (
	redirect = mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_redirect"}}
	roles    = mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_roles"}}
	workload = mesostest.Scene{Name: "03-workload"}
)

// A fixture is the plugin and a recorded cluster for it to poll. The test sends
// what Grafana would send, and moves the clock.
type fixture struct {
	t        *testing.T
	cluster  *mesostest.Cluster
	clock    *clocktest.Clock
	registry *Registry
	plugin   *Plugin
	user     *backend.User // who sends requests

	mu   sync.Mutex
	ds   backend.DataSourceInstanceSettings
	said bytes.Buffer // everything that left the plugin: answers and log lines
}

// newFixture returns a fixture whose data source has the cluster's masters, and
// these settings in addition to the tests' own. Nothing is requested yet.
func newFixture(t *testing.T, with map[string]any, scenes ...mesostest.Scene) *fixture {
	t.Helper()
	s := &fixture{t: t, cluster: mesostest.NewCluster(t, os.DirFS(captures), scenes...), clock: clocktest.New(begin)}
	s.registry = NewRegistry(&logRecorder{fixture: s}, s.clock)
	s.plugin = New(s.registry)
	s.ds = backend.DataSourceInstanceSettings{ID: 1, UID: "mesos", Type: ID, Name: "Mesos", Updated: begin}
	s.configure(with)
	t.Cleanup(s.close)
	return s
}

// close ends what the fixture runs, and waits for it.
func (s *fixture) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.registry.Close(ctx)
}

// configure edits the settings, a second after the last edit.
func (s *fixture) configure(with map[string]any) {
	s.t.Helper()
	// What is recorded has no event stream beside it.
	keys := map[string]any{"masters": s.cluster.Masters(), "pollInterval": every.String(), "subscribe": "never"}
	for key, value := range with {
		keys[key] = value
	}
	raw, err := json.Marshal(keys)
	require.NoError(s.t, err)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.JSONData, ds.Updated = raw, ds.Updated.Add(time.Second)
	})
}

func (s *fixture) edit(change func(*backend.DataSourceInstanceSettings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.ds)
}

// as sets the principal.
func (s *fixture) as(user, password string) {
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.BasicAuthEnabled, ds.BasicAuthUser = true, user
		ds.DecryptedSecureJSONData = map[string]string{"basicAuthPassword": password}
	})
}

// context returns what Grafana sends with every request.
func (s *fixture) context() backend.PluginContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	ds := s.ds
	return backend.PluginContext{OrgID: 1, PluginID: ID, User: s.user, DataSourceInstanceSettings: &ds}
}

// start lets the first poll happen, and its second try where it fails.
func (s *fixture) start() *fixture {
	s.t.Helper()
	_, err := s.registry.For(s.t.Context(), s.context())
	require.NoError(s.t, err)
	s.clock.Settle()
	s.clock.Advance(every / 10)
	return s
}

// source is what the registry holds for the data source.
func (s *fixture) source() *source {
	s.t.Helper()
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	require.Len(s.t, s.registry.sources, 1)
	return s.registry.sources["1-mesos"]
}

// asked is a query over all the time that has passed, as Grafana sends one.
func (s *fixture) asked(query string) backend.DataQuery {
	return backend.DataQuery{
		RefID: "A", JSON: json.RawMessage(query), MaxDataPoints: 10_000, Interval: time.Second,
		TimeRange: backend.TimeRange{From: begin, To: s.clock.Now()},
	}
}

// ask sends queries, and reads the frames as Grafana's rules do.
func (s *fixture) ask(query string) backend.DataResponse {
	return s.askFrom(s.context(), query)
}

func (s *fixture) askFrom(from backend.PluginContext, query string) backend.DataResponse {
	s.t.Helper()
	answer, err := s.plugin.QueryData(context.Background(), &backend.QueryDataRequest{
		PluginContext: from, Queries: []backend.DataQuery{s.asked(query)},
	})
	require.NoError(s.t, err, "panels show nothing of a Go error")
	raw, err := json.Marshal(answer)
	require.NoError(s.t, err)
	s.note(string(raw))
	response := answer.Responses["A"]
	if response.Error != nil {
		s.note(response.Error.Error())
		require.Empty(s.t, response.Frames)
		return response
	}
	readable(s.t, response.Frames)
	return response
}

// latest is the last value of each series of an answer, by the values of its
// labels.
func (s *fixture) latest(query string) map[string]float64 {
	s.t.Helper()
	latest := map[string]float64{}
	for name, points := range pointsOf(s.t, s.ask(query)) {
		latest[name] = points[len(points)-1].value
	}
	return latest
}

// check is Save & test: its answer and its details.
func (s *fixture) check() (*backend.CheckHealthResult, string) {
	s.t.Helper()
	answer, err := s.plugin.CheckHealth(context.Background(), &backend.CheckHealthRequest{PluginContext: s.context()})
	require.NoError(s.t, err)
	var details struct{ VerboseMessage string }
	if answer.JSONDetails != nil {
		require.NoError(s.t, json.Unmarshal(answer.JSONDetails, &details))
	}
	s.note(answer.Message, string(answer.JSONDetails))
	return answer, details.VerboseMessage
}

// call calls a resource, written like "GET labels?match=up".
func (s *fixture) call(request string, body string) (int, []byte) {
	s.t.Helper()
	method, url, _ := strings.Cut(request, " ")
	path, _, _ := strings.Cut(url, "?")
	var answer *backend.CallResourceResponse
	err := s.plugin.ServeOpts().CallResourceHandler.CallResource(context.Background(), &backend.CallResourceRequest{
		PluginContext: s.context(), Method: method, Path: path, URL: url, Body: []byte(body),
	}, backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error { answer = r; return nil }))
	require.NoError(s.t, err)
	require.Equal(s.t, []string{"application/json"}, answer.Headers["Content-Type"])
	s.note(string(answer.Body))
	return answer.Status, answer.Body
}

func (s *fixture) note(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range texts {
		s.said.WriteString(text + "\n")
	}
}

// heard returns everything that the plugin has sent so far.
func (s *fixture) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

// The pages that are polled, and with the one that names the leader.
var (
	polled = []string{"/metrics/snapshot", "/state", "/roles", "/flags"}
	pages  = append([]string{"/redirect"}, polled...)
)

// handle answers pages of the master by a function; nil ends that.
func (s *fixture) handle(handler http.HandlerFunc, pages ...string) {
	for _, page := range pages {
		s.cluster.Handle(mesostest.Master, page, handler)
	}
}

// logRecorder is a logger that keeps what is logged.
type logRecorder struct {
	fixture *fixture
	with    []any
}

func (l *logRecorder) line(level, text string, args ...any) {
	l.fixture.note(fmt.Sprint(level, " ", text, " ", fmt.Sprintln(append(l.with, args...)...)))
}

func (l *logRecorder) Debug(text string, args ...any) { l.line("debug", text, args...) }
func (l *logRecorder) Info(text string, args ...any)  { l.line("info", text, args...) }
func (l *logRecorder) Warn(text string, args ...any)  { l.line("warn", text, args...) }
func (l *logRecorder) Error(text string, args ...any) { l.line("error", text, args...) }
func (l *logRecorder) With(args ...any) log.Logger {
	return &logRecorder{l.fixture, append(append([]any{}, l.with...), args...)}
}
func (l *logRecorder) Level() log.Level                       { return log.Debug }
func (l *logRecorder) FromContext(context.Context) log.Logger { return l }
