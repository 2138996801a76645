package query

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

func TestAnEmptyAnswerSaysTheReason(t *testing.T) {
	gone := append(flat(1, 4), math.NaN())
	for len(gone) < 100 {
		gone = append(gone, math.NaN())
	}
	src := source(t, recordedStore(t,
		recorded{of("mesos_framework_cpus_allocated", "framework", "marathon", "framework_id", "f-1"), flat(1.5, 100)},
		recorded{of("mesos_framework_cpus_allocated", "framework", "spark", "framework_id", "f-2"), flat(2, 100)},
		recorded{of("mesos_framework_info", "framework", "marathon", "framework_id", "f-1", "user", "root"), flat(1, 100)},
		recorded{of("mesos_cluster_cpus_capacity"), flat(0, 100)},
		recorded{of("mesos_cluster_cpus_allocated"), flat(0, 100)},
		recorded{of("mesos_role_cpus_allocated", "role", "gone"), gone},
		recorded{of("mesos_new", "kind", "a"), flat(2, 100)},
		recorded{of("mesos_new", "kind", "b", "color", "red"), flat(2, 100)},
	))
	promQL := func(expr string) string { return `{"expr":` + quote(expr) + `}` }
	for query, want := range map[string]string{
		promQL(`mesos_framework_cpus_allocated{framework="marathn"}`):                                                                          `No series mesos_framework_cpus_allocated has framework="marathn" in the time range: did you mean "marathon"?`,
		promQL(`mesos_framework_cpus_allocated{framework="chronos",framework_id=~"x.*"}`):                                                      `No series mesos_framework_cpus_allocated has framework="chronos" in the time range. There are: marathon, spark. No series mesos_framework_cpus_allocated has framework_id=~"x.*" in the time range. There are: f-1, f-2.`,
		promQL(`mesos_framework_cpus_allocated{framework="spark",framework_id="f-1"}`):                                                         `Series mesos_framework_cpus_allocated match each of framework="spark", framework_id="f-1" in the time range, and none matches all of them.`,
		promQL(`sum(rate(mesos_framework_cpus_alocated[5m]))`):                                                                                 `No series is called mesos_framework_cpus_alocated (did you mean `,
		promQL(`mesos_new{kind="c"}`):                                                                                                          `No series mesos_new has kind="c" in the time range. There are: a, b.`,
		promQL(`mesos_new{colour="red"}`):                                                                                                      `No series mesos_new has colour="red" in the time range: none has the label "colour" (did you mean "color"?).`,
		promQL(`{__name__=~"mesos_nothing_.*"}`):                                                                                               `No series has a name like __name__=~"mesos_nothing_.*" in the time range.`,
		promQL(`{framework="nobody"}`):                                                                                                         `No series has framework="nobody" in the time range. There are: marathon, spark.`,
		promQL(`mesos_slave_cpus`):                                                                                                             `No poll has brought mesos_agent_cpus_capacity: there was no agent, or the master does not report it.`,
		promQL(`mesos_agent_cpus_capacity`):                                                                                                    `No poll has brought mesos_agent_cpus_capacity: there was no agent, or the master does not report it.`,
		promQL(`mesos_agent_gpus_capacity`):                                                                                                    `No poll has brought mesos_agent_gpus_capacity: no agent has GPUs.`,
		promQL(`mesos_role_cpus_quota_limit`):                                                                                                  `No poll has brought mesos_role_cpus_quota_limit: no role has a quota of this resource, or the master does not tell.`,
		promQL(`mesos_agent_cpus_used`):                                                                                                        `No poll has brought mesos_agent_cpus_used: it comes from the agents, which are queried only where the setting agentStatistics is on.`,
		promQL(`mesos_role_cpus_allocated`):                                                                                                    `mesos_role_cpus_allocated has no samples in the time range: there was no role, or the master does not report it.`,
		`{"entity":"cluster","resource":"cpus","measure":"utilization"}`:                                                                       `The series that the query reads exist in the time range, and its expression gives no value of them`,
		allocatedByFramework + `,"filters":[{"label":"framework","operator":"=","value":"Marathon"}]}`:                                         `No series mesos_framework_cpus_allocated has framework="Marathon" in the time range: did you mean "marathon"?`,
		allocatedByFramework + `,"filters":[{"label":"user","operator":"=","value":"toor"}]}`:                                                  `No series mesos_framework_info has user="toor" in the time range`,
		allocatedByFramework + `,"adhocFilters":[{"key":"framework","operator":"=|","values":["x","y"]}]}`:                                     `No series mesos_framework_cpus_allocated has framework=~"(?:x|y)" in the time range. There are: marathon, spark.`,
		`{"entity":"framework","resource":"cpus","measure":"used","instant":true}`:                                                             "Use is measured by the agents, who are asked only where the setting agentStatistics is on.",
		`{"queryType":"variable","variable":{"labelValues":{"label":"framwork"}}}`:                                                             `No series has the label "framwork" in the time range: did you mean "framework"?`,
		`{"queryType":"variable","variable":{"labelValues":{"label":"role","match":"mesos_framework_info"}}}`:                                  `No series that {__name__="mesos_framework_info"} matches has the label "role" in the time range`,
		`{"queryType":"variable","variable":{"labelValues":{"label":"role","match":"mesos_framework_info{user=\"x\"}"}}}`:                      `No series mesos_framework_info has user="x" in the time range`,
		`{"queryType":"variable","variable":{"entities":{"entity":"agent"}}}`:                                                                  `No poll has brought mesos_agent_info: there was no agent, or the master does not report it.`,
		`{"queryType":"variable","variable":{"entities":{"entity":"framework","filters":[{"label":"framework","operator":"=","value":"x"}]}}}`: `No series mesos_framework_info has framework="x" in the time range`,
		`{"queryType":"variable","variable":{"promql":"mesos_framework_cpus_allocated{framework=\"x\"}"}}`:                                     `No series mesos_framework_cpus_allocated has framework="x" in the time range`,
		`{"query":"label_names(mesos_framework_info{user=\"x\"})","refId":"A"}`:                                                                `No series mesos_framework_info has user="x" in the time range`,
	} {
		notices := texts(answered(t, src, query, Options{}))
		require.Len(t, notices, 1, query)
		require.Contains(t, notices[0], want, query)
	}
	// A comparison that is false, and a moment of which nothing is known here, say nothing.
	for _, expr := range []string{`mesos_framework_cpus_allocated > 5`, `sum(mesos_cluster_cpus_capacity) > 0`, `(mesos_cluster_cpus_capacity > 0) + 1`, `mesos_framework_cpus_allocated @ 1000`, `vector(1) > 2`} {
		require.Empty(t, texts(answered(t, src, promQL(expr), Options{})), expr)
	}
}

