package query

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
)

// agentsOfNames are two agents and a master, whose numbers other tools name as well.
func agentsOfNames(t *testing.T) Source {
	return source(t, recordedStore(t,
		recorded{of("mesos_agent_cpus_capacity", "agent", "a", "agent_id", "S1"), flat(8, 40)},
		recorded{of("mesos_agent_cpus_allocated", "agent", "a", "agent_id", "S1"), flat(2, 40)},
		recorded{of("mesos_agent_memory_allocated_bytes", "agent", "a", "agent_id", "S1"), flat(4<<20, 40)},
		recorded{of("mesos_agent_reported_memory_allocated_bytes", "agent", "a", "agent_id", "S1"), flat(4<<20, 40)},
		recorded{of("mesos_agent_disk_allocated_bytes", "agent", "a", "agent_id", "S1"), flat(3<<20, 40)},
		recorded{of("mesos_master_cpus_capacity", "master", "m:5050"), flat(16, 40)},
		recorded{of("mesos_master_cpus_allocated", "master", "m:5050"), flat(4, 40)},
		recorded{of("mesos_master_cpus_allocated_ratio", "master", "m:5050"), flat(0.25, 40)},
		recorded{of("mesos_master_memory_allocated_ratio", "master", "m:5050"), flat(0.5, 40)},
		recorded{of("mesos_master_uptime_seconds", "master", "m:5050"), flat(60, 40)},
	))
}

func TestNamesOfOtherToolsInAListAreEachAnswered(t *testing.T) {
	src := agentsOfNames(t)
	for expr, want := range map[string]values{
		`{__name__=~"mesos_slave_cpus_used|mesos_slave_mem_used_bytes"}`:                     {"mesos_slave_cpus_used,a": 2, "mesos_slave_mem_used_bytes,a": 4 << 20},
		`{__name__=~"mesos_slave_(cpus|mem)_used", job="mesos"}`:                             {"mesos_slave_cpus_used,a": 2, "mesos_slave_mem_used,a": 4}, // DC/OS: megabytes
		`sum by (__name__) ({__name__=~"mesos_slave_cpus_used|mesos_slave_mem_used_bytes"})`: {"mesos_slave_cpus_used": 2, "mesos_slave_mem_used_bytes": 4 << 20},
		`count({__name__=~"mesos_slave_cpus_used|mesos_slave_mem_used_bytes"})`:              {"": 2},
		`{__name__=~"mesos_slave_cpus_used|mesos_master_uptime_seconds",instance=~".+"}`:     {"mesos_slave_cpus_used,a": 2, "mesos_master_uptime_seconds,m:5050": 60},
		`max_over_time({__name__=~"mesos_slave_cpus_used"}[1m])`:                             {"a": 2},
		`last_over_time({__name__=~"mesos_slave_cpus_used|mesos_slave_mem_used_bytes"}[1m])`: {"mesos_slave_cpus_used,a": 2, "mesos_slave_mem_used_bytes,a": 4 << 20},
		`absent({__name__=~"mesos_slave_cpus_used|mesos_slave_mem_used_bytes"})`:             {},
		`absent_over_time({__name__=~"mesos_slave_gpus|mesos_slave_gpus_used"}[1m])`:         {"": 1},
		`absent({__name__=~"mesos_slave_gpus_used|mesos_slave_gpus_total",instance="a"})`:    {"a": 1},
		`sum({__name__=~"mesos_slave_cpus_used",__name__!~".*used"}) or vector(0)`:           {"": 0},
		`topk(1, {__name__=~"mesos_slave_cpus_used|mesos_slave_mem_used_bytes"})`:            {"mesos_slave_mem_used_bytes,a": 4 << 20},
		`max({__name__=~"mesos_slave_cpus_used|no_such_name"} offset 1m)`:                    {"": 2},
	} {
		for _, options := range []Options{{}, {Alert: true}} {
			frames := answeredAt(t, src, noon, expr, options)
			require.InDeltaMapValues(t, want, byNames(t, expr, src, options), 1e-9, "%s: %s", expr, executed(frames))
		}
	}
}

func TestAPatternChoosesNamesOfOtherToolsWhereItFitsNoneHere(t *testing.T) {
	src := agentsOfNames(t)
	for expr, want := range map[string]values{
		// mesos_exporter's only.
		`{__name__=~"mesos_slave_.+_used_bytes"}`: {"mesos_slave_disk_used_bytes,a": 3 << 20, "mesos_slave_mem_used_bytes,a": 4 << 20},
		// Series here, and DC/OS' names, have no label type: what a selector asks for is mesos_exporter's.
		`{__name__=~"mesos_master_(cpus|mem).*", type="percent"}`:    {"mesos_master_cpus,percent,m:5050": 0.25, "mesos_master_mem,percent,m:5050": 0.5},
		`sum by (type) ({__name__=~"mesos_master_cpus.*",type!=""})`: {"free": 12, "percent": 0.25, "total": 16, "used": 4},
		`sum({__name__=~"mesos_slave_cpus.*",type="free"})`:          {"": 6},
	} {
		require.InDeltaMapValues(t, want, byNames(t, expr, src, Options{}), 1e-9, "%s", expr)
	}
	// Names here win, and a notice has the others.
	response := answered(t, src, `{"expr":"count({__name__=~\"mesos_master_cpus.*\"})","instant":true}`, Options{})
	require.Contains(t, noticesOf(response), `{__name__=~"mesos_master_cpus.*"} chooses among the series here. It fits names of other tools as well, which are answered where an expression names or lists them: mesos_master_cpus, `)
	require.Equal(t, values{"": 3}, byNames(t, `count({__name__=~"mesos_master_cpus.*"})`, src, Options{}))
	for _, expr := range []string{`count({__name__=~"mesos_.+"})`, `count({__name__=~"mesos_.+",__name__!~"mesos_(task|executor)_.+"})`, `count({__name__=~"mesos_role_.+"})`, `count({cluster=~".+"})`, `count({__name__!=""})`, `count({__name__=~"mesos_master_cpus.*_ratio"})`} {
		response := answered(t, src, `{"expr":`+quote(expr)+`,"instant":true}`, Options{})
		require.NotContains(t, noticesOf(response), "other tools", expr)
	}
}

