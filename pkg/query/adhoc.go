package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
)

// This file puts a dashboard's filters into the selectors of an expression: only
// into those whose series have the label. In the others they would match nothing,
// and `x or vector(0)` would answer 0.

// maxUnknownNames is how many names that are not in the catalogue are looked up.
const maxUnknownNames = 10

// labelsOfUnknown returns the labels of the series with names that the catalogue does
// not have, from the history.
func (src Source) labelsOfUnknown(ctx context.Context, names []string) (map[string][]string, error) {
	found := map[string][]string{}
	for _, name := range names {
		if _, known := catalogue.Lookup(name); known || len(found) == maxUnknownNames {
			continue
		}
		listing, err := src.Engine.LabelNames(ctx, promql.LookUp{
			Store: src.Store, Match: [][]*labels.Matcher{{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)}},
		})
		if err != nil {
			return nil, err
		}
		found[name] = listing.Values
	}
	return found, nil
}

// A seriesGroup is series that one selector may match, as they are shown: by their name,
// or by the selector.
type seriesGroup struct {
	shown string
	// known are positions in the catalogue's list; own are the labels of a series that
	// is not in it.
	known []int
	own   []string
}

// A labelIndex reports which series of the catalogue have a label. It is filled once
// for each label, as an expression may have thousands of selectors.
type labelIndex struct {
	series []catalogue.Series
	at     map[string]int // by name
	having map[string][]bool
}

func newLabelIndex() *labelIndex {
	index := &labelIndex{series: catalogue.All(), at: map[string]int{}, having: map[string][]bool{}}
	for i, s := range index.series {
		index.at[s.Name] = i
	}
	return index
}

// holds returns how many series of a group a filter may hold for, and how many not: by
// their labels, or by their names.
func (l *labelIndex) holds(group seriesGroup, filter *labels.Matcher) (may, not int) {
	switch {
	case filter.Name != labels.MetricName:
		return l.count(group, filter.Name)
	case group.own != nil && filter.Matches(group.shown):
		return 1, 0
	case group.own != nil:
		return 0, 1
	}
	for _, i := range group.known {
		if filter.Matches(l.series[i].Name) {
			may++
		}
	}
	return may, len(group.known) - may
}

// count returns how many series of a group have a label, and how many have not.
func (l *labelIndex) count(group seriesGroup, label string) (have, lack int) {
	if group.own != nil {
		if slices.Contains(group.own, label) {
			return 1, 0
		}
		return 0, 1
	}
	having, filled := l.having[label]
	if !filled {
		having = make([]bool, len(l.series))
		for i, s := range l.series {
			having[i] = hasLabel(s, label)
		}
		l.having[label] = having
	}
	for _, i := range group.known {
		if having[i] {
			have++
		}
	}
	return have, len(group.known) - have
}

// groups returns the series that a selector may match. unknown holds the labels of names
// that are not in the catalogue. Of series that nobody knows there are none.
func (l *labelIndex) groups(selector *parser.VectorSelector, unknown map[string][]string) (all []seriesGroup) {
	names, pattern := promql.MetricNames(selector)
	for _, name := range names {
		if i, known := l.at[name]; known {
			all = append(all, seriesGroup{shown: name, known: []int{i}})
		} else if own := unknown[name]; len(own) > 0 {
			all = append(all, seriesGroup{shown: name, own: own})
		}
	}
	if pattern {
		group := seriesGroup{shown: cut(selector.String())}
		for i, s := range l.series {
			if mayMatch(selector.LabelMatchers, s) {
				group.known = append(group.known, i)
			}
		}
		all = append(all, group)
	}
	return all
}