func TestAnEmptyAnswerOfBeforeTheHistorySaysSo(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(1, 20)}))
	for _, shape := range []string{"range", "instant"} {
		q := asked(`{"expr":"mesos_cluster_cpus_capacity","` + shape + `":true}`)
		q.TimeRange = backend.TimeRange{From: noon.Add(-2 * time.Hour), To: noon.Add(-time.Hour)}
		response := Run(context.Background(), src, q, Options{})
		require.NoError(t, response.Error)
		require.Equal(t, []string{"The time range ends at 2026-03-01 11:00:00 UTC, and history begins at 2026-03-01 11:55:15 UTC: what was before is not known."}, texts(response))
	}
}

func TestAnEmptyAnswerOfAnOffsetBeforeTheHistorySaysSo(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(1, 20)}))
	for _, expr := range []string{`mesos_cluster_cpus_capacity offset 2h`, `sum(avg_over_time(mesos_cluster_cpus_capacity[5m] offset 2h))`, `mesos_cluster_cpus_capacity - mesos_cluster_cpus_capacity offset 2h`} {
		said := texts(answered(t, src, `{"expr":`+quote(expr)+`}`, Options{}))
		require.Contains(t, said, "With its offset the query reads samples until 2026-03-01 10:00:00 UTC, and history begins at 2026-03-01 11:55:15 UTC: what was before is not known.", expr)
		require.NotContains(t, strings.Join(said, " "), "exist in the time range", expr)
	}
	require.NotContains(t, strings.Join(texts(answered(t, src, `{"expr":"mesos_cluster_cpus_capacity offset 1m","instant":true}`, Options{})), " "), "offset")
}

