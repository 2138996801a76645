package tables

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// A column keeps its type when nothing is known of it, as without measured use.
func TestTypesOfColumnsOfNullOnly(t *testing.T) {
	v := recordedView(t, workload)
	v.Use = nil
	for sql, want := range map[string][]Type{
		"SELECT task_id, SUM(usage_seconds) / 1000 AS duration FROM task WHERE task_id = 'chronos.burner.1' GROUP BY task_id":   {Text, Real},
		"SELECT max(t.memory_used_bytes), avg(t.cpus_used) AS \"used, all\", min(source), max(drain_time) FROM tasks t, agents": {Real, Real, Text, Time},
		"SELECT DISTINCT usage_seconds * 2, -usage_seconds, (usage_seconds), coalesce(t.usage_seconds, NULL) FROM tasks t":      {Real, Real, Real, Real},
		"SELECT sum(usage_seconds) OVER (PARTITION BY framework), lag(cpus_used) OVER (ORDER BY task_id) FROM tasks":            {Real, Real},
		"SELECT labels ->> 'no-such', source || '-', NULL, upper(source), labels -> 'a' FROM tasks":                             {Text, Text, Text, Text, Text},
		"WITH x AS (SELECT 1 AS a, 2) SELECT round(avg(usage_seconds), 1), '1 + 1' || NULL FROM tasks, x /* , y */ LIMIT 1":     {Real, Text},
		"SELECT CASE WHEN 1 THEN usage_seconds END, count(*) FILTER (WHERE 0) FROM tasks":                                       {Text, Integer},
		"SELECT *, sum(usage_seconds) FROM masters, tasks WHERE 0":                                                              nil,
	} {
		result := ask(t, v, sql)
		if want == nil {
			require.Equal(t, Text, result.Columns[len(result.Columns)-1].Type, "%s: which expression a column is, is not certain", sql)
			continue
		}
		require.Len(t, result.Columns, len(want), sql)
		for i, c := range result.Columns {
			require.Equal(t, want[i], c.Type, "%s: %s", sql, c.Name)
		}
	}
}

// Mesos' default executors may all have one ID: a join by it and by the framework reads those of
// the framework.
func TestAJoinUsesTheColumnWithTheFewestRowsOfAText(t *testing.T) {
	s := &mesos.State{Slaves: []mesos.Slave{{ID: "S1"}}}
	const frameworks, executors = 200, 50
	for f := range frameworks {
		framework := mesos.Framework{ID: fmt.Sprint("F", f), Name: fmt.Sprint("f", f)}
		for e := range executors {
			framework.Executors = append(framework.Executors, mesos.Executor{ID: "default", SlaveID: fmt.Sprint("S", e)})
		}
		s.Frameworks = append(s.Frameworks, framework)
	}
	v := &View{Model: &Model{Cluster: cluster.Build(s, nil)}, Now: now}
	result, err := NewEngine().Run(context.Background(), Request{View: v, Limit: 10,
		SQL: "SELECT count(*) FROM executors a JOIN executors b ON a.executor_id = b.executor_id AND a.framework_id = b.framework_id"})
	require.NoError(t, err)
	require.Equal(t, [][]any{{float64(frameworks * executors * executors)}}, answerRows(result))
}
