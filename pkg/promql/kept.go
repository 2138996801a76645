package promql

import (
	"context"
	"fmt"
	"slices"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// This file keeps points of range queries. A panel asks for the same points again with each
// refresh, and those of samples that do not change any more (history.Settler) are the same.
// So a panel over 30 days reads 30 days once, and then what is new. The points of an expression
// depend on nothing but the samples before each of them, so that a range may be
// evaluated in parts; expressions of which that is not true are evaluated whole.

const (
	// leastKept is the shortest range of which points are kept: shorter ones are quick.
	leastKept = 36 * time.Hour
	// longestPast bounds how far back an expression looks whose points are kept.
	longestPast = 10 * 366 * 24 * time.Hour
)

// keptPoints are the points of a range query whose samples do not change.
type keptPoints struct {
	of         history.Settled // when they were computed
	start, end int64           // Unix milliseconds, both included
	matrix     prom.Matrix
	// What was said of the whole range.
	warnings, infos []string
}

// Bytes implements history.Answer.
func (k *keptPoints) Bytes() int {
	const point, series = 16, 100
	n := 0
	for _, s := range k.matrix {
		n += series + int(s.Metric.ByteSize()) + point*cap(s.Floats)
	}
	for _, text := range slices.Concat(k.warnings, k.infos) {
		n += len(text)
	}
	return n
}

// rangeOf evaluates a range query, and takes points that are kept.
func (e *Engine) rangeOf(ctx context.Context, r Request, past time.Duration, settler history.Settler, prepare newQuery) (Result, error) {
	settled, ok := settler.Settled()
	if !ok {
		return e.evaluate(ctx, r, prepare)
	}
	step := r.Step.Milliseconds()
	whole := pointRange{r.Start.UnixMilli(), r.End.UnixMilli(), step}
	whole.end = whole.start + (whole.end-whole.start)/step*step
	of := func(from, until int64) pointRange { return whole.between(from+past.Milliseconds(), until-1) }

	key := fmt.Sprintf("%d %d %d %s", step, whole.start%step, r.Lookback, r.Expr)
	kept, _ := settler.Answers().Get(key).(*keptPoints)
	var found pointRange
	if kept != nil {
		found = of(settled.Unchanged(kept.of)).between(kept.start, kept.end)
	}
	var res Result
	var err error
	if found.empty() {
		if res, err = e.evaluate(ctx, r, prepare); err != nil {
			return Result{}, err
		}
	} else {
		res = Result{Type: parser.ValueTypeMatrix, Matrix: cutMatrix(kept.matrix, found), Warnings: slices.Clone(kept.warnings), Infos: slices.Clone(kept.infos)}
		for _, rest := range []pointRange{{whole.start, found.start - step, step}, {found.end + step, whole.end, step}} {
			if rest.empty() {
				continue
			}
			part := r
			part.Start, part.End = time.UnixMilli(rest.start), time.UnixMilli(rest.end)
			more, err := e.evaluate(ctx, part, prepare)
			if err != nil {
				return Result{}, err
			}
			res = res.with(more, rest.end < found.start)
		}
	}
	// The horizon of retention goes on while a query runs, and blocks are written.
	after, ok := settler.Settled()
	if !ok {
		return res, nil
	}
	settled.From = max(settled.From, after.From)
	if keep := of(after.Unchanged(settled)); !keep.empty() && (kept == nil || keep != pointRange{kept.start, kept.end, step} || found.empty()) {
		settler.Answers().Put(key, &keptPoints{settled, keep.start, keep.end, cutMatrix(res.Matrix, keep), slices.Clone(res.Warnings), slices.Clone(res.Infos)})
	}
	return res, nil
}

// with returns a result with that of other points, which are before all of its own or after.
func (r Result) with(other Result, before bool) Result {
	if before {
		r.Matrix = joinMatrices(other.Matrix, r.Matrix)
	} else {
		r.Matrix = joinMatrices(r.Matrix, other.Matrix)
	}
	r.Samples += other.Samples
	both := func(a, b []string) []string {
		all := slices.Concat(a, b)
		slices.Sort(all)
		all = slices.Compact(all)
		return all[:min(len(all), maxNotices)]
	}
	r.Warnings, r.Infos = both(r.Warnings, other.Warnings), both(r.Infos, other.Infos)
	return r
}

// A pointRange is the points of a range query from start to end, both included, in Unix
// milliseconds. It is empty where end is before start.
type pointRange struct{ start, end, step int64 }

func (p pointRange) empty() bool { return p.step == 0 || p.end < p.start }

// between returns the points that are not before from and not after until.
func (p pointRange) between(from, until int64) pointRange {
	if from > p.start {
		p.start += (from - p.start + p.step - 1) / p.step * p.step
	}
	if until < p.end {
		p.end -= (p.end - until + p.step - 1) / p.step * p.step
	}
	return p
}

// cutMatrix returns a copy of the points of a range.
func cutMatrix(all prom.Matrix, to pointRange) prom.Matrix {
	cut := make(prom.Matrix, 0, len(all))
	for _, s := range all {
		from, _ := slices.BinarySearchFunc(s.Floats, to.start, comparePoint)
		until, _ := slices.BinarySearchFunc(s.Floats, to.end+1, comparePoint)
		if from < until {
			cut = append(cut, prom.Series{Metric: s.Metric, Floats: slices.Clone(s.Floats[from:until])})
		}
	}
	return cut
}

func comparePoint(p prom.FPoint, t int64) int {
	switch {
	case p.T < t:
		return -1
	case p.T > t:
		return 1
	default:
		return 0
	}
}

// joinMatrices returns series with the points of both, which are sorted by labels. All points
// of older are before those of newer.
func joinMatrices(older, newer prom.Matrix) prom.Matrix {
	all := make(prom.Matrix, 0, max(len(older), len(newer)))
	for len(older) > 0 && len(newer) > 0 {
		switch order := labels.Compare(older[0].Metric, newer[0].Metric); {
		case order < 0:
			all, older = append(all, older[0]), older[1:]
		case order > 0:
			all, newer = append(all, newer[0]), newer[1:]
		default:
			all = append(all, prom.Series{Metric: older[0].Metric, Floats: slices.Concat(older[0].Floats, newer[0].Floats)})
			older, newer = older[1:], newer[1:]
		}
	}
	return append(append(all, older...), newer...)
}

// settlerFor returns the store of a range query whose points are kept, and how far back from
// each of them it reads; nil where none are.
func settlerFor(expr parser.Expr, r Request) (settler history.Settler, past time.Duration) {
	if r.Step <= 0 || r.End.Sub(r.Start) < leastKept {
		return nil, 0
	}
	settler, ok := r.Store.(history.Settler)
	if !ok {
		return nil, 0
	}
	past, ok = pastOf(expr, r.Lookback)
	if !ok {
		return nil, 0
	}
	return settler, past
}

// pastOf returns how far back from a point an expression reads at most. It is false where a
// point depends on others than the samples before it: @ names a time of its own, or
// the range's, and a negative offset looks ahead.
func pastOf(expr parser.Expr, lookback time.Duration) (past time.Duration, ok bool) {
	ok = true
	add := func(to *time.Duration, more time.Duration) {
		if *to += more; more < 0 || more > longestPast || *to > longestPast {
			ok = false
		}
	}
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		v, is := node.(*parser.VectorSelector)
		if !is || !ok {
			return nil
		}
		var reach time.Duration
		add(&reach, v.OriginalOffset)
		add(&reach, lookback)
		ok = ok && v.Timestamp == nil && v.StartOrEnd == 0 && !v.Anchored && !v.Smoothed
		for _, around := range path {
			switch n := around.(type) {
			case *parser.MatrixSelector:
				add(&reach, n.Range)
			case *parser.SubqueryExpr:
				add(&reach, n.Range)
				add(&reach, n.OriginalOffset)
				ok = ok && n.Timestamp == nil && n.StartOrEnd == 0
			}
		}
		past = max(past, reach)
		return nil
	})
	return past, ok
}
