package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

// happened appends events of two tasks and an agent to the source's log.
func happened(t *testing.T, log events.Log, at time.Time) {
	t.Helper()
	added, err := log.Append(t.Context(), []events.Event{
		{ID: "1", Kind: events.KindTask, What: "failed", Time: at, Severity: events.Error, Framework: "marathon", TaskID: "web.1"},
		{ID: "2", Kind: events.KindTask, What: "running", Time: at, Severity: events.Info, Framework: "Chronos", TaskID: "job.1"},
		{ID: "3", Kind: events.KindAgent, What: events.Removed, Time: at, Severity: events.Warning, Agent: "host1", AgentID: "S1"},
	})
	require.NoError(t, err)
	require.Len(t, added, 3)
}

func TestEventsAreBesideTheHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "not", "there", "yet")
	s := newFixture(t, map[string]any{"engine": "memory"}, workload).onDisk(path).start()
	happened(t, s.source().events, begin)
	require.NoDirExists(t, path)
	answer, details := s.check()
	require.Equal(t, backend.HealthStatusOk, answer.Status)
	require.Regexp(t, `Events: in memory, 3 events, .*, complete since `+begin.UTC().Format(time.RFC3339), details)

	// What memory holds moves to disk.
	s.configure(map[string]any{"engine": "auto"})
	s.start().engine("disk")
	status, body := s.call("GET status", "")
	require.Equal(t, 200, status)
	var told StatusAnswer
	require.NoError(t, json.Unmarshal(body, &told))
	require.Equal(t, "disk", told.Events.Where)
	require.Equal(t, 3, told.Events.Events)
	require.Positive(t, told.Events.Bytes)
	require.True(t, begin.Equal(*told.Events.Start))
	require.True(t, begin.Equal(*told.Events.Since), "the log is as old as it was in memory")
	require.FileExists(t, filepath.Join(path, "1-mesos", "events.sqlite"))
	_, details = s.check()
	require.Contains(t, details, "Events: on disk, 3 events, ")

	// The process ends, and another one has them.
	s.registry.Close(t.Context())
	again := newFixture(t, nil, workload).onDisk(path)
	again.clock.Advance(10 * every)
	again.start()
	require.Equal(t, 5, again.source().events.Stats().Events, "and the gap between the processes, and that the cluster has no such task")
	view, err := again.registry.query(again.source())
	require.NoError(t, err)
	found, more, err := view.Events.Select(t.Context(), events.Filter{Limit: 10})
	require.NoError(t, err)
	require.Zero(t, more)
	require.Len(t, found, 5)
	require.Equal(t, []any{events.What("unknown"), "job.1"}, []any{found[0].What, found[0].TaskID})
	require.Equal(t, events.Gap, found[1].What)
	require.WithinDuration(t, again.clock.Now(), found[1].End, every)

	// To memory: the file stays, unused.
	again.configure(map[string]any{"engine": "memory"})
	again.start().engine("memory")
	require.Zero(t, again.source().events.Stats().Events)
	again.configure(map[string]any{"engine": "auto"})
	again.start().engine("disk")
	require.Equal(t, 5, again.source().events.Stats().Events)
}

func TestWhatIsWrongWithTheEventLogIsInSaveAndTest(t *testing.T) {
	path := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(path, "1-mesos", "events.sqlite"), 0o700))
	s := newFixture(t, nil, workload).onDisk(path).start()
	s.engine("disk")
	answer, details := s.check()
	require.Equal(t, backend.HealthStatusOk, answer.Status, "the cluster is fine")
	require.Contains(t, answer.Message, "Warning about the event log: ")
	require.Contains(t, details, "Events: in memory, 0 events")
	require.Contains(t, details, "events are kept in memory, and move there when it can be")
	require.NotContains(t, details, path, "nobody but administrators sees paths")
}

