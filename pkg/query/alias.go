package query

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/history"
)

// This file rewrites expressions that name series of mesos_exporter or of DC/OS, and
// labels that Prometheus adds when it scrapes them, so that the series here answer
// (catalogue/aliases.json). It changes the syntax tree: no text of an expression becomes
// anything but what it was parsed as. Names of the catalogue are always its own series.

// aliasOf returns the alias that a selector names, and the series that it names by its
// own name; both nil for other selectors.
func aliasOf(matchers []*labels.Matcher) (*catalogue.Alias, *catalogue.Series) {
	for _, m := range matchers {
		if m.Name != labels.MetricName || m.Type != labels.MatchEqual {
			continue
		}
		if s, own := catalogue.Lookup(m.Value); own {
			return nil, s
		}
		alias, _ := catalogue.LookupAlias(m.Value)
		return alias, nil
	}
	return nil, nil
}

// A renamer rewrites one expression.
type renamer struct {
	// mentioned are the labels that the expression or its legend names.
	mentioned map[string]bool
	// foreign reports that the expression names an alias.
	foreign bool
	changed bool // the expression was rewritten
	aliases []*catalogue.Alias
	notices []string
	// untold are the notices about conditions whose label the series do not have.
	untold []string
	// lookUp: labels are looked up, which are those of all names, and no numbers.
	lookUp bool
	err    error
}

// withoutAliases returns an expression in which names of the catalogue stand for those
// of other tools; the expression itself where it has none. It may change the tree that it is
// given. Errors are *InvalidError.
func withoutAliases(parsed parser.Expr, legend string) (parser.Expr, *renamer, error) {
	r := &renamer{mentioned: map[string]bool{}}
	rewritten, err := r.rewrite(parsed, legend)
	return rewritten, r, err
}

func (r *renamer) rewrite(parsed parser.Expr, legend string) (parser.Expr, error) {
	needed := r.inspect(parsed, legend)
	if !needed {
		return parsed, nil
	}
	rewritten := r.expr(parsed, scope{exposed: true, named: true})
	r.changed = true
	return rewritten, r.err
}

// inspect collects the labels that an expression mentions, and reports whether it has
// something of other tools.
func (r *renamer) inspect(parsed parser.Expr, legend string) (needed bool) {
	mention := func(names ...string) {
		for _, name := range names {
			r.mentioned[name] = true
		}
	}
	for _, found := range placeholders.FindAllStringSubmatch(legend, -1) {
		mention(found[1])
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			_, own := aliasOf(n.LabelMatchers)
			aliases := aliasesOf(n.LabelMatchers)
			r.foreign = r.foreign || len(aliases) > 0
			if chosen := namingOf(n.LabelMatchers); len(chosen.beside) > 0 {
				r.besideNotice(n, chosen)
			}
			for _, m := range n.LabelMatchers {
				// A condition on a label that an alias or a scrape has is rewritten, and mentions nothing.
				if slices.ContainsFunc(aliases, func(a *catalogue.Alias) bool { return a.By == m.Name || a.Labels[m.Name] != "" }) {
					continue
				}
				if m.Name == labels.MetricName {
					continue
				}
				if slices.Contains(scrapeLabels, m.Name) || own != nil && !hasLabel(*own, m.Name) {
					needed = true
					continue
				}
				mention(m.Name)
			}
		case *parser.AggregateExpr:
			mention(n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				mention(n.VectorMatching.MatchingLabels...)
				mention(n.VectorMatching.Include...)
			}
		case *parser.Call:
			if n.Func.Name == "label_replace" || n.Func.Name == "label_join" {
				for i, arg := range n.Args {
					if text, ok := arg.(*parser.StringLiteral); ok && (i == 3 || i > 3 && n.Func.Name == "label_join") {
						mention(text.Val)
					}
				}
			}
		}
		return nil
	})
	return needed || r.foreign || slices.ContainsFunc(scrapeLabels, func(label string) bool { return r.mentioned[label] })
}

// A scope is what is around a part of an expression.
type scope struct {
	// exposed: labels of the part's series may be labels of the result, or of a match.
	exposed bool
	// named: the names of the part's series are those of the result.
	named bool
}

