package promql

import (
	"context"
	"fmt"
	"strings"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// samplesPerLookback is how many samples of a series lie within the look-back
// of a query, which is 2.5 times the interval of its polls.
const samplesPerLookback = 2.5

// A timeWindow is the times at which a selector is evaluated, and the range it
// reads at each of them.
type timeWindow struct {
	start, end time.Time
	step       time.Duration // 0: once, at end
	reach      time.Duration // of a range selector
}

func (w timeWindow) moved(offset time.Duration) timeWindow {
	w.start, w.end = w.start.Add(-offset), w.end.Add(-offset)
	return w
}

// points is how many points the window has.
func (w timeWindow) points() float64 {
	if w.step <= 0 {
		return 1
	}
	return 1 + float64(max(w.end.Sub(w.start), 0)/w.step)
}

// key returns a text that identifies window and matchers.
func (w timeWindow) key(matchers []*labels.Matcher) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d %d", w.start.UnixMilli(), w.end.UnixMilli(), w.reach)
	for _, m := range matchers {
		fmt.Fprintf(&b, " %q %d %d %s", m.Name, m.Type, len(m.Value), m.Value)
	}
	return b.String()
}

// samples is how many samples of one series the window holds.
func (w timeWindow) samples(lookback time.Duration) float64 {
	points := w.points()
	if w.reach == 0 {
		return points
	}
	span := float64(w.end.Sub(w.start) + w.reach)
	return max(points, span/float64(lookback)*samplesPerLookback)
}

// countSeries counts the series that match within a window.
func countSeries(ctx context.Context, store storage.Queryable, w timeWindow, lookback time.Duration, matchers []*labels.Matcher) (int, error) {
	mint, maxt := w.start.Add(-max(w.reach, lookback)).UnixMilli(), w.end.UnixMilli()
	if c, ok := store.(history.Counter); ok {
		return c.CountSeries(ctx, mint, maxt, matchers...)
	}
	q, err := exactly(store).Querier(mint, maxt)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	// "series" is what Prometheus' own API says when it wants labels only.
	hints := &storage.SelectHints{Start: mint, End: maxt, Func: "series"}
	set, n := q.Select(ctx, false, hints, matchers...), 0
	for n <= maxSelected && set.Next() { // more are refused
		n++
	}
	return n, set.Err()
}
