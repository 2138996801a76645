package query

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

// hostile holds queries that are small to send and large to work on, and what is
// said to each. The first two took 74 s and 10 GB, and 19.5 s, before a sentence.
var hostile = map[string]struct{ query, text string }{
	"long patterns": {
		agentsWhere(20, `"=~"`, quote(strings.Repeat("(a|b.{0,99}){1,9}", 1_500))),
		"is 25500 bytes long and may be 4096 at most",
	},
	"a long wrong pattern": {agentsWhere(1, `"=~"`, quote(strings.Repeat("(", 900))), "is not a valid regular expression: error parsing regexp: "},
	"groupBy": {
		`{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":[` + commas(`"agent"`, 120_000) + `]}`,
		"more than 50000 members together",
	},
	"a shorter groupBy": {
		`{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":[` + commas(`"agent"`, 51) + `]}`,
		"groupBy: has 51 labels and may have 50 at most",
	},
	"filters":       {agentsWhere(51, `"="`, `"x"`), "filters: has 51 filters and may have 50 at most"},
	"many values":   {agentsWhere(1, `"="`, `[`+commas(`"x"`, 10_001)+`]`), "filters[0].value: has 10001 values and may have 10000 at most"},
	"a long value":  {agentsWhere(1, `"="`, quote(strings.Repeat("x", 1025))), "filters[0].value: a value has 1025 bytes and may have 1024 at most"},
	"many literals": {agentsWhere(1, `"=~"`, quote("("+strings.Repeat("x|", 10_000)+"x)")), "filters[0].value: the list has 10001 values and may have 10000 at most"},
	"a long literal": {
		agentsWhere(1, `"=~"`, quote("(a|"+strings.Repeat("x", 1025)+")")), "filters[0].value: a value has more than 1024 bytes",
	},
	"literals with one pattern among them": {
		agentsWhere(1, `"=~"`, `["a.*",`+commas(quote(strings.Repeat("x", 60)), 1000)+`]`), "bytes long and may be 4096 at most",
	},
	"values in each of many operands": {
		`{"entity":"agent","resource":"cpus","measure":"free","top":3,"filters":[{"label":"agent","operator":"=","value":[` +
			commas(quote(strings.Repeat("x", 300)), 6_000) + `]}]}`,
		"filters: have 1806012 bytes in each of 6 selectors of the expression and may have 1747626 in each",
	},
	"the dashboard's filters": {
		`{"expr":"x","adhocFilters":[` + commas(`{"key":"a","operator":"=","value":"b"}`, 51) + `]}`, "adhocFilters: has 51 filters",
	},
	"the dashboard's values": {
		`{"expr":"x","adhocFilters":[{"key":"a","operator":"=|","values":[` + commas(`"b"`, 10_001) + `]}]}`, "adhocFilters[0].values: has 10001 values",
	},
	"a long label":            {`{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":[` + quote(strings.Repeat("x", 129)) + `]}`, "groupBy[0]: has 129 bytes and may have 128 at most"},
	"a long metric":           {`{"metric":` + quote("mesos_"+strings.Repeat("cpus_", 500_000)) + `}`, "metric: has 2500006 bytes and may have 256 at most"},
	"a long entity":           {`{"entity":` + quote(strings.Repeat("x", 1000)) + `}`, "entity: has 1000 bytes and may have 256 at most"},
	"a long queryType":        {`{"queryType":` + quote(strings.Repeat("x", 1<<20)) + `}`, "xxx…"},
	"a long legendFormat":     {`{"expr":"x","legendFormat":` + quote(strings.Repeat("x", 1025)) + `}`, "legendFormat: has 1025 bytes and may have 1024 at most"},
	"many placeholders":       {`{"expr":"x","legendFormat":` + quote(strings.Repeat("{{a}}", 21)) + `}`, "legendFormat: has 21 placeholders and may have 20 at most"},
	"a long interval":         {`{"expr":"x","interval":` + quote(strings.Repeat("1", 257)) + `}`, "interval: has 257 bytes and may have 256 at most"},
	"a long forecast":         {`{"metric":"mesos_up","forecast":` + quote(strings.Repeat("1", 257)) + `}`, "forecast: has 257 bytes and may have 256 at most"},
	"a long refId":            {`{"expr":"x","refId":` + quote(strings.Repeat("1", 1025)) + `}`, "refId: has 1025 bytes and may have 1024 at most"},
	"a wrong value":           {agentsWhere(1, `"="`, `{"x":`+quote(strings.Repeat("1", 1<<20))+`}`), "filters: a value must be a string or a list of strings, not {\"x\":"},
	"deep JSON":               {`{"expr":"x","more":` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `}`, "nests more than 16 levels deep"},
	"long JSON":               {`{"expr":"x","more":` + quote(strings.Repeat("x", MaxQuery)) + `}`, "bytes of JSON and may have 4194304 at most"},
	"many keys":               {`{` + commas(`"a":1`, 60_000) + `}`, "more than 50000 members together"},
	"an event's kinds":        {`{"queryType":"events","kinds":[` + commas(`"task"`, 51) + `]}`, "kinds: has 51 kinds and may have 50 at most"},
	"an event's severity":     {`{"queryType":"events","severity":` + quote(strings.Repeat("x", 257)) + `}`, "severity: has 257 bytes"},
	"an event's format":       {`{"queryType":"events","format":` + quote(strings.Repeat("x", 257)) + `}`, "format: has 257 bytes"},
	"an event's groups":       {`{"queryType":"events","format":"count","groupBy":[` + commas(`"agent"`, 51) + `]}`, "groupBy: has 51 labels"},
	"an event's filters":      {`{"queryType":"events","filters":[` + commas(`{"label":"agent","operator":"=","value":"x"}`, 51) + `]}`, "filters: has 51 filters"},
	"an event's pattern":      {`{"queryType":"events","filters":[{"label":"agent","operator":"=~","value":"(x{1000}){1000}"}]}`, "filters[0].value:"},
	"a variable's label":      {`{"queryType":"variable","variable":{"labelValues":{"label":` + quote(strings.Repeat("x", 129)) + `}}}`, "variable.labelValues.label: has 129 bytes"},
	"a variable's entity":     {`{"queryType":"variable","variable":{"entities":{"entity":` + quote(strings.Repeat("x", 257)) + `}}}`, "variable.entities.entity: has 257 bytes"},
	"a variable's filters":    {`{"queryType":"variable","variable":{"entities":{"entity":"agent","filters":[` + commas(`{"label":"agent","operator":"=","value":"x"}`, 51) + `]}}}`, "variable.entities.filters: has 51 filters"},
	"a variable's expression": {`{"queryType":"variable","variable":{"promql":` + quote(strings.Repeat("1+", 100_000)+"1") + `}}`, "200001 bytes long"},
	"an expression":           {`{"expr":` + quote(strings.Repeat("1+", 100_000)+"1") + `}`, "200001 bytes long"},
}