func (r *renamer) expr(e parser.Expr, in scope) parser.Expr {
	inner := scope{exposed: in.exposed}
	switch n := e.(type) {
	case *parser.ParenExpr:
		n.Expr = r.expr(n.Expr, in)
	case *parser.UnaryExpr:
		n.Expr = r.expr(n.Expr, inner)
	case *parser.StepInvariantExpr:
		n.Expr = r.expr(n.Expr, in)
	case *parser.SubqueryExpr:
		n.Expr = r.expr(n.Expr, inner)
	case *parser.BinaryExpr:
		if n.Op.IsSetOperator() || n.Op.IsComparisonOperator() && !n.ReturnBool {
			inner = in
		}
		n.LHS, n.RHS = r.expr(n.LHS, inner), r.expr(n.RHS, inner)
		if m := n.VectorMatching; m != nil && !m.On {
			m.MatchingLabels = r.withAgentID(m.MatchingLabels)
		}
	case *parser.AggregateExpr:
		switch {
		case n.Op == parser.TOPK || n.Op == parser.BOTTOMK:
			inner = in
		case !n.Without:
			inner.exposed = false
		default:
			n.Grouping = r.withAgentID(n.Grouping)
		}
		n.Expr = r.expr(n.Expr, inner)
	case *parser.Call:
		return r.call(n, inner)
	case *parser.VectorSelector:
		return r.selector(n, in, function{})
	case *parser.MatrixSelector: // of no function: such a query has no numbers
		if selector, ok := n.VectorSelector.(*parser.VectorSelector); ok {
			if aliases := aliasesOf(selector.LabelMatchers); len(aliases) > 0 && r.err == nil {
				r.err = bad("expr", "%s is answered from %s, which cannot be a range of samples by itself: use a function such as rate() around it", aliases[0].Name, sentenceOfParts(aliases[0]))
			}
		}
	}
	return e
}

// A function is the call around a range of a selector; the zero value is none.
type function struct {
	call *parser.Call
	arg  int // the range among its arguments
}

// of returns the call with a range of a selector, or with another range of numbers.
func (f function) of(e parser.Expr) parser.Expr {
	if f.call == nil {
		return e
	}
	own := *f.call
	own.Args = slices.Clone(own.Args)
	if selector, ok := e.(*parser.VectorSelector); ok && f.name() != "timestamp" {
		matrix := *f.matrix()
		matrix.VectorSelector = selector
		e = &matrix
	}
	own.Args[f.arg] = e
	return &own
}

// around returns the function around a range of another selector.
func (f function) around(v *parser.VectorSelector) function {
	if f.call == nil {
		return f
	}
	return function{f.of(v).(*parser.Call), f.arg}
}

func (f function) matrix() *parser.MatrixSelector {
	return f.call.Args[f.arg].(*parser.MatrixSelector)
}

func (f function) name() string {
	if f.call == nil {
		return ""
	}
	return f.call.Func.Name
}

// additive are the functions whose value of a difference is the difference of their values.
var additive = []string{"", "rate", "increase", "irate", "delta", "idelta", "deriv", "avg_over_time", "sum_over_time", "last_over_time", "predict_linear"}

// unscaled are the functions whose value does not depend on the unit of the samples.
var unscaled = []string{"changes", "resets", "count_over_time", "present_over_time", "absent_over_time", "timestamp"}

// call rewrites the call of a function.
func (r *renamer) call(n *parser.Call, inner scope) parser.Expr {
	for i, arg := range n.Args {
		matrix, ok := arg.(*parser.MatrixSelector)
		if !ok {
			continue
		}
		if selector, ok := matrix.VectorSelector.(*parser.VectorSelector); ok {
			rewritten := r.selector(selector, inner, function{n, i})
			if n.Func.Name == "absent_over_time" {
				return withEqual(rewritten, selector)
			}
			return rewritten
		}
	}
	var absentOf *parser.VectorSelector
	if n.Func.Name == "absent" || n.Func.Name == "timestamp" {
		arg := n.Args[0]
		for paren, ok := arg.(*parser.ParenExpr); ok; paren, ok = arg.(*parser.ParenExpr) {
			arg = paren.Expr
		}
		if selector, ok := arg.(*parser.VectorSelector); ok && len(aliasesOf(selector.LabelMatchers)) > 0 {
			if n.Func.Name == "timestamp" {
				return r.selector(selector, inner, function{n, 0})
			}
			own := *selector
			absentOf = &own
		}
	}
	for i, arg := range n.Args {
		n.Args[i] = r.expr(arg, inner)
	}
	if absentOf != nil {
		return withEqual(n, absentOf)
	}
	return n
}

