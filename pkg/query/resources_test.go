package query

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/promql"

	"github.com/stretchr/testify/require"
)

func TestCompileNamesValuesThatAreVariables(t *testing.T) {
	for value, named := range map[string]bool{"$framework": true, "${framework:csv}": true, "[[framework]]": true, "odd$name": false, "marathon": false} {
		compiled, err := Compile(json.RawMessage(allocatedByFramework + `,"filters":[{"label":"framework","operator":"=","value":` + quote(value) + `}]}`))
		require.NoError(t, err)
		require.Equal(t, named, len(compiled.Warnings) == 1, value)
	}
}

func TestCompileLeavesTheMacrosIn(t *testing.T) {
	for query, want := range map[string]Compiled{
		`{"entity":"framework","resource":"tasks","measure":"failed"}`: {
			PromQL: `sum by (framework) (increase(mesos_framework_tasks_ended_total{state="failed"}[$__rate_interval]))`,
		},
		`{"entity":"framework","resource":"tasks","measure":"failed","instant":true}`: {
			PromQL: `sum by (framework) (increase(mesos_framework_tasks_ended_total{state="failed"}[$__range]))`,
		},
		`{"entity":"framework","resource":"tasks","measure":"failed","instant":true,"range":true}`: {
			PromQL: `sum by (framework) (increase(mesos_framework_tasks_ended_total{state="failed"}[$__rate_interval]))`,
		},
		`{"expr":" rate(x[$__rate_interval])\n","adhocFilters":[{"key":"a","operator":"=","value":"1"}]}`: {
			PromQL: `rate(x[$__rate_interval])`, Warnings: []string{"The dashboard's filters are added to every selector whose series have the label when the query runs."},
		},
		`{"entity":"agent","resource":"cpus","measure":"capacity","group_by":["agent_id"],"datasource":{},"intervalMs":1}`: {
			PromQL: `sum by (agent) (mesos_agent_cpus_capacity)`, Warnings: []string{`The query has the unknown key "group_by" (did you mean "groupBy"?).`},
		},
	} {
		got, err := Compile(json.RawMessage(query))
		require.NoError(t, err, query)
		require.Equal(t, want, got)
	}
}

func TestCompileSaysWhatIsWrong(t *testing.T) {
	_, err := Compile(json.RawMessage(`{"entity":"framework","resource":"cpus","measure":"utilization"}`))
	require.EqualError(t, err, "measure: a framework has no capacity: use share")
	_, err = Compile(json.RawMessage(`{"expr":"sum("}`))
	require.Equal(t, promql.ErrorParse, promql.KindOf(err))
	_, err = Compile(nil)
	require.ErrorContains(t, err, "not a JSON object")
}

// Each selector repeats the list: 2 MB of values become 18 MB of PromQL.
func TestCompileShowsNoMoreThanSomebodyReads(t *testing.T) {
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("%s%05d", strings.Repeat("a", 50), i)
	}
	value, err := json.Marshal(names)
	require.NoError(t, err)
	query := json.RawMessage(`{"entity":"agent","resource":"cpus","measure":"free","filters":[{"label":"agent","operator":"=","value":` + string(value) + `}]}`)
	_, err = Compile(query)
	require.ErrorContains(t, err, "bytes of PromQL or more, and at most 1048576 are shown or edited as code: it runs as it is")
}

func TestLabelsAndTheirValues(t *testing.T) {
	ctx, src := context.Background(), small(t)
	names, err := Labels(ctx, src, LookUp{})
	require.NoError(t, err)
	require.Equal(t, List{Values: []string{"__name__", "cluster", "framework", "framework_id", "state"}, Total: 5}, names)

	names, err = Labels(ctx, src, LookUp{Match: []string{"mesos_cluster_cpus_capacity", `{state="failed"}`}})
	require.NoError(t, err)
	require.Equal(t, []string{"__name__", "cluster", "framework", "framework_id", "state"}, names.Values)

	values, err := LabelValues(ctx, src, "framework", LookUp{})
	require.NoError(t, err)
	require.Equal(t, []string{"chronos", "marathon"}, values.Values)

	values, err = LabelValues(ctx, src, "framework", LookUp{Match: []string{`mesos_framework_memory_allocated_bytes`}})
	require.NoError(t, err)
	require.Equal(t, []string{"marathon"}, values.Values)

	values, err = LabelValues(ctx, src, "__name__", LookUp{From: noon.Add(-time.Minute), To: noon, Limit: 2})
	require.NoError(t, err)
	require.Equal(t, []string{"mesos_cluster_cpus_capacity", "mesos_framework_cpus_allocated"}, values.Values)
	require.Equal(t, []string{"2 of 4 values are listed: narrow the selection."}, values.Warnings)
	require.Equal(t, 4, values.Total)

	values, err = LabelValues(ctx, src, "__name__", LookUp{Search: "FRAMEWORK_cpus"})
	require.NoError(t, err)
	require.Equal(t, []string{"mesos_framework_cpus_allocated"}, values.Values)

	values, err = LabelValues(ctx, src, "nobody_has_it", LookUp{})
	require.NoError(t, err)
	require.Empty(t, values.Values)
}