func TestValuesOfEventsAreListed(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	happened(t, s.source().events, begin)
	list := func(query string, status int) (answer struct {
		Data     []string
		Total    int
		Warnings []string
		Error    string
	}) {
		t.Helper()
		got, body := s.call("GET events/values?"+query, "")
		require.Equal(t, status, got, string(body))
		require.NoError(t, json.Unmarshal(body, &answer))
		return answer
	}
	require.Equal(t, []string{"Chronos", "marathon"}, list("field=framework", 200).Data)
	require.Equal(t, []string{"failed", "removed", "running"}, list("field=event", 200).Data)
	require.Equal(t, []string{"Chronos"}, list("field=framework&search=chrON", 200).Data)
	require.Empty(t, list("field=framework&search=.", 200).Data, "a text, not a pattern")
	limited := list("field=event&limit=2", 200)
	require.Equal(t, []string{"failed", "removed"}, limited.Data)
	require.Equal(t, 3, limited.Total)
	require.Equal(t, []string{"2 of 3 values are listed: type a part of the value."}, limited.Warnings)
	passing := func(filters string) string { return "field=event&filters=" + url.QueryEscape(filters) }
	require.Equal(t, []string{"failed"}, list(passing(`[{"label":"framework","operator":"=","value":"marathon"}]`), 200).Data)
	require.Equal(t, []string{"failed", "running"}, list(passing(`[{"label":"framework","operator":"=~","value":".+"}]`), 200).Data)
	require.Contains(t, list(passing(`[{"label":"framework","operator":"=~","value":"("}]`), 400).Error, "filters[0].value")
	require.Contains(t, list(passing(`[{"label":"planet","operator":"=","value":"x"}]`), 400).Error, "planet")
	require.Contains(t, list(passing(`{`), 400).Error, "filters: must be a list of filters in JSON")
	late := begin.Add(time.Hour).Unix()
	require.Empty(t, list(fmt.Sprintf("field=framework&start=%d", late), 200).Data)
	require.Len(t, list(fmt.Sprintf("field=framework&end=%d", late), 200).Data, 2)
	require.Empty(t, list("field=label_team", 200).Data)
	require.Contains(t, list("field=hostname", 400).Error, "hostname")
	require.Contains(t, list("", 400).Error, "is missing")
}

// Two data sources may have the same cluster, and UIDs that differ by what is not in names of
// files. Each has a log of its own, also after a restart.
func TestDataSourcesOfOneClusterShareNoEvents(t *testing.T) {
	path := t.TempDir()
	s := newFixture(t, nil, workload).onDisk(path)
	uids := []string{"mesos", "mesos-2", "mesos/2", "mesos%2F2", "1-mesos"}
	of := func(uid string) *source {
		s.edit(func(ds *backend.DataSourceInstanceSettings) { ds.UID = uid })
		s.start()
		src, err := s.registry.For(t.Context(), s.context())
		require.NoError(t, err)
		return src
	}
	ids := func() map[string][]string {
		found := map[string][]string{}
		for _, uid := range uids {
			all, _, err := of(uid).events.Select(t.Context(), events.Filter{Kinds: []events.Kind{events.KindAgent}, Limit: 100})
			require.NoError(t, err)
			for _, e := range all {
				found[uid] = append(found[uid], e.AgentID)
			}
			var listed list
			s.answer("GET events/values?field=agent_id", "", &listed)
			require.Equal(t, found[uid], listed.Data)
		}
		return found
	}
	want := map[string][]string{}
	for _, uid := range uids {
		_, err := of(uid).events.Append(t.Context(), []events.Event{{ID: "same", Kind: events.KindAgent, What: events.Added, Time: begin, AgentID: "of " + uid}})
		require.NoError(t, err)
		want[uid] = []string{"of " + uid}
	}
	require.Equal(t, want, ids())

	now := s.clock.Now()
	s.registry.Close(t.Context())
	s = newFixture(t, nil, workload).onDisk(path)
	s.clock.Advance(now.Sub(s.clock.Now()) + every)
	require.Equal(t, want, ids())
}

