package query

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

func TestUnknownKeysAreAnErrorForRulesAndANoticeElsewhere(t *testing.T) {
	own := `{"entity":"framework","resource":"cpus","measure":"allocated","instant":true,`
	for query, want := range map[string]string{
		own + `"filter":[{"label":"framework","operator":"=","value":"marathon"}]}`: `"filter" (did you mean "filters"?)`,
		own + `"group_by":["agent"]}`: `"group_by" (did you mean "groupBy"?)`,
		own + `"Filters":[]}`:         `"Filters" (did you mean "filters"?)`,
		own + `"filters":[{"label":"framework","operator":"=","value":"marathon","values":[]}]}`:                    `"filters[0].values" (did you mean "value"?)`,
		own + `"filters":[{"label":"framework","operator":"=","value":"a","negate":true}]}`:                         `"filters[0].negate"`,
		own + `"adhocFilters":[{"key":"framework","op":"=","operator":"=","value":"marathon"}]}`:                    `"adhocFilters[0].op"`,
		own + `"adhocFilters":[{"key":"framework","operators":"","operator":"=","value":"a"}]}`:                     `"adhocFilters[0].operators" (did you mean "operator"?)`,
		`{"entity":"agent","resource":"tasks","measure":"fits","instant":true,"shape":{"cpus":0.5,"mem":"200GiB"}}`: `"shape.mem"`,
		`{"entity":"agent","resource":"tasks","measure":"fits","instant":true,"shape":{"cpus":0.5,"memry":"2GiB"}}`: `"shape.memry" (did you mean "memory"?)`,
		`{"expr":"mesos_cluster_cpus_capacity","instant":true,"legend":"{{x}}"}`:                                    `"legend" (did you mean "legendFormat"?)`,
		`{"expr":"mesos_cluster_cpus_capacity","instant":true,"type":"x","zzz":1}`:                                  `"type", "zzz"`,
	} {
		src := small(t)
		failed := Run(context.Background(), src, asked(query), Options{Alert: true})
		require.ErrorContains(t, failed.Error, "unknown key")
		require.ErrorContains(t, failed.Error, want)
		require.Equal(t, backend.StatusBadRequest, failed.Status)
		for _, o := range []Options{{}, {Expression: true}} {
			notices := texts(answered(t, src, query, o))
			require.Contains(t, strings.Join(notices, "\n"), "unknown key "+strings.Split(want, ", ")[0], query)
		}
	}
}

func TestManyUnknownKeysAreCounted(t *testing.T) {
	p, err := parse(json.RawMessage(`{"expr":"x","k1":1,"k2":1,"k3":1,"k4":1,"k5":1,"k6":1,"k7":1}`))
	require.NoError(t, err)
	said := p.unknown.sentences()
	require.Len(t, said, maxUnknown+1)
	require.Equal(t, "The query has 2 more unknown keys.", said[maxUnknown])
}

func TestOfManyFiltersOnlyTheFirstUnknownKeysAreCompared(t *testing.T) {
	var filters []string
	for range 50 {
		filters = append(filters, `{"labell":"a","operatr":"=","valu":"b","label":"framework","operator":"=","value":"x"}`)
	}
	p, err := parse(json.RawMessage(`{"expr":"x","filters":[` + strings.Join(filters, ",") + `]}`))
	require.NoError(t, err)
	compared := 0
	for _, k := range p.unknown {
		if k.similar != "" {
			compared++
		}
	}
	require.Len(t, p.unknown, 150)
	require.Equal(t, maxUnknown, compared)
}

// Rules that Grafana itself writes, with what it adds (measurements/grafana-facts.md, 4).
func TestNoKeyOfGrafanaIsAnErrorForARule(t *testing.T) {
	for _, query := range []string{
		`{"refId":"A","key":"Q-1","hide":false,"instant":true,"range":false,"datasource":{"type":"community-mesos-datasource","uid":"mesos","apiVersion":"v1"},
			"datasourceId":7,"intervalMs":1000,"maxDataPoints":43200,"queryCachingTTL":60000,"pluginVersion":"1.2.3","queryType":"metrics",
			"entity":"framework","resource":"cpus","measure":"allocated"}`,
		`{"refId":"A","expr":"mesos_cluster_cpus_capacity","editorMode":"code","exemplar":false,"legendFormat":"__auto","instant":true,"range":false}`,
		`{"expr":"mesos_cluster_cpus_capacity","adhocFilters":[{"key":"cluster","operator":"=|","value":"test","values":["test"],"origin":"dashboard",
			"keyLabel":"cluster","valueLabels":["test"],"condition":"","forceEdit":false}]}`,
	} {
		require.NoError(t, Run(context.Background(), small(t), asked(query), Options{Alert: true}).Error)
	}
}
