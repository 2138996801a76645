package promql

import (
	"context"
	"errors"
	"slices"
	"time"

	"community-mesos-datasource/pkg/history"

	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// A query whose samples are not all in this process is evaluated as a whole where they are
// (history.Evaluator). How many series match there is not known before the answer comes, so
// it is admitted as a large one, whatever matches here.

// weightElsewhere is the least weight of such a query: its answer may have as many points as
// a query may hold (EngineOptions.MaxSamples), and two of them run at once.
const weightElsewhere = 3_000_000

// elsewhere returns the engine that evaluates an expression, nil where all of its samples
// are here.
func elsewhere(expr parser.Expr, r Request) (history.Evaluator, error) {
	far, ok := r.Store.(history.Evaluator)
	if !ok {
		return nil, nil
	}
	start := r.Start
	if r.Step <= 0 {
		start = r.End
	}
	// It sets the times of @ start() and @ end(), and what is in expr stays the same query.
	prepared, err := prom.PreprocessExpr(expr, start, r.End, max(r.Step, time.Millisecond))
	if err != nil {
		return nil, err
	}
	mint, _ := prom.FindMinMaxTime(&parser.EvalStmt{Expr: prepared, Start: start, End: r.End, Interval: r.Step, LookbackDelta: r.Lookback})
	if !selects(expr) || far.Holds(mint) {
		return nil, nil
	}
	return far, nil
}

// selects reports whether an expression reads series.
func selects(expr parser.Expr) (found bool) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if _, ok := node.(*parser.VectorSelector); ok {
			found = true
		}
		return nil
	})
	return found
}

// evaluateElsewhere has another engine evaluate an expression, which it may change.
func (e *Engine) evaluateElsewhere(ctx context.Context, far history.Evaluator, expr parser.Expr, r Request) (Result, error) {
	start := r.Start
	if r.Step <= 0 {
		start = r.End
	}
	answer, err := far.Evaluate(ctx, history.Evaluation{Expr: expr, Start: start, End: r.End, Step: r.Step, Lookback: r.Lookback, MaxSamples: e.opts.MaxSamples, Whole: r.Alert})
	if err != nil {
		return Result{}, e.evalError(ctx, err)
	}
	res := Result{
		Type: answer.Type, Vector: answer.Vector, Matrix: answer.Matrix, Scalar: answer.Scalar, String: answer.String,
		Warnings: first(answer.Warnings), Infos: first(answer.Infos),
	}
	for _, s := range res.Matrix {
		res.Samples += int64(len(s.Floats))
	}
	res.Samples += int64(len(res.Vector))
	return res, nil
}

// first returns as many texts as one result carries, sorted.
func first(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return texts[:min(len(texts), maxNotices)]
}

// isElsewhere reports whether an error is the other engine's.
func isElsewhere(err error) bool { return errors.Is(err, history.ErrElsewhere) }