func TestAPatternThatHasNoOneAnswerIsAnError(t *testing.T) {
	src := agentsOfNames(t)
	for expr, want := range map[string]string{
		`sum({__name__=~"mesos_slave_cpus.*"})`:       `{__name__=~"mesos_slave_cpus.*"} fits names of DC/OS and mesos_exporter, which have other names for the same numbers: list those that you mean, such as {__name__=~"mesos_slave_cpus|mesos_slave_cpus_percent"}`,
		`{__name__=~"mesos_exporter_.*"}`:             `mesos_exporter_build_info is a series of mesos_exporter that is not answered here`,
		`{__name__=~"mesos_slave_.+_used_bytes"}[5m]`: `mesos_slave_disk_used_bytes is answered from mesos_agent_disk_allocated_bytes, which cannot be a range of samples by itself`,
	} {
		for _, options := range []Options{{}, {Alert: true}} {
			response := Run(context.Background(), src, asked(`{"expr":`+quote(expr)+`,"instant":true}`), options)
			require.ErrorContains(t, response.Error, want, expr)
		}
	}
	// What nothing answers is said beside what is answered, and a rule needs all of its series.
	const query = `{"expr":"sum({__name__=~\"mesos_slave_attributes|mesos_slave_cpus_used\"})","instant":true}`
	const sentence = `mesos_slave_attributes is a series of mesos_exporter that is not answered here. An agent's attributes are its labels attr_<name>. Use mesos_agent_info`
	require.Contains(t, noticesOf(answered(t, src, query, Options{})), sentence)
	require.ErrorContains(t, Run(context.Background(), src, asked(query), Options{Alert: true}).Error, sentence)
}

func TestVariablesTakePatternsOfNamesOfOtherTools(t *testing.T) {
	src := agentsOfNames(t)
	for text, want := range map[string][]string{
		`label_values({__name__=~"mesos_slave_cpus_used|mesos_master_cpus"}, instance)`:     {"a", "m:5050"},
		`label_values({__name__=~"mesos_slave_cpus_used|mesos_slave_gpus_used"}, __name__)`: {"mesos_slave_cpus_used"},
		`label_values({__name__=~"mesos_slave_.*"}, instance)`:                              {"a"},
		`label_values({__name__=~"mesos_slave_.*",slave="a"}, slave)`:                       {"a"},
		`label_values({__name__=~"mesos_master_(cpus|mem)",type="percent"}, type)`:          {"percent"},
		`label_values({__name__=~"mesos_slave_cpus.*"}, __name__)`:                          {"mesos_slave_cpus", "mesos_slave_cpus_used", "mesos_slave_cpus_unreserved"},
		`query_result(sum({__name__=~"mesos_slave_cpus_used|mesos_slave_gpus_used"}))`:      nil,
	} {
		response := Run(context.Background(), src, asked(`{"query":`+quote(text)+`,"refId":"A"}`), Options{})
		require.NoError(t, response.Error, text)
		if want != nil {
			require.ElementsMatch(t, want, choices(t, response), text)
		}
		require.NotContains(t, noticesOf(response), "label", text)
	}
}

// TestTimesOfAliases has the times of samples, which no unit changes.
func TestTimesOfAliases(t *testing.T) {
	src := agentsOfNames(t)
	at := float64(noon.Unix())
	for _, expr := range []string{`max(timestamp(mesos_slave_cpus))`, `max(timestamp((mesos_slave_mem_used)))`, `max(timestamp(mesos_slave_cpus{type="free"}))`, `max(timestamp({__name__=~"mesos_slave_mem_.*used_bytes"}))`} {
		found := byNames(t, expr, src, Options{})
		require.InDelta(t, at, found[""], 60, expr)
		require.LessOrEqual(t, found[""], at, expr)
	}
}

// TestEveryAliasIsAnsweredInAPattern has each name as the only one that a pattern fits.
func TestEveryAliasIsAnsweredInAPattern(t *testing.T) {
	for _, alias := range catalogue.Aliases() {
		if alias.Instead != "" {
			continue
		}
		expr := `sum by (instance) (rate({__name__=~"` + alias.Name + `()",job="x"}[5m]))`
		parsed, err := promql.ParseExpr(expr)
		require.NoError(t, err, expr)
		rewritten, r, err := withoutAliases(parsed, "")
		require.NoError(t, err, expr)
		require.Equal(t, []*catalogue.Alias{alias}, r.aliases)
		again, err := promql.ParseExpr(rewritten.String())
		require.NoError(t, err, rewritten.String())
		require.Equal(t, rewritten.String(), again.String())
	}
}

// byNames returns the values of an instant answer by name and labels.
func byNames(t testing.TB, expr string, src Source, o Options) values {
	t.Helper()
	return byLabels(t, answeredAt(t, src, noon, expr, o), "__name__", "type", "instance", "slave", labelOfName)
}
