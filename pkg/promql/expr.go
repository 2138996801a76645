package promql

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
	"github.com/prometheus/prometheus/util/strutil"
)

const (
	// MaxExpression is the longest expression in bytes, its lists of literals
	// not counted. Parsing is linear, but the tree an expression becomes is many
	// times its size.
	MaxExpression = 16 << 10
	// MaxExpressionLists is the longest expression with its lists of literals:
	// four times the longest names of 10,000 agents.
	MaxExpressionLists = 10 << 20

	// A list within these bounds is compiled as Prometheus does, which then looks
	// up its values in the index; at most maxSmallLists bytes of them in one
	// expression. Longer ones are compared as sets.
	smallListValues = 255 // labels: maxSetMatches
	smallListText   = 4096
	maxSmallLists   = 64 << 10
)

// promQL is the parser of every expression: Prometheus' own without its
// experimental functions and syntax, which may change with any release, without
// what unsupported lists, and with bounds on what it compiles.
var promQL = boundedParser{parser.NewParser(parser.Options{})}

// ParseExpr parses PromQL as Engine does. Its errors are of type *Error.
func ParseExpr(expr string) (parser.Expr, error) { return promQL.ParseExpr(expr) }

// ParseMatchers parses a series selector such as `mesos_up{poll="state"}`, as
// the resources labels and label-values take. Its errors are of type *Error.
func ParseMatchers(selector string) ([]*labels.Matcher, error) {
	return promQL.ParseMetricSelector(selector)
}

// ParseSelectors is ParseMatchers for the selectors of one request, whose regular
// expressions are bounded together. Its errors are of type *Error.
func ParseSelectors(selectors []string) (all [][]*labels.Matcher, err error) {
	var budget PatternBudget
	for _, text := range selectors {
		matchers, err := promQL.selector(text, &budget)
		if err != nil {
			return nil, err
		}
		all = append(all, matchers)
	}
	return all, nil
}

// A boundedParser checks the regular expressions of an expression before
// Prometheus' parser compiles them, and keeps long lists of literals from being
// compiled at all.
type boundedParser struct{ parser.Parser }

// ParseExpr implements parser.Parser. Its errors are of type *Error.
func (p boundedParser) ParseExpr(text string) (parser.Expr, error) {
	short, err := shorten("expression", text, &PatternBudget{})
	if err != nil {
		return nil, err
	}
	parsed, err := p.Parser.ParseExpr(short.text)
	if err != nil {
		return nil, parseError(text, err, short.original)
	}
	if err := unsupported(parsed); err != nil {
		return nil, parseError(text, err, short.original)
	}
	if len(short.lists) > 0 {
		parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok {
				short.restore(selector.LabelMatchers)
			}
			return nil
		})
	}
	return parsed, nil
}

// unsupported refuses syntax that Prometheus has since 3.16 without a switch. How
// much it reads shows only when the engine prepares it, and what bounds a query
// looks at the ranges and offsets before that (see cost.go and guard.go).
func unsupported(expr parser.Expr) error {
	var found parser.ParseErrors
	refuse := func(at posrange.PositionRange, why string) {
		found = append(found, parser.ParseErr{PositionRange: at, Err: errors.New(why)})
	}
	computed := func(durations ...*parser.DurationExpr) {
		for _, d := range durations {
			if d != nil {
				refuse(d.PositionRange(), "a range, step or offset may not be computed here: write it as one duration, for example 10m")
			}
		}
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			computed(n.OriginalOffsetExpr)
			if n.Anchored {
				refuse(n.PosRange, "the modifier anchored is not supported: leave it out")
			}
			if n.Smoothed {
				refuse(n.PosRange, "the modifier smoothed is not supported: leave it out")
			}
		case *parser.MatrixSelector:
			computed(n.RangeExpr)
		case *parser.SubqueryExpr:
			computed(n.RangeExpr, n.StepExpr, n.OriginalOffsetExpr)
		}
		return nil
	})
	if len(found) == 0 {
		return nil
	}
	return found
}

// ParseMetricSelector implements parser.Parser. Its errors are of type *Error.
func (p boundedParser) ParseMetricSelector(text string) ([]*labels.Matcher, error) {
	return p.selector(text, &PatternBudget{})
}

func (p boundedParser) selector(text string, budget *PatternBudget) ([]*labels.Matcher, error) {
	short, err := shorten("series selector", text, budget)
	if err != nil {
		return nil, err
	}
	matchers, err := p.Parser.ParseMetricSelector(short.text)
	if err != nil {
		return nil, parseError(text, err, short.original)
	}
	short.restore(matchers)
	return matchers, nil
}

