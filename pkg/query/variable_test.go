package query

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/experimental"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// lists are variable queries of every kind.
var lists = []compileCase{
	{query: `{"queryType":"variable","variable":{"labelValues":{"label":"framework"}}}`},
	{query: `{"queryType":"variable","variable":{"labelValues":{"label":"__name__","match":"{framework=~\".+\"}"}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{"entity":"framework","field":"id","filters":[{"label":"user","operator":"=","value":"root"}]}}}`},
	{query: `{"queryType":"variable","variable":{"promql":"topk(1, mesos_framework_cpus_allocated[$__range])"}}`},
	{query: `{"queryType":"variable","variable":{"promql":"sum by (framework) (rate(mesos_framework_tasks_ended_total[$__rate_interval]))"},"legendFormat":"{{framework}}"}`},
}

// wrongLists must be errors that name what is wrong.
var wrongLists = []compileCase{
	{query: `{"queryType":"variable"}`},
	{query: `{"queryType":"variable","variable":{}}`},
	{query: `{"queryType":"variable","variable":null}`},
	{query: `{"queryType":"variable","variable":"labelValues"}`},
	{query: `{"queryType":"variable","variable":{"label_values":{"label":"framework"}}}`},
	{query: `{"queryType":"variable","variable":{"sql":" "}}`},
	{query: `{"queryType":"variable","variable":{"promql":"up","labelValues":{"label":"framework"}}}`},
	{query: `{"queryType":"variable","variable":{"labelValues":{}}}`},
	{query: `{"queryType":"variable","variable":{"labelValues":"framework"}}`},
	{query: `{"queryType":"variable","variable":{"labelValues":{"label":7}}}`},
	{query: `{"queryType":"variable","variable":{"labelValues":{"label":"a b"}}}`},
	{query: `{"queryType":"variable","variable":{"labelValues":{"label":"framework","matches":"up"}}}`},
	{query: `{"queryType":"variable","variable":{"labelValues":{"label":"framework","match":"{"}}}`},
	{query: `{"queryType":"variable","variable":{"labelValues":{"label":"framework","match":"rate(up[5m])"}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{"entity":"slave"}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{"entity":"agent","field":"hostname"}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{"entity":"agent","filter":[]}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{"entity":"agent","filters":[{"label":"framework","operator":"=","value":"x"}]}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{"entity":"agent","filters":[{"label":"agent","operator":"is","value":"x"}]}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{"entity":"agent","filters":[{"label":"agent","operator":"=","value":[]}]}}}`},
	{query: `{"queryType":"variable","variable":{"entities":{"entity":"agent","filters":[{"label":"agent","operator":"=~","value":"("}]}}}`},
	{query: `{"queryType":"variable","variable":{"promql":" "}}`},
	{query: `{"queryType":"variable","variable":{"promql":["up"]}}`},
	{query: `{"queryType":"variable","variable":{"promql":"sum("}}`},
	{query: `{"queryType":"variable","variable":{"promql":"mesos_framework_cpus_allocated[5m]"}}`},
	{query: `{"queryType":"variable","variable":{"promql":"\"text\""}}`},
}

