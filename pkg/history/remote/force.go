package remote

import (
	"errors"
	"regexp"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"community-mesos-datasource/pkg/history"
)

// The other engine holds series of other clusters, and of others. Every selector of an
// expression gets the matcher cluster="..." beside those that it has: an engine wants all
// of them to match, so none can widen it. What the parser does not know as a selector is
// not PromQL, and is refused before.
//
// Where labels are added when writing, an expression must see series without them. Their
// values are this data source's or none, since some engines remove the labels of replicas,
// and they are taken off the result of each selector.

// errUnbound is the error of an expression with a selector that was not bound. It is a
// mistake of this file.
var errUnbound = errors.New("the query cannot be bound to this cluster")

// A binder rewrites expressions.
type binder struct {
	cluster *labels.Matcher
	own     []*labels.Matcher // of the labels that are added when writing
	names   []string          // of those labels
}

func newBinder(cluster string, own []labels.Label) binder {
	b := binder{cluster: labels.MustNewMatcher(labels.MatchEqual, clusterLabel, cluster)}
	for _, l := range own {
		b.own = append(b.own, labels.MustNewMatcher(labels.MatchRegexp, l.Name, regexp.QuoteMeta(l.Value)+"|"))
		b.names = append(b.names, l.Name)
	}
	return b
}

// expression returns an expression whose selectors are all bound, as text.
func (b binder) expression(expr parser.Expr) (string, error) {
	bound := b.expr(expr)
	var loose error
	parser.Inspect(bound, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok && !b.isBound(v) {
			loose = errUnbound
		}
		return nil
	})
	if loose != nil {
		return "", loose
	}
	return bound.String(), nil
}

func (b binder) isBound(v *parser.VectorSelector) bool {
	for _, m := range v.LabelMatchers {
		if m == b.cluster {
			return true
		}
	}
	return false
}

// selector returns matchers as a bound selector.
func (b binder) selector(matchers []*labels.Matcher) string {
	v := &parser.VectorSelector{LabelMatchers: matchers}
	b.bind(v)
	return v.String()
}

func (b binder) bind(v *parser.VectorSelector) {
	v.LabelMatchers = append(append(v.LabelMatchers[:len(v.LabelMatchers):len(v.LabelMatchers)], b.cluster), b.own...)
}

// expr binds the selectors of an expression, and takes the added labels off what they select.
func (b binder) expr(expr parser.Expr) parser.Expr {
	switch n := expr.(type) {
	case *parser.VectorSelector:
		name := n.Name
		if name == "" {
			name = nameOf(n.LabelMatchers)
		}
		b.bind(n)
		return b.without(n, name)
	case *parser.MatrixSelector: // not within a function: those that it selects are looked at in the answer
		b.bind(n.VectorSelector.(*parser.VectorSelector))
	case *parser.SubqueryExpr:
		n.Expr = b.expr(n.Expr)
		if n.Step == 0 && n.StepExpr == nil { // else it is the other engine's evaluation interval
			n.Step = history.SubqueryStep
		}
	case *parser.ParenExpr:
		n.Expr = b.expr(n.Expr)
	case *parser.UnaryExpr:
		n.Expr = b.expr(n.Expr)
	case *parser.StepInvariantExpr:
		n.Expr = b.expr(n.Expr)
	case *parser.AggregateExpr:
		n.Expr = b.expr(n.Expr)
		if n.Param != nil {
			n.Param = b.expr(n.Param)
		}
	case *parser.BinaryExpr:
		n.LHS, n.RHS = b.expr(n.LHS), b.expr(n.RHS)
	case *parser.Call:
		return b.call(n)
	}
	return expr
}

// call binds the selectors of a function's arguments.
func (b binder) call(n *parser.Call) parser.Expr {
	selects, absent := false, ""
	for i, arg := range n.Args {
		switch v := history.Unwrap(arg).(type) {
		case *parser.MatrixSelector:
			selects = true
			of := v.VectorSelector.(*parser.VectorSelector)
			absent = absentCluster(of)
			b.bind(of)
		case *parser.VectorSelector:
			// These look at the selector itself: at the times of its samples, at its matchers.
			if n.Func.Name != "timestamp" && n.Func.Name != "absent" {
				n.Args[i] = b.expr(arg)
				continue
			}
			selects = true
			absent = absentCluster(v)
			b.bind(v)
		default:
			n.Args[i] = b.expr(arg)
		}
	}
	switch {
	case !selects:
		return n
	case n.Func.Name == "absent" || n.Func.Name == "absent_over_time":
		return replaced(n, clusterLabel, absent, "", "") // it makes labels of matchers
	default:
		return b.without(n, "")
	}
}

// absentCluster returns the value of the label cluster that absent() makes of a selector's
// own matchers; "" for none. It makes none of a name that two matchers have.
func absentCluster(v *parser.VectorSelector) (value string) {
	named := false
	for _, m := range v.LabelMatchers {
		switch {
		case m.Name != clusterLabel:
		case m.Type == labels.MatchEqual && !named:
			value, named = m.Value, true
		default:
			value = ""
		}
	}
	return value
}

// keepsName reports whether an expression has the names of the series in it.
func keepsName(expr parser.Expr) bool {
	switch n := expr.(type) {
	case *parser.VectorSelector:
		return true
	case *parser.Call:
		return n.Func.Name == "last_over_time" || n.Func.Name == "first_over_time"
	}
	return false
}

// dropsName reports whether the series of a result have no names in PromQL. VictoriaMetrics
// keeps them with functions that do not change what a value means.
func dropsName(expr parser.Expr) bool {
	n, ok := history.Unwrap(expr).(*parser.Call)
	if !ok || keepsName(n) {
		return false
	}
	switch n.Func.Name {
	case "label_replace", "label_join", "sort", "sort_desc":
		return false
	}
	return true
}

// without takes the added labels off a vector. Where their values changed once, or an engine
// began to remove them, there are two series of which one ends when the other begins, and
// for the look-back both have a value: one of them is taken.
func (b binder) without(expr parser.Expr, name string) parser.Expr {
	if len(b.names) == 0 {
		return expr
	}
	if keepsName(expr) && name == "" { // an aggregation would lose the names
		for _, label := range b.names {
			expr = withoutLabel(expr, label)
		}
		return expr
	}
	expr = &parser.AggregateExpr{Op: parser.MAX, Expr: expr, Grouping: b.names, Without: true}
	if name != "" {
		expr = replaced(expr, labels.MetricName, name, "", "")
	}
	return expr
}

func withoutLabel(expr parser.Expr, label string) parser.Expr {
	return replaced(expr, label, "", label, ".*")
}

// replaced returns label_replace(expr, to, by, from, pattern).
func replaced(expr parser.Expr, to, by, from, pattern string) parser.Expr {
	call := &parser.Call{Func: parser.Functions["label_replace"], Args: parser.Expressions{expr}, PosRange: posrange.PositionRange{}}
	for _, text := range []string{to, by, from, pattern} {
		call.Args = append(call.Args, &parser.StringLiteral{Val: text})
	}
	return call
}

// nameOf returns the name that matchers want, "" where there may be several.
func nameOf(matchers []*labels.Matcher) string {
	for _, m := range matchers {
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}
