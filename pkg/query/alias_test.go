package query

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
)

// The expressions of Grafana's mixin for Apache Mesos and of DC/OS' dashboards, each on
// the recorded cluster of scene 03, whose numbers were read from
// testdata/captures/03-workload by hand: master-get_metrics_snapshot.json.gz and, of agents,
// master-get_state.json.gz.
//
// Mixin: https://github.com/grafana/jsonnet-libs/tree/6da2b4b82e73/apache-mesos-mixin
// (Apache-2.0), dashboards_out/apache-mesos-overview.json and
// prometheus_rules_out/prometheus_alerts.yaml; its variables have their value for All.
// DC/OS: https://github.com/dcos/grafana-dashboards/tree/e27ac1d4a5a7 (Apache-2.0).

const mixinSelector = `job=~".+",mesos_cluster=~".*",cluster=~".*",instance=~".+"`

// values holds what an answer has, by the values of some labels.
type values map[string]float64

func TestTheMixinsExpressionsOnScene03(t *testing.T) {
	expected := readScene(t)
	src, at := scene03(t, expected)
	for expr, want := range map[string]values{
		`max by(mesos_cluster) (mesos_master_uptime_seconds{SELECTOR})`:                                                       {"fixture": 210.150281984},
		`max by(mesos_cluster) (mesos_master_cpus{SELECTOR, type="total"})`:                                                   {"fixture": 18},
		`max by(mesos_cluster) (mesos_master_mem{SELECTOR, type="total"})`:                                                    {"fixture": 20480}, // megabytes, as the exporter's
		`max by(mesos_cluster) (mesos_master_gpus{SELECTOR, type="total"})`:                                                   {"fixture": 0},
		`max by(mesos_cluster) (mesos_master_disk{SELECTOR, type="total"})`:                                                   {"fixture": 65000},
		`max by(mesos_cluster) (mesos_master_mem{SELECTOR, type="percent"})`:                                                  {"fixture": 0.0837890625},
		`max by(mesos_cluster) (mesos_master_disk{SELECTOR, type="percent"})`:                                                 {"fixture": 0.001969230769230769},
		`max by(mesos_cluster, type) (mesos_master_event_queue_length{SELECTOR})`:                                             {"fixture,dispatches": 30, "fixture,http_request": 0, "fixture,message": 0},
		`max by(mesos_cluster) (mesos_registrar_state_store_ms{SELECTOR, type="mean"})`:                                       {"fixture": 2.962944},
		`max by(mesos_cluster) (mesos_registrar_state_fetch_ms{SELECTOR})`:                                                    {"fixture": 33.178112},
		`max by(mesos_cluster) (mesos_registrar_log_recovered{SELECTOR})`:                                                     {"fixture": 1},
		`max by(mesos_cluster) (mesos_master_allocation_run_ms{SELECTOR})`:                                                    {"fixture": 24.4672},  // the longest: of type max
		`max by(mesos_cluster) (mesos_master_allocation_run_latency_ms{SELECTOR})`:                                            {"fixture": 4.161792}, // of type max
		`max by(mesos_cluster) (mesos_master_event_queue_dispatches{SELECTOR})`:                                               {"fixture": 30},       // a series here: the master's queue, where the exporter has the allocator's
		`max by(mesos_cluster) (100 * mesos_slave_mem_used_bytes{SELECTOR} / clamp_min(mesos_slave_mem_bytes{SELECTOR},1))`:   {"fixture": 17.1875},  // 1056 of 6144 MB
		`max by(mesos_cluster) (100 * mesos_slave_disk_used_bytes{SELECTOR} / clamp_min(mesos_slave_disk_bytes{SELECTOR},1))`: {"fixture": 1.28},     // 128 of 10000 MB

		// Alert rules: with their thresholds no series, without them the numbers compared.
		`min without(instance, job, type) (mesos_master_mem{type="percent"}) > 90`:                                                         {},
		`min without(instance, job, type) (mesos_master_mem{type="percent"})`:                                                              {"fixture": 0.0837890625},
		`min without(instance, job, type) (mesos_master_disk{type="percent"}) > 90`:                                                        {},
		`max without(instance, job, state) (mesos_master_task_states_current{state="unreachable"}) > 3`:                                    {},
		`max without(instance, job, state) (mesos_master_task_states_current{state="running"}) > 3`:                                        {"fixture": 32},
		`max without(instance, job) (mesos_master_elected) == 0`:                                                                           {},
		`max without(instance, job) (mesos_master_elected)`:                                                                                {"fixture": 1},
		`max without(instance, job, state) (mesos_master_slaves_state{state=~"connected_inactive|disconnected_inactive"}) > 1`:             {},
		`max without(instance, job, state) (mesos_master_slaves_state{state=~"connected_active|disconnected_inactive"}) > 1`:               {"fixture": 3},
		`sum by (state) (increase(mesos_master_task_states_exit_total{state=~"failed|errored"}[1m])) * 45 / 60 >= 0`:                       nil,
		`max by(mesos_cluster) (increase(mesos_master_allocation_run_ms_count{SELECTOR}[1m]))`:                                             nil,
		`max by(mesos_cluster, type) (increase(mesos_master_messages{SELECTOR, type="launch_tasks"}[$__interval:15s] offset $__interval))`: nil,
	} {
		expr = strings.ReplaceAll(expr, "SELECTOR", mixinSelector)
		for _, options := range []Options{{}, {Alert: true}} {
			frames := answeredAt(t, src, at, expr, options)
			require.NotContains(t, expr, "SELECTOR")
			if want == nil { // rates are extrapolated: they are compared below
				continue
			}
			require.InDeltaMapValues(t, want, byLabels(t, frames, "mesos_cluster", "cluster", "type"), 1e-9, "%s: %s", expr, executed(frames))
		}
	}
}