// listed is a small cluster: two frameworks of one name and one whose name
// changed, agents in two racks, a role, tasks.
func listed(t testing.TB) Source {
	steady := func(name string, pairs ...string) recorded { return recorded{of(name, pairs...), flat(1, 60)} }
	return source(t, recordedStore(t,
		steady("mesos_cluster_cpus_capacity"),
		steady("mesos_framework_info", "framework", "spark", "framework_id", "f-1", "user", "root", "principal", "etl"),
		steady("mesos_framework_info", "framework", "spark", "framework_id", "f-2", "user", "root"),
		steady("mesos_framework_info", "framework", "marathon", "framework_id", "f-3", "user", "mesos"),
		recorded{of("mesos_framework_info", "framework", "chronos", "framework_id", "f-4", "user", "mesos"), append(flat(1, 30), flat(math.NaN(), 30)...)},
		steady("mesos_framework_info", "framework", "chronos-2", "framework_id", "f-4", "user", "mesos"),
		steady("mesos_agent_info", "agent", "a1", "agent_id", "S1", "attr_rack", "r1"),
		steady("mesos_agent_info", "agent", "a2", "agent_id", "S2", "attr_rack", "r2"),
		steady("mesos_agent_info", "agent", "a3", "agent_id", "S3"),
		steady("mesos_role_cpus_allocated", "role", "*"),
		steady("mesos_role_cpus_allocated", "role", "prod/web"),
		steady("mesos_task_cpus_allocated", "task", "web", "task_id", "web.1", "framework", "marathon", "framework_id", "f-3", "agent", "a1", "agent_id", "S1", "role", "*"),
		steady("mesos_task_cpus_allocated", "task", "web", "task_id", "web.2", "framework", "marathon", "framework_id", "f-3", "agent", "a2", "agent_id", "S2", "role", "*"),
		steady("mesos_executor_cpus_allocated", "executor_id", "e.1", "framework", "spark", "framework_id", "f-1", "agent", "a1", "agent_id", "S1", "role", "*"),
		recorded{of("mesos_framework_cpus_allocated", "framework", "spark", "framework_id", "f-1"), flat(0.5, 60)},
		recorded{of("mesos_framework_cpus_allocated", "framework", `a"b`, "framework_id", "f-2"), flat(12, 60)},
	))
}

// choices are the rows of a variable's answer, as `text=value` where they differ.
func choices(t testing.TB, response backend.DataResponse) []string {
	t.Helper()
	require.NoError(t, response.Error)
	require.Len(t, response.Frames, 1)
	frame := response.Frames[0]
	require.Equal(t, data.FrameTypeTable, frame.Meta.Type)
	require.Len(t, frame.Fields, 2)
	require.Equal(t, []string{"text", "value"}, []string{frame.Fields[0].Name, frame.Fields[1].Name})
	rows := []string{}
	for i := range frame.Rows() {
		text, value := frame.Fields[0].At(i).(string), frame.Fields[1].At(i).(string)
		if text != value {
			text += "=" + value
		}
		rows = append(rows, text)
	}
	return rows
}

// offered asks as Grafana's variables do: no interval, 100 points.
func offered(t testing.TB, src Source, variable string, more ...string) []string {
	t.Helper()
	query := asked(`{"queryType":"variable","variable":` + variable + strings.Join(more, "") + `}`)
	query.Interval, query.MaxDataPoints = 0, 100
	return choices(t, Run(context.Background(), src, query, Options{}))
}

