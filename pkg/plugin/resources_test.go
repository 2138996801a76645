package plugin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/query"
)

// answer calls a resource that must answer 200, and reads the answer.
func (s *fixture) answer(request, body string, into any) {
	s.t.Helper()
	code, raw := s.call(request, body)
	require.Equal(s.t, http.StatusOK, code, string(raw))
	require.NoError(s.t, json.Unmarshal(raw, into))
}

// A list is what labels and label-values answer, as Prometheus does.
type list struct {
	Status   string
	Data     []string
	Warnings []string
}

// The builder and completion are made of the catalogue. It needs no cluster.
func TestCatalogue(t *testing.T) {
	s := newFixture(t, nil, workload)
	var got struct {
		Series   []struct{ Name, Type, Help string }
		Entities []struct {
			Entity         string
			Labels         []string
			DefaultGroupBy []string
			Measures       map[string][]string
		}
		Functions []string
	}
	s.answer("GET catalogue", "", &got)
	require.Zero(t, s.cluster.Count("", ""))
	require.Greater(t, len(got.Series), 300)
	require.Contains(t, got.Functions, "rate")
	var entities []string
	for _, e := range got.Entities {
		entities = append(entities, e.Entity)
		if e.Entity == "framework" {
			require.Equal(t, []string{"framework"}, e.DefaultGroupBy)
			require.Contains(t, e.Labels, "framework_id")
			require.Contains(t, e.Measures["cpus"], "allocated")
			require.NotContains(t, e.Measures["cpus"], "capacity")
		}
	}
	require.ElementsMatch(t, []string{"cluster", "agent", "framework", "role", "task", "executor"}, entities)
}

// What may be chosen is what the cluster has: the first request waits for the
// first poll.
func TestLabelsAndTheirValues(t *testing.T) {
	s := newFixture(t, nil, workload)
	var agents []string
	for _, a := range readState(t, "03-workload/master-get_state").Slaves {
		agents = append(agents, a.Hostname)
	}
	slices.Sort(agents)

	cases := map[string]struct {
		request string
		want    []string
		warning string
	}{
		"values":                   {"GET label-values?label=agent", agents, ""},
		"values of some series":    {"GET label-values?label=__name__&match=" + url.QueryEscape(`{__name__=~"mesos_agent_cpus_(capacity|allocated)"}`), []string{"mesos_agent_cpus_allocated", "mesos_agent_cpus_capacity"}, ""},
		"as Prometheus names it":   {"GET label-values?label=poll&match%5B%5D=mesos_up", []string{"roles", "snapshot", "state"}, ""},
		"not all of them":          {"GET label-values?label=agent&limit=1", agents[:1], "1 of 3 values are listed: narrow the selection."},
		"of a time that had them":  {"GET label-values?label=agent&start=1795248000&end=1795251600", agents, ""},
		"of a time in ms":          {"GET label-values?label=agent&start=1795248000000", agents, ""},
		"a time as text":           {"GET label-values?label=agent&start=2026-11-21T07:00:00Z", agents, ""},
		"no time, so any":          {"GET label-values?label=agent&start=&end=", agents, ""},
		"labels of some":           {"GET labels?match=mesos_agent_cpus_capacity", []string{"__name__", "agent", "agent_id", "cluster"}, ""},
		"none":                     {"GET label-values?label=agent&match=nothing", []string{}, ""},
		"a label that nothing has": {"GET label-values?label=planet", []string{}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got list
			s.answer(c.request, "", &got)
			require.Equal(t, "success", got.Status)
			require.Equal(t, c.want, got.Data)
			if c.warning == "" {
				require.Empty(t, got.Warnings)
			} else {
				require.Contains(t, strings.Join(got.Warnings, " "), c.warning)
			}
		})
	}
	var got list
	s.answer("GET labels", "", &got)
	require.Subset(t, got.Data, []string{"__name__", "agent", "cluster", "framework", "master", "role", "task_id"})
	require.Equal(t, 1, s.cluster.Count(mesostest.Master, "/state"), "asking for choices costs the cluster nothing")
}

// The metrics browser shows how many series each name has now: as many as the recorded
// cluster has of what they are about.
func TestSeriesCounts(t *testing.T) {
	s := newFixture(t, nil, workload)
	var got struct {
		Status string
		Data   map[string]int
	}
	s.answer("GET series-counts", "", &got)
	state := readState(t, "03-workload/master-get_state")
	require.Equal(t, "success", got.Status)
	require.Len(t, state.Slaves, got.Data["mesos_agent_cpus_capacity"])
	require.Len(t, state.Frameworks, got.Data["mesos_framework_info"])
	require.Equal(t, 3, got.Data["mesos_up"], "one for each poll")
	require.NotContains(t, got.Data, "mesos_planets")
}