// TestTheMixinsCountersKeepTheirIncrease has counters whose increase is known.
func TestTheMixinsCountersKeepTheirIncrease(t *testing.T) {
	rising := func(perPoll float64) []float64 {
		all := make([]float64, 80)
		for i := range all {
			all[i] = float64(i) * perPoll
		}
		return all
	}
	src := source(t, recordedStore(t,
		recorded{of("mesos_allocator_mesos_allocation_runs_total", "master", "m:5050"), rising(3)},
		recorded{of("mesos_master_messages_launch_tasks_total", "master", "m:5050"), rising(2)},
		recorded{of("mesos_master_messages_kill_task_total", "master", "m:5050"), flat(7, 80)},
	))
	for expr, want := range map[string]values{
		// 4 polls a minute.
		`max by(mesos_cluster) (increase(mesos_master_allocation_run_ms_count{SELECTOR}[4m] offset 4m))`:      {"test": 48},
		`max by(mesos_cluster, type) (increase(mesos_master_messages{SELECTOR}[4m:] offset 4m)) > 0`:          {"test,launch_tasks": 32},
		`rate(mesos_master_allocation_runs{event="allocation"}[4m])`:                                          {"test,m:5050": 0.2},
		`changes(mesos_master_messages{type="kill_task"}[4m])`:                                                {"test,kill_task,m:5050": 0},
		`absent_over_time(mesos_master_messages{type="kill_task"}[4m])`:                                       {},
		`absent_over_time(mesos_slave_gc_path_removals_outcome{instance="x"}[4m])`:                            {"x": 1},
		`absent(mesos_slave_gc_path_removals_pending{instance="x"})`:                                          {"x": 1},
		`sum(rate(mesos_master_messages[4m]))`:                                                                {"": 2.0 / 15},
		`sum(count_over_time(mesos_master_messages{type=~"launch_tasks|kill_task"}[1m]))`:                     {"": 8},
		`topk(1, mesos_master_messages)`:                                                                      {"test,launch_tasks,m:5050": 158},
		`mesos_master_messages{type="launch_tasks"} offset 1m`:                                                {"test,launch_tasks,m:5050": 150},
		`mesos_master_messages{type="launch_tasks"} @ end() + on () group_left () vector(1)`:                  {"test,launch_tasks,m:5050": 159},
		`label_replace(mesos_master_messages{type="kill_task"}, "who", "$1", "instance", "(.*):.*")`:          {"test,kill_task,m:5050": 7},
		`sum by (job) (mesos_master_messages{job="prometheus"})`:                                              {"mesos": 165},
		`sum(mesos_master_messages{instance!="m:5050"}) or vector(0)`:                                         {"": 0},
		`sum(mesos_allocator_mesos_allocation_runs_total) / sum(mesos_allocator_mesos_allocation_runs_total)`: {"": 1},
	} {
		frames := answeredAt(t, src, noon, strings.ReplaceAll(expr, "SELECTOR", mixinSelector), Options{})
		require.InDeltaMapValues(t, want, byLabels(t, frames, "mesos_cluster", "cluster", "type", "instance", "job"), 1e-9, "%s: %s", expr, executed(frames))
	}
}

