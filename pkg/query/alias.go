package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/promql"
)

// This file rewrites expressions that name series of mesos_exporter or of DC/OS, and
// labels that Prometheus adds when it scrapes them, so that the series here answer
// (catalogue/aliases.json). It changes the syntax tree: no text of an expression becomes
// anything but what it was parsed as. Names of the catalogue are always its own series.

// The values of labels that no series here has and every scraped one has.
const (
	aliasJob   = "mesos"  // job
	aliasState = "leader" // state, which DC/OS adds to what a master tells of the cluster
)

// scrapeLabels are the labels that Prometheus, Grafana's mixin or DC/OS add to every series.
var scrapeLabels = []string{"job", "instance", "host", "mesos_cluster", "dcos_cluster_name", "slave"}

// A standing is what stands for a label of another tool.
type standing int

const (
	standsNone     standing = iota // nothing: no series here has the label
	standsLabel                    // a label here
	standsConstant                 // one value for all series
	standsUnknown                  // a value that these series cannot tell
)

// standsFor returns what stands for a label of an alias on a series. alias is nil for a
// series by its own name.
func standsFor(label string, s *catalogue.Series, alias *catalogue.Alias) (kind standing, text string) {
	if alias != nil && alias.Labels[label] != "" {
		return standsLabel, alias.Labels[label]
	}
	if hasLabel(*s, label) {
		return standsLabel, label
	}
	switch label {
	case "job":
		return standsConstant, aliasJob
	case "mesos_cluster", "dcos_cluster_name":
		return standsLabel, labelCluster
	case "instance", "host":
		for _, who := range []string{"master", "agent"} {
			if hasLabel(*s, who) {
				return standsLabel, who
			}
		}
		return standsUnknown, ""
	case "slave":
		if hasLabel(*s, "agent") {
			return standsLabel, "agent"
		}
	case labelState:
		if hasLabel(*s, "master") && !s.Process {
			return standsConstant, aliasState
		}
	}
	return standsNone, ""
}

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
	err    error
}

// withoutAliases returns an expression in which names of the catalogue stand for those
// of other tools; the expression itself where it has none. It may change the tree that it is
// given. Errors are *InvalidError.
func withoutAliases(parsed parser.Expr, legend string) (parser.Expr, *renamer, error) {
	r := &renamer{mentioned: map[string]bool{}}
	needed := r.inspect(parsed, legend)
	if !needed {
		return parsed, r, nil
	}
	rewritten := r.expr(parsed, scope{exposed: true, named: true})
	r.changed = true
	return rewritten, r, r.err
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
			alias, own := aliasOf(n.LabelMatchers)
			r.foreign = r.foreign || alias != nil
			for _, m := range n.LabelMatchers {
				// A condition on a label that an alias or a scrape has is rewritten, and mentions nothing.
				if alias != nil && (alias.By == m.Name || alias.Labels[m.Name] != "") {
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
			if alias, _ := aliasOf(selector.LabelMatchers); alias != nil && r.err == nil {
				r.err = bad("expr", "%s is answered from %s, which cannot be a range of samples by itself: use a function such as rate() around it", selector.Name, sentenceOfParts(alias))
			}
		}
	}
	return e
}