func TestCompileShowsWhatTheBuilderMeans(t *testing.T) {
	s := newFixture(t, nil, workload)
	var got struct {
		PromQL   string
		Warnings []string
	}
	s.answer("POST compile", `{"query": `+cpusByFramework+`}`, &got)
	require.Equal(t, "sum by (framework) (mesos_framework_cpus_allocated)", got.PromQL)
	require.Empty(t, got.Warnings)
	s.answer("POST compile", `{"query": {"expr": "up", "entitty": "agent"}}`, &got)
	require.Equal(t, "up", got.PromQL)
	require.Contains(t, got.Warnings[0], `unknown key "entitty"`)
}

func TestCompileSaysWhereSQLIsWrong(t *testing.T) {
	s := newFixture(t, nil, workload)
	body := func(sql string) string {
		raw, err := json.Marshal(map[string]any{"query": map[string]any{"queryType": "sql", "sql": sql}})
		require.NoError(t, err)
		return string(raw)
	}
	for sql, want := range map[string]string{
		"SELECT nam FROM tasks": `sql: Unknown column \"nam\". Did you mean \"name\"? (at character 8)`,
		"SELECT reason\nFROM events WHERE $__timeFilter(time) AND \"é\" = 1 x": "(at character 65)",
		"SELECT name FROM tasks WHERE started > $__range_s ORDER BY":           "incomplete input",
	} {
		code, raw := s.call("POST compile", body(sql))
		require.Equal(t, http.StatusBadRequest, code, sql)
		require.Contains(t, string(raw), want, sql)
	}
	var got query.Compiled
	s.answer("POST compile", body("SELECT name FROM tasks WHERE name > $__timeFrom()"), &got)
	require.Equal(t, "SELECT name FROM tasks WHERE name > $__timeFrom()", got.SQL)
}

// A dashboard's variable may stand for all of 10,000 agents.
func TestCompileTakesAQueryOfTenThousandValues(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("agent-%05d.rack-07.some-datacenter.region-1.example.company", i)
	}
	body, err := json.Marshal(map[string]any{"query": map[string]any{
		"entity": "agent", "resource": "cpus", "measure": "allocated",
		"filters": []any{map[string]any{"label": "agent", "operator": "=", "value": names}},
	}})
	require.NoError(t, err)
	var got query.Compiled
	s.answer("POST compile", string(body), &got)
	require.Contains(t, got.PromQL, `mesos_agent_cpus_allocated{agent=~"(?:agent-00000\\.rack-07`)
	require.Empty(t, got.Warnings)
}

func TestStatus(t *testing.T) {
	s := newFixture(t, map[string]any{"agentStatistic": true}, workload)
	var got struct {
		Cluster, Leader, Version  string
		Agents, Frameworks, Tasks int
		Masters                   []struct {
			Address string
			Leading bool
		}
		Polls []struct {
			Poll       string
			IntervalNs time.Duration
			Bytes      int64
		}
		Problems map[string]string
		History  struct {
			Engine string
			Series int
			Bytes  int64
			Start  time.Time
		}
		Warnings []string
	}
	s.answer("GET status", "", &got)
	state := readState(t, "03-workload/master-get_state")
	require.Equal(t, s.cluster.Address(mesostest.Master), got.Leader)
	require.Equal(t, "1.12.0", got.Version)
	require.NotEmpty(t, got.Cluster)
	require.Equal(t, len(state.Slaves), got.Agents)
	require.Equal(t, len(state.Frameworks), got.Frameworks)
	require.Positive(t, got.Tasks)
	require.Len(t, got.Masters, 1)
	require.True(t, got.Masters[0].Leading)
	require.Len(t, got.Polls, 3)
	for _, poll := range got.Polls {
		require.Equal(t, every, poll.IntervalNs, poll.Poll)
		require.Positive(t, poll.Bytes, poll.Poll)
	}
	require.Empty(t, got.Problems)
	require.Equal(t, "memory", got.History.Engine)
	require.Greater(t, got.History.Series, 300)
	require.Positive(t, got.History.Bytes)
	require.WithinDuration(t, begin, got.History.Start, 0)
	require.Len(t, got.Warnings, 1)
	require.Contains(t, got.Warnings[0], `"agentStatistic" is not a setting`)

	s.handle(func(http.ResponseWriter, *http.Request) {}, "/roles")
	s.clock.Advance(2 * every)
	s.answer("GET status", "", &got)
	require.Len(t, got.Problems, 1)
	require.Contains(t, got.Problems["roles"], "200 with an empty body")
}

// Save & test says in a line what was found, and the rest below it.
func TestSaveAndTestSaysWhatWasFound(t *testing.T) {
	s := newFixture(t, map[string]any{"agentStatistic": true}, workload)
	health, details := s.check()
	state := readState(t, "03-workload/master-get_state")
	require.Equal(t, backend.HealthStatusOk, health.Status)
	require.Contains(t, health.Message, "Mesos 1.12.0, leader "+s.cluster.Address(mesostest.Master)+": 3 agents, 9 frameworks, ")
	require.Len(t, state.Slaves, 3)
	require.Len(t, state.Frameworks, 9)
	require.Contains(t, health.Message, `. Warning: "agentStatistic" is not a setting`)
	for _, part := range []string{
		"Master " + s.cluster.Address(mesostest.Master) + ": leader",
		"/metrics/snapshot: every 10s, ", "/state: every 10s, ", "/roles: every 10s, ",
		"History: in memory, ", "since 2026-11-21T08:00:00Z",
		`Warning: "agentStatistic" is not a setting`,
		"any alert or recording rule keeps it going",
		"sees what its one Mesos principal sees",
	} {
		require.Contains(t, details, part)
	}
}

