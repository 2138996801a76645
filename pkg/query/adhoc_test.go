package query

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
)

// A rule with a filter that is read in part only would run unfiltered.
func TestADashboardsFilterHasAValueOrValuesWithEveryOperator(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_framework_cpus_allocated", "framework", "a", "framework_id", "1"), flat(1, 20)},
		recorded{of("mesos_framework_cpus_allocated", "framework", "b", "framework_id", "2"), flat(2, 20)},
		recorded{of("mesos_framework_cpus_allocated", "framework", "c", "framework_id", "3"), flat(4, 20)},
	))
	sum := func(filters string) float64 {
		response := answered(t, src, `{"expr":"sum(mesos_framework_cpus_allocated) or vector(-1)","instant":true,"adhocFilters":[{"key":"framework",`+filters+`}]}`, Options{Alert: true})
		return response.Frames[0].Fields[0].At(0).(float64)
	}
	for filters, want := range map[string]float64{
		`"operator":"=","values":["a"]`:             1,
		`"operator":"=","values":["a","b"]`:         3,
		`"operator":"!=","values":["a"]`:            6,
		`"operator":"!=","values":["a","b"]`:        4,
		`"operator":"=~","values":["a|b"]`:          3,
		`"operator":"!~","values":["a","b"]`:        4,
		`"operator":"=|","value":"a"`:               1,
		`"operator":"!=|","values":["b","c"]`:       1,
		`"operator":"=","value":"c","values":["c"]`: 4,
	} {
		require.Equal(t, want, sum(filters), filters)
	}
	for _, operator := range []string{"=", "!=", "=~", "!~", "=|", "!=|"} {
		query := fmt.Sprintf(`{"expr":"sum(mesos_framework_cpus_allocated)","instant":true,"adhocFilters":[{"key":"framework","operator":%q}]}`, operator)
		response := Run(context.Background(), src, asked(query), Options{Alert: true})
		require.ErrorContains(t, response.Error, "it has no value", operator)
		require.Contains(t, strings.Join(texts(answered(t, src, query, Options{})), " "), "it has no value", operator)
	}
}

// Each series has a name: a filter on it chooses among those that a query reads, and never
// makes a false 0 of the others.
func TestADashboardsFilterOnTheNameOfSeries(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_framework_cpus_allocated", "framework", "a", "framework_id", "1"), flat(1, 20)},
		recorded{of("mesos_framework_cpus_used", "framework", "a", "framework_id", "1"), flat(2, 20)},
		recorded{of("own_rule", "framework", "a"), flat(4, 20)},
	))
	const notApplied = "is on the name of series, which each query chooses itself, and is not applied to"
	for _, c := range []struct {
		query, operator, name string
		want                  float64
		notice                string
	}{
		{`"expr":"sum(mesos_framework_cpus_allocated) or vector(0)"`, "=", "mesos_framework_cpus_allocated", 1, ""},
		{`"expr":"sum(mesos_framework_cpus_allocated) or vector(0)"`, "=~", ".*_allocated", 1, ""},
		{`"expr":"sum(mesos_framework_cpus_allocated) or vector(0)"`, "=", "mesos_framework_cpus_used", 1, notApplied + " mesos_framework_cpus_allocated: remove it"},
		{`"expr":"sum(mesos_framework_cpus_allocated) or vector(0)"`, "!=", "mesos_framework_cpus_allocated", 1, notApplied},
		{`"expr":"sum(own_rule) or vector(0)"`, "=", "own_rule", 4, ""},
		{`"expr":"sum(own_rule) or vector(0)"`, "=", "another", 4, notApplied + " own_rule"},
		{`"expr":"sum({__name__=~\"mesos_framework_cpus_.*\"})"`, "=", "mesos_framework_cpus_used", 2, ""},
		{`"expr":"sum({__name__=~\"mesos_framework_cpus_allocated|mesos_framework_cpus_used\"})"`, "!=", "mesos_framework_cpus_used", 1, ""},
		{`"expr":"sum({__name__=~\"mesos_framework_cpus_.*\"})"`, "=", "mesos_agent_info", 3, notApplied},
		{`"metric":"mesos_framework_cpus_used","aggregate":"sum","groupBy":[]`, "=", "mesos_framework_cpus_used", 2, ""},
		{`"metric":"mesos_framework_cpus_used","aggregate":"sum","groupBy":[]`, "=", "mesos_agent_info", 2, notApplied + " mesos_framework_cpus_used"},
		{`"entity":"framework","resource":"cpus","measure":"allocated","aggregate":"sum","groupBy":[]`, "=", "mesos_agent_info", 1, notApplied + " cpus allocated of a framework"},
	} {
		query := fmt.Sprintf(`{%s,"instant":true,"adhocFilters":[{"key":"__name__","operator":%q,"value":%q}]}`, c.query, c.operator, c.name)
		response := answered(t, src, query, Options{})
		require.Equal(t, c.want, response.Frames[0].Fields[0].At(0).(float64), query)
		told := strings.Join(texts(response), " ")
		rule := Run(context.Background(), src, asked(query), Options{Alert: true})
		if c.notice == "" {
			require.NotContains(t, told, "filter", query)
			require.NoError(t, rule.Error, query)
			continue
		}
		require.Contains(t, told, c.notice, query)
		require.ErrorContains(t, rule.Error, "a rule needs all of its filters", query)
	}
}

