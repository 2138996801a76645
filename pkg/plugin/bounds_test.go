package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	promlabels "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// spoiled is a history whose queries fail in a way that a test chooses.
type spoiled struct {
	store
	fail func(name string) error // of a query for the series with this name; may panic
}

func (s spoiled) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := s.store.Querier(mint, maxt)
	return spoiledQuerier{q, s.fail}, err
}

type spoiledQuerier struct {
	storage.Querier
	fail func(name string) error
}

func (q spoiledQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*promlabels.Matcher) storage.SeriesSet {
	for _, m := range matchers {
		if m.Name == promlabels.MetricName {
			if err := q.fail(m.Value); err != nil {
				return storage.ErrSeriesSet(err)
			}
		}
	}
	return q.Querier.Select(ctx, sorted, hints, matchers...)
}

// spoil makes queries for single series fail.
func (s *fixture) spoil(fail func(name string) error) {
	src := s.source()
	src.mu.Lock()
	defer src.mu.Unlock()
	src.store = spoiled{src.store, fail}
}

// send sends several queries in one request, as a panel does.
func (s *fixture) send(queries map[string]string) *backend.QueryDataResponse {
	s.t.Helper()
	request := &backend.QueryDataRequest{PluginContext: s.context()}
	for refID, query := range queries {
		q := s.asked(query)
		q.RefID = refID
		request.Queries = append(request.Queries, q)
	}
	response, err := s.plugin.QueryData(context.Background(), request)
	require.NoError(s.t, err)
	for _, answer := range response.Responses {
		if answer.Error != nil {
			s.note(answer.Error.Error())
		}
	}
	return response
}

// A query that panics is an error of its own; the queries beside it are answered.
func TestAPanicIsTheErrorOfItsQuery(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.spoil(func(name string) error {
		if name == "mesos_agent_cpus_allocated" {
			panic("unexpected data")
		}
		return nil
	})
	response := s.send(map[string]string{"A": cpusByFramework, "B": `{"entity": "agent", "resource": "cpus", "measure": "allocated"}`, "C": `{"expr": "mesos_up"}`})
	require.NoError(t, response.Responses["A"].Error)
	require.NotEmpty(t, response.Responses["A"].Frames)
	require.NoError(t, response.Responses["C"].Error)
	require.ErrorContains(t, response.Responses["B"].Error, "log has the details")
	s.works()
}

// A panic outside of a single query is an error of all queries, of Save & test or
// of the resource, and is logged.
func TestAPanicElsewhereIsAnError(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	src := s.source()
	src.mu.Lock()
	kept := src.store
	src.store = nil // whatever is done with it panics
	src.mu.Unlock()
	response := s.send(map[string]string{"A": cpusByFramework, "B": masterCPUs})
	require.Len(t, response.Responses, 2)
	for _, answer := range response.Responses {
		require.Error(t, answer.Error)
	}
	health, _ := s.check()
	require.Equal(t, backend.HealthStatusError, health.Status)
	require.Contains(t, health.Message, "the plugin failed while checking the data source")
	code, body := s.call("GET status", "")
	require.Equal(t, http.StatusInternalServerError, code)
	require.Contains(t, string(body), "the plugin failed while answering /status")
	require.Contains(t, s.heard(), "error A panic in the plugin")

	src.mu.Lock()
	src.store = kept
	src.mu.Unlock()
	s.works()
}

// A request has 200 queries at most, and is refused before any work.
func TestTooManyQueriesAreRefused(t *testing.T) {
	s := newFixture(t, nil, workload)
	queries := map[string]string{}
	for n := range maxQueries {
		queries[fmt.Sprint(n)] = `{"expr": "mesos_up", "instant": true}`
	}
	for _, answer := range s.send(queries).Responses {
		require.NoError(t, answer.Error)
	}
	request := &backend.QueryDataRequest{PluginContext: s.context()}
	for n := range 100_000 {
		q := s.asked(`{"expr": "mesos_up"}`)
		q.RefID = fmt.Sprint(n)
		request.Queries = append(request.Queries, q)
	}
	response, err := s.plugin.QueryData(t.Context(), request)
	require.NoError(t, err)
	require.Len(t, response.Responses, maxQueries, "the answer is not larger than the request")
	for _, answer := range response.Responses {
		require.EqualError(t, answer.Error, "the request has 100000 queries: 200 are the most; use fewer queries, with filters or groupBy for several series")
		require.Equal(t, backend.StatusBadRequest, answer.Status)
	}
}

// Every resource refuses a body and an address that are too large.
func TestTooLargeRequestsForResourcesAreRefused(t *testing.T) {
	s := newFixture(t, nil, workload)
	for _, request := range []string{"GET catalogue", "GET labels", "GET label-values?label=agent", "GET status", "POST compile", "GET nothing"} {
		code, raw := s.call(request, strings.Repeat(" ", maxBody+1))
		require.Equal(t, http.StatusRequestEntityTooLarge, code, request)
		require.Contains(t, string(raw), fmt.Sprintf("the body has more than %d bytes", maxBody))
	}
	code, raw := s.call("GET labels?match="+strings.Repeat("x", maxAddress), "")
	require.Equal(t, http.StatusRequestURITooLong, code)
	require.Contains(t, string(raw), "1048576 are the most")
	require.Zero(t, s.cluster.Count("", ""), "nobody was asked")

	body, err := json.Marshal(map[string]any{"query": map[string]any{"expr": "mesos_up # " + strings.Repeat("x", 10_000)}})
	require.NoError(t, err)
	code, raw = s.call("POST compile", string(body))
	require.Equal(t, http.StatusOK, code, string(raw))
}

// A long body waits for the room of long texts, and a short one does not.
func TestCompileOfLongQueriesWaitsForItsRoom(t *testing.T) {
	s := newFixture(t, nil, workload)
	leave, err := s.registry.engine.Parsing(t.Context(), 4<<20)
	require.NoError(t, err)
	body := func(values int) string {
		return `{"query": {"entity": "agent", "resource": "cpus", "measure": "capacity", "filters": [{"label": "agent", "operator": "=", "value": ["x"` +
			strings.Repeat(`,"agent-00001.rack-00001.example.com"`, values) + `]}]}}`
	}
	answered := make(chan int, 1)
	go func() {
		code, _ := s.call("POST compile", body(9000))
		answered <- code
	}()
	code, raw := s.call("POST compile", body(10))
	require.Equal(t, http.StatusOK, code, string(raw))
	select {
	case code := <-answered:
		t.Fatalf("answered %d without room", code)
	case <-time.After(100 * time.Millisecond):
	}
	leave()
	require.Equal(t, http.StatusOK, <-answered)
}