func TestAnEmptyAnswerOfTasksHasOneReason(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(1, 100)}))
	src.Status = func() collector.Status {
		return collector.Status{TaskSeriesWhy: "History of tasks is not kept: too many."}
	}
	require.Equal(t, []string{"History of tasks is not kept: too many."}, texts(answered(t, src, `{"expr":"mesos_task_cpus_allocated"}`, Options{})))
	src.Status = func() collector.Status {
		return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{{Poll: series.PollAgents, Interval: every, LastAttempt: noon, LastSuccess: noon}}}
	}
	require.Equal(t, []string{"No poll has brought mesos_agent_cpus_used."}, texts(answered(t, src, `{"expr":"mesos_agent_cpus_used"}`, Options{})))
}

func TestManySelectorsCostFewLookUps(t *testing.T) {
	engine := &counted{}
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity", "a", "b"), flat(1, 100)}))
	engine.Engine, src.Engine = src.Engine, engine
	var matchers []string
	for i := range 200 {
		matchers = append(matchers, fmt.Sprintf(`l%d="x"`, i))
	}
	selector := "mesos_nobody_knows{" + strings.Join(matchers, ",") + "}"
	_ = answered(t, src, `{"expr":`+quote("{a=\"b\","+strings.Join(matchers, ",")+"} or "+selector)+`}`, Options{})
	require.LessOrEqual(t, engine.lookUps, maxEmptyLookUps)
}

// Nothing is said where the reason could not be looked up.
func TestAnEmptyAnswerWithoutLookUpsHasNoReason(t *testing.T) {
	engine := &counted{fail: 2}
	src := source(t, recordedStore(t, recorded{of("mesos_new", "a", "b"), flat(1, 100)}))
	engine.Engine, src.Engine = src.Engine, engine
	require.Empty(t, texts(answered(t, src, `{"expr":"mesos_new{a=\"c\"}"}`, Options{})))
	require.Greater(t, engine.lookUps, 1)
}

// counted is an engine that counts look-ups of values, and may fail.
type counted struct {
	Engine
	lookUps int
	fail    int // the first look-up that fails; 0 for none
}

func (c *counted) LabelValues(ctx context.Context, label string, l promql.LookUp) (promql.Listing, error) {
	if c.lookUps++; c.fail > 0 && c.lookUps >= c.fail {
		return promql.Listing{}, context.DeadlineExceeded
	}
	return c.Engine.LabelValues(ctx, label, l)
}