func TestAKeyThatStandsTwiceIsAnError(t *testing.T) {
	src := source(t, recordedStore(t))
	for query, key := range map[string]string{
		`{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"=","value":"a"}],"filters":[]}`: "filters",
		`{"expr":"x","instant":true,"adhocFilters":[{"key":"a","operator":"=","value":"b","value":"c"}]}`:                                          "adhocFilters/0/value",
	} {
		for _, o := range []Options{{}, {Alert: true}} {
			require.ErrorContains(t, Run(context.Background(), src, asked(query), o).Error, "the query has the key "+key+" twice", query)
		}
	}
}

func TestManyUnknownKeysAreCheapToRefuse(t *testing.T) {
	var keys strings.Builder
	for i := range 49_000 {
		fmt.Fprintf(&keys, `,"%05dzzz":1`, i)
	}
	began := time.Now()
	_, err := parse([]byte(`{"expr":"1","instant":true` + keys.String() + `}`))
	require.NoError(t, err)
	require.Less(t, time.Since(began), 3*time.Second, "10 s when each was compared with every known key")
}

func TestDurationsThatDoNotFitAreErrors(t *testing.T) {
	for _, text := range []string{"100000000000d", "99999999y", "300y", "292y", "9223372036854775807ms", "11y"} {
		_, err := duration("interval", text)
		require.Error(t, err, text)
		_, err = duration("interval", ">"+text)
		require.Error(t, err, text)
	}
	for text, want := range map[string]time.Duration{"15s": 15 * time.Second, ">1m": time.Minute, "7d": 7 * day, "500ms": 500 * time.Millisecond} {
		got, err := duration("interval", text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	src := source(t, recordedStore(t))
	response := Run(context.Background(), src, asked(`{"entity":"cluster","resource":"cpus","measure":"allocated","instant":true,"forecast":"1ms"}`), Options{Alert: true})
	require.ErrorContains(t, response.Error, `forecast: "1ms" is too short: write at least 1m`)
}

// A filter that no series can match would make a quotient empty, and vector(0) answer 0.
func TestADashboardsFilterIsPutOnlyWhereSeriesHaveItsLabel(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_cluster_cpus_allocated"), flat(4, 20)},
		recorded{of("mesos_cluster_cpus_capacity"), flat(16, 20)},
		recorded{of("mesos_framework_cpus_allocated", "framework", "x", "framework_id", "1"), flat(1, 20)},
		recorded{of("mesos_framework_cpus_allocated", "framework", "z", "framework_id", "2"), flat(3, 20)},
		recorded{of("mesos_new_key", "framework", "x"), flat(5, 20)},
		recorded{of("mesos_new_key", "framework", "z"), flat(6, 20)},
		recorded{of("mesos_new_key_2", "master", "m"), flat(7, 20)},
	))
	with := func(expr string) string {
		return `{"instant":true,"expr":` + quote(expr) + `,"adhocFilters":[{"key":"cluster","operator":"=","value":"test"},{"key":"framework","operator":"=|","values":["x","y"],"value":"x"}]}`
	}
	for _, c := range []struct {
		expr      string
		want      float64
		lacking   string // the series that are named; "" for no notice
		inPattern bool
	}{
		{expr: "mesos_cluster_cpus_allocated / on(cluster) mesos_cluster_cpus_capacity or vector(0)", want: 0.25, lacking: "mesos_cluster_cpus_allocated, mesos_cluster_cpus_capacity"},
		{expr: "mesos_cluster_cpus_capacity", want: 16, lacking: "mesos_cluster_cpus_capacity"},
		{expr: "sum(mesos_framework_cpus_allocated) / scalar(mesos_cluster_cpus_capacity)", want: 1.0 / 16, lacking: "mesos_cluster_cpus_capacity"},
		{expr: "sum(mesos_framework_cpus_allocated) or vector(0)", want: 1},
		{expr: "sum(mesos_new_key)", want: 5},
		{expr: "sum(mesos_new_key_2)", want: 7, lacking: "mesos_new_key_2"},
		{expr: "sum(mesos_not_there) or vector(0)", want: 0},
		{expr: `count({__name__=~"mesos_(cluster|framework)_cpus_allocated"})`, want: 1, inPattern: true},
		{expr: `count({__name__=~"mesos_cluster_cpus_(allocated|capacity)"})`, want: 2, lacking: "mesos_cluster_cpus_allocated, mesos_cluster_cpus_capacity"},
		{expr: `count({__name__=~"mesos_cluster_cpus_.*"})`, want: 2, lacking: `{__name__=~"mesos_cluster_cpus_.*"}`},
		{expr: "sum(max_over_time(mesos_cluster_cpus_capacity[$__range])) + sum(max_over_time(mesos_framework_cpus_allocated[$__range]))", want: 17, lacking: "mesos_cluster_cpus_capacity"},
	} {
		response := answered(t, src, with(c.expr), Options{})
		require.Equal(t, c.want, response.Frames[0].Fields[0].At(0), c.expr)
		notices := strings.Join(texts(response), "\n")
		rule := Run(context.Background(), src, asked(with(c.expr)), Options{Alert: true})
		switch {
		case c.lacking != "":
			want := `The dashboard's filter framework=~"(?:x|y)" is on a label that these series do not have, and is not applied to them: ` + c.lacking + "."
			require.Contains(t, notices, want, c.expr)
			require.ErrorContains(t, rule.Error, want, c.expr)
		case c.inPattern:
			require.Contains(t, notices, "leaves out the series of ", c.expr)
			require.NoError(t, rule.Error)
		default:
			require.NotContains(t, notices, "The dashboard's filter", c.expr)
			require.NoError(t, rule.Error)
		}
	}
	builder := `{"entity":"cluster","resource":"cpus","measure":"capacity","instant":true,"adhocFilters":[{"key":"framework","operator":"=","value":"x"}]}`
	response := answered(t, src, builder, Options{})
	require.Equal(t, 16.0, response.Frames[0].Fields[0].At(0))
	require.Contains(t, texts(response)[0], "is not applied to them: cpus capacity of a cluster.")
	require.ErrorContains(t, Run(context.Background(), src, asked(builder), Options{Alert: true}).Error, "adhocFilters: a rule needs all of its filters.")
}