// withEqual gives the result of absent the labels that it has of a selector: those of its
// conditions with =.
func withEqual(e parser.Expr, selector *parser.VectorSelector) parser.Expr {
	if len(aliasesOf(selector.LabelMatchers)) == 0 {
		return e
	}
	for _, m := range selector.LabelMatchers {
		if m.Name != labels.MetricName && m.Type == labels.MatchEqual && m.Value != "" {
			e = setLabel(e, m.Name, m.Value)
		}
	}
	return e
}

// selector rewrites a selector, with the function around its range.
func (r *renamer) selector(v *parser.VectorSelector, in scope, f function) parser.Expr {
	if chosen := namingOf(v.LabelMatchers); r.err == nil && len(chosen.names) > 0 {
		return r.several(v, chosen, in, f)
	}
	alias, own := aliasOf(v.LabelMatchers)
	switch {
	case r.err != nil || alias == nil && own == nil:
		return whole(f, v)
	case alias == nil:
		alias = &catalogue.Alias{Parts: []catalogue.AliasPart{{Terms: []catalogue.AliasTerm{{Series: own.Name}}, Factor: 1}}}
	case alias.Instead != "":
		r.err = bad("expr", "%s", notAnswered(alias))
		return whole(f, v)
	default:
		r.aliases = append(r.aliases, alias)
	}
	byOther := own == nil // it is selected by another tool's name
	parts := chosenParts(alias, v.LabelMatchers, r.mentioned[alias.By])
	if len(parts) == 0 {
		r.err = bad("expr", "%s", noPart(alias, v.LabelMatchers))
		return whole(f, v)
	}
	var result parser.Expr
	changed := byOther
	for _, part := range parts {
		one, rewritten := r.part(v, alias, part, f, byOther)
		changed = changed || rewritten
		if f.name() != "absent_over_time" {
			one = r.partLabels(one, alias, part, in, len(parts) > 1)
		}
		result = union(result, one, f.name() == "absent_over_time")
	}
	if f.name() == "absent_over_time" {
		return inParens(result)
	}
	first, _ := catalogue.Lookup(parts[0].Terms[0].Series)
	result, relabeled := r.relabel(result, alias, first, in, byOther)
	if !changed && !relabeled {
		return whole(f, v)
	}
	if byOther && in.named && f.call == nil {
		result = setLabel(result, labels.MetricName, alias.Name)
	}
	return inParens(result)
}

// inParens keeps an operation together when the tree is written.
func inParens(e parser.Expr) parser.Expr {
	if _, ok := e.(*parser.BinaryExpr); ok {
		return &parser.ParenExpr{Expr: e}
	}
	return e
}

func whole(f function, v *parser.VectorSelector) parser.Expr {
	if f.call != nil {
		return f.call
	}
	return v
}

// A chosenPart is a part that a selector selects.
type chosenPart struct {
	catalogue.AliasPart
	alone bool // without a word about By, which it does not have then
}

// chosenParts returns the parts of an alias whose value of By the matchers select. by
// reports that the expression names the label.
func chosenParts(alias *catalogue.Alias, matchers []*labels.Matcher, by bool) (chosen []chosenPart) {
	var conditions []func(string) bool
	for _, m := range matchers {
		if m.Name == alias.By {
			conditions = append(conditions, history.Exactly(m))
		}
	}
	alone := len(conditions) == 0 && !by && alias.Alone != ""
	if alone {
		conditions = append(conditions, func(value string) bool { return value == alias.Alone })
	}
	for _, part := range alias.Parts {
		if !slices.ContainsFunc(conditions, func(holds func(string) bool) bool { return !holds(part.Value) }) {
			chosen = append(chosen, chosenPart{part, alone})
		}
	}
	return chosen
}

