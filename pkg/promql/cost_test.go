package promql

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Work counts in every part of an expression: a sum of many terms holds three results
// at any time, and is a large query all the same.
func TestWorkOfAllTermsDecidesOnTheLane(t *testing.T) {
	m, end := crowded(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	const term = `stddev_over_time(vector(time())[2h:1s])`
	sum := func(n int, term string) string { return strings.Repeat(term+"+", n-1) + term }
	for _, query := range []struct {
		expr string
		step time.Duration // 0: instant
		lane string        // "" where it is refused
	}{
		{sum(300, term), time.Second, ""},
		{sum(100, term), time.Second, "large"},
		{term, time.Second, "medium"},
		{sum(2, "max_over_time("+term+"[1h:10s])"), 0, "medium"},
		{sum(50, `sum(max_over_time(task{framework="framework-07"}[1h:10s]))`), 10 * time.Second, "large"},
		{sum(400, `count(noisy)`), 10 * time.Second, "medium"},
		{`sum(rate(noisy[10m]))`, time.Minute, "small"},
		{`sum(noisy)`, 0, "small"},
		{`sum by (framework) (noisy) / sum(noisy)`, 30 * time.Second, "small"},
		{`noisy`, 15 * time.Second, "small"},
	} {
		expr, err := ParseExpr(query.expr)
		require.NoError(t, err)
		cost, err := costOf(context.Background(), expr, Request{Store: m, Start: end.Add(-2 * time.Hour), End: end, Step: query.step, Lookback: 40 * time.Second})
		t.Logf("%.60s: peak %.0f, work %.0f: %.100v", query.expr, cost.Peak, cost.Work, err)
		if query.lane == "" {
			require.Equal(t, ErrorRequest, KindOf(err), "%.60s", query.expr)
			require.ErrorContains(t, err, "samples together, more than can be done in time: use fewer or shorter ranges")
			continue
		}
		require.NoError(t, err, "%.60s", query.expr)
		lane := e.people.lane(cost.weight(5_000_000), cost.Work)
		require.Equal(t, query.lane, lane.what, "%.60s", query.expr)
	}
}

// One request with eight such queries does not hold up what is small.
func TestWorkDoesNotHoldUpSmallQueries(t *testing.T) {
	m, end := crowded(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	ctx, cancel := context.WithCancel(context.Background())
	attack := crowd{e, make(chan error)}
	for range 8 {
		attack.ask(ctx, Request{Store: m, Expr: strings.Repeat(`stddev_over_time(vector(time())[2h:1s])+`, 99) + "1", Start: end.Add(-2 * time.Hour), End: end, Step: time.Second})
	}
	require.Eventually(t, func() bool { return e.people.lanes[2].waiting.Load() == 6 }, 10*time.Second, time.Millisecond)
	require.Zero(t, e.people.lanes[0].waiting.Load())
	_, err := e.Instant(context.Background(), Request{Store: m, Expr: `sum(noisy)`, End: end, Lookback: 40 * time.Second})
	require.NoError(t, err)
	cancel()
	for range 8 {
		require.Equal(t, ErrorCancel, KindOf(<-attack.ended))
	}
	requireEmpty(t, e)
}

// The name of a new label takes memory with each series, as its text does.
func TestNamesOfLabelsAreBounded(t *testing.T) {
	m, end := crowded(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	long, longest := strings.Repeat("x", 257), strings.Repeat("x", 256)
	calls := []string{
		`count(label_join(task, %q, "", "task_id"))`, `count(label_join(task, "x", "", "task_id", %q))`,
		`count(label_replace(task, %q, "$1", "task_id", "(.*)"))`, `count(label_replace(task, "x", "$1", %q, "(.*)"))`,
		`count(count_values(%q, task))`, `count by (%q) (task)`, `task * on (%q) group_left () vector(1)`,
	}
	for _, call := range calls {
		for name, part := range map[string]string{
			longest: "", long: "has 257 bytes and may have 256 at most: shorten it",
			strings.Repeat("y", 15_000): "has 15000 bytes and may have 256 at most",
		} {
			_, err := e.Instant(context.Background(), Request{Store: m, Expr: fmt.Sprintf(call, name), End: end, Lookback: 150 * time.Second})
			if part == "" {
				require.NotEqual(t, ErrorRequest, KindOf(err), "%s: %v", call, err)
				continue
			}
			require.Equal(t, ErrorRequest, KindOf(err), "%s", call)
			require.ErrorContains(t, err, part, "%s", call)
		}
	}
	// Names count like texts, together and with each series.
	_, err := e.Instant(context.Background(), Request{Store: m, Expr: strings.Repeat(fmt.Sprintf(`count_values(%q, noisy) or `, longest), 8) + "noisy or count_values('x', noisy)", End: end})
	require.ErrorContains(t, err, "have more than 2048 bytes together")
	cost := func(name string) float64 {
		expr, err := ParseExpr(fmt.Sprintf(`count(label_replace(task, %q, "$1", "task_id", "(.*)"))`, name))
		require.NoError(t, err)
		c, err := costOf(context.Background(), expr, Request{Store: m, End: end, Lookback: 150 * time.Second})
		require.NoError(t, err)
		return c.Series
	}
	require.InDelta(t, 10_000*255/bytesOfSeries, cost(longest)-cost("x"), 1)
}

// A weight is about the memory that the engine allocates, whatever the operation: else large
// joins would run beside each other as if they were sums.
func TestOperationsTakeWhatTheyWeigh(t *testing.T) {
	m, end := crowded(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for _, expr := range []string{
		`count(task)`, `count(-task)`, `count(task * 2)`, `count(abs(task))`, `count(sort(task))`, `count(timestamp(task))`,
		`count(task * task)`, `count(task * on (task_id) task)`, `count(task * ignoring (framework) task)`,
		`count(task * on (task_id) group_left (role) task)`, `count(task * on (cluster) group_left () sum by (cluster) (task))`,
		`count(task and on (task_id) task)`, `count(task or on (task_id) task)`, `count(task unless on (task_id) (task > 1e9))`,
		`count(sum by (task_id) (task))`, `count(sum without (framework) (task))`, `count(quantile by (task_id) (0.9, task))`,
		`count(topk by (task_id) (1, task))`, `count(topk(100000, task))`, `count(count_values by (task_id) ("v", task))`,
		`count(sum by (task_id) (task) * on (task_id) sum by (task_id) (task))`,
		`count(label_replace(task, "x", "$1", "task_id", "(.*)"))`, `count(label_join(task, "x", "-", "task_id", "task"))`,
		`count(histogram_quantile(0.9, label_replace(task, "le", "1", "", "")))`, `count(max_over_time(task[5m:1m]))`,
	} {
		parsed, err := ParseExpr(expr)
		require.NoError(t, err)
		r := Request{Store: m, Expr: expr, End: end, Lookback: 150 * time.Second}
		cost, err := costOf(context.Background(), parsed, r)
		require.NoError(t, err)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, err = e.Instant(context.Background(), r)
		runtime.ReadMemStats(&after)
		require.NoError(t, err, expr)
		weighs := float64(cost.weight(5_000_000)) * bytesOfWeight
		ratio := float64(after.TotalAlloc-before.TotalAlloc) / weighs
		t.Logf("%-75s %.1f times its weight of %.1f MB", expr, ratio, weighs/1e6)
		require.Less(t, ratio, 2.6, expr)
		require.Greater(t, ratio, 0.4, expr)
	}
	require.Zero(t, Held())
}