func TestAConstantIsNoRuleOfAFilter(t *testing.T) {
	src := source(t, recordedStore(t))
	for _, expr := range []string{"1", "vector(1)"} {
		query := `{"instant":true,"expr":` + quote(expr) + `,"adhocFilters":[{"key":"framework","operator":"=","value":"x"}]}`
		require.NotContains(t, strings.Join(texts(answered(t, src, query, Options{})), " "), "filter", "a line in a panel")
		rule := Run(context.Background(), src, asked(query), Options{Alert: true})
		require.ErrorContains(t, rule.Error, `a rule needs all of its filters. The dashboard's filter framework="x" is on nothing: the expression reads no series.`)
	}
}

func TestAFilterOnAgentsIsNotAdvisedForWhatHasNone(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_framework_cpus_allocated", "framework", "x", "framework_id", "1"), flat(1, 20)},
		recorded{of("mesos_agent_cpus_allocated", "agent", "a", "agent_id", "1"), flat(1, 20)}))
	filter := `"instant":true,"adhocFilters":[{"key":"attr_rack","operator":"=","value":"r1"}]}`
	for query, advised := range map[string]bool{
		`{"expr":"mesos_framework_cpus_allocated",` + filter:                      false,
		`{"entity":"framework","resource":"cpus","measure":"allocated",` + filter: false,
		`{"expr":"mesos_agent_cpus_allocated",` + filter:                          true,
	} {
		rule := Run(context.Background(), src, asked(query), Options{Alert: true})
		if advised {
			require.ErrorContains(t, rule.Error, "Multiply them by mesos_agent_info")
			continue
		}
		require.ErrorContains(t, rule.Error, "these series have no agent_id", query)
		require.NotContains(t, rule.Error.Error(), "Multiply")
	}
}