// What a version of Mesos does not tell is not for a lack of agents or of quotas.
func TestAnEmptyAnswerNamesTheVersionThatDoesNotTell(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_agent_info", "agent", "a1", "agent_id", "S1"), flat(1, 100)},
		recorded{of("mesos_cluster_agents", "state", "active"), flat(11, 100)},
		recorded{of("mesos_cluster_tasks", "state", "running"), flat(11, 100)},
		recorded{of("mesos_cluster_tasks_ended_total", "state", "failed"), flat(0, 100)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a1", "agent_id", "S1"), flat(4, 100)},
	))
	for _, c := range []struct{ version, expr, want string }{
		{"0.22.2", `mesos_agent_cpus_allocated`, `No poll has brought mesos_agent_cpus_allocated: Mesos 0.22.2 does not tell it, which is since 0.23.0.`},
		{"0.22.2", `mesos_cluster_cpus_reserved`, `No poll has brought mesos_cluster_cpus_reserved: Mesos 0.22.2 does not tell it, which is since 0.23.0.`},
		{"0.28.2", `mesos_role_cpus_reserved`, `No poll has brought mesos_role_cpus_reserved: Mesos 0.28.2 does not tell it, which is since 1.9.0.`},
		{"1.4.0", `mesos_role_cpus_quota_consumed`, `No poll has brought mesos_role_cpus_quota_consumed: Mesos 1.4.0 does not tell it, which is since 1.9.0.`},
		{"1.4.0", `mesos_role_cpus_quota_guarantee`, `No poll has brought mesos_role_cpus_quota_guarantee: no role has a quota of this resource, or the master does not tell.`},
		{"1.4.0", `mesos_framework_tasks_ended_total`, `No poll has brought mesos_framework_tasks_ended_total: Mesos 1.4.0 does not tell it, which is since 1.7.0.`},
		{"1.12.0", `mesos_agent_cpus_allocated`, `No poll has brought mesos_agent_cpus_allocated: the master does not report it.`},
		{"1.12.0", `mesos_framework_cpus_allocated`, `No poll has brought mesos_framework_cpus_allocated: there was no framework, or the master does not report it.`},
		{"0.28.2", `mesos_cluster_agents{state="unreachable"}`, `No series mesos_cluster_agents has state="unreachable" in the time range: Mesos 0.28.2 does not tell this state, which is since 1.2.0.`},
		{"1.4.0", `mesos_cluster_agents{state="drained"}`, `Mesos 1.4.0 does not tell this state, which is since 1.9.0.`},
		{"0.22.2", `mesos_cluster_tasks{state="killing"}`, `Mesos 0.22.2 does not tell this state, which is since 0.28.0.`},
		{"0.22.2", `mesos_cluster_cpus_allocated`, `No poll has brought mesos_cluster_cpus_allocated: Mesos 0.22.2 does not tell it itself, and what frameworks list does not add up to it.`},
		{"0.28.2", `mesos_cluster_tasks_ended_total{state="gone"}`, `Mesos 0.28.2 does not tell this state, which is since 1.1.0.`},
		{"1.12.0", `mesos_master_agent_removals_total`, `No poll has brought mesos_master_agent_removals_total: the leader's /metrics/snapshot does not have it.`},
		{"1.12.0", `mesos_cluster_agents{state="drained"}`, `No series mesos_cluster_agents has state="drained" in the time range. There are: active.`},
	} {
		src.Status = func() collector.Status {
			return collector.Status{Version: c.version, TaskSeries: true, Polls: []collector.PollStatus{{Poll: series.PollSnapshot, LastSuccess: time.Unix(100, 0)}}}
		}
		require.Contains(t, strings.Join(texts(answered(t, src, `{"expr":`+quote(c.expr)+`}`, Options{})), "\n"), c.want, c.expr)
	}
}

// A label that a version does not tell leaves one series without a name.
func TestAGroupByALabelThatTheVersionDoesNotTell(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_agent_info", "agent", "a1", "agent_id", "S1"), flat(1, 100)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a1", "agent_id", "S1"), flat(4, 100)},
	))
	for _, c := range []struct{ version, label, want string }{
		{"0.25.0", "version", `No series has the label "version", by which the query groups: they are not told apart by it. Mesos 0.25.0 does not tell it, which is since 0.26.0.`},
		{"1.4.0", "region", `Mesos 1.4.0 does not tell it, which is since 1.5.0.`},
		{"1.12.0", "zone", `An agent has one where it is started with --domain.`},
	} {
		src.Status = func() collector.Status { return collector.Status{Version: c.version} }
		query := `{"queryType":"metrics","entity":"agent","resource":"cpus","measure":"capacity","groupBy":["` + c.label + `"]}`
		require.Contains(t, strings.Join(texts(answered(t, src, query, Options{})), "\n"), c.want, c.label)
	}
}