// part returns the series of one part, with the function around each. changed reports
// whether it is another selector than v.
func (r *renamer) part(v *parser.VectorSelector, alias *catalogue.Alias, part chosenPart, f function, byOther bool) (e parser.Expr, changed bool) {
	separately := slices.Contains(additive, f.name()) && part.Op != "/" || len(part.Terms) == 1 || f.name() == "absent_over_time" || f.name() == "timestamp"
	var terms []parser.Expr
	for _, term := range part.Terms {
		s, _ := catalogue.Lookup(term.Series)
		selector := *v
		selector.Name = s.Name
		selector.LabelMatchers = r.matchersOf(v.LabelMatchers, alias, s, byOther)
		for _, label := range slices.Sorted(maps.Keys(term.Match)) {
			selector.LabelMatchers = append(selector.LabelMatchers, labels.MustNewMatcher(labels.MatchEqual, label, term.Match[label]))
		}
		changed = changed || !slices.Equal(selector.LabelMatchers, v.LabelMatchers)
		if separately {
			terms = append(terms, f.of(&selector))
			continue
		}
		if f.call != nil { // the subquery has them
			selector.OriginalOffset, selector.OriginalOffsetExpr, selector.Timestamp, selector.StartOrEnd = 0, nil, nil, 0
		}
		terms = append(terms, &selector)
	}
	e = terms[0]
	if f.name() == "absent_over_time" || f.name() == "timestamp" { // of series of one poll
		return e, true
	}
	switch part.Op {
	case "-":
		e = &parser.ParenExpr{Expr: binary(parser.SUB, terms[0], terms[1], &parser.VectorMatching{Card: parser.CardOneToOne})}
	case "/":
		above := &parser.ParenExpr{Expr: binary(parser.GTR, terms[1], &parser.NumberLiteral{}, nil)}
		e = &parser.ParenExpr{Expr: binary(parser.DIV, terms[0], above, &parser.VectorMatching{Card: parser.CardOneToOne})}
	}
	if !separately && f.call != nil {
		matrix := f.matrix()
		e = f.of(&parser.SubqueryExpr{
			Expr: e, Range: matrix.Range, RangeExpr: matrix.RangeExpr, Step: aliasStep,
			OriginalOffset: v.OriginalOffset, OriginalOffsetExpr: v.OriginalOffsetExpr, Timestamp: v.Timestamp, StartOrEnd: v.StartOrEnd,
		})
	}
	factor := part.Factor
	switch {
	case slices.Contains(unscaled, f.name()):
		factor = 1
	case f.name() == "stdvar_over_time":
		factor *= factor
	}
	return scaled(e, factor), changed
}

// aliasStep is the step at which a difference or a quotient of series is read for a
// function of a range.
const aliasStep = 15 * time.Second

// scaled multiplies an expression. Units differ by 1,000 or 1,048,576, which are exact.
func scaled(e parser.Expr, factor float64) parser.Expr {
	switch {
	case factor == 1:
		return e
	case factor < 1:
		return binary(parser.DIV, e, &parser.NumberLiteral{Val: 1 / factor}, nil)
	default:
		return binary(parser.MUL, e, &parser.NumberLiteral{Val: factor}, nil)
	}
}

func binary(op parser.ItemType, left, right parser.Expr, matching *parser.VectorMatching) *parser.BinaryExpr {
	return &parser.BinaryExpr{Op: op, LHS: left, RHS: right, VectorMatching: matching}
}

// union returns the series of both expressions; of absence: where both are absent.
func union(left, right parser.Expr, absence bool) parser.Expr {
	switch {
	case left == nil:
		return right
	case absence:
		return binary(parser.LAND, left, right, &parser.VectorMatching{Card: parser.CardManyToMany, On: true})
	default:
		return binary(parser.LOR, left, right, &parser.VectorMatching{Card: parser.CardManyToMany})
	}
}