func TestALabelThatASeriesDoesNotHaveIsNamed(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_agent_cpus_capacity", "agent", "a1", "agent_id", "S1"), flat(4, 20)}))
	want := `hostname="a1" matches nothing: mesos_agent_cpus_capacity has no label "hostname". Available: cluster, agent, agent_id`
	for expr, wrong := range map[string]bool{
		`sum(mesos_agent_cpus_capacity{hostname="a1"}) or vector(0)`: true,
		`mesos_agent_cpus_capacity{hostname!="a1"}`:                  false,
		`mesos_agent_cpus_capacity{hostname=""}`:                     false,
		`mesos_agent_info{attr_rack="r1"}`:                           false,
		`mesos_new_key{hostname="a1"}`:                               false,
		`{hostname="a1"}`:                                            false,
	} {
		query := `{"instant":true,"expr":` + quote(expr) + `}`
		rule := Run(context.Background(), src, asked(query), Options{Alert: true})
		notices := strings.Join(texts(answered(t, src, query, Options{})), "\n")
		if wrong {
			require.ErrorContains(t, rule.Error, want, expr)
			require.Contains(t, notices, want, expr)
		} else {
			require.NoError(t, rule.Error, expr)
			require.NotContains(t, notices, "matches nothing", expr)
		}
	}
}

// Series that are grouped by a label that none has become one, as if that was meant.
func TestALabelToGroupByThatNoSeriesHasIsNamed(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_framework_cpus_allocated", "framework", "x", "framework_id", "1"), flat(1, 20)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a1", "agent_id", "S1"), flat(4, 20)},
		recorded{of("mesos_agent_info", "agent", "a1", "agent_id", "S1", "attr_rack", "r1"), flat(1, 20)},
	))
	grouped := `{"entity":"agent","resource":"cpus","measure":"capacity","instant":true,"groupBy":["%s"]}`
	for query, want := range map[string]string{
		`{"instant":true,"expr":"sum by (framwork) (mesos_framework_cpus_allocated)"}`:                                                 `sum by (framwork): the series have no label "framwork" (did you mean "framework"?), and are not told apart by it. Available: cluster, framework, framework_id.`,
		`{"instant":true,"expr":"sum by (framework) (mesos_framework_cpus_allocated)"}`:                                                "",
		`{"instant":true,"expr":"max by (attr_rck) (mesos_agent_info)"}`:                                                               "",
		`{"instant":true,"expr":"sum by (x) (mesos_new_key)"}`:                                                                         "",
		`{"instant":true,"expr":"sum by (x) (label_replace(mesos_framework_cpus_allocated, \"x\", \"$1\", \"framework\", \"(.*)\"))"}`: "",
		`{"instant":true,"expr":"sum without (x) (mesos_framework_cpus_allocated)"}`:                                                   "",
		fmt.Sprintf(grouped, "attr_rck"):                                                                                               `No series has the label "attr_rck" (did you mean "attr_rack"?), by which the query groups`,
		fmt.Sprintf(grouped, "attr_rack"):                                                                                              "",
	} {
		notices := strings.Join(texts(answered(t, src, query, Options{})), " ")
		if want == "" {
			require.NotContains(t, notices, "told apart", query)
		} else {
			require.Contains(t, notices, want, query)
		}
		require.NoError(t, Run(context.Background(), src, asked(query), Options{Alert: true}).Error, query)
	}
}

