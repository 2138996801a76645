package promql

import (
	"context"
	"regexp"
	"slices"
	"strings"

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

const (
	// mostChosen bounds how many series are chosen.
	mostChosen = 100
	// mostMatchers bounds the bytes of the values in the matchers for them.
	mostMatchers = 256 << 10
)

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
	candidates = candidates[:min(len(candidates), maxLabels)] // each is looked for in all of the expression
	return choice{both.LHS, both.RHS}, slices.ContainsFunc(candidates, func(label string) bool {
		_, limited := selectorsOf(both.LHS, label)
		return limited
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
	which.Expr, which.Start, which.Step, which.isPart = c.which.String(), r.End, 0, true
	if _, err := ParseExpr(which.Expr); err != nil { // 1e300 has become 301 digits
		return e.evaluate(ctx, r, prepare)
	}
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
	some.Expr, some.isPart = c.among(found.Vector).String(), true
	if _, err := ParseExpr(some.Expr); err != nil { // too long with the matchers
		return e.evaluate(ctx, r, prepare)
	}
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

// among returns the expression whose series are chosen, of series that have the labels of those. A
// label whose matchers would make it too long is left out.
func (c choice) among(chosen prom.Vector) parser.Expr {
	added := 0
	chosen[0].Metric.Range(func(l labels.Label) {
		var values []string
		for _, s := range chosen {
			if value := s.Metric.Get(l.Name); !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
		if l.Name == labels.MetricName || slices.Contains(values, "") {
			return
		}
		selectors, limited := selectorsOf(c.of, l.Name)
		if !limited {
			return
		}
		matcher := labels.MustNewMatcher(labels.MatchEqual, l.Name, values[0])
		if len(values) > 1 {
			for i := range values {
				values[i] = regexp.QuoteMeta(values[i])
			}
			matcher = labels.MustNewMatcher(labels.MatchRegexp, l.Name, strings.Join(values, "|"))
		}
		bytes := len(matcher.Value) * len(selectors)
		if added+bytes > mostMatchers {
			return
		}
		added += bytes
		for _, v := range selectors {
			v.LabelMatchers = append(v.LabelMatchers, matcher)
		}
	})
	return c.of
}

// selectorsOf returns the selectors by which an expression may be limited to some values of a label:
// with a matcher for them there, it has the series with these values, as they are without it, and no
// others. It is false where that is not known.
func selectorsOf(expr parser.Expr, label string) (all []*parser.VectorSelector, limited bool) {
	limited = addSelectors(expr, label, &all)
	return all, limited
}

// addSelectors is selectorsOf. It visits each part of an expression once: expressions are up to 500
// levels deep, and nothing cancels this.
func addSelectors(expr parser.Expr, label string, to *[]*parser.VectorSelector) bool {
	switch n := expr.(type) {
	case *parser.ParenExpr:
		return addSelectors(n.Expr, label, to)
	case *parser.UnaryExpr:
		return addSelectors(n.Expr, label, to)
	case *parser.VectorSelector:
		*to = append(*to, n)
		return true
	case *parser.MatrixSelector:
		return addSelectors(n.VectorSelector, label, to)
	case *parser.SubqueryExpr:
		return addSelectors(n.Expr, label, to)
	case *parser.Call:
		return ofEachSeries(n) && addSelectors(n.Args[0], label, to)
	case *parser.AggregateExpr:
		return ofEachGroup(n) && slices.Contains(n.Grouping, label) && addSelectors(n.Expr, label, to)
	case *parser.BinaryExpr:
		return addOperands(n, label, to)
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

// addOperands is addSelectors of an operation, of which no series of the others may make an error.
func addOperands(b *parser.BinaryExpr, label string, to *[]*parser.VectorSelector) bool {
	switch {
	case b.Op.IsSetOperator():
		return false
	case b.RHS.Type() == parser.ValueTypeScalar:
		return b.LHS.Type() == parser.ValueTypeVector && addSelectors(b.LHS, label, to)
	case b.LHS.Type() == parser.ValueTypeScalar:
		return addSelectors(b.RHS, label, to)
	}
	m := b.VectorMatching
	switch {
	case !m.On && len(m.MatchingLabels) == 0 && m.Card == parser.CardOneToOne: // groups with groups
		left, leftIs := history.Unwrap(b.LHS).(*parser.AggregateExpr)
		right, rightIs := history.Unwrap(b.RHS).(*parser.AggregateExpr)
		return leftIs && rightIs && addSelectors(left, label, to) && addSelectors(right, label, to)
	case m.On && len(m.MatchingLabels) == 0 && m.Card == parser.CardManyToOne && len(m.Include) == 0: // parts of one sum
		return addSelectors(b.LHS, label, to)
	}
	return false
}
