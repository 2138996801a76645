package promql

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// MaxExpression is the longest expression in bytes. Parsing is linear, but the
// tree an expression becomes is many times its size.
const MaxExpression = 16 << 10

// promQL is the parser of every expression: Prometheus' own without its
// experimental functions and syntax, which may change with any release.
var promQL = parser.NewParser(parser.Options{})

// ParseExpr parses PromQL as Engine does. Its errors are of type *Error.
func ParseExpr(expr string) (parser.Expr, error) {
	if len(expr) > MaxExpression {
		return nil, requestError("The expression is %d bytes long and may be %d at most", len(expr), MaxExpression)
	}
	parsed, err := promQL.ParseExpr(expr)
	if err != nil {
		return nil, parseError(expr, err)
	}
	return parsed, nil
}

// ParseMatchers parses a series selector such as `mesos_up{poll="state"}`, as
// the resources labels and label-values take. Its errors are of type *Error.
func ParseMatchers(selector string) ([]*labels.Matcher, error) {
	if len(selector) > MaxExpression {
		return nil, requestError("The series selector is %d bytes long and may be %d at most", len(selector), MaxExpression)
	}
	matchers, err := promQL.ParseMetricSelector(selector)
	if err != nil {
		return nil, parseError(selector, err)
	}
	return matchers, nil
}

// MetricNames lists, sorted and once each, the metrics an expression reads.
// any is true where it may read others too, because a selector has no name or
// a pattern for one: then the look-back must suit every metric.
func MetricNames(expr parser.Expr) (names []string, any bool) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		if own := selectorNames(selector); own != nil {
			names = append(names, own...)
		} else {
			any = true
		}
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names), any
}

// selectorNames returns the names a selector is bound to, nil where it is not.
func selectorNames(v *parser.VectorSelector) []string {
	for _, m := range v.LabelMatchers {
		switch {
		case m.Name != labels.MetricName || m.Matches(""):
		case m.Type == labels.MatchEqual:
			return []string{m.Value}
		case m.Type == labels.MatchRegexp && len(m.SetMatches()) > 0:
			return m.SetMatches()
		}
	}
	return nil
}