func TestADashboardsFilterKeepsSeriesOfTasksOut(t *testing.T) {
	status := collector.Status{TaskSeriesWhy: "History of tasks is not kept."}
	src := source(t, recordedStore(t, recorded{of("mesos_master_uptime_secs", "master", "m1"), flat(1, 20)}))
	src.Status = func() collector.Status { return status }
	query := `{"instant":true,"expr":"count({__name__=~\"mesos_.+\"})","adhocFilters":[{"key":"%s","operator":"=","value":"m1"}]}`
	require.NoError(t, Run(context.Background(), src, asked(fmt.Sprintf(query, "master")), Options{Alert: true}).Error)
	require.ErrorContains(t, Run(context.Background(), src, asked(fmt.Sprintf(query, "framework")), Options{Alert: true}).Error, "by a pattern")
}

// A Viewer may send 16 KiB of selectors with 50 filters.
func TestFiltersOfManySelectorsArePlacedFast(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(1, 20)}))
	var filters []string
	for i := range maxFilters {
		filters = append(filters, fmt.Sprintf(`{"key":"l%d","operator":"=","value":"x"}`, i))
	}
	for _, selector := range []string{`{a="%d"} or `, `{__name__=~".+%d"} or `, `x%d or `} {
		var expr strings.Builder
		for i := 0; expr.Len() < 15<<10; i++ {
			fmt.Fprintf(&expr, selector, i)
		}
		began := time.Now()
		Run(context.Background(), src, asked(`{"instant":true,"expr":`+quote(expr.String()+"vector(1)")+`,"adhocFilters":[`+strings.Join(filters, ",")+`]}`), Options{})
		require.Less(t, time.Since(began), time.Minute, selector)
	}
}

func TestAComparisonWithALabelOfNoSeriesSaysWhatItDoes(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_framework_cpus_allocated", "framework", "marathon", "framework_id", "f-1"), flat(1.5, 100)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a1", "agent_id", "i-1"), flat(4, 100)},
		recorded{of("mesos_agent_info", "agent_id", "i-1", "attr_rack", "r1"), flat(1, 100)},
	))
	agents := `{"entity":"agent","resource":"cpus","measure":"capacity","filters":[{"label":"%s","operator":"%s","value":"x"}]}`
	for query, want := range map[string]string{
		`{"expr":"mesos_framework_cpus_allocated{framwork!=\"x\"}"}`:    `framwork!="x" leaves nothing out: mesos_framework_cpus_allocated has no label "framwork" (did you mean "framework"?). Available: cluster, `,
		`{"expr":"mesos_framework_cpus_allocated{framwork!~\"x.*\"}"}`:  `framwork!~"x.*" leaves nothing out: `,
		`{"expr":"mesos_framework_cpus_allocated{framwork=\"x\"}"}`:     `framwork="x" matches nothing: mesos_framework_cpus_allocated has no label "framwork" (did you mean "framework"?). Available: cluster, `,
		`{"expr":"sum by (framwork) (mesos_framework_cpus_allocated)"}`: `the series have no label "framwork" (did you mean "framework"?), and are not told apart by it.`,
		`{"expr":"mesos_agent_info{attr_rak=\"x\"}"}`:                   `none has the label "attr_rak" (did you mean "attr_rack"?).`,
		fmt.Sprintf(agents, "attr_rak", "!="):                           `attr_rak!="x" leaves nothing out: no series has the label "attr_rak" in the time range (did you mean "attr_rack"?).`,
		fmt.Sprintf(agents, "attr_zone", "!~"):                          `attr_zone!~"x" leaves nothing out: no series has the label "attr_zone" in the time range.`,
	} {
		notices := texts(answered(t, src, query, Options{}))
		require.NotEmpty(t, notices, query)
		require.Contains(t, notices[0], want, query)
	}
	for _, query := range []string{
		fmt.Sprintf(agents, "attr_rack", "!="),
		`{"expr":"mesos_framework_cpus_allocated{framework!=\"x\"}"}`,
		`{"expr":"mesos_framework_cpus_allocated{framwork=\"\"}"}`,
		`{"expr":"mesos_framework_cpus_allocated{framwork=~\".*\"}"}`, // All of a variable
	} {
		require.Empty(t, texts(answered(t, src, query, Options{})), query)
	}
	// A rule of before is not refused for it.
	require.NoError(t, answered(t, src, `{"expr":"mesos_framework_cpus_allocated{framwork!=\"x\"}","instant":true}`, Options{Alert: true}).Error)
}

