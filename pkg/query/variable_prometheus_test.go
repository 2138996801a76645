package query

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVariablesOfPrometheusAreUnderstood(t *testing.T) {
	src := listed(t)
	ask := func(raw string) []string {
		query := asked(raw)
		query.Interval, query.MaxDataPoints = 0, 100
		return choices(t, Run(context.Background(), src, query, Options{}))
	}
	for text, want := range map[string][]string{
		`label_values(framework)`:                                              {`a"b`, "chronos", "chronos-2", "marathon", "spark"},
		`label_values(mesos_framework_cpus_allocated, framework)`:              {`a"b`, "spark"},
		` label_values(mesos_framework_cpus_allocated,framework) `:             {`a"b`, "spark"},
		`label_values(mesos_task_cpus_allocated{task=~"w.b",role="*"}, agent)`: {"a1", "a2"},
		`label_values({framework="marathon"}, agent)`:                          {"a1", "a2"},
		`label_values(mesos_agent_info, "attr_rack")`:                          {"r1", "r2"},
		`metrics(agent_)`:                              {"mesos_agent_info"},
		`metrics(mesos_(agent|role)_.*)`:               {"mesos_agent_info", "mesos_role_cpus_allocated"},
		`label_names()`:                                nil,
		`label_names(mesos_agent_info{agent="a1"})`:    {"__name__", "agent", "agent_id", "attr_rack", "cluster"},
		`query_result(sum(mesos_role_cpus_allocated))`: {"{} 2 1772366400000"},
		`mesos_role_cpus_allocated{role="*"}`:          {`mesos_role_cpus_allocated{cluster="test",role="*"} 1 1772366400000`},
	} {
		forms := []string{
			quote(text),
			`{"query":` + quote(text) + `,"refId":"StandardVariableQuery"}`,
			`{"query":` + quote(text) + `,"refId":"A","queryType":"variable"}`,
			`{"query":` + quote(text) + `,"refId":"PrometheusVariableQueryEditor-VariableQuery","qryType":1,"queryType":"variable"}`,
			`{"query":` + quote(text) + `,"refId":"A","datasource":{"type":"community-mesos-datasource","uid":"mesos"},"qryType":5,"label":"x","metric":"y","labelFilters":[]}`,
		}
		for _, form := range forms {
			got := ask(form)
			if want == nil {
				require.Contains(t, got, "agent_id", form)
				require.Contains(t, got, "framework", form)
				continue
			}
			require.Equal(t, want, got, form)
		}
	}
	// Without the text, by the kind of query.
	for object, want := range map[string][]string{
		`{"qryType":1,"label":"framework","metric":"mesos_framework_cpus_allocated","refId":"A"}`:                                                          {`a"b`, "spark"},
		`{"qryType":1,"label":"framework","metric":"mesos_framework_cpus_allocated","labelFilters":[{"label":"framework","op":"=","value":"spark"}]}`:      {"spark"},
		`{"qryType":1,"label":"framework","metric":"mesos_framework_cpus_allocated","labelFilters":[{"label":"framework","op":"!~","value":"sp.*|a\"b"}]}`: {},
		`{"qryType":1,"label":"agent","labelFilters":[{"label":"framework","op":"=","value":"marathon"}],"refId":"A"}`:                                     {"a1", "a2"},
		`{"qryType":1,"label":"attr_rack","refId":"A"}`:                                   {"r1", "r2"},
		`{"qryType":2,"metric":"agent_info","refId":"A"}`:                                 {"mesos_agent_info"},
		`{"qryType":0,"match":"mesos_role_cpus_allocated","refId":"A"}`:                   {"__name__", "cluster", "role"},
		`{"qryType":3,"varQuery":"sum(mesos_role_cpus_allocated)","refId":"A"}`:           {"{} 2 1772366400000"},
		`{"qryType":4,"seriesQuery":"mesos_role_cpus_allocated{role=\"*\"}","refId":"A"}`: {`mesos_role_cpus_allocated{cluster="test",role="*"} 1 1772366400000`},
	} {
		require.Equal(t, want, ask(object), object)
	}
	p, err := parse(json.RawMessage(`{"query":"label_values(x, y)","refId":"A","qryType":1,"labelFilters":[],"labell":1}`))
	require.NoError(t, err)
	require.Len(t, p.unknown, 1)
}

func TestATextThatIsNoListIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"dummy":                `query: "dummy" is none of label_values(series, label)`,
		"label_valuess(x, y)":  `query: "label_valuess(x, y)" is none of label_values(series, label)`,
		"":                     "query: is empty",
		"label_values(x, $l)":  `query: "$l" is a variable without a value here`,
		"label_values(x{, y)":  "query.match: must be a selector",
		"label_values(x, a-b)": `query.label: "a-b" is no name of a label`,
		"metrics((" + ")":      "the pattern of metrics(() is not a regular expression",
		"query_result(sum(x)":  "not valid PromQL",
	} {
		response := Run(context.Background(), listed(t), asked(`{"query":`+quote(text)+`,"refId":"A","qryType":5}`), Options{})
		require.ErrorContains(t, response.Error, want, text)
	}
	require.Error(t, Run(context.Background(), listed(t), asked(`"label_values(framework)"`), Options{Alert: true}).Error)
	response := Run(context.Background(), listed(t), asked(`{"query":"SELECT 1","refId":"A"}`), Options{})
	require.ErrorContains(t, response.Error, "entity: ", "a query of another data source")
}