// absentLabels returns a sentence for each matcher of an expression on a label that
// none of its selector's series have: absent where it matches nothing, idle where it
// leaves nothing out. Only series of the catalogue are judged.
func absentLabels(parsed parser.Expr) (absent, idle []string) {
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		names, pattern := promql.MetricNames(selector)
		if pattern || len(names) != 1 {
			return nil
		}
		known, ok := catalogue.Lookup(names[0])
		if !ok {
			return nil
		}
		for _, m := range selector.LabelMatchers {
			// What is left of a variable is said by doubts.
			if m.Name == labels.MetricName || hasLabel(*known, m.Name) || len(variablesIn(m.Value)) > 0 {
				continue
			}
			available := slices.Concat([]string{labelCluster}, known.Labels, known.OpenLabels)
			why := fmt.Sprintf("%s has no label %q%s. Available: %s", names[0], cut(m.Name), likeLabel(m.Name, available), strings.Join(available, ", "))
			switch {
			case !m.Matches(""):
				absent = append(absent, fmt.Sprintf("%s matches nothing: %s", writtenMatcher(m), why))
			case leavesOut(m.Type) && m.Value != "":
				idle = append(idle, fmt.Sprintf("%s leaves nothing out: %s", writtenMatcher(m), why))
			}
		}
		return nil
	})
	return unique(absent), unique(idle)
}

// leavesOut reports whether a comparison is made to leave series out.
func leavesOut(kind labels.MatchType) bool {
	return kind == labels.MatchNotEqual || kind == labels.MatchNotRegexp
}

// absentGroups returns a sentence for each label that an aggregation groups by and none
// of its series have: they are one group. Only aggregations of catalogue series, whose
// labels nothing changes, are judged.
func absentGroups(parsed parser.Expr) (sentences []string) {
	judged := map[*parser.AggregateExpr]bool{} // some, as each is walked through
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		aggregation, ok := node.(*parser.AggregateExpr)
		if !ok || aggregation.Without || len(aggregation.Grouping) == 0 || len(judged) == maxGroupBy {
			return nil
		}
		judged[aggregation] = true
		available, certain := labelsWithin(aggregation.Expr)
		if !certain {
			return nil
		}
		for _, label := range aggregation.Grouping {
			if !has(available, label) && len(variablesIn(label)) == 0 {
				sentences = append(sentences, fmt.Sprintf("%s by (%s): the series have no label %q%s, and are not told apart by it. Available: %s.",
					aggregation.Op, cut(label), cut(label), likeLabel(label, available), strings.Join(available, ", ")))
			}
		}
		return nil
	})
	return unique(sentences)
}

// labelsWithin returns the labels that series of an expression may have. certain reports
// whether there can be no others.
func labelsWithin(parsed parser.Expr) (available []string, certain bool) {
	certain = true
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			names, pattern := promql.MetricNames(n)
			certain = certain && !pattern
			for _, name := range names {
				known, ok := catalogue.Lookup(name)
				if !ok {
					certain = false
					continue
				}
				for _, label := range slices.Concat([]string{labelCluster}, known.Labels, known.OpenLabels) {
					if !slices.Contains(available, label) {
						available = append(available, label)
					}
				}
			}
		case *parser.Call:
			certain = certain && n.Func.Name != "label_replace" && n.Func.Name != "label_join"
		case *parser.AggregateExpr:
			certain = certain && n.Op != parser.COUNT_VALUES
		}
		return nil
	})
	return available, certain && len(available) > 0
}

// hasLabel reports whether a series of the catalogue has a label.
func hasLabel(s catalogue.Series, label string) bool {
	return label == labelCluster || slices.Contains(s.Labels, label) || has(s.OpenLabels, label)
}

// mayMatch reports whether matchers may match the series with a name of the
// catalogue, by the labels that it has.
func mayMatch(matchers []*labels.Matcher, s catalogue.Series) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool {
		switch {
		case m.Name == labels.MetricName:
			return !m.Matches(s.Name)
		case hasLabel(s, m.Name):
			return false // some value may match
		default:
			return !m.Matches("")
		}
	})
}

// A placement holds the filters for each selector of an expression, in the order of
// parser.Inspect.
type placement [][]matcher