func TestDCOSExpressionsOnScene03(t *testing.T) {
	expected := readScene(t)
	src, at := scene03(t, expected)
	for expr, want := range map[string]values{
		`mesos_master_tasks_running{state="leader"}`:                                                                      {"fixture": 32},
		`sum by (state) (mesos_master_slaves_active{state="leader"})`:                                                     {"leader": 3},
		`mesos_master_frameworks_active{state="leader"}`:                                                                  {"fixture": 8},
		`sum(mesos_allocator_mesos_resources_mem_total)`:                                                                  {"": 20480},
		`mesos_allocator_mesos_allocation_run_ms_p99{state="leader"} > 24`:                                                nil,
		`sum(mesos_master_frameworks_tasks_active{framework_name=~".*"}) by (task_state)`:                                 nil,
		`sum by (task_state) (mesos_master_frameworks_tasks_terminal{framework_name="chronos",task_state="task_failed"})`: {"task_failed": 36},
		`sum(mesos_slave_cpus_used{instance=~".*"})`:                                                                      {"": 6.304}, // tasks and executors
		`sum by (instance) (mesos_slave_mem{type="used"})`:                                                                {"agent1.fixture.test": 260, "agent2.fixture.test": 1056, "agent3.fixture.test": 400},
		`sum by (slave) (mesos_slave_cpus_unreserved)`:                                                                    {"agent1.fixture.test": 4, "agent2.fixture.test": 3.5, "agent3.fixture.test": 8},
		`max(mesos_master_uptime_secs) by (dcos_cluster_name)`:                                                            {"fixture": 210.150281984},
	} {
		frames := answeredAt(t, src, at, expr, Options{})
		if want != nil {
			require.InDeltaMapValues(t, want, byLabels(t, frames, "cluster", "state", "task_state", "instance", "slave", "dcos_cluster_name"), 1e-9, "%s: %s", expr, executed(frames))
		}
	}
}