// agentsWhere is a query with n filters on the label agent.
func agentsWhere(n int, operator, value string) string {
	return `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[` +
		commas(`{"label":"agent","operator":`+operator+`,"value":`+value+`}`, n) + `]}`
}

func commas(text string, n int) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }

func quote(text string) string {
	raw, _ := json.Marshal(text) // a string always can be
	return string(raw)
}

func TestALargeQueryIsRefusedBeforeItIsWorkedOn(t *testing.T) {
	src := small(t)
	for name, c := range hostile {
		t.Run(name, func(t *testing.T) {
			for kind, answer := range map[string]func() error{
				"query":   func() error { return Run(context.Background(), src, asked(c.query), Options{}).Error },
				"compile": func() error { _, err := Compile(json.RawMessage(c.query)); return err },
			} {
				if kind == "compile" && strings.Contains(c.query[:min(30, len(c.query))], `"variable"`) {
					continue // variables are not compiled
				}
				var err error
				took, bytes := costOf(func() { err = answer() })
				require.ErrorContains(t, err, c.text, kind)
				require.Less(t, len(err.Error()), 1000, "%s: the sentence is not the query again", kind)
				require.Less(t, took, 30*time.Second, kind)
				require.Less(t, bytes, uint64(64<<20), kind)
			}
		})
	}
}

// costOf runs something and returns how long it took and how many bytes it
// allocated.
func costOf(run func()) (time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	run()
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	return took, after.TotalAlloc - before.TotalAlloc
}

// tenThousandAgents are names of 60 bytes.
func tenThousandAgents() []string {
	all := make([]string, 10_000)
	for i := range all {
		all[i] = fmt.Sprintf("agent-%05d.rack-07.some-datacenter.region-1.example.company", i)
	}
	return all
}

func TestAVariableOfTenThousandValuesCompiles(t *testing.T) {
	names := tenThousandAgents()
	list, err := json.Marshal(names)
	require.NoError(t, err)
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strings.ReplaceAll(name, ".", `\.`)
	}
	alternatives := strings.Join(quoted, "|")
	for query, want := range map[string]string{
		agentsWhere(1, `"="`, string(list)):                                     "=~" + strconv.Quote("(?:"+alternatives+")"),
		agentsWhere(1, `"!="`, string(list)):                                    "!~" + strconv.Quote("(?:"+alternatives+")"),
		agentsWhere(1, `"=~"`, quote("("+alternatives+")")):                     "=~" + strconv.Quote("("+alternatives+")"),
		agentsWhere(1, `"=~"`, "["+commasOf(quoted)+"]"):                        "=~" + strconv.Quote("(?:"+alternatives+")"),
		strings.ReplaceAll(agentsWhere(3, `"="`, string(list)), "},{", "},\n{"): "",
	} {
		var (
			p   plan
			err error
		)
		took, bytes := costOf(func() { p, err = compileJSON(compileCase{query: query}) })
		require.NoError(t, err)
		if want != "" {
			require.Equal(t, "sum by (agent) (mesos_agent_cpus_allocated{agent"+want+"})", p.expr)
		}
		require.Less(t, took, 30*time.Second)
		require.Less(t, bytes, uint64(64<<20))
	}
}

