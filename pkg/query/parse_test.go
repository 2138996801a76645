package query

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"community-mesos-datasource/pkg/promql"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

func TestEveryKeyOfGrafanaIsAcceptedOnEveryQueryType(t *testing.T) {
	keys := `"refId":"A","key":"Q-1","hide":true,"instant":true,"range":true,"datasource":{"type":"community-mesos-datasource","uid":"mesos"},
		"datasourceId":7,"intervalMs":0,"maxDataPoints":43200,"queryCachingTTL":60000,"pluginVersion":"1.2.3","version":1,
		"legendFormat":"{{framework}}","interval":"1m","format":"table","adhocFilters":[{"key":"framework","operator":"=","value":"x"}]`
	for _, own := range []string{
		`"queryType":"metrics","entity":"framework","resource":"cpus","measure":"allocated"`,
		`"queryType":"metrics","metric":"mesos_framework_cpus_allocated"`,
		`"queryType":"promql","expr":"mesos_framework_cpus_allocated"`,
		`"expr":"mesos_framework_cpus_allocated"`,
		`"queryType":"events","kinds":null,"filters":null,"severity":"","groupBy":null,"limit":0`,
		`"queryType":"variable","variable":{"labelValues":{"label":"framework"},"entities":null,"promql":null}`,
		`"queryType":"variable","variable":{"entities":{"entity":"framework","filters":null}}`,
		`"queryType":"variable","variable":{"promql":"mesos_framework_cpus_allocated"}`,
		`"entity":"framework","resource":"cpus","measure":"allocated","groupBy":null,"filters":null,"aggregate":"","rate":false,"top":0,"forecast":""`,
	} {
		raw := json.RawMessage(`{` + keys + `,` + own + `}`)
		p, err := parse(raw)
		require.NoError(t, err, own)
		require.Empty(t, p.unknown, own)
		require.Equal(t, time.Minute, p.least)
		src, _ := eventful(t)
		response := Run(context.Background(), src, backend.DataQuery{RefID: "A", JSON: raw, TimeRange: asked("").TimeRange}, Options{})
		require.NoError(t, response.Error, own)
		readable(t, response.Frames)
	}
}

func TestQueryTypeFollowsFromExpr(t *testing.T) {
	p, err := parse(json.RawMessage(`{"expr":"up"}`))
	require.NoError(t, err)
	require.NotNil(t, p.promql)
	require.Nil(t, p.metrics)
	p, err = parse(json.RawMessage(`{"entity":"cluster","resource":"cpus","measure":"allocated"}`))
	require.NoError(t, err)
	require.NotNil(t, p.metrics)
	require.Nil(t, p.promql)
}

func TestRangeIsTheDefaultAndBothArePossible(t *testing.T) {
	for keys, want := range map[string][2]bool{
		``: {true, false}, `,"range":true`: {true, false}, `,"instant":true`: {false, true},
		`,"range":true,"instant":true`: {true, true}, `,"range":false,"instant":false`: {true, false},
	} {
		p, err := parse(json.RawMessage(`{"expr":"up"` + keys + `}`))
		require.NoError(t, err)
		require.Equal(t, want, [2]bool{p.overRange(), p.instant()}, keys)
	}
}

func TestIntervalsLeftToGrafanaAreNoLeastStep(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "$__interval": 0, "${__rate_interval}": 0, " 30s ": 30 * time.Second, ">1m": time.Minute, "1d": day, "90": 90 * time.Second,
	} {
		got, err := duration("interval", text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"soon", "-5m", "0s", "$interval", "5 apples"} {
		_, err := duration("interval", text)
		require.ErrorContains(t, err, "interval:", text)
	}
}

func TestFilterValuesSurviveJSON(t *testing.T) {
	for _, text := range []string{`"a"`, `["a"]`, `["a","b"]`, `""`} {
		var v Values
		require.NoError(t, json.Unmarshal([]byte(text), &v))
		again, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, text, string(again))
	}
}

// FuzzQuery sends any JSON: whatever it is, the answer is frames or a
// sentence, and compiled expressions are PromQL.
func FuzzQuery(f *testing.F) {
	for _, c := range slices.Concat(variants, mistakes, lists, wrongLists) {
		f.Add(c.query)
	}
	f.Add(`{"entity":"framework","resource":"cpus","measure":"share","format":"table","filter":[],"filters":[{"label":"framework","operator":"=~","value":["(x|y)","z.*"],"not":1}]}`)
	f.Add(`{"expr":"sum by (framework) (rate(x[$__rate_interval]))","adhocFilters":[{"key":"a","operator":"=~","value":"("}]}`)
	f.Add(`{"queryType":"events","kinds":["task"],"severity":"error","filters":[{"label":"event","operator":"=~","value":["(failed|lost)","k.*"]}],"limit":7}`)
	f.Add(`{"queryType":"events","format":"timeline","legendFormat":"{{agent}}"}`)
	f.Add(`{"queryType":"events","format":"count","groupBy":["agent"],"adhocFilters":[{"key":"state","operator":"!=","value":"x"}]}`)
	src, log := eventful(f, taskEvent(ago(3), "web.1", "failed", events.Error), agentEvent(ago(2), "S2", events.Lost, events.Error))
	src.Store = recordedStore(f, recorded{of("mesos_framework_cpus_allocated", "framework", "x", "framework_id", "1"), flat(1, 10)})
	f.Fuzz(func(t *testing.T, query string) {
		raw := json.RawMessage(query)
		log.asked = nil
		if compiled, err := Compile(raw); err == nil {
			_, err := promql.ParseExpr(placeholder.interpolate(compiled.PromQL))
			require.NoError(t, err, compiled.PromQL)
		}
		ruled := Run(context.Background(), src, asked(query), Options{Alert: true})
		require.NotEqual(t, backend.StatusInternal, ruled.Status, ruled.Error)
		response := Run(context.Background(), src, asked(query), Options{})
		if response.Error != nil {
			require.NotEmpty(t, response.Error.Error())
			require.NotEqual(t, backend.StatusInternal, response.Status, response.Error)
			return
		}
		readable(t, response.Frames)
		for _, frame := range response.Frames {
			for _, field := range frame.Fields {
				for i := range field.Len() {
					if v, ok := field.At(i).(float64); ok {
						require.False(t, math.IsNaN(v))
					}
				}
			}
		}
	})
}
