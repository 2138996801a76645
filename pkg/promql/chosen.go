package promql

import (
	"context"
	"slices"
	"strings"

	"regexp"

	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/pkg/history"
)

// This file evaluates what a builder query with top is compiled to: x and topk(10,
// avg_over_time((x)[24h:1m] @ end())), the same few series all along. Prometheus' engine evaluates x
// of all series twice and holds both. But which series are chosen is known from one moment, and then
// x needs no others: with 35,000 agents that takes half of the CPU time. The answer is the same.

// A choice is an expression all of whose points are of series that another one has at the end of
// the range.
type choice struct{ of, which parser.Expr }

// mostChosen bounds how many series are chosen.
const mostChosen = 100

// choiceOf returns the choice that an expression is; false where it is none, or where to choose first
// would save nothing.
func choiceOf(expr parser.Expr, r Request) (c choice, ok bool) {
	both, ok := history.Unwrap(expr).(*parser.BinaryExpr)
	if !ok || r.Step <= 0 || len(r.Expr) > MaxExpression || both.Op != parser.LAND || both.VectorMatching.On || len(both.VectorMatching.MatchingLabels) > 0 {
		return c, false
	}
	top, ok := history.Unwrap(both.RHS).(*parser.AggregateExpr)
	if !ok || top.Op != parser.TOPK && top.Op != parser.BOTTOMK || top.Without || len(top.Grouping) > 0 {
		return c, false
	}
	k, ok := history.Unwrap(top.Param).(*parser.NumberLiteral)
	if !ok || !(k.Val <= mostChosen) {
		return c, false
	}
	over, ok := history.Unwrap(top.Expr).(*parser.Call)
	if !ok || !strings.HasSuffix(over.Func.Name, "_over_time") || len(over.Args) != 1 {
		return c, false
	}
	times, ok := history.Unwrap(over.Args[0]).(*parser.SubqueryExpr)
	if !ok || times.StartOrEnd != parser.END || namesStart(expr) {
		return c, false
	}
	candidates := []string{""} // of series as they are
	parser.Inspect(both.LHS, func(node parser.Node, _ []parser.Node) error {
		if a, ok := node.(*parser.AggregateExpr); ok {
			candidates = append(candidates, a.Grouping...)
		}
		return nil
	})
	return choice{both.LHS, both.RHS}, slices.ContainsFunc(candidates, func(label string) bool {
		return eachSelector(both.LHS, label, func(*parser.VectorSelector) {})
	})
}

// namesStart reports whether an expression has @ start(), which is another time at one moment.
func namesStart(expr parser.Expr) (found bool) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			found = found || n.StartOrEnd == parser.START
		case *parser.SubqueryExpr:
			found = found || n.StartOrEnd == parser.START
		}
		return nil
	})
	return found
}

// evaluateChoice evaluates a choice: first which series are chosen, then these.
func (e *Engine) evaluateChoice(ctx context.Context, c choice, r Request, prepare newQuery) (Result, error) {
	which := r
	which.Expr, which.Start, which.Step = c.which.String(), r.End, 0
	found, err := e.evaluate(ctx, which, func(ctx context.Context, r Request, opts prom.QueryOpts) (prom.Query, error) {
		return e.engine.NewInstantQuery(ctx, exactly(r.Store), opts, r.Expr, r.End)
	})
	if err != nil {
		return Result{}, err
	}
	none := Result{Type: parser.ValueTypeMatrix, Samples: found.Samples, Warnings: found.Warnings, Infos: found.Infos}
	if len(found.Vector) == 0 {
		return none, nil
	}
	chosen := map[string]bool{}
	for _, s := range found.Vector {
		chosen[withoutName(s.Metric)] = true
	}
	some := r
	some.Expr = c.among(found.Vector).String()
	res, err := e.evaluate(ctx, some, prepare)
	if err != nil {
		return Result{}, err
	}
	res.Matrix = slices.DeleteFunc(res.Matrix, func(s prom.Series) bool { return !chosen[withoutName(s.Metric)] })
	res = res.with(none, true)
	return res, nil
}

// withoutName returns the labels that and compares.
func withoutName(metric labels.Labels) string {
	return string(metric.BytesWithoutLabels(nil, labels.MetricName))
}