func TestGoldenVariables(t *testing.T) {
	for name, query := range map[string]string{
		"variable-label-values": `{"queryType":"variable","variable":{"labelValues":{"label":"framework"}}}`,
		"variable-entities":     `{"queryType":"variable","variable":{"entities":{"entity":"framework","field":"id"}}}`,
		"variable-promql":       `{"queryType":"variable","variable":{"promql":"mesos_framework_cpus_allocated"}}`,
		"variable-empty":        `{"queryType":"variable","variable":{"labelValues":{"label":"nobody_has_it"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			response := answered(t, listed(t), query, Options{})
			experimental.CheckGoldenJSONResponse(t, "testdata/frames", name, &response, *update)
		})
	}
}

func TestWrongVariablesAreToldWhatWouldBeRight(t *testing.T) {
	var text strings.Builder
	for _, c := range wrongLists {
		response := Run(context.Background(), listed(t), asked(c.query), Options{})
		require.Error(t, response.Error, c.query)
		require.Equal(t, backend.StatusBadRequest, response.Status, c.query)
		fmt.Fprintf(&text, "%s\n    %s\n", c.query, response.Error)
	}
	golden(t, "invalid-variables.golden", text.String())
}

func TestAVariableOffers(t *testing.T) {
	src := listed(t)
	for _, c := range []struct {
		variable string
		want     []string
	}{
		{`{"labelValues":{"label":"framework"}}`, []string{`a"b`, "chronos", "chronos-2", "marathon", "spark"}},
		{`{"labelValues":{"label":"framework","match":"mesos_framework_cpus_allocated"}}`, []string{`a"b`, "spark"}},
		{`{"labelValues":{"label":"agent","match":"{framework=\"marathon\"}"}}`, []string{"a1", "a2"}},
		{`{"labelValues":{"label":"__name__","match":"{framework=\"marathon\"}"}}`, []string{"mesos_framework_info", "mesos_task_cpus_allocated"}},
		{`{"labelValues":{"label":"attr_none"}}`, []string{}},

		{`{"entities":{"entity":"cluster"}}`, []string{"test"}},
		{`{"entities":{"entity":"role"}}`, []string{"*", "prod/web"}},
		{`{"entities":{"entity":"role","field":"id"}}`, []string{"*", "prod/web"}},
		{`{"entities":{"entity":"agent"}}`, []string{"a1", "a2", "a3"}},
		{`{"entities":{"entity":"agent","field":"id"}}`, []string{"a1=S1", "a2=S2", "a3=S3"}},
		{`{"entities":{"entity":"framework"}}`, []string{"chronos", "chronos-2", "marathon", "spark"}},
		// Two frameworks of one name are told apart, one with two names is one.
		{`{"entities":{"entity":"framework","field":"id"}}`, []string{"chronos, chronos-2=f-4", "marathon=f-3", "spark (f-1)=f-1", "spark (f-2)=f-2"}},
		{`{"entities":{"entity":"task"}}`, []string{"web"}},
		{`{"entities":{"entity":"task","field":"id"}}`, []string{"web (web.1)=web.1", "web (web.2)=web.2"}},
		{`{"entities":{"entity":"executor","field":"id"}}`, []string{"e.1"}},

		{`{"entities":{"entity":"framework","filters":[{"label":"framework","operator":"=~","value":"chr.*"}]}}`, []string{"chronos", "chronos-2"}},
		{`{"entities":{"entity":"framework","filters":[{"label":"framework","operator":"=","value":["spark","marathon"]}]}}`, []string{"marathon", "spark"}},
		{`{"entities":{"entity":"framework","filters":[{"label":"user","operator":"=","value":"root"},{"label":"principal","operator":"=","value":""}],"field":"id"}}`, []string{"spark=f-2"}},
		{`{"entities":{"entity":"agent","filters":[{"label":"attr_rack","operator":"!=","value":"r1"}]}}`, []string{"a2", "a3"}},
		{`{"entities":{"entity":"task","field":"id","filters":[{"label":"attr_rack","operator":"=","value":"r2"}]}}`, []string{"web=web.2"}},
		{`{"entities":{"entity":"task","filters":[{"label":"attr_rack","operator":"=","value":"r2"},{"label":"user","operator":"=","value":"root"}]}}`, []string{}},

		{`{"promql":"count(mesos_agent_info)"}`, []string{fmt.Sprintf("{} 3 %d", noon.UnixMilli())}},
		{`{"promql":"sort_desc(mesos_framework_cpus_allocated)"}`, []string{
			fmt.Sprintf(`mesos_framework_cpus_allocated{cluster="test",framework="a"b",framework_id="f-2"} 12 %d`, noon.UnixMilli()),
			fmt.Sprintf(`mesos_framework_cpus_allocated{cluster="test",framework="spark",framework_id="f-1"} 0.5 %d`, noon.UnixMilli()),
		}},
		{`{"promql":"1.5 + 1"}`, []string{"2.5"}},
		{`{"promql":"mesos_framework_cpus_allocated > 100"}`, []string{}},
	} {
		require.Equal(t, c.want, offered(t, src, c.variable), c.variable)
	}
}