// A shortText is an expression whose long lists of literals are replaced by
// placeholders.
type shortText struct {
	text  string
	lists map[string]string // pattern by placeholder
	cuts  []cut
}

// A cut is the position of a placeholder in the short text, and by how many bytes it
// is shorter than what it replaced.
type cut struct{ at, by int }

// shorten checks the regular expressions in the text of what, and replaces its long lists of literals.
func shorten(what, text string, budget *PatternBudget) (shortText, error) {
	if len(text) > MaxExpressionLists {
		return shortText{}, requestError("The %s is %d bytes long and may be %d at most, lists of values included: choose fewer values", what, len(text), MaxExpressionLists)
	}
	short := shortText{text: text}
	typed := len(text) // without lists
	if !strings.Contains(text, "=~") && !strings.Contains(text, "!~") {
		return short, checkTyped(what, typed)
	}
	var (
		b         strings.Builder
		copied    int // of text into b
		smallText int
		before    parser.ItemType
		item      parser.Item
	)
	for lexer := parser.Lex(text); ; before = item.Typ {
		for lexer.NextItem(&item); item.Typ == parser.COMMENT; lexer.NextItem(&item) {
		}
		if item.Typ == parser.EOF || item.Typ == parser.ERROR {
			break
		}
		if item.Typ != parser.STRING || before != parser.EQL_REGEX && before != parser.NEQ_REGEX {
			continue
		}
		pattern, err := strutil.Unquote(item.Val)
		if err != nil {
			continue // the parser says where
		}
		values, err := budget.addList(pattern)
		if err != nil {
			return shortText{}, err
		}
		if values == nil {
			continue
		}
		typed -= len(item.Val)
		if len(values) <= smallListValues && len(pattern) <= smallListText && smallText+len(pattern) <= maxSmallLists {
			smallText += len(pattern)
			continue
		}
		at := int(item.Pos)
		b.WriteString(text[copied:at])
		copied = at + len(item.Val)
		placeholder := short.placeholder(pattern, slices.Contains(values, ""))
		quoted := strconv.Quote(placeholder)
		short.cuts = append(short.cuts, cut{b.Len(), len(item.Val) - len(quoted)})
		b.WriteString(quoted)
	}
	if len(short.cuts) > 0 {
		b.WriteString(text[copied:])
		short.text = b.String()
	}
	return short, checkTyped(what, typed)
}

func checkTyped(what string, size int) error {
	if size > MaxExpression {
		return requestError("The %s is %d bytes long and may be %d at most: shorten it", what, size, MaxExpression)
	}
	return nil
}

// placeholder returns a pattern that stands for a list; it matches the empty value
// where the list does, which the parser looks at.
func (s *shortText) placeholder(pattern string, empty bool) string {
	if s.lists == nil {
		s.lists = map[string]string{}
	}
	text := fmt.Sprintf("\x00list %d", len(s.lists))
	if empty {
		text += "|"
	}
	s.lists[text] = pattern
	return text
}

// restore replaces the matchers that placeholders became.
func (s *shortText) restore(matchers []*labels.Matcher) {
	for i, m := range matchers {
		if pattern, ok := s.lists[m.Value]; ok && (m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp) {
			matchers[i] = history.NewListMatcher(m.Type, m.Name, pattern)
		}
	}
}

// original returns the position in the whole text of one in the short text.
func (s *shortText) original(at posrange.Pos) int {
	moved := int(at)
	for _, c := range s.cuts {
		if int(at) > c.at {
			moved += c.by
		}
	}
	return moved
}

// NewMatcher returns a matcher as the parser makes it of `name=~"value"` and its
// like: within the bounds of CheckPattern, long lists of literals as sets. Its errors
// are of type *Error, or from regexp/syntax where value is not a regular expression.
func NewMatcher(kind labels.MatchType, name, value string) (*labels.Matcher, error) {
	if kind == labels.MatchRegexp || kind == labels.MatchNotRegexp {
		var budget PatternBudget
		values, err := budget.addList(value)
		if err != nil {
			return nil, err
		}
		if len(values) > smallListValues || values != nil && len(value) > smallListText {
			return history.NewListMatcher(kind, name, value), nil
		}
	}
	return labels.NewMatcher(kind, name, value)
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
		if m.Name != labels.MetricName || m.Matches("") {
			continue
		}
		if m.Type == labels.MatchEqual {
			return []string{m.Value}
		}
		if l, ok := history.ListOf(m); ok && !l.Negated {
			return l.Values()
		}
		if m.Type == labels.MatchRegexp && len(m.SetMatches()) > 0 {
			return m.SetMatches()
		}
	}
	return nil
}