func TestWrongRequestsForResourcesNameTheMistake(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	cases := map[string]struct {
		request, body string
		code          int
		want          string
	}{
		"a resource that is none":      {"GET secrets", "", http.StatusNotFound, "no resource GET /secrets: there are GET catalogue, series-counts, labels, label-values, events/values, schema, schema/values, logs/tasks, logs/files, status and POST compile, check, rule"},
		"the root":                     {"GET ", "", http.StatusNotFound, "there are GET catalogue"},
		"a path below":                 {"GET status/x", "", http.StatusNotFound, "no resource GET /status/x"},
		"POST where there is only GET": {"POST status", "", http.StatusNotFound, "no resource POST /status"},
		"DELETE":                       {"DELETE catalogue", "", http.StatusNotFound, "no resource DELETE /catalogue"},
		"GET where there is only POST": {"GET compile", "", http.StatusNotFound, "no resource GET /compile"},
		"try a rule without a body":    {"POST rule", "", http.StatusBadRequest, `the body must be {"query": {...}, "relativeTimeRange": {"from": 600, "to": 0}}`},
		"compile without a body":       {"POST compile", "", http.StatusBadRequest, `the body must be {"query": {...}}`},
		"compile nonsense":             {"POST compile", "{", http.StatusBadRequest, `the body must be {"query": {...}}`},
		"compile a wrong query":        {"POST compile", `{"query": {"entity": "node"}}`, http.StatusBadRequest, `"node"`},
		"compile too much":             {"POST compile", `{"query": "` + strings.Repeat("x", maxBody) + `"}`, http.StatusRequestEntityTooLarge, "the body has more than 4195328 bytes"},
		"values of no label":           {"GET label-values", "", http.StatusBadRequest, "is not a name of a label"},
		"values of a wrong label":      {"GET label-values?label=a-b", "", http.StatusBadRequest, `"a-b" is not a name of a label`},
		"a limit that is no number":    {"GET label-values?label=agent&limit=few", "", http.StatusBadRequest, `limit: must be a whole number, not "few"`},
		"a negative limit":             {"GET label-values?label=agent&limit=-1", "", http.StatusBadRequest, `not "-1"`},
		"a broken selector":            {"GET labels?match=" + url.QueryEscape(`{a=`), "", http.StatusBadRequest, "not valid"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, raw := s.call(c.request, c.body)
			require.Equal(t, c.code, code, string(raw))
			var got struct{ Status, Error, Message string }
			require.NoError(t, json.Unmarshal(raw, &got))
			require.Equal(t, "error", got.Status)
			require.Contains(t, got.Error, c.want)
			require.Equal(t, got.Error, got.Message, "where Grafana's frontend looks")
		})
	}
}

// A bound that is no time is never taken for none.
func TestListsWithWrongTimesNameTheMistake(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	for bounds, want := range map[string]string{
		"start=soon": `start: must be a time in Unix seconds or milliseconds, or like 2026-01-31T12:00:00Z, not "soon"`,
		"end=soon":   `end: must be a time`, "start=NaN": `not "NaN"`, "end=NaN": `not "NaN"`,
		"start=Inf": `not "Inf"`, "end=-Inf": `not "-Inf"`, "start=1e300": `not "1e300"`, "end=-1e300": `not "-1e300"`,
		"start=-1": `not "-1"`, "end=253402300800000": `not "253402300800000"`, "start=1e999": `not "1e999"`,
		"start=2026-13-01T00:00:00Z":         `not "2026-13-01T00:00:00Z"`,
		"start=9&end=1":                      `start: "9" is after end, "1"`,
		"start=1795251600000&end=1795248000": `is after end`,
	} {
		for _, list := range []string{"labels?", "label-values?label=agent&", "events/values?field=event&"} {
			code, raw := s.call("GET "+list+bounds, "")
			require.Equal(t, http.StatusBadRequest, code, "%s%s: %s", list, bounds, raw)
			var got struct{ Error string }
			require.NoError(t, json.Unmarshal(raw, &got))
			require.Contains(t, got.Error, want, list+bounds)
		}
	}
}

// While there is no history the lists say why.
func TestListsOfAClusterThatDoesNotAnswerSayWhy(t *testing.T) {
	s := newFixture(t, nil, workload)
	s.cluster.Kill(mesostest.Master)
	s.start()
	for _, request := range []string{"GET labels", "GET label-values?label=agent", "GET series-counts"} {
		code, raw := s.call(request, "")
		require.Equal(t, http.StatusServiceUnavailable, code)
		require.Contains(t, string(raw), "No answer from the master")
	}
	code, raw := s.call("GET status", "")
	require.Equal(t, http.StatusOK, code, "what is wrong is part of the answer")
	require.Contains(t, string(raw), "No answer from the master")
}