func TestAVariablesLegendFormatIsTheText(t *testing.T) {
	src := listed(t)
	promql := `{"promql":"mesos_framework_info"}`
	require.Equal(t, []string{"chronos-2", "marathon", "spark"}, offered(t, src, promql, `,"legendFormat":"{{framework}}"`))
	require.Len(t, offered(t, src, promql, `,"legendFormat":"__auto"`), 4)
}

func TestADashboardsFiltersHoldForVariables(t *testing.T) {
	src := listed(t)
	filter := `,"adhocFilters":[{"key":"framework","operator":"=","value":"spark"}]`
	require.Equal(t, []string{"spark"}, offered(t, src, `{"labelValues":{"label":"framework"}}`, filter))
	require.Equal(t, []string{"spark"}, offered(t, src, `{"entities":{"entity":"framework"}}`, filter))
	require.Len(t, offered(t, src, `{"promql":"mesos_framework_info"}`, filter), 2)
}

func TestAVariableIsAboutTheTimeRange(t *testing.T) {
	store := recordedStore(t,
		recorded{of("mesos_agent_info", "agent", "now", "agent_id", "S1"), flat(1, 10)},
		recorded{of("mesos_agent_info", "agent", "before", "agent_id", "S2"), append(flat(1, 10), flat(math.NaN(), 200)...)},
	)
	src := source(t, store)
	at := func(from, to time.Duration) []string {
		query := asked(`{"queryType":"variable","variable":{"entities":{"entity":"agent"}}}`)
		query.TimeRange = backend.TimeRange{From: noon.Add(-from), To: noon.Add(-to)}
		return choices(t, Run(context.Background(), src, query, Options{}))
	}
	require.Equal(t, []string{"now"}, at(5*time.Minute, 0))
	require.Equal(t, []string{"before", "now"}, at(2*time.Hour, 0))
	require.Equal(t, []string{"before"}, at(2*time.Hour, 30*time.Minute))
	require.Equal(t, []string{"now"}, at(0, 0), "as far back as panels look")
	require.Equal(t, []string{"now"}, at(4*time.Second, 3*time.Second), "a range between two polls")
}

func TestAVariableOffersTenThousandAtMostAndSaysSo(t *testing.T) {
	many := make([]recorded, MaxLabelValues+5)
	for i := range many {
		many[i] = recorded{of("mesos_agent_info", "agent", fmt.Sprintf("a%05d", i), "agent_id", fmt.Sprintf("S%05d", i)), flat(1, 1)}
	}
	src := source(t, recordedStore(t, many...))
	const all = "10000 of 10005 values are listed: narrow the selection."
	for variable, notice := range map[string]string{
		`{"labelValues":{"label":"agent"}}`:            all,
		`{"entities":{"entity":"agent","field":"id"}}`: all,
		`{"promql":"mesos_agent_info"}`:                all,
	} {
		response := Run(context.Background(), src, asked(`{"queryType":"variable","variable":`+variable+`}`), Options{})
		require.Len(t, choices(t, response), MaxLabelValues)
		require.Contains(t, texts(response), notice, variable)
	}
}

func TestRulesAndExpressionsCannotAskForAVariable(t *testing.T) {
	for _, o := range []Options{{Alert: true}, {Expression: true}} {
		response := Run(context.Background(), listed(t), asked(lists[0].query), o)
		require.EqualError(t, response.Error, "queryType: variable lists texts for dashboard variables and has no numbers: use metrics or promql")
		require.Equal(t, backend.StatusBadRequest, response.Status)
	}
	_, err := Compile(json.RawMessage(lists[0].query))
	require.ErrorContains(t, err, "has no numbers")
}