// otherElection serves what a master serves, as the leader of another cluster would.
func otherElection(t *testing.T, master string) *httptest.Server {
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, _ := http.NewRequestWithContext(r.Context(), r.Method, master+r.URL.String(), r.Body)
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		if response.Header.Get("Location") != "" {
			w.Header().Set("Location", strings.TrimPrefix(server.URL, "http:"))
		}
		w.WriteHeader(response.StatusCode)
		_, _ = io.WriteString(w, strings.NewReplacer("abbec842-7d73", "ffffffff-1111", `"elected_time":1`, `"elected_time":2`,
			strings.TrimPrefix(master, "http:"), strings.TrimPrefix(server.URL, "http:")).Replace(string(body)))
	}))
	t.Cleanup(server.Close)
	return server
}

// The masters become those of another cluster, which has another name or the same one; or
// its name is another after a restart.
func TestTheEventsOfAClusterBeforeAreNotThoseOfTheNext(t *testing.T) {
	for name, next := range map[string]struct {
		cluster          string
		masters, restart bool
	}{
		"another name": {"two", true, false}, "the same name": {"one", true, false},
		"another name of the same after a restart": {"two", false, true}, "the same name after a restart": {"one", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			s := newFixture(t, map[string]any{"clusterName": "one"}, workload).onDisk(path).start()
			_, err := s.source().events.Append(t.Context(), []events.Event{
				{ID: "1", Kind: events.KindTask, What: "failed", Time: begin, Severity: events.Error, TaskID: "web.1", Cluster: "one"},
				{ID: "2", Kind: events.KindAgent, What: events.Unreachable, Time: begin, Severity: events.Error, Agent: "host9", AgentID: "S9", Opens: "agent/S9/unreachable", Cluster: "one"},
			})
			require.NoError(t, err)
			s.clock.Advance(6 * every)
			if next.restart {
				now := s.clock.Now()
				s.registry.Close(t.Context())
				s = newFixture(t, map[string]any{"clusterName": next.cluster}, workload).onDisk(path)
				s.clock.Advance(now.Sub(s.clock.Now()) + every)
			}
			if next.masters {
				server := otherElection(t, newFixture(t, nil, workload).cluster.Masters()[0])
				s.configure(map[string]any{"masters": []string{server.URL}, "clusterName": next.cluster})
			}
			s.start()
			s.clock.Advance(20 * every)
			require.Equal(t, next.cluster, s.source().collector.Status().Cluster)

			found, _, err := s.source().events.Select(t.Context(), events.Filter{Limit: 100})
			require.NoError(t, err)
			of := map[events.What]events.Event{}
			for _, e := range found {
				of[e.What] = e
			}
			change := of[events.OtherCluster]
			require.Equal(t, next.cluster, change.Cluster)
			require.Equal(t, change.Time, of[events.Unreachable].End, "what lasted ends with its cluster")
			require.NotContains(t, of, events.Removed)

			frames := func(keys string) string {
				answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
					PluginContext: s.context(), Queries: []backend.DataQuery{s.asked(`{"queryType":"events",` + keys + `}`)},
				})
				require.NoError(t, err)
				require.NoError(t, answer.Responses["A"].Error)
				raw, err := json.Marshal(answer.Responses["A"].Frames)
				require.NoError(t, err)
				return string(raw)
			}
			for _, keys := range []string{`"kinds":["task","agent"]`, `"format":"timeline"`} {
				require.NotContains(t, frames(keys), "web.1", keys)
				require.NotContains(t, frames(keys), "host9", keys)
			}
			require.Contains(t, frames(`"adhocFilters":[{"key":"cluster","operator":"=","value":"one"}]`), "host9")

			values := func(query string) (values []string) {
				var got list
				s.answer("GET events/values?"+query, "", &got)
				return got.Data
			}
			require.NotContains(t, values("field=agent"), "host9")
			require.NotContains(t, values("field=agent&start=0"), "host9")
			require.Empty(t, values("field=task_id&search=web.1"))
			require.Empty(t, values("field=agent&end="+begin.Format(time.RFC3339)), "before the change")
			require.Equal(t, slices.Compact([]string{"one", next.cluster}), values("field=cluster"), "what a filter may choose")
		})
	}
}
