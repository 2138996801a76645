package promql

import (
	"slices"
	"strings"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/promql/parser"
)

// Prometheus' engine bounds the samples of a query. What it does not bound, and
// what could end the process, is refused here before it runs.
const (
	// maxSubqueryPoints bounds the points of a subquery: the engine reserves 16
	// bytes for each before it looks at any series (promql: runSubquery).
	maxSubqueryPoints = 500_000
	// maxDepth bounds how deep an expression nests: the engine recurses, and an
	// exhausted stack cannot be recovered from.
	maxDepth = 500
	// maxLabelGrowth bounds how many times longer nested label_replace and
	// label_join may make a label, and maxLabelText the bytes of text they bring:
	// each series gets its own copy.
	maxLabelGrowth = 16
	maxLabelText   = 2048
	// maxLabels bounds the labels that an aggregation or a match names, and
	// maxLabelName the bytes of each name.
	maxLabels    = 100
	maxLabelName = 256
)

// guard refuses expressions that take memory the engine does not count. width
// is the length of the range the expression is evaluated over.
func guard(expr parser.Expr, width time.Duration) (refused error) {
	var sums guardSums
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		if refused == nil {
			refused = guardNode(node, path, width, &sums)
		}
		return refused
	})
	return refused
}

// guardSums holds sums over the nodes of an expression.
type guardSums struct {
	text     int // bytes in label_replace, label_join and count_values, names included
	patterns PatternBudget
}

func guardNode(node parser.Node, path []parser.Node, width time.Duration, sums *guardSums) error {
	if len(path) > maxDepth {
		return requestError("The expression nests more than %d levels deep: simplify it", maxDepth)
	}
	switch n := node.(type) {
	case *parser.AggregateExpr:
		if n.Op == parser.COUNT_VALUES {
			if err := sums.addText(n.Op.String(), len(literal(n.Param)), literal(n.Param)); err != nil {
				return err
			}
		}
		return guardLabels(n.Op.String()+" by or without", n.Grouping)
	case *parser.BinaryExpr:
		if n.VectorMatching != nil {
			return guardLabels("on, ignoring or group_left", slices.Concat(n.VectorMatching.MatchingLabels, n.VectorMatching.Include))
		}
	case *parser.SubqueryExpr:
		if points := subqueryPoints(append(path[:len(path):len(path)], n), width); points > maxSubqueryPoints {
			return requestError("The subquery [%s:%s] has some %.0f points and may have %d at most: raise its step or shorten its range",
				n.Range, n.Step, points, maxSubqueryPoints)
		}
	case *parser.Call:
		if growth := labelGrowth(append(path[:len(path):len(path)], n)); growth > maxLabelGrowth {
			return requestError("The nested label_replace and label_join may make a label %d times longer, and %d times is the most", growth, maxLabelGrowth)
		}
		if own, bytes := labelCall(n); own > 0 {
			if err := sums.addText(n.Func.Name, bytes, labelNames(n)...); err != nil {
				return err
			}
		}
		if n.Func.Name == "label_replace" {
			return sums.patterns.addCompiled(literal(n.Args[4]))
		}
	}
	return nil
}

// addText adds the bytes that a function puts into labels, and bounds the names of labels in it.
func (s *guardSums) addText(function string, bytes int, names ...string) error {
	if err := guardNames(function, names); err != nil {
		return err
	}
	if s.text += bytes; s.text > maxLabelText {
		return requestError("The names and texts in label_replace, label_join and count_values have more than %d bytes together: shorten them", maxLabelText)
	}
	return nil
}

// guardNames bounds each name of a label: series may get their own copy.
func guardNames(where string, names []string) error {
	for _, name := range names {
		if len(name) > maxLabelName {
			return requestError("%s names the label %s, which has %d bytes and may have %d at most: shorten it", where, shortened(name), len(name), maxLabelName)
		}
	}
	return nil
}

// guardLabels bounds lists of labels: each series is compared with all of them.
func guardLabels(where string, labels []string) error {
	if len(labels) > maxLabels {
		return requestError("%s has %d labels and may have %d at most: name fewer", where, len(labels), maxLabels)
	}
	return guardNames(where, labels)
}

// subqueryPoints is the number of points of the innermost subquery of a path:
// each begins earlier than the one around it by its range. (A subquery with @
// may have fewer.) A float64, since ranges may be centuries and steps 1 ms.
func subqueryPoints(path []parser.Node, width time.Duration) (points float64) {
	span := float64(width)
	for _, node := range path {
		if n, ok := node.(*parser.SubqueryExpr); ok {
			step := n.Step
			if step <= 0 {
				step = history.SubqueryStep
			}
			span += float64(n.Range)
			points = span/float64(step) + 1
		}
	}
	return points
}

// labelGrowth is how many copies of a label the calls of a path may put into
// another one.
func labelGrowth(path []parser.Node) int {
	growth := 1
	for _, node := range path {
		if call, ok := node.(*parser.Call); ok {
			if own, _ := labelCall(call); own > 0 {
				growth = min(growth*own, 1<<20)
			}
		}
	}
	return growth
}

// labelCall returns how many labels a call of label_replace or label_join puts
// into one (at least 1; 0 for other calls), and how many bytes of text, the name of the
// new label included.
func labelCall(call *parser.Call) (copies, text int) {
	const values = 3 // label_join(vector, to, separator, from...)
	switch call.Func.Name {
	case "label_join":
		copies = max(1, len(call.Args)-values)
		text = len(literal(call.Args[1])) + len(literal(call.Args[2]))*copies
	case "label_replace": // (vector, to, replacement, from, pattern)
		text = len(literal(call.Args[1])) + len(literal(call.Args[2]))
		copies = max(1, strings.Count(literal(call.Args[2]), "$"))
	}
	return copies, text
}

// labelNames returns the names of labels in a call of label_replace or label_join.
func labelNames(call *parser.Call) (names []string) {
	for i, arg := range call.Args {
		if i == 1 || i == 3 || i > 3 && call.Func.Name == "label_join" {
			names = append(names, literal(arg))
		}
	}
	return names
}

func literal(expr parser.Expr) string {
	if p, ok := expr.(*parser.ParenExpr); ok {
		return literal(p.Expr)
	}
	if s, ok := expr.(*parser.StringLiteral); ok {
		return s.Val
	}
	return ""
}