func TestTasksWithoutHistoryAreListedFromTheCurrentState(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(1, 10)}))
	src.Status = func() collector.Status { return collector.Status{TaskSeriesWhy: "too many series"} }
	src.CurrentTasks = func() CurrentTasks {
		return fakeCurrent{noon, []samples.CurrentSeries{
			{Labels: of("mesos_task_cpus_allocated", "task", "web", "task_id", "web.1", "framework", "marathon", "framework_id", "f-3"), Value: 1},
			{Labels: of("mesos_task_state", "task", "web", "task_id", "web.1", "state", "running"), Value: 1},
		}}
	}
	for _, variable := range []string{
		`{"entities":{"entity":"task"}}`, `{"labelValues":{"label":"task"}}`,
		`{"labelValues":{"label":"task","match":"mesos_task_state"}}`, `{"labelValues":{"label":"task","match":"{framework=\"marathon\"}"}}`,
	} {
		require.Equal(t, []string{"web"}, offered(t, src, variable), variable)
	}
	response := answered(t, src, `{"queryType":"variable","variable":{"entities":{"entity":"task"}}}`, Options{})
	require.Contains(t, texts(response), "too many series")
}

func TestAVariableBeforeTheFirstPoll(t *testing.T) {
	src := source(t, recordedStore(t))
	response := Run(context.Background(), src, asked(lists[0].query), Options{Ready: collector.ErrFirstPoll})
	require.Empty(t, choices(t, response))
	require.Contains(t, texts(response), "The first poll of the cluster is still running: there is nothing to show yet.")
	response = Run(context.Background(), src, asked(lists[0].query), Options{Ready: fmt.Errorf("master1: connection refused")})
	require.ErrorContains(t, response.Error, "connection refused")
}

func TestAClosedHistoryIsAnError(t *testing.T) {
	store := memory.New(memory.Options{})
	require.NoError(t, store.Close())
	src := source(t, store)
	src.Interval = func(series.Poll) time.Duration { return 0 }
	for _, c := range lists[:3] {
		response := Run(context.Background(), src, asked(c.query), Options{})
		require.ErrorIs(t, response.Error, history.ErrClosed, c.query)
	}
}

func TestEveryEntityIsListedByASeriesThatHasItsLabels(t *testing.T) {
	for _, e := range entities {
		known, ok := catalogue.Lookup(listedBy[e.name])
		require.True(t, ok, e.name)
		name, id := e.nameAndID()
		for _, label := range append([]string{name, id}, e.labels...) {
			require.True(t, label == labelCluster || has(known.Labels, label) || strings.HasSuffix(label, "*"), "%s has no label %s", known.Name, label)
		}
	}
}

// The recorded cluster, compared with what its /state says.
func TestEntitiesOnScene03(t *testing.T) {
	src, at := scene03(t, readScene(t))
	var state struct {
		Slaves     []struct{ ID, Hostname string }
		Frameworks []struct {
			ID, Name string
			Tasks    []struct{ ID, Name string }
		}
	}
	require.NoError(t, json.Unmarshal(capture(t, "03-workload/master-get_state.json.gz"), &state))
	agents, frameworks, tasks := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range state.Slaves {
		agents[s.ID] = true
	}
	for _, f := range state.Frameworks {
		frameworks[f.Name] = true
		for _, task := range f.Tasks {
			tasks[task.ID] = true
		}
	}
	for variable, want := range map[string]map[string]bool{
		`{"entities":{"entity":"agent","field":"id"}}`: agents,
		`{"entities":{"entity":"framework"}}`:          frameworks,
		`{"entities":{"entity":"task","field":"id"}}`:  tasks,
		`{"labelValues":{"label":"framework"}}`:        frameworks,
	} {
		response := Run(context.Background(), src, backend.DataQuery{
			JSON:      json.RawMessage(`{"queryType":"variable","variable":` + variable + `}`),
			TimeRange: backend.TimeRange{From: at.Add(-time.Minute), To: at},
		}, Options{})
		require.NoError(t, response.Error)
		got := map[string]bool{}
		values := response.Frames[0].Fields[1]
		for i := range values.Len() {
			got[values.At(i).(string)] = true
		}
		require.Equal(t, want, got, variable)
		require.NotEmpty(t, got)
	}
}