func TestLabelsSaysWhatIsWrong(t *testing.T) {
	ctx, src := context.Background(), small(t)
	_, err := LabelValues(ctx, src, "", LookUp{})
	require.EqualError(t, err, `label: "" is not a name of a label`)
	_, err = Labels(ctx, src, LookUp{Match: []string{"rate(x[5m])"}})
	require.Equal(t, promql.ErrorParse, promql.KindOf(err))
	_, err = Labels(ctx, src, LookUp{Match: make([]string, 51)})
	require.EqualError(t, err, "match: has 51 selectors and may have 50 at most")
	_, err = LabelValues(ctx, src, "agent", LookUp{Search: strings.Repeat("x", 257)})
	require.EqualError(t, err, "search: has 257 bytes and may have 256 at most")
}

func TestCatalogueNamesWhatAMeasureRefuses(t *testing.T) {
	for _, e := range Catalogue().Entities {
		for res, measures := range e.Measures {
			for _, m := range measures {
				asks := map[string]any{"entity": e.Entity, "resource": res, "measure": m, "groupBy": []string{labelCluster}}
				if m == MeasureFits {
					asks["shape"] = Shape{CPUs: 1}
				}
				compile := func() error {
					raw, err := json.Marshal(asks)
					require.NoError(t, err)
					_, err = Compile(raw)
					return err
				}
				if label, needed := e.Needs[m]; needed {
					require.ErrorContains(t, compile(), "must hold")
					asks["groupBy"] = []string{labelCluster, label}
				}
				require.NoError(t, compile(), asks)
				asks["aggregate"] = AggregateCount
				if slices.Contains(e.Ratios, m) {
					require.ErrorContains(t, compile(), "not for ratios")
				} else {
					require.NoError(t, compile(), asks)
				}
			}
		}
	}
}

func TestCatalogueOffersWhatCompiles(t *testing.T) {
	answer := Catalogue()
	require.Greater(t, len(answer.Series), 300)
	require.Contains(t, answer.Functions, "predict_linear")
	require.NotContains(t, answer.Functions, "mad_over_time") // experimental: the engine refuses it
	require.Equal(t, "rate(range vector): instant vector", answer.Signatures["rate"])
	require.Equal(t, "round(instant vector, scalar?): instant vector", answer.Signatures["round"])
	require.Equal(t, "label_join(instant vector, string, string, string...): instant vector", answer.Signatures["label_join"])
	require.Equal(t, "time(): scalar", answer.Signatures["time"])
	require.Len(t, answer.Entities, len(entityNames()))
	for _, e := range answer.Entities {
		require.NotEmpty(t, e.Resources)
		for _, r := range e.Resources {
			require.NotEmpty(t, e.Measures[r])
			for _, m := range e.Measures[r] {
				for _, label := range append(append([]string{}, e.Labels...), e.ResourceLabels[r]...) {
					if label[len(label)-1] == '*' {
						label = label[:len(label)-1] + "x"
					}
					asks := map[string]any{"entity": e.Entity, "resource": r, "measure": m, "groupBy": append([]string{label}, e.DefaultGroupBy...)}
					if m == MeasureFits {
						if label == labelState {
							continue // agents' room has no state
						}
						asks["shape"] = Shape{CPUs: 1}
					}
					query, err := json.Marshal(asks)
					require.NoError(t, err)
					_, err = Compile(query)
					require.NoError(t, err, string(query))
				}
			}
		}
	}
	raw, err := json.Marshal(answer)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"defaultGroupBy":[]`)
}

// A place is that of the written text, not of the one whose macros have values.
func TestAnErrorOfAnExpressionIsAtItsPlaceInWhatWasWritten(t *testing.T) {
	for expr, place := range map[string]string{
		`sum(up`:                                 "line 1, column 7:",
		"  sum(up":                               "line 1, column 9:",
		"\n sum(up":                              "line 2, column 8:",
		`rate(up[$__rate_interval]) !`:           "line 1, column 28:",
		`rate(up[${__interval}]) + $__range_s !`: "line 1, column 38:",
	} {
		_, err := Compile(json.RawMessage(`{"expr":` + quote(expr) + `}`))
		require.ErrorContains(t, err, place, expr)
	}
}
