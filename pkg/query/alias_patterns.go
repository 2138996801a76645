package query

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/promql"
)

// This file is about names of other tools that a selector chooses by a condition on
// __name__ other than =. A list such as a|b names each of them. A pattern that is no list
// chooses among the series here, and only where it fits none of these among the names of
// other tools, as a pattern of a variable does: a name of another tool is another name of
// a number here, and both together would count it twice.

// A naming holds the names that a selector chooses by a condition on __name__ other than =.
type naming struct {
	// names are those that the selector stands for, where one of them at least is an alias;
	// empty: the selector stays as it is. unanswered are those that nothing answers.
	names, unanswered []string
	tools             []string // whose names they are, sorted
	// beside are the aliases that a pattern fits besides series here.
	beside []string
}

// namingOf returns the names that a selector without a fixed name chooses.
func namingOf(matchers []*labels.Matcher) (n naming) {
	var holds, positive []func(string) bool
	for _, m := range matchers {
		if m.Name != labels.MetricName {
			continue
		}
		if m.Type == labels.MatchEqual {
			return naming{}
		}
		holds = append(holds, history.Exactly(m))
		if m.Type == labels.MatchRegexp && !m.Matches("") {
			positive = append(positive, history.Exactly(m))
		}
	}
	if len(positive) == 0 {
		return naming{}
	}
	fits := allHold(holds)
	if names, open := promql.MetricNames(&parser.VectorSelector{LabelMatchers: matchers}); !open {
		n.listed(matchers, slices.DeleteFunc(names, func(name string) bool { return !fits(name) }))
	} else {
		n.fitted(matchers, fits, allHold(positive))
	}
	return n
}

func allHold(conditions []func(string) bool) func(string) bool {
	return func(name string) bool {
		return !slices.ContainsFunc(conditions, func(hold func(string) bool) bool { return !hold(name) })
	}
}

// listed takes the names of a list.
func (n *naming) listed(matchers []*labels.Matcher, names []string) {
	isAlias := func(name string) bool { _, ok := catalogue.LookupAlias(name); return ok }
	if !slices.ContainsFunc(names, isAlias) {
		return
	}
	able := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		alias, ok := catalogue.LookupAlias(name)
		return ok && !aliasMayMatch(alias, matchers)
	})
	if len(able) > 0 {
		names = able
	}
	n.take(names)
}

// fitted takes the names that a pattern fits. wide are its conditions without exceptions.
func (n *naming) fitted(matchers []*labels.Matcher, fits, wide func(string) bool) {
	var aliases []string
	for _, alias := range catalogue.Aliases() {
		if fits(alias.Name) && aliasMayMatch(alias, matchers) {
			aliases = append(aliases, alias.Name)
		}
	}
	if len(aliases) == 0 {
		return
	}
	own, all := false, true
	for _, s := range catalogue.All() {
		all = all && wide(s.Name)
		own = own || fits(s.Name) && mayHold(&s, nil, matchers)
	}
	switch {
	case !own:
		n.take(aliases)
	case !all: // of everything, a reader expects no other names
		n.beside = aliases
	}
}

func (n *naming) take(names []string) {
	for _, name := range names {
		alias, ok := catalogue.LookupAlias(name)
		if ok && alias.Instead != "" {
			n.unanswered = append(n.unanswered, name)
			continue
		}
		if ok {
			n.tools = append(n.tools, alias.Tool)
		}
		n.names = append(n.names, name)
	}
	if len(n.names) == 0 { // the sentence about the first is the error
		n.names, n.unanswered = n.unanswered[:1], nil
	}
	n.tools = unique(n.tools)
	slices.Sort(n.tools)
}

// aliasMayMatch reports whether conditions leave series of an alias: they have its labels.
func aliasMayMatch(alias *catalogue.Alias, matchers []*labels.Matcher) bool {
	if alias.Instead != "" {
		return true
	}
	if len(chosenParts(alias, matchers, true)) == 0 {
		return false
	}
	s, _ := catalogue.Lookup(alias.Parts[0].Terms[0].Series)
	return mayHold(s, alias, matchers)
}

// mayHold reports whether series have the labels that conditions are on.
func mayHold(s *catalogue.Series, alias *catalogue.Alias, matchers []*labels.Matcher) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool {
		if m.Name == labels.MetricName || m.Matches("") || alias != nil && m.Name == alias.By {
			return false
		}
		kind, _ := standsFor(m.Name, s, alias)
		return kind == standsNone
	})
}

// withName returns conditions with = on a name in place of those on __name__.
func withName(matchers []*labels.Matcher, name string) []*labels.Matcher {
	all := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)}
	for _, m := range matchers {
		if m.Name != labels.MetricName {
			all = append(all, m)
		}
	}
	return all
}

// aliasesOf returns the aliases that a selector names: one, or those of its pattern.
func aliasesOf(matchers []*labels.Matcher) []*catalogue.Alias {
	if alias, _ := aliasOf(matchers); alias != nil {
		return []*catalogue.Alias{alias}
	}
	var all []*catalogue.Alias
	for _, name := range namingOf(matchers).names {
		if alias, ok := catalogue.LookupAlias(name); ok {
			all = append(all, alias)
		}
	}
	return all
}

// labelOfName tells series of several names apart where an operation compares their labels
// without their names. No result has it.
const labelOfName = "__alias__"

// several rewrites a selector of several names to the union of selectors of one.
func (r *renamer) several(v *parser.VectorSelector, n naming, in scope, f function) parser.Expr {
	_, open := promql.MetricNames(v)
	if len(n.tools) > 1 && open && !r.lookUp {
		r.err = bad("expr", "%s fits names of %s, which have other names for the same numbers: list those that you mean, such as {__name__=~%q}",
			cut(v.String()), strings.Join(n.tools, " and "), strings.Join(n.names[:min(len(n.names), 2)], "|"))
		return whole(f, v)
	}
	for _, name := range n.unanswered {
		alias, _ := catalogue.LookupAlias(name)
		r.notice("%s.", notAnswered(alias))
		r.untold = append(r.untold, r.notices[len(r.notices)-1])
	}
	absence := f.name() == "absent_over_time"
	var result parser.Expr
	for _, name := range n.names {
		own := *v
		own.Name, own.LabelMatchers = name, withName(v.LabelMatchers, name)
		one := r.selector(&own, in, f.around(&own))
		if r.err != nil {
			return whole(f, v)
		}
		if !absence {
			if f.call == nil || f.name() == "last_over_time" || f.name() == "first_over_time" {
				one = setLabel(one, labels.MetricName, name)
			}
			one = setLabel(one, labelOfName, name)
		}
		result = union(result, one, absence)
	}
	if absence {
		return inParens(result)
	}
	return setLabel(inParens(result), labelOfName, "")
}

// besideNotice says which names a pattern does not choose.
func (r *renamer) besideNotice(v *parser.VectorSelector, n naming) {
	r.notice("%s chooses among the series here. It fits names of other tools as well, which are answered where an expression names or lists them: %s.", cut(v.String()), shortList(n.beside))
}