func TestAnAliasAnswersWithItsOwnNameAndLabels(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_master_memory_capacity_bytes", "master", "m:5050"), flat(4<<20, 40)},
		recorded{of("mesos_master_memory_allocated_bytes", "master", "m:5050"), flat(1<<20, 40)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a", "agent_id", "S1"), flat(8, 40)},
		recorded{of("mesos_agent_cpus_allocated", "agent", "a", "agent_id", "S1"), flat(2, 40)},
		recorded{of("mesos_executor_cpu_seconds_total", "executor_id", "e", "framework", "f", "framework_id", "F", "agent", "a", "agent_id", "S1", "role", "*", "mode", "user"), flat(5, 40)},
	))
	for expr, want := range map[string]string{
		`mesos_master_mem{type="total"}`:                                         `{__name__="mesos_master_mem", cluster="test", instance="m:5050", type="total"} 4`,
		`mesos_master_mem{type="free"}`:                                          `{__name__="mesos_master_mem", cluster="test", instance="m:5050", type="free"} 3`,
		`mesos_slave_cpus`:                                                       `{__name__="mesos_slave_cpus", agent_id="S1", cluster="test", slave="a"} 8`,
		`mesos_slave_cpus{type="percent"}`:                                       `{__name__="mesos_slave_cpus", agent_id="S1", cluster="test", slave="a", type="percent"} 0.25`,
		`max_over_time(mesos_slave_cpus{type="free"}[2m])`:                       `{agent_id="S1", cluster="test", slave="a", type="free"} 6`,
		`avg_over_time(mesos_slave_cpus{type="free"}[2m])`:                       `{agent_id="S1", cluster="test", slave="a", type="free"} 6`,
		`sum without (slave) (mesos_slave_cpus)`:                                 `{cluster="test"} 8`,
		`mesos_slave_cpus{slave="b"} or mesos_slave_cpus`:                        `{__name__="mesos_slave_cpus", agent_id="S1", cluster="test", slave="a"} 8`,
		`mesos_agent_cpu_user_seconds_total{id="e"}`:                             `{__name__="mesos_agent_cpu_user_seconds_total", agent_id="S1", cluster="test", framework="f", framework_id="F", id="e", instance="a", role="*", source="e"} 5`,
		`cpus_user_time_secs`:                                                    `{__name__="cpus_user_time_secs", agent_id="S1", cluster="test", container_id="e", framework_id="F", framework_name="f", instance="a", role="*", service_name="f", task_name="e"} 5`,
		`mesos_slave_cpus * on (agent_id) group_left (role) cpus_user_time_secs`: `{agent_id="S1", cluster="test", role="*", slave="a"} 40`,
		`-mesos_master_mem{type="used"}`:                                         `{cluster="test", instance="m:5050", type="used"} -1`,
		`2 ^ mesos_master_mem{type="total"}`:                                     `{cluster="test", instance="m:5050", type="total"} 16`,
	} {
		frames := answeredAt(t, src, noon, expr, Options{})
		require.Len(t, valueFields(frames), 1, expr)
		field := valueFields(frames)[0]
		value, err := field.FloatAt(0)
		require.NoError(t, err)
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(field.Labels)) {
			pairs = append(pairs, name+`="`+field.Labels[name]+`"`)
		}
		require.Equal(t, want, "{"+strings.Join(pairs, ", ")+"} "+number(value), expr)
	}
}

func TestWhatNoSeriesAnswersEndsInAnErrorThatNamesOurs(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_master_memory_capacity_bytes", "master", "m:5050"), flat(1, 40)}))
	for expr, want := range map[string]string{
		`mesos_slave_attributes`:                      `mesos_slave_attributes is a series of mesos_exporter that is not answered here. An agent's attributes are its labels attr_<name>. Use mesos_agent_info`,
		`sum(rate(mesos_collector_errors_total[5m]))`: `Use mesos_poll_failures_total, mesos_up`,
		`mesos_master_mem{type="tottal"}`:             `type="tottal" matches no type of mesos_master_mem, a series of mesos_exporter. There are: free, percent, total, used`,
		`mesos_master_mem[5m]`:                        `cannot be a range of samples by itself`,
	} {
		for _, options := range []Options{{}, {Alert: true}} {
			response := Run(context.Background(), src, asked(`{"expr":`+quote(expr)+`,"instant":true}`), options)
			require.ErrorContains(t, response.Error, want, expr)
			require.Equal(t, backend.StatusBadRequest, response.Status)
		}
	}
	response := answered(t, src, `{"expr":"mesos_master_mem{job=\"exporter\",type=\"total\"}","instant":true}`, Options{})
	require.Contains(t, noticesOf(response), `job="exporter" is left out: nothing is scraped here, and job is "mesos" for all series.`)
}

func TestAConditionThatSeriesCannotTellIsANoticeAndInRulesAnError(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_framework_tasks", "framework", "f", "framework_id", "F", "state", "running"), flat(3, 40)}))
	const query = `{"expr":"sum(mesos_framework_tasks{instance=~\"m.*\",job=\"mesos\"})","instant":true}`
	const sentence = `instance=~"m.*" is left out: mesos_framework_tasks has no label that says which process answered.`
	response := answered(t, src, query, Options{})
	require.Contains(t, noticesOf(response), sentence)
	require.NotContains(t, noticesOf(response), "job")
	require.ErrorContains(t, Run(context.Background(), src, asked(query), Options{Alert: true}).Error, sentence)
}

