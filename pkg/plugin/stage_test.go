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

// A stage is the plugin's doors before a recorded cluster. Grafana is played by
// the test; time stands still until it moves it.
type stage struct {
	t        *testing.T
	cluster  *mesostest.Cluster
	clock    *clocktest.Clock
	registry *Registry
	plugin   *Plugin

	mu   sync.Mutex
	ds   backend.DataSourceInstanceSettings
	said bytes.Buffer // everything that left the plugin: answers and log lines
}

// newStage makes a stage whose data source has the cluster's masters and these
// settings over the tests' own. Nothing is asked yet.
func newStage(t *testing.T, with map[string]any, scenes ...mesostest.Scene) *stage {
	t.Helper()
	s := &stage{t: t, cluster: mesostest.NewCluster(t, os.DirFS(captures), scenes...), clock: clocktest.New(begin)}
	s.registry = NewRegistry(&logBook{stage: s}, s.clock)
	s.plugin = New(s.registry)
	s.ds = backend.DataSourceInstanceSettings{ID: 1, UID: "mesos", Type: ID, Name: "Mesos", Updated: begin}
	s.configure(with)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		s.registry.Close(ctx)
	})
	return s
}

// configure edits the settings, a second after the last edit.
func (s *stage) configure(with map[string]any) {
	s.t.Helper()
	keys := map[string]any{"masters": s.cluster.Masters(), "pollInterval": every.String()}
	for key, value := range with {
		keys[key] = value
	}
	raw, err := json.Marshal(keys)
	require.NoError(s.t, err)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.JSONData, ds.Updated = raw, ds.Updated.Add(time.Second)
	})
}

func (s *stage) edit(change func(*backend.DataSourceInstanceSettings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.ds)
}

// as sets the principal.
func (s *stage) as(user, password string) {
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.BasicAuthEnabled, ds.BasicAuthUser = true, user
		ds.DecryptedSecureJSONData = map[string]string{"basicAuthPassword": password}
	})
}

// context is what Grafana sends along with every request.
func (s *stage) context() backend.PluginContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	ds := s.ds
	return backend.PluginContext{OrgID: 1, PluginID: ID, DataSourceInstanceSettings: &ds}
}

// start lets the first poll happen, and its second try where it fails.
func (s *stage) start() *stage {
	s.t.Helper()
	_, err := s.registry.For(s.t.Context(), s.context())
	require.NoError(s.t, err)
	s.clock.Settle()
	s.clock.Advance(every / 10)
	return s
}

// source is what the registry holds for the data source.
func (s *stage) source() *source {
	s.t.Helper()
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	require.Len(s.t, s.registry.sources, 1)
	return s.registry.sources["1-mesos"]
}

// asked is a query over all the time that has passed, as Grafana sends one.
func (s *stage) asked(query string) backend.DataQuery {
	return backend.DataQuery{
		RefID: "A", JSON: json.RawMessage(query), MaxDataPoints: 10_000, Interval: time.Second,
		TimeRange: backend.TimeRange{From: begin, To: s.clock.Now()},
	}
}

// ask asks, and reads the frames as Grafana's rules do.
func (s *stage) ask(query string) backend.DataResponse {
	return s.askFrom(s.context(), query)
}

func (s *stage) askFrom(from backend.PluginContext, query string) backend.DataResponse {
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
func (s *stage) latest(query string) map[string]float64 {
	s.t.Helper()
	latest := map[string]float64{}
	for name, points := range pointsOf(s.t, s.ask(query)) {
		latest[name] = points[len(points)-1].value
	}
	return latest
}

// check is Save & test: its answer and its details.
func (s *stage) check() (*backend.CheckHealthResult, string) {
	s.t.Helper()
	answer, err := s.plugin.CheckHealth(context.Background(), &backend.CheckHealthRequest{PluginContext: s.context()})
	require.NoError(s.t, err)
	var details map[string]string
	if answer.JSONDetails != nil {
		require.NoError(s.t, json.Unmarshal(answer.JSONDetails, &details))
	}
	s.note(answer.Message, string(answer.JSONDetails))
	return answer, details["verboseMessage"]
}

// call calls a resource, written like "GET labels?match=up".
func (s *stage) call(request string, body string) (int, []byte) {
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

func (s *stage) note(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range texts {
		s.said.WriteString(text + "\n")
	}
}

// heard is everything that left the plugin so far.
func (s *stage) heard() string {
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
func (s *stage) handle(handler http.HandlerFunc, pages ...string) {
	for _, page := range pages {
		s.cluster.Handle(mesostest.Master, page, handler)
	}
}

// logBook is a logger that writes down what it is told.
type logBook struct {
	stage *stage
	with  []any
}

func (l *logBook) line(level, text string, args ...any) {
	l.stage.note(fmt.Sprint(level, " ", text, " ", fmt.Sprintln(append(l.with, args...)...)))
}

func (l *logBook) Debug(text string, args ...any) { l.line("debug", text, args...) }
func (l *logBook) Info(text string, args ...any)  { l.line("info", text, args...) }
func (l *logBook) Warn(text string, args ...any)  { l.line("warn", text, args...) }
func (l *logBook) Error(text string, args ...any) { l.line("error", text, args...) }
func (l *logBook) With(args ...any) log.Logger {
	return &logBook{l.stage, append(append([]any{}, l.with...), args...)}
}
func (l *logBook) Level() log.Level                       { return log.Debug }
func (l *logBook) FromContext(context.Context) log.Logger { return l }
