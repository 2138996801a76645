package query

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
)

// An expression has the axis that the builder gives to what it compiles to.
func TestExpressionsHaveTheUnitsOfTheBuilder(t *testing.T) {
	// Why the unit of what a builder query compiles to is not certain without the query.
	notCertain := func(p parsed) string {
		known, _ := catalogue.Lookup(p.metrics.Metric)
		switch {
		case p.metrics.Measure == MeasureFits:
			return "thousandths of a resource are divided by those of the shape"
		case known != nil && known.Unit == catalogue.Time && (p.metrics.Aggregate == AggregateSum || p.metrics.Aggregate == "" && p.metrics.GroupBy != nil):
			return "a sum of times is nothing"
		}
		return ""
	}
	var cases []compileCase
	for _, s := range catalogue.All() { // every series, as it is, aggregated, and as a rate
		cases = append(cases, compileCase{query: fmt.Sprintf(`{"metric":%q}`, s.Name)}, compileCase{query: fmt.Sprintf(`{"metric":%q,"groupBy":[]}`, s.Name), instant: true})
		for _, aggregate := range aggregateNames {
			cases = append(cases, compileCase{query: fmt.Sprintf(`{"metric":%q,"aggregate":%q,"groupBy":["cluster"]}`, s.Name, aggregate)})
		}
		if s.Type == catalogue.Counter {
			cases = append(cases, compileCase{query: fmt.Sprintf(`{"metric":%q,"rate":true}`, s.Name)})
		}
	}
	checked, without := 0, map[string]int{}
	for _, c := range slices.Concat(everyCombination(), variants, cases) {
		q, err := parse([]byte(c.query))
		require.NoError(t, err, c.query)
		built, err := compile(q, c.instant)
		if err != nil {
			continue // in invalid.golden
		}
		typed, err := compilePromQL(&PromQLQuery{Expr: built.expr}, false)
		require.NoError(t, err, built.expr)
		checked++
		if why := notCertain(q); why != "" {
			require.Empty(t, typed.unit, "%s: %s", built.expr, why)
			without[why]++
			continue
		}
		require.NotEmpty(t, built.unit, c.query)
		require.Equal(t, built.unit, typed.unit, "%s\n%s", c.query, built.expr)
	}
	require.Greater(t, checked, 2_000)
	require.Len(t, without, 2)
}