func TestAPercentageOfARatioIsSaid(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_master_memory_allocated_ratio", "master", "m:5050"), flat(0.95, 40)}))
	for expr, want := range map[string]string{
		`min without(instance, job, type) (mesos_master_mem{type="percent"}) > 90`: `mesos_master_mem{type="percent"} is a ratio from 0 to 1, as mesos_exporter has it, and never above 90: compare it with 0.9.`,
		`mesos_master_mem{type="percent"} > 0.9`:                                   "",
		`100 * mesos_master_mem{type="percent"} > 90`:                              "",
		`mesos_master_mem{type=~"used|percent"} > 90`:                              "",
	} {
		response := answered(t, src, `{"expr":`+quote(expr)+`,"instant":true}`, Options{})
		if want == "" {
			require.NotContains(t, noticesOf(response), "is a ratio", expr)
			continue
		}
		require.Contains(t, noticesOf(response), want, expr)
	}
}

func TestOurOwnNamesWin(t *testing.T) {
	for _, expr := range []string{
		`mesos_master_elected`, `sum by (framework) (mesos_framework_cpus_allocated{framework=~"a|b"})`,
		`rate(mesos_master_messages_kill_task_total[5m])`, `mesos_unknown_series{foo="bar"}`, `{__name__=~"mesos_.*"}`,
		`max without (master) (mesos_master_event_queue_dispatches)`,
	} {
		parsed, err := promql.ParseExpr(expr)
		require.NoError(t, err)
		before := parsed.String()
		rewritten, r, err := withoutAliases(parsed, "{{framework}} {{master}}")
		require.NoError(t, err)
		require.False(t, r.changed, expr)
		require.Equal(t, before, rewritten.String())
	}
}

// TestEveryAliasIsRewrittenToWhatParses writes every alias as an expression and parses it again.
func TestEveryAliasIsRewrittenToWhatParses(t *testing.T) {
	for _, alias := range catalogue.Aliases() {
		if alias.Instead != "" {
			continue
		}
		for _, expr := range []string{alias.Name, "sum by (instance, job) (rate(" + alias.Name + "[5m]))", "max_over_time(" + alias.Name + `{job="x"}[5m:1m] offset 1m)`, "quantile_over_time(0.5, " + alias.Name + "[5m] offset 1m)"} {
			parsed, err := promql.ParseExpr(expr)
			require.NoError(t, err, expr)
			rewritten, _, err := withoutAliases(parsed, "")
			require.NoError(t, err, expr)
			again, err := promql.ParseExpr(rewritten.String())
			require.NoError(t, err, rewritten.String())
			require.Equal(t, rewritten.String(), again.String())
			names, others := promql.MetricNames(again)
			require.False(t, others)
			for _, name := range names {
				_, own := catalogue.Lookup(name)
				require.True(t, own, "%s: %s", expr, name)
			}
		}
	}
}

