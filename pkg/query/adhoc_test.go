package query

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