// among returns the expression whose series are chosen, of series that have the labels of those.
func (c choice) among(chosen prom.Vector) parser.Expr {
	of := c.of
	chosen[0].Metric.Range(func(l labels.Label) {
		var values []string
		for _, s := range chosen {
			if value := s.Metric.Get(l.Name); !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
		if l.Name == labels.MetricName || slices.Contains(values, "") || !eachSelector(of, l.Name, func(*parser.VectorSelector) {}) {
			return
		}
		matcher := labels.MustNewMatcher(labels.MatchEqual, l.Name, values[0])
		if len(values) > 1 {
			for i := range values {
				values[i] = regexp.QuoteMeta(values[i])
			}
			matcher = labels.MustNewMatcher(labels.MatchRegexp, l.Name, strings.Join(values, "|"))
		}
		eachSelector(of, l.Name, func(v *parser.VectorSelector) { v.LabelMatchers = append(v.LabelMatchers, matcher) })
	})
	return of
}

// eachSelector calls yield for each of the selectors by which an expression may be limited to some
// values of a label: with a matcher for them there, it has the series with these values, as they are
// without it, and no others. It returns false where that is not known.
func eachSelector(expr parser.Expr, label string, yield func(*parser.VectorSelector)) bool {
	switch n := expr.(type) {
	case *parser.ParenExpr:
		return eachSelector(n.Expr, label, yield)
	case *parser.UnaryExpr:
		return eachSelector(n.Expr, label, yield)
	case *parser.VectorSelector:
		yield(n)
		return true
	case *parser.MatrixSelector:
		return eachSelector(n.VectorSelector, label, yield)
	case *parser.SubqueryExpr:
		return eachSelector(n.Expr, label, yield)
	case *parser.Call:
		return ofEachSeries(n) && eachSelector(n.Args[0], label, yield)
	case *parser.AggregateExpr:
		return ofEachGroup(n) && slices.Contains(n.Grouping, label) && eachSelector(n.Expr, label, yield)
	case *parser.BinaryExpr:
		return eachOperand(n, label, yield)
	}
	return false
}

// ofEachSeries reports whether a function has one argument, and its result for a series depends on that
// series alone.
func ofEachSeries(f *parser.Call) bool {
	switch name := f.Func.Name; name {
	case "rate", "increase", "irate", "delta", "idelta", "deriv", "abs", "ceil", "floor":
		return true
	case "absent_over_time":
		return false
	default:
		return len(f.Args) == 1 && strings.HasSuffix(name, "_over_time")
	}
}

// ofEachGroup reports whether an aggregation has one series for each group.
func ofEachGroup(a *parser.AggregateExpr) bool {
	switch a.Op {
	case parser.SUM, parser.AVG, parser.MIN, parser.MAX, parser.COUNT, parser.GROUP, parser.STDDEV, parser.STDVAR:
		return !a.Without
	}
	return false
}

// eachOperand is eachSelector of an operation, of which no series of the others may make an error.
func eachOperand(b *parser.BinaryExpr, label string, yield func(*parser.VectorSelector)) bool {
	switch {
	case b.Op.IsSetOperator():
		return false
	case b.RHS.Type() == parser.ValueTypeScalar:
		return b.LHS.Type() == parser.ValueTypeVector && eachSelector(b.LHS, label, yield)
	case b.LHS.Type() == parser.ValueTypeScalar:
		return eachSelector(b.RHS, label, yield)
	}
	m := b.VectorMatching
	switch {
	case !m.On && len(m.MatchingLabels) == 0 && m.Card == parser.CardOneToOne: // groups with groups
		left, leftIs := history.Unwrap(b.LHS).(*parser.AggregateExpr)
		right, rightIs := history.Unwrap(b.RHS).(*parser.AggregateExpr)
		// All selectors or none.
		count := func(*parser.VectorSelector) {}
		if !leftIs || !rightIs || !eachSelector(left, label, count) || !eachSelector(right, label, count) {
			return false
		}
		return eachSelector(left, label, yield) && eachSelector(right, label, yield)
	case m.On && len(m.MatchingLabels) == 0 && m.Card == parser.CardManyToOne && len(m.Include) == 0: // parts of one sum
		return eachSelector(b.LHS, label, yield)
	}
	return false
}