func TestAMisspelledNameIsAnsweredWithTheNearest(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(1, 100)}))
	entity := `{"entity":"agent","resource":"cpus","measure":"capacity"`
	for query, want := range map[string]string{
		entity + `,"groupBy":["agnt"]}`:                                                        `groupBy[0]: unknown label "agnt" (did you mean "agent"?). Available: `,
		entity + `,"filters":[{"label":"verson","operator":"=","value":"x"}]}`:                 `filters[0].label: unknown label "verson" (did you mean "version"?). Available: `,
		entity + `,"aggregate":"averge"}`:                                                      `aggregate: "averge" is not known`,
		`{"entity":"agnet","resource":"cpus","measure":"capacity"}`:                            `entity: "agnet" is not known (did you mean "agent"?): one of `,
		`{"entity":"agent","resource":"memmory","measure":"capacity"}`:                         `resource: "memmory" is not known (did you mean "memory"?): one of `,
		`{"entity":"agent","resource":"cpus","measure":"utilisation"}`:                         `measure: "utilisation" is not known (did you mean "utilization"?): one of `,
		`{"metric":"mesos_framwork_cpus_alocated"}`:                                            `"mesos_framwork_cpus_alocated" is not in the catalogue (did you mean mesos_framework_cpus_allocated?)`,
		`{"expr":"mesos_framwork_cpus_alocated"}`:                                              `(did you mean mesos_framework_cpus_allocated?)`,
		`{"expr":"rat(mesos_cluster_cpus_capacity[5m])"}`:                                      `unknown function with name "rat" (did you mean "rate"?)`,
		`{"expr":"summ(mesos_cluster_cpus_capacity)"}`:                                         `unknown function with name "summ" (did you mean "sum"?)`,
		`{"queryType":"topology","groupBy":["framwork"]}`:                                      `"framwork" cannot be nodes of a graph (did you mean "framework"?). Available: agent, framework, `,
		`{"queryType":"topology","filters":[{"label":"framwork","operator":"=","value":"x"}]}`: `unknown label "framwork" (did you mean "framework"?). Available: `,
		`{"queryType":"table","table":"taks"}`:                                                 `table: "taks" is not known (did you mean "tasks"?): one of `,
		`{"queryType":"events","kinds":["tasks"]}`:                                             `kinds[0]: "tasks" is not known (did you mean "task"?): one of `,
		`{"queryType":"events","filters":[{"label":"framwork","operator":"=","value":"x"}]}`:   `unknown field of events "framwork" (did you mean "framework"?). Available: `,
		`{"queryType":"variable","variable":{"entities":{"entity":"agents"}}}`:                 `"agents" is not known (did you mean "agent"?)`,
		`{"queryType":"sql","sql":"SELECT $__timefrom() FROM tasks"}`:                          `unknown macro "$__timefrom" (did you mean "$__timeFrom"?). Available: `,
	} {
		response := Run(context.Background(), src, asked(query), Options{})
		said := strings.Join(texts(response), " ")
		if response.Error != nil {
			said = response.Error.Error()
		}
		require.Contains(t, said, want, query)
	}
}