func TestUnitsOfExpressions(t *testing.T) {
	const (
		memory = `mesos_agent_memory_allocated_bytes`
		cpus   = `mesos_agent_cpus_allocated`
		tasks  = `mesos_agent_tasks`
		ended  = `mesos_cluster_tasks_ended_total`
		time   = `mesos_executor_cpu_seconds_total`
		shares = `mesos_role_dominant_share_ratio`
		up     = `mesos_up`
		since  = `mesos_task_start_time_seconds`
	)
	units := map[string][]string{
		"bytes": {
			memory, "(" + memory + ")", "-" + memory, "+" + memory, memory + " offset 1d", memory + "[5m]", memory + " @ end()",
			`sum(` + memory + `)`, `avg by (agent) (` + memory + `)`, `min(` + memory + `)`, `max without (agent) (` + memory + `)`,
			`topk(3, ` + memory + `)`, `bottomk by (agent) (3, ` + memory + `)`, `quantile(0.9, ` + memory + `)`, `stddev(` + memory + `)`,
			`avg_over_time(` + memory + `[1h])`, `quantile_over_time(0.9, ` + memory + `[1h])`, `max_over_time((sum(` + memory + `))[1h:1m])`, `last_over_time(` + memory + `[1h])`, `stddev_over_time(` + memory + `[1h])`,
			`predict_linear(` + memory + `[1h], 3600)`, `delta(` + memory + `[1h])`, `increase(mesos_executor_network_receive_bytes_total[5m])`,
			`abs(` + memory + `)`, `floor(` + memory + `)`, `round(` + memory + `, 1024)`, `clamp_min(` + memory + `, 0)`, `sort_desc(` + memory + `)`, `scalar(sum(` + memory + `))`, `vector(scalar(sum(` + memory + `)))`,
			`label_replace(` + memory + `, "a", "$1", "agent", "(.*)")`, `label_join(` + memory + `, "a", "-", "agent", "agent_id")`,
			memory + ` + mesos_agent_memory_offered_bytes`, memory + ` - on (agent_id) mesos_agent_disk_allocated_bytes`, memory + ` + 1024`, memory + ` % 1024`,
			memory + ` > 1e9`, `1e9 < ` + memory, memory + ` > mesos_agent_memory_offered_bytes`, memory + ` == ` + cpus, memory + ` and ` + cpus, memory + ` unless ` + cpus,
			memory + ` or mesos_agent_disk_allocated_bytes`, memory + ` or vector(0)`, `vector(0) or ` + memory,
			memory + ` * on (cluster, agent_id) group_left (attr_rack) mesos_agent_info{attr_rack="a"}`, `mesos_agent_info * on (agent_id) group_right () ` + memory,
			memory + ` * on (agent_id) group_left () group by (agent_id) (mesos_agent_info)`, memory + ` * 1`, memory + ` / 1`,
			shares + ` * on () group_left () sum(` + memory + `)`, `sum(` + memory + `) / sum(` + tasks + `)`, `sum(` + memory + `) / count(` + memory + `)`,
			`{__name__="` + memory + `"}`, `{__name__=~"mesos_agent_(memory|disk)_allocated_bytes"}`, `{__name__=~"mesos_cluster_memory_.+"}`,
		},
		"suffix: CPUs": {
			cpus, `sum by (framework) (rate(` + time + `{mode="user"}[5m]))`, `irate(` + time + `[$__rate_interval])`, `deriv(` + time + `[5m])`, cpus + ` - mesos_agent_cpus_used`,
		},
		"s":      {time, `increase(` + time + `[1h])`, `time() - ` + since, since + ` - ` + since + ` offset 1d`, `mesos_poll_duration_seconds`, `max(mesos_poll_duration_seconds)`, `stddev_over_time(` + since + `[1h])`},
		"binBps": {`rate(mesos_executor_network_receive_bytes_total[5m])`, `sum(irate(mesos_executor_blkio_bytes_total[5m])) + 0`, `deriv(` + memory + `[1h])`},
		"cps":    {`rate(` + ended + `[5m])`, `sum by (state) (irate(` + ended + `[5m]))`, `deriv(` + tasks + `[5m])`, `rate(` + ended + `[5m]) * 60 / 60`},
		"cpm":    {`rate(` + ended + `[5m]) * 60`, `60 * sum(rate(` + ended + `[5m]))`},
		"short": {
			tasks, ended, `increase(` + ended + `[5m])`, `count(` + memory + `)`, `count_values("v", ` + memory + `)`, `count by (version) (mesos_agent_info)`, `sum(` + up + `)`,
			`changes(` + up + `[1h])`, `resets(` + ended + `[1h])`, `count_over_time(` + memory + `[1h])`, `sum_over_time(` + up + `[1h])`, `sum(` + tasks + `) / count(` + tasks + `)`,
			`sum(` + tasks + `) + count(` + memory + `)`, up + ` + on () mesos_agent_state`, `sum(` + up + `) or count(` + up + `)`,
		},
		"percentunit": {
			shares, memory + ` / (mesos_agent_memory_capacity_bytes > 0)`, `sum(` + cpus + `) / sum(mesos_agent_cpus_capacity)`, `1 - ` + memory + ` / mesos_agent_memory_capacity_bytes`,
			`rate(mesos_executor_cpu_throttled_seconds_total[5m])`, `avg(` + shares + `)`, shares + ` * ` + shares, shares + ` * ` + up, up + ` * ` + shares, shares + ` / ` + shares,
			`sum(` + up + `) / count(` + up + `)`, `sum(` + tasks + `{state="running"}) / sum(` + tasks + `)`,
			`rate(` + ended + `{state="failed"}[5m]) / ignoring (state) sum(rate(` + ended + `[5m]))`, `rate(` + ended + `[5m]) * 60 / (rate(` + ended + `[1h]) * 60)`,
			`(` + tasks + ` * on (agent_id) group_left () mesos_agent_info{attr_rack="a"}) / ` + tasks,
		},
		"percent": {`100 * ` + shares, `sum(` + cpus + `) / sum(mesos_agent_cpus_capacity) * 100`, `avg(100 * ` + shares + `)`},
		"none": {
			up, `min(` + up + `)`, since, `mesos_role_weight`, memory + ` > bool 1e9`, `1 > bool 2`, `absent(` + memory + `)`, `absent_over_time(` + memory + `[5m])`, `present_over_time(` + memory + `[5m])`,
			`group(` + memory + `)`, `time()`, `timestamp(` + memory + `)`, since + ` + mesos_poll_duration_seconds`, `mesos_role_weight + mesos_role_weight`, up + ` * ` + up,
		},
		"": { // not certain
			`1`, `1 + 2 * 3 / 4`, `vector(1)`, `sum(vector(1))`, `pi()`, `mesos_no_such_thing`, `mesos_no_such_thing + ` + memory, `sum(mesos_no_such_thing)`,
			memory + ` * 8`, `8 * ` + memory, memory + ` / 1024`, memory + ` / 2`, `1 / ` + memory, memory + ` ^ 2`, memory + ` atan2 ` + memory, `stdvar(` + memory + `)`, `sqrt(` + memory + `)`, `ln(` + memory + `)`, `sgn(` + memory + `)`,
			memory + ` + ` + cpus, memory + ` / ` + cpus, memory + ` * ` + memory, memory + ` or ` + cpus, memory + ` * ` + tasks,
			`sum(` + tasks + `) / sum(mesos_cluster_agents)`, `rate(` + ended + `[5m]) / ` + tasks, `count(` + memory + `) / sum(` + tasks + `)`, `rate(` + cpus + `[5m])`, `deriv(` + since + `[5m])`, `deriv(` + shares + `[5m])`,
			`rate(` + ended + `[5m]) * $__interval_s`, `rate(` + ended + `[5m]) * $__range_s`, `rate(` + ended + `[5m]) * $__rate_interval_ms`, `rate(` + ended + `[5m]) * 3600`, shares + ` * $__interval_s`,
			`sum(` + since + `)`, since + ` + ` + since, `1 - ` + since, shares + ` * ` + since, up + ` * 100`,
			`{__name__=~"mesos_agent_(memory_allocated_bytes|cpus_allocated)"}`, `{__name__=~"mesos_agent_.+"}`, `{agent="a"}`, `{__name__=~"mesos_executor_cpu_.*seconds_total"}`, `{__name__=~"no_.+"}`,
			`histogram_quantile(0.9, mesos_x_bucket)`, `hour()`, `minute(` + since + `)`,
		},
	}
	for want, all := range units {
		for _, expr := range all {
			p, err := compilePromQL(&PromQLQuery{Expr: expr}, false)
			require.NoError(t, err, expr)
			require.Equal(t, want, p.unit, expr)
		}
	}
}

// A Viewer may send any expression: time is linear in its length.
func TestUnitOfALongExpression(t *testing.T) {
	for _, expr := range []string{
		strings.TrimSuffix(strings.Repeat("mesos_up/", 1_800), "/"),
		strings.Repeat("(", 5_000) + "mesos_up" + strings.Repeat(")", 5_000),
		strings.TrimSuffix(strings.Repeat(`{a=~".+b"}/`, 1_400), "/"),
	} {
		_, err := compilePromQL(&PromQLQuery{Expr: expr}, false)
		require.NoError(t, err)
	}
}