func TestLabelsOfAliasesAreListed(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_master_uptime_seconds", "master", "m:5050"), flat(1, 40)},
		recorded{of("mesos_master_memory_capacity_bytes", "master", "m:5050"), flat(4<<20, 40)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a", "agent_id", "S1"), flat(8, 40)},
		recorded{of("mesos_framework_tasks_ended_total", "framework", "f", "framework_id", "F", "state", "failed"), flat(8, 40)},
		recorded{of("mesos_allocator_mesos_allocation_run_seconds", "master", "m:5050", "quantile", "0.99"), flat(8, 40)},
	))
	for text, want := range map[string][]string{
		// The mixin's variables.
		`label_values(mesos_master_uptime_seconds{}, job)`:                                                           {"mesos"},
		`label_values(mesos_master_uptime_seconds{job=~".+"}, mesos_cluster)`:                                        {"test"},
		`label_values(mesos_master_uptime_seconds{job=~"mesos",mesos_cluster=~".*"}, cluster)`:                       {"test"},
		`label_values(mesos_master_uptime_seconds{job=~".+",mesos_cluster=~"(test|other)",cluster=~".*"}, instance)`: {"m:5050"},
		`label_values(mesos_master_uptime_seconds{mesos_cluster="other"}, instance)`:                                 {},
		// DC/OS'.
		`label_values(dcos_cluster_name)`: {"test"},
		`label_values(mesos_master_frameworks_tasks_terminal{framework_name=~".*"}, framework_name)`: {"f"},
		`label_values(mesos_master_frameworks_tasks_terminal, task_state)`:                           {"task_failed"},
		`metrics(mesos_allocator_mesos_allocation_run_ms_)`: {
			"mesos_allocator_mesos_allocation_run_ms_p50", "mesos_allocator_mesos_allocation_run_ms_p90", "mesos_allocator_mesos_allocation_run_ms_p95",
			"mesos_allocator_mesos_allocation_run_ms_p99", "mesos_allocator_mesos_allocation_run_ms_p999", "mesos_allocator_mesos_allocation_run_ms_p9999"},
		// Others.
		`label_values(mesos_master_mem, type)`:                   {"total"},
		`label_values(mesos_master_mem, __name__)`:               {"mesos_master_mem"},
		`label_values(instance)`:                                 {"a", "m:5050"},
		`label_values(mesos_slave_cpus, slave)`:                  {"a"},
		`label_values(mesos_slave_cpus{type="total"}, instance)`: {"a"},
		`label_values(mesos_slave_cpus{slave="b"}, slave)`:       {},
		`label_names(mesos_master_mem)`:                          {"__name__", "cluster", "instance", "job", "type"},
		`metrics(uptime)`:                                        {"mesos_master_uptime_seconds"},
	} {
		response := Run(context.Background(), src, asked(`{"query":`+quote(text)+`,"refId":"A"}`), Options{})
		require.NoError(t, response.Error, text)
		require.ElementsMatch(t, want, choices(t, response), text)
	}
	for text, want := range map[string]string{
		`label_values(mesos_slave_attributes, rack)`:     "Use mesos_agent_info",
		`label_values(mesos_master_mem{type="x"}, type)`: "There are: free, percent, total, used",
		`query_result(mesos_slave_ports)`:                "mesos_slave_ports is a series of mesos_exporter that is not answered here",
	} {
		response := Run(context.Background(), src, asked(`{"query":`+quote(text)+`,"refId":"A"}`), Options{})
		require.ErrorContains(t, response.Error, want, text)
	}
	list, err := LabelValues(context.Background(), src, "__name__", LookUp{Search: "master_mem"})
	require.NoError(t, err)
	require.Equal(t, []string{"mesos_master_memory_capacity_bytes"}, list.Values, "names here come first")
	list, err = LabelValues(context.Background(), src, "__name__", LookUp{Search: "slave_cpus"})
	require.NoError(t, err)
	require.Contains(t, list.Values, "mesos_slave_cpus")
}

func TestAFilterOfTheDashboardGoesIntoWhatAnswersAnAlias(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_agent_cpus_capacity", "agent", "a", "agent_id", "S1"), flat(8, 40)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "b", "agent_id", "S2"), flat(4, 40)},
	))
	response := answered(t, src, `{"expr":"sum(mesos_slave_cpus)","instant":true,"adhocFilters":[{"key":"agent","operator":"=","value":"b"}]}`, Options{})
	value, err := valueFields(response.Frames)[0].FloatAt(0)
	require.NoError(t, err)
	require.Equal(t, 4.0, value)
}

func answeredAt(t testing.TB, src Source, at time.Time, expr string, o Options) data.Frames {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"expr": expr, "instant": true})
	require.NoError(t, err)
	response := Run(context.Background(), src, backend.DataQuery{
		RefID: "A", JSON: raw, MaxDataPoints: 1000, TimeRange: backend.TimeRange{From: at.Add(-time.Minute), To: at},
	}, o)
	require.NoError(t, response.Error, expr)
	readable(t, response.Frames)
	return response.Frames
}

func executed(frames data.Frames) string { return frames[0].Meta.ExecutedQueryString }

func valueFields(frames data.Frames) (fields []*data.Field) {
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if field.Type().Numeric() && field.Len() > 0 {
				fields = append(fields, field)
			}
		}
	}
	return fields
}

// byLabels returns the values of an instant answer by the values of those labels that
// they have.
func byLabels(t testing.TB, frames data.Frames, names ...string) values {
	t.Helper()
	found := values{}
	for _, field := range valueFields(frames) {
		var key []string
		for _, name := range names {
			if value := field.Labels[name]; value != "" {
				key = append(key, value)
			}
		}
		value, err := field.FloatAt(0)
		require.NoError(t, err)
		require.NotContains(t, found, strings.Join(key, ","))
		found[strings.Join(key, ",")] = value
	}
	return found
}