// placeFilters returns where filters go. lacking has a sentence for each that does not
// hold for some series, partial for each that leaves out a part of what a pattern
// selects.
func placeFilters(parsed parser.Expr, filters []matcher, unknown map[string][]string) (placed placement, lacking, partial []string) {
	without, leaving := make([][]string, len(filters)), make([][]string, len(filters))
	index, read := newLabelIndex(), make([]*labels.Matcher, len(filters))
	for i, f := range filters {
		read[i] = f.uncompiled()
		if f.label != labels.MetricName {
			continue
		}
		if compiled, err := promql.NewMatcher(f.kind, f.label, f.value); err == nil { // adhocMatcher has checked it
			read[i] = compiled
		}
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		groups := index.groups(selector, unknown)
		var own []matcher
		for i, f := range filters {
			have, lack := 0, []string(nil)
			for _, group := range groups {
				some, others := index.holds(group, read[i])
				if have += some; others > 0 {
					lack = append(lack, group.shown)
				}
			}
			switch {
			case selector.Name != "" && f.label == labels.MetricName: // PromQL takes no second name
				if !read[i].Matches(selector.Name) {
					without[i] = append(without[i], selector.Name)
				}
				continue
			case len(lack) > 0 && have == 0:
				without[i] = append(without[i], lack...)
				continue
			case len(lack) > 0 && f.label != labels.MetricName: // who filters by name wants no others
				leaving[i] = append(leaving[i], lack...)
			}
			own = append(own, f)
		}
		placed = append(placed, own)
		return nil
	})
	for i, f := range filters {
		if len(without[i]) > 0 {
			lacking = append(lacking, notFiltered(f, without[i]))
		}
		if len(leaving[i]) > 0 {
			partial = append(partial, fmt.Sprintf("The dashboard's filter %s leaves out the series of %s that have no label %s.",
				cut(f.String()), shortList(leaving[i]), f.label))
		}
	}
	return placed, lacking, partial
}

// placeFilters finds where the filters of a plan go, and what to say of it.
func (p *plan) placeFilters(unknown map[string][]string) {
	placed, lacking, partial := placeFilters(p.parsed, p.filters, unknown)
	p.placed = placed
	p.notices = slices.Concat(p.notices, lacking, partial)
	p.leftOut = slices.Concat(p.leftOut, lacking)
	if len(placed) == 0 { // a constant: fine in a panel, but no rule of what the filters mean
		for _, f := range p.filters {
			p.leftOut = append(p.leftOut, fmt.Sprintf("The dashboard's filter %s is on nothing: the expression reads no series.", cut(f.String())))
		}
	}
}

// add adds the filters to the selectors of the expression that they were placed in, or
// of the same one with other macros.
func (p placement) add(parsed parser.Expr) {
	at := 0
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			for _, m := range p[at] {
				selector.LabelMatchers = append(selector.LabelMatchers, m.uncompiled())
			}
			at++
		}
		return nil
	})
}

// notFiltered returns the sentence about a filter that does not hold for some series.
func notFiltered(filter matcher, series []string) string {
	if filter.label == labels.MetricName {
		return fmt.Sprintf("The dashboard's filter %s is on the name of series, which each query chooses itself, and is not applied to %s: remove it from the dashboard, or choose these series in the query.",
			cut(filter.String()), shortList(series))
	}
	text := fmt.Sprintf("The dashboard's filter %s is on a label that these series do not have, and is not applied to them: %s.",
		cut(filter.String()), shortList(series))
	for _, info := range []infoSeries{agentInfo, frameworkInfo} {
		switch {
		case !has(info.labels, filter.label):
		case slices.ContainsFunc(series, info.cannotJoin):
			text += fmt.Sprintf(" It is a label of %s, and these series have no %s by which to find it.", info.name, info.on)
		default:
			text += fmt.Sprintf(" Multiply them by %s, on (%s, %s), which has it, as the builder does.", info.name, labelCluster, info.on)
		}
	}
	return text
}

// cannotJoin reports whether series have no label by which to find the labels of the
// info series: by their name in the catalogue, or, of the builder, which does that by
// itself where it can, by any other text.
func (i infoSeries) cannotJoin(series string) bool {
	known, ok := catalogue.Lookup(series)
	return ok && !hasLabel(*known, i.on) || strings.Contains(series, " of a")
}

// shortList joins a few names for a sentence.
func shortList(names []string) string {
	const most = 5
	names = unique(names)
	texts := make([]string, 0, most+1)
	for _, name := range names[:min(len(names), most)] {
		texts = append(texts, cut(name))
	}
	if more := len(names) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(texts, ", ")
}