// withAgentID adds agent_id to labels that are left out, where they say which agent
// it is as other tools do: agents have both here.
func (r *renamer) withAgentID(leftOut []string) []string {
	who := slices.ContainsFunc(leftOut, func(label string) bool { return label == "instance" || label == "host" || label == "slave" })
	if !who || slices.Contains(leftOut, "agent_id") {
		return leftOut
	}
	return append(slices.Clone(leftOut), "agent_id")
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
	if selector, ok := e.(*parser.VectorSelector); ok {
		matrix := *f.matrix()
		matrix.VectorSelector = selector
		e = &matrix
	}
	own.Args[f.arg] = e
	return &own
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
	if n.Func.Name == "absent" {
		if selector, ok := n.Args[0].(*parser.VectorSelector); ok {
			if alias, _ := aliasOf(selector.LabelMatchers); alias != nil {
				absentOf = selector
			}
		}
	}
	if n.Func.Name == "timestamp" {
		if selector, ok := n.Args[0].(*parser.VectorSelector); ok {
			if alias, _ := aliasOf(selector.LabelMatchers); alias != nil {
				return r.selector(selector, inner, function{n, 0})
			}
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
	if alias, _ := aliasOf(selector.LabelMatchers); alias == nil {
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
	separately := slices.Contains(additive, f.name()) && part.Op != "/" || len(part.Terms) == 1 || f.name() == "absent_over_time"
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
	if f.name() == "absent_over_time" {
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

// matchersOf returns the conditions of a selector on a series here.
func (r *renamer) matchersOf(matchers []*labels.Matcher, alias *catalogue.Alias, s *catalogue.Series, byOther bool) []*labels.Matcher {
	from := alias
	if !byOther {
		from = nil
	}
	var all []*labels.Matcher
	for _, m := range matchers {
		switch {
		case m.Name == labels.MetricName && byOther:
			m = labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, s.Name)
		case m.Name == labels.MetricName:
		case byOther && m.Name == alias.By:
			continue // the part was chosen by it
		default:
			kind, text := standsFor(m.Name, s, from)
			switch {
			case kind == standsLabel && from != nil && from.Prefix[m.Name] != "":
				m = withoutPrefix(m, text, from.Prefix[m.Name])
			case kind == standsLabel:
				m = renamedMatcher(m, text, byOther)
			case kind == standsUnknown:
				if !m.Matches("") {
					r.notice("%s is left out: %s has no label that says which process answered.", writtenMatcher(m), s.Name)
					r.untold = append(r.untold, r.notices[len(r.notices)-1])
				}
				continue
			case kind == standsConstant && m.Name == "job":
				if !history.Exactly(m)(text) {
					r.notice("%s is left out: nothing is scraped here, and job is %q for all series.", writtenMatcher(m), text)
				}
				continue
			case kind == standsConstant && history.Exactly(m)(text):
				continue
			}
		}
		all = append(all, m)
	}
	return all
}

func (r *renamer) notice(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(r.notices, text) {
		r.notices = append(r.notices, text)
	}
}

// renamedMatcher returns a condition on another label. Of other tools, sources and
// reasons say slave where those here say agent.
func renamedMatcher(m *labels.Matcher, label string, byOther bool) *labels.Matcher {
	spelled := m.Value
	if byOther && (label == "source" || label == "reason") {
		spelled = strings.ReplaceAll(spelled, "slave", "agent")
	}
	if spelled != m.Value {
		if own, err := promql.NewMatcher(m.Type, label, spelled); err == nil {
			return own
		}
	}
	if label == m.Name {
		return m
	}
	own := *m
	own.Name = label
	return &own
}

// taskStates are the values of labels whose values have a prefix elsewhere.
var taskStates = []string{
	"staging", "starting", "running", "killing", "unreachable",
	"finished", "failed", "killed", "lost", "error", "dropped", "gone", "gone_by_operator", "unknown",
}

// withoutPrefix returns a condition on the values here of a label that elsewhere begin
// with a prefix.
func withoutPrefix(m *labels.Matcher, label, prefix string) *labels.Matcher {
	holds := history.Exactly(m)
	var values []string
	for _, state := range taskStates {
		if holds(prefix + state) {
			values = append(values, state)
		}
	}
	if len(values) == len(taskStates) {
		return labels.MustNewMatcher(labels.MatchRegexp, label, ".*")
	}
	return labels.MustNewMatcher(labels.MatchRegexp, label, strings.Join(values, "|"))
}

// partLabels gives the series of a part the label that tells the parts apart, and takes
// from them the labels by which they were selected.
func (r *renamer) partLabels(e parser.Expr, alias *catalogue.Alias, part chosenPart, in scope, several bool) parser.Expr {
	for _, label := range slices.Sorted(maps.Keys(part.Terms[0].Match)) {
		if label != alias.By && !r.mentioned[label] && (several || in.exposed) {
			e = setLabel(e, label, "")
		}
	}
	if alias.By != "" && !part.alone && (several || in.exposed || r.mentioned[alias.By]) {
		e = setLabel(e, alias.By, part.Value)
	}
	return e
}

// relabel gives series the labels of another tool.
func (r *renamer) relabel(e parser.Expr, alias *catalogue.Alias, s *catalogue.Series, in scope, byOther bool) (parser.Expr, bool) {
	from := alias
	if !byOther {
		from = nil
	}
	names := slices.Sorted(maps.Keys(alias.Labels))
	for _, label := range append(slices.Clone(scrapeLabels), labelState) {
		if !slices.Contains(names, label) && label != alias.By {
			names = append(names, label)
		}
	}
	relabeled := false
	var replaced []string
	for _, label := range names {
		always := alias.Labels[label] != "" || label == "instance" && r.foreign && alias.Labels["slave"] == "" // of slave, it is a master's there
		if !r.mentioned[label] && !(always && in.exposed) {
			continue
		}
		switch kind, text := standsFor(label, s, from); {
		case kind == standsConstant:
			e, relabeled = setLabel(e, label, text), true
		case kind == standsLabel && text != label:
			relabeled = true
			if prefix := alias.Prefix[label]; prefix != "" {
				e = call("label_replace", e, label, prefix+"$1", text, "(.+)")
			} else {
				e = call("label_join", e, label, "", text)
			}
			if text != labelCluster && !r.mentioned[text] && !slices.Contains(replaced, text) {
				replaced = append(replaced, text)
			}
		}
	}
	for _, label := range replaced {
		e = setLabel(e, label, "")
	}
	return e, relabeled
}

// setLabel returns an expression whose series have a value of a label; "": not the label.
func setLabel(e parser.Expr, label, value string) parser.Expr {
	return call("label_replace", e, label, strings.ReplaceAll(value, "$", "$$"), "", "")
}

func call(name string, e parser.Expr, texts ...string) parser.Expr {
	args := parser.Expressions{e}
	for _, text := range texts {
		args = append(args, &parser.StringLiteral{Val: text})
	}
	return &parser.Call{Func: parser.Functions[name], Args: args}
}

// notAnswered returns the sentence about an alias that nothing answers.
func notAnswered(alias *catalogue.Alias) string {
	return fmt.Sprintf("%s is a series of %s that is not answered here. %s Use %s", alias.Name, alias.Tool, alias.Why, alias.Instead)
}

// noPart returns the sentence about an alias of which conditions select no part.
func noPart(alias *catalogue.Alias, matchers []*labels.Matcher) string {
	var values []string
	for _, part := range alias.Parts {
		values = append(values, part.Value)
	}
	for _, m := range matchers {
		if m.Name == alias.By {
			return fmt.Sprintf("%s matches no %s of %s, a series of %s. There are: %s", writtenMatcher(m), alias.By, alias.Name, alias.Tool, strings.Join(values, ", "))
		}
	}
	return alias.Name
}

// sentenceOfParts lists the series that answer an alias.
func sentenceOfParts(alias *catalogue.Alias) string {
	var names []string
	for _, part := range alias.Parts {
		for _, term := range part.Terms {
			names = append(names, term.Series)
		}
	}
	return shortList(names)
}

// describedAliases returns the aliases as series, whose help says what answers them.
func describedAliases() []catalogue.Series {
	var all []catalogue.Series
	for _, alias := range catalogue.Aliases() {
		described := catalogue.Series{Name: alias.Name, Type: alias.Type, Unit: catalogue.None, Help: aliasSentence(alias)}
		if alias.By != "" {
			described.Labels = append(described.Labels, alias.By)
		}
		described.Labels = append(described.Labels, slices.Sorted(maps.Keys(alias.Labels))...)
		all = append(all, described)
	}
	return all
}

// aliasSentence returns what answers an alias, for people.
func aliasSentence(alias *catalogue.Alias) string {
	if alias.Instead != "" {
		return notAnswered(alias) + "."
	}
	const most = 4
	var parts []string
	for _, part := range alias.Parts[:min(len(alias.Parts), most)] {
		text := part.Formula()
		if alias.By != "" {
			text = fmt.Sprintf("%s=%q: %s", alias.By, part.Value, text)
		}
		parts = append(parts, text)
	}
	if more := len(alias.Parts) - most; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("A name of %s, answered from %s.", alias.Tool, strings.Join(parts, "; "))
}

// percentsOfRatios returns a sentence for each comparison that takes the part percent of
// an alias, which is a ratio there and here, for a percentage: it never holds.
func percentsOfRatios(parsed parser.Expr) (sentences []string) {
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		comparison, ok := node.(*parser.BinaryExpr)
		if !ok || comparison.Op != parser.GTR && comparison.Op != parser.GTE {
			return nil
		}
		limit, isNumber := comparison.RHS.(*parser.NumberLiteral)
		selector := selectorWithin(comparison.LHS)
		if !isNumber || limit.Val <= 1 || selector == nil {
			return nil
		}
		alias, _ := aliasOf(selector.LabelMatchers)
		if alias == nil || alias.By == "" {
			return nil
		}
		if parts := chosenParts(alias, selector.LabelMatchers, true); len(parts) == 1 && parts[0].Value == "percent" {
			sentences = append(sentences, fmt.Sprintf("%s is a ratio from 0 to 1, as %s has it, and never above %v: compare it with %v.", selector, alias.Tool, limit.Val, limit.Val/100))
		}
		return nil
	})
	return sentences
}

// selectorWithin returns the selector of which an expression is some value; nil for others.
func selectorWithin(e parser.Expr) *parser.VectorSelector {
	switch n := e.(type) {
	case *parser.VectorSelector:
		return n
	case *parser.ParenExpr:
		return selectorWithin(n.Expr)
	case *parser.AggregateExpr:
		if n.Op == parser.MIN || n.Op == parser.MAX || n.Op == parser.AVG { // a sum may be above 1
			return selectorWithin(n.Expr)
		}
	}
	return nil
}