// All of 10,000 agents, as the frontend writes them into each place there is.
func TestAVariableOfTenThousandValuesIsAnswered(t *testing.T) {
	names := tenThousandAgents()
	src := source(t, recordedStore(t,
		recorded{of("mesos_agent_cpus_allocated", "agent", names[7], "agent_id", "1"), flat(2, 60)},
		recorded{of("mesos_agent_cpus_allocated", "agent", names[9999], "agent_id", "2"), flat(3, 60)},
		recorded{of("mesos_agent_cpus_allocated", "agent", "another", "agent_id", "3"), flat(5, 60)},
		recorded{of("mesos_agent_info", "agent", names[7], "agent_id", "1"), flat(1, 60)},
		recorded{of("mesos_agent_info", "agent", "another", "agent_id", "3"), flat(1, 60)},
	))
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strings.ReplaceAll(name, ".", `\.`)
	}
	list, pattern := "["+commasOf(names)+"]", "("+strings.Join(quoted, "|")+")"
	adhoc := func(filter string) string {
		return `{"expr":"mesos_agent_cpus_allocated","instant":true,"adhocFilters":[` + filter + `]}`
	}
	for name, query := range map[string]string{
		"builder, =":     strings.TrimSuffix(agentsWhere(1, `"="`, list), "}") + `,"instant":true}`,
		"builder, =~":    strings.TrimSuffix(agentsWhere(1, `"=~"`, "["+commasOf(quoted)+"]"), "}") + `,"instant":true}`,
		"PromQL":         `{"expr":` + quote("mesos_agent_cpus_allocated{agent=~"+strconv.Quote(pattern)+"}") + `,"instant":true}`,
		"dashboard's =|": adhoc(`{"key":"agent","operator":"=|","value":"x","values":` + list + `}`),
		"dashboard's =~": adhoc(`{"key":"agent","operator":"=~","value":` + quote(pattern) + `}`),
		"a ratio":        `{"entity":"agent","resource":"cpus","measure":"allocated","aggregate":"max","top":5,"instant":true,"filters":[{"label":"agent","operator":"=","value":` + list + `}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var response backend.DataResponse
			took, bytes := costOf(func() { response = answered(t, src, query, Options{}) })
			var sum float64
			for _, field := range response.Frames[0].Fields {
				sum += field.At(0).(float64)
			}
			require.Equal(t, 5.0, sum)
			require.Less(t, len(response.Frames[0].Meta.ExecutedQueryString), 17_000)
			require.Less(t, took, 30*time.Second)
			require.Less(t, bytes, uint64(128<<20))
		})
	}
	entities := answered(t, src, `{"queryType":"variable","variable":{"entities":{"entity":"agent","filters":[{"label":"agent","operator":"=","value":`+list+`}]}}}`, Options{})
	require.Equal(t, 1, entities.Frames[0].Rows())
	require.Equal(t, names[7], entities.Frames[0].Fields[1].At(0))
}

func TestARuleNeedsAllOfItsDashboardFilters(t *testing.T) {
	query := `{"expr":"mesos_cluster_cpus_capacity","instant":true,"adhocFilters":[{"key":"cluster","operator":"=~","value":"("}]}`
	failed := Run(context.Background(), small(t), asked(query), Options{Alert: true})
	require.ErrorContains(t, failed.Error, `adhocFilters: a rule needs all of its filters. The dashboard's filter cluster =~ ( is left out`)
	require.Len(t, texts(answered(t, small(t), query, Options{})), 1)
}

func commasOf(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return strings.Join(quoted, ",")
}

func TestListsOfLiteralsAreNoPatterns(t *testing.T) {
	for pattern, want := range map[string]bool{
		"a": true, "": true, "a|b": true, "(a|b)": true, "(?:a|b)": true, `a\.b|c\-d|日本`: false, `a\.b|日本`: true, `(a\.b\|c)`: true,
		"a.b": false, "a|b.*": false, "(a|b": false, "(a)|(b)": false, "(?i:a)": false, `a\`: false, `\d`: false, "a{2}": false, "^a$": false, "[ab]": false,
	} {
		got, err := onlyLiterals(pattern)
		require.NoError(t, err)
		require.Equal(t, want, got, pattern)
		if got { // what is written with the pattern means the same
			_, err := labels.NewMatcher(labels.MatchRegexp, "a", pattern)
			require.NoError(t, err)
		}
	}
}
