package promql

import (
	"context"
	"fmt"
	"math"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// samplesPerLookback is how many samples of a series lie within the look-back
// of a query, which is 2.5 times the interval of its polls.
const samplesPerLookback = 2.5

// Estimate tells about how many samples a request touches: for each selector
// the series it matches times the points it is evaluated at, or the samples in
// its range where those are more. Start, End, Step and Lookback count as in
// Range; Step 0 is an instant request at End. Series are counted, samples are
// not read.
func Estimate(ctx context.Context, expr parser.Expr, r Request) (int64, error) {
	window := timeWindow{start: r.Start, end: r.End, step: r.Step}
	if r.Step <= 0 {
		window.start = r.End
	}
	total := 0.0
	var failed error
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		w := window.within(selector, path)
		n, err := countSeries(ctx, r.Store, w, r.Lookback, selector.LabelMatchers)
		if err != nil {
			failed = err
			return err
		}
		total += float64(n) * w.samples(r.Lookback)
		return nil
	})
	if failed != nil {
		return 0, fmt.Errorf("estimate the samples of the query: %w", failed)
	}
	return int64(min(total, math.MaxInt64/2)), nil
}

// A timeWindow is the times at which a selector is evaluated, and the range it
// reads at each of them.
type timeWindow struct {
	start, end time.Time
	step       time.Duration // 0: once, at end
	reach      time.Duration // of a range selector
}

// within narrows or widens the window of a whole expression to that of one of
// its selectors: subqueries widen it and bring their own step, @ makes it one
// moment, offsets move it.
func (w timeWindow) within(v *parser.VectorSelector, path []parser.Node) timeWindow {
	for _, node := range path {
		switch n := node.(type) {
		case *parser.SubqueryExpr:
			w = w.at(n.Timestamp, n.StartOrEnd).moved(n.OriginalOffset)
			w.start, w.step = w.start.Add(-n.Range), n.Step
			if w.step <= 0 {
				w.step = subqueryStep
			}
		case *parser.MatrixSelector:
			w.reach = n.Range
		}
	}
	return w.at(v.Timestamp, v.StartOrEnd).moved(v.OriginalOffset)
}

func (w timeWindow) at(timestamp *int64, startOrEnd parser.ItemType) timeWindow {
	switch {
	case timestamp != nil:
		w.end = time.UnixMilli(*timestamp)
	case startOrEnd == parser.START:
		w.end = w.start
	case startOrEnd == 0:
		return w
	}
	w.start, w.step = w.end, 0
	return w
}

func (w timeWindow) moved(offset time.Duration) timeWindow {
	w.start, w.end = w.start.Add(-offset), w.end.Add(-offset)
	return w
}

// samples is how many samples of one series the window holds.
func (w timeWindow) samples(lookback time.Duration) float64 {
	points := 1.0
	if w.step > 0 {
		points += float64(w.end.Sub(w.start) / w.step)
	}
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
	q, err := store.Querier(mint, maxt)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	// "series" is what Prometheus' own API says when it wants labels only.
	hints := &storage.SelectHints{Start: mint, End: maxt, Func: "series"}
	set, n := q.Select(ctx, false, hints, matchers...), 0
	for set.Next() {
		n++
	}
	return n, set.Err()
}
