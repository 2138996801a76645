package plugin

import (
	"encoding/json"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/query"
)

// namesOf returns the first name of values of each query.
func namesOf(t *testing.T, responses backend.Responses) map[string]string {
	t.Helper()
	names := map[string]string{}
	for refID, response := range responses {
		require.NoError(t, response.Error, refID)
		names[refID] = nameIn(response.Frames)
	}
	return names
}

// nameIn returns the first name of values in frames.
func nameIn(frames data.Frames) string {
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if field.Type() != data.FieldTypeFloat64 {
				continue
			}
			if field.Config.DisplayNameFromDS != "" {
				return field.Config.DisplayNameFromDS
			}
			return field.Name
		}
	}
	return ""
}

// Two queries of a panel that group by the same label gave equal names: what is allocated and
// what is offered were both "marathon".
func TestSeriesOfTwoQueriesHaveDifferentNames(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.clock.Advance(every)
	const (
		allocated = `"entity": "framework", "resource": "cpus", "measure": "allocated", "filters": [{"label": "framework", "operator": "=", "value": "marathon"}]`
		memory    = `"entity": "framework", "resource": "memory", "measure": "allocated", "filters": [{"label": "framework", "operator": "=", "value": "marathon"}]`
		instant   = `, "instant": true`
		table     = `, "format": "table"`
		sum       = `"expr": "sum by (framework) (mesos_framework_cpus_allocated{framework='marathon'})", "legendFormat": "__auto"`
		sumMemory = `"expr": "sum by (framework) (mesos_framework_memory_allocated_bytes{framework='marathon'})", "legendFormat": "__auto"`
		sql       = `"queryType": "sql", "format": "numeric", "sql": "SELECT framework, cpus_allocated FROM frameworks WHERE framework = 'marathon'"`
		sqlMemory = `"queryType": "sql", "format": "numeric", "sql": "SELECT framework, memory_allocated_bytes FROM frameworks WHERE framework = 'marathon'"`
		own       = `, "legendFormat": "{{framework}}"`
	)
	rule, expression := map[string]string{"FromAlert": "true"}, map[string]string{"http_X-Grafana-From-Expr": "true"}
	cases := map[string]struct {
		a, b         string
		nameA, nameB string
		headers      map[string]string
	}{
		"over a range":            {allocated, memory, "marathon, CPU allocated", "marathon, Memory allocated", nil},
		"instant":                 {allocated + instant, memory + instant, "marathon, CPU allocated", "marathon, Memory allocated", nil},
		"in a rule":               {allocated + instant, memory + instant, "marathon, CPU allocated", "marathon, Memory allocated", rule},
		"tables":                  {allocated + instant + table, memory + instant + table, "CPU allocated", "Memory allocated", nil},
		"tables over time":        {allocated + table, memory + table, "CPU allocated", "Memory allocated", nil},
		"tables, legends equal":   {allocated + table + `, "legendFormat": "x"`, memory + table + `, "legendFormat": "x"`, "x, CPU allocated", "x, Memory allocated", nil},
		"tables of an expression": {allocated + instant + table, memory + instant + table, "Value", "Value", expression},
		"PromQL":                  {sum, sumMemory, "marathon, mesos_framework_cpus_allocated", "marathon, mesos_framework_memory_allocated_bytes", nil},
		"builder and PromQL":      {allocated, sum, "marathon, CPU allocated", "marathon, mesos_framework_cpus_allocated", nil},
		"SQL":                     {sql, sqlMemory, "marathon, cpus_allocated", "marathon, memory_allocated_bytes", nil},
		"the same measure":        {allocated, allocated + `, "aggregate": "max"`, "marathon, CPU allocated (A)", "marathon, CPU allocated (B)", nil},
		"one with a legend":       {allocated + own, memory, "marathon", "marathon, Memory allocated", nil},
		"both with a legend":      {allocated + own, memory + own, "marathon, CPU allocated", "marathon, Memory allocated", nil},
		"legends that differ":     {allocated + own, memory + `, "legendFormat": "used by {{framework}}"`, "marathon", "used by marathon", nil},
		"names that differ":       {allocated, `"entity": "cluster", "resource": "cpus", "measure": "allocated"`, "marathon", "CPU allocated", nil},
		"range and instant":       {allocated + `, "range": true, "instant": true`, `"entity": "cluster", "resource": "cpus", "measure": "allocated"`, "marathon", "CPU allocated", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a, b := s.asked("{"+c.a+"}"), s.asked("{"+c.b+"}")
			a.RefID, b.RefID = "A", "B"
			answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
				PluginContext: s.context(), Headers: c.headers, Queries: []backend.DataQuery{a, b},
			})
			require.NoError(t, err)
			require.Equal(t, map[string]string{"A": c.nameA, "B": c.nameB}, namesOf(t, answer.Responses))
			for _, response := range answer.Responses {
				readable(t, response.Frames)
			}
		})
	}
}

// What comes on the channel of a live query has the names of its answer.
func TestALivePanelKeepsTheNamesThatTellItsQueriesApart(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.clock.Advance(every)
	a := s.asked(`{"live": true, "entity": "framework", "resource": "cpus", "measure": "allocated"}`)
	b := s.asked(`{"live": true, "entity": "framework", "resource": "memory", "measure": "allocated"}`)
	a.RefID, b.RefID = "A", "B"
	answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: s.context(), Queries: []backend.DataQuery{a, b}})
	require.NoError(t, err)
	for refID, response := range answer.Responses {
		path, raw := channelOf(t, response)
		request, err := query.ParseLive(path, raw)
		require.NoError(t, err, "the channel is the one of the request that is named beside it")
		live := query.NewLive(request, s.clock.Now())
		s.clock.Advance(every)
		message, err := s.plugin.liveMessage(t.Context(), s.source(), live)
		require.NoError(t, err)
		frames, _ := sent(t, message)
		want := nameIn(response.Frames)
		require.Contains(t, want, " allocated", refID)
		require.Equal(t, want, nameIn(frames))
	}

	path, raw := channelOf(t, s.ask(string(a.JSON)))
	var alone map[string]any
	require.NoError(t, json.Unmarshal(raw, &alone))
	require.NotContains(t, alone, "named", "of a single query nothing is added")
	alone["named"] = "another name"
	changed, err := json.Marshal(alone)
	require.NoError(t, err)
	_, err = query.ParseLive(path, changed)
	require.ErrorContains(t, err, "another query's", "nobody writes into the panels of others")
}
