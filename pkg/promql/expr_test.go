package promql

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history/memory"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

func TestParseExprSaysWhereItStopsBeingPromQL(t *testing.T) {
	for _, test := range []struct {
		expr         string
		line, column int
		part         string
	}{
		{"sum(mesos_up", 1, 13, "unclosed left parenthesis"},
		{"sum by (a)\n(mesos_up{poll=})", 2, 16, "unexpected"},
		{"mesos_up +", 1, 11, "unexpected end of input"},
		{"", 1, 1, "no expression found"},
		{"rate(mesos_up)", 1, 6, "expected type range vector"},
		{"\"ü\" + mesos_up{", 1, 16, "unexpected end of input"},
		{"nosuch(mesos_up)", 1, 1, "unknown function"},
		{"limitk(1, mesos_up)", 1, 1, "limitk"}, // experimental
		{"sum(rate(a[5m * 2]))", 1, 12, "may not be computed here: write it as one duration, for example 10m"},
		{"rate(a[(5m)])", 1, 8, "may not be computed"},
		{"a offset -(5m)", 1, 10, "may not be computed"},
		{"a offset step()", 1, 10, "may not be computed"},
		{"rate(a[range()])", 1, 8, "may not be computed"},
		{"max_over_time(a[max_of(5m, 1h):])", 1, 17, "may not be computed"},
		{"max_over_time(a[1h:step()])", 1, 20, "may not be computed"},
		{"max_over_time(a[1h:5m] offset (1h + 1m))", 1, 32, "may not be computed"},
		{"1 +\nrate(a[5m] anchored)", 2, 6, "the modifier anchored is not supported: leave it out"},
		{"a smoothed", 1, 1, "the modifier smoothed is not supported: leave it out"},
	} {
		_, err := ParseExpr(test.expr)
		var e *Error
		require.ErrorAs(t, err, &e, test.expr)
		require.Equal(t, ErrorParse, e.Kind)
		require.Equal(t, [2]int{test.line, test.column}, [2]int{e.Line, e.Column}, "%s: %s", test.expr, e.Sentence)
		require.Contains(t, e.Sentence, fmt.Sprintf("line %d, column %d: ", test.line, test.column))
		require.Contains(t, e.Sentence, test.part)
	}
	_, err := ParseExpr(strings.Repeat(" ", MaxExpression) + "1")
	require.ErrorContains(t, err, "16385 bytes long and may be 16384 at most")
	require.Equal(t, ErrorRequest, KindOf(err))
	_, err = ParseExpr(strings.Repeat(" ", MaxExpression-1) + "1")
	require.NoError(t, err)

	_, err = ParseMatchers(`mesos_up{`)
	require.Equal(t, ErrorParse, KindOf(err))
	require.Len(t, matchers(t, `mesos_up{poll="state"}`), 2)
}

func TestMetricNames(t *testing.T) {
	for _, test := range []struct {
		expr  string
		names []string
		any   bool
	}{
		{`mesos_up`, []string{"mesos_up"}, false},
		{`sum(b) / sum(a) + rate(c_total[5m]) + b`, []string{"a", "b", "c_total"}, false},
		{`{__name__="a",x="1"}`, []string{"a"}, false},
		{`{__name__=~"a|b"}`, []string{"a", "b"}, false},
		{`{__name__=~"mesos_.*"}`, nil, true},
		{`{__name__!="a",x="1"}`, nil, true},
		{`{x="1"}`, nil, true},
		{`a or {x="1"}`, []string{"a"}, true},
		{`max_over_time(sum(a)[1h:5m] @ end())`, []string{"a"}, false},
		{`1 + 1`, nil, false},
	} {
		expr, err := ParseExpr(test.expr)
		require.NoError(t, err)
		names, any := MetricNames(expr)
		require.Equal(t, test.names, names, test.expr)
		require.Equal(t, test.any, any, test.expr)
	}
}

func TestCostCountsSeriesTimesPoints(t *testing.T) {
	c := newClock()
	m := memory.New(memory.Options{Now: c.Now})
	var points []point
	for i := range 10 {
		points = append(points, sample(t0, 1, "__name__", "ten", "i", fmt.Sprint(i)))
	}
	commit(t, m, append(points, sample(t0, 1, "__name__", "one"), sample(t0.Add(-2*time.Hour), 1, "__name__", "old"))...)
	day := Request{Store: m, Start: t0.Add(-time.Hour), End: t0.Add(time.Hour), Step: time.Minute, Lookback: 2500 * time.Millisecond * 15}
	for _, test := range []struct {
		expr    string
		instant bool
		want    int64
	}{
		{`one`, true, 1},
		{`one`, false, 121},
		{`ten`, false, 1210},
		{`ten{i=~"[0-4]"}`, false, 605},
		{`sum(ten) / one`, false, 1331},
		{fmt.Sprintf(`ten @ %d`, t0.Unix()), false, 10},
		{`ten @ end()`, false, 0},
		{`old`, false, 0},
		{`old offset 2h`, false, 121},
		{`nothing`, false, 0},
		{`rate(ten[1h])`, true, 10 * 240}, // a sample each 15 s
		{`rate(ten[5m])`, false, 10 * 500},
		{`max_over_time(one[1h:10m])`, true, 7},
		{`max_over_time(one[1h:])`, false, 181},
		{`topk(1, avg_over_time(ten[2h:1m] @ end()))`, false, 1210},
		{`1 + 1`, false, 0},
	} {
		expr, err := ParseExpr(test.expr)
		require.NoError(t, err)
		for name, store := range map[string]storage.Queryable{"by the index": m, "by selecting": storage.QueryableFunc(m.Querier)} {
			r := day
			r.Store = store
			if test.instant {
				r.Step, r.End = 0, t0.Add(time.Second)
			}
			got, err := costOf(context.Background(), expr, r)
			require.NoError(t, err)
			require.InDelta(t, test.want, got.Read, 1, "%s %s", test.expr, name)
		}
	}
}
