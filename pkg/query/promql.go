package query

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// This file is about expressions: queryType promql, and what can be read off
// any expression.

// compilePromQL returns the plan of an expression as a user wrote it. The values of its
// macros are unknown before the step is, so it is parsed with placeholders.
// Errors are *promql.Error.
func compilePromQL(q *PromQLQuery, rule bool) (plan, error) {
	text := strings.TrimSpace(q.Expr)
	interpolated := placeholder.interpolate(text)
	if variables := variablesInCode(interpolated); len(variables) > 0 {
		return plan{}, leftover{key: "expr", variables: variables}.err(rule)
	}
	parsed, err := promql.ParseExpr(interpolated)
	if err != nil {
		return plan{}, errorAsWritten(q.Expr, err)
	}
	neverHold := percentsOfRatios(parsed)
	parsed, foreign, err := withoutAliases(parsed, q.LegendFormat)
	if err != nil {
		return plan{}, err
	}
	if rule && len(foreign.untold) > 0 {
		return plan{}, bad("expr", "a rule needs all of its conditions: %s", foreign.untold[0])
	}
	conditions, left := leftInExpression("expr", parsed)
	if rule && len(left) > 0 {
		return plan{}, left[0].err(rule)
	}
	matchers, leftOut := adhocMatchers(q.AdhocFilters)
	p := plan{
		expr: text, parsed: parsed, unit: unitOfExpression(parsed), reads: readsIn(parsed, matchers), columns: labelsOf(parsed), filters: matchers, notices: leftOut, leftOut: leftOut,
		conditions:   append(conditions, conditionsOfDashboard(q.AdhocFilters)...),
		legendFormat: q.LegendFormat, aliases: foreign.aliases, renamed: foreign.changed,
	}
	p.notices = slices.Concat(p.notices, foreign.notices, neverHold)
	absent, idle := absentLabels(parsed)
	if rule && len(absent) > 0 {
		return plan{}, bad("expr", "%s", absent[0])
	}
	p.notices = append(p.notices, absentGroups(parsed)...)
	for _, text := range slices.Concat(absent, idle) {
		p.notices = append(p.notices, text+".")
	}
	for _, l := range left {
		p.notices = append(p.notices, l.sentence(rule)+".")
	}
	return p, nil
}

// errorAsWritten returns the error of an expression with the place in what a user wrote: blanks before
// it count, and macros are as long as their names.
func errorAsWritten(written string, err error) error {
	as := macroText.ReplaceAllStringFunc(written, func(found string) string {
		value, known := placeholder.macro(found)
		if !known {
			return found
		}
		return value + strings.Repeat(" ", max(0, len(found)-len(value)))
	})
	if _, placed := promql.ParseExpr(as); placed != nil {
		return placed
	}
	return err
}

// promQLAt returns the expression with its macros replaced and the dashboard's
// filters in every selector, and how far back from a moment it looks. Filters are
// added to the syntax tree: no text of theirs can become anything but a value.
func (p plan) promQLAt(times stepRange) (string, time.Duration, error) {
	text, parsed := times.interpolate(p.expr), p.parsed
	if text != p.expr {
		var err error
		if parsed, err = promql.ParseExpr(text); err != nil {
			return "", 0, err
		}
		if p.renamed {
			if parsed, _, err = withoutAliases(parsed, p.legendFormat); err != nil {
				return "", 0, err
			}
		}
	}
	if p.renamed {
		text = parsed.String()
	}
	reach := reachOf(parsed)
	if len(p.filters) == 0 {
		return text, reach, nil
	}
	p.placed.add(parsed)
	return parsed.String(), reach, nil
}

// reads holds what an expression reads.
type reads struct {
	names []string // metrics, sorted
	any   bool     // others too: a selector has no name
	// polls are those that bring them; of a name nobody knows those of the leader, and of a
	// pattern those of the series that it may select besides.
	polls []series.Poll
	// reach is how far back from a moment it looks, by ranges and offsets.
	reach time.Duration
	// tasksByPattern reports that a selector without a fixed name matches series of
	// single tasks or executors, tasksBefore that values of such series from before
	// the moment are read. Both are about typed expressions only.
	tasksByPattern, tasksBefore bool
}

// readsOf returns what an expression reads. Errors are *promql.Error or *InvalidError.
func readsOf(text string) (reads, error) {
	parsed, err := promql.ParseExpr(text)
	if err != nil {
		return reads{}, err
	}
	if parsed, _, err = withoutAliases(parsed, ""); err != nil {
		return reads{}, err
	}
	return readsIn(parsed, nil), nil
}

// readsOfSelector returns what a look-up of labels for a selector reads. Errors are
// *promql.Error or *InvalidError.
func readsOfSelector(text string) (reads, error) {
	parsed, err := promql.ParseExpr(text)
	if err != nil {
		return reads{}, err
	}
	r := &renamer{mentioned: map[string]bool{}, lookUp: true}
	if parsed, err = r.rewrite(parsed, ""); err != nil {
		return reads{}, err
	}
	return readsIn(parsed, nil), nil
}

// readsIn returns what a parsed expression reads, with the dashboard's filters in its
// selectors.
func readsIn(parsed parser.Expr, filters []matcher) reads {
	var r reads
	r.names, r.any = promql.MetricNames(parsed)
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		names, others := promql.MetricNames(selector)
		if others && !r.tasksByPattern && matchesTasks(selector.LabelMatchers, filters) {
			r.tasksByPattern = true
		}
		if slices.ContainsFunc(names, isOfTasks) && looksBefore(selector, path) {
			r.tasksBefore = true
		}
		var onPoll []*labels.Matcher
		for _, m := range selector.LabelMatchers {
			if m.Name == labelPoll {
				onPoll = append(onPoll, m)
			}
		}
		if others { // no name, or a pattern that is no list
			names = namesOf(selector.LabelMatchers, r.polls)
		}
		r.polls = append(r.polls, pollsOf(names, others, onPoll)...)
		return nil
	})
	r.polls, r.reach = unique(r.polls), reachOf(parsed)
	return r
}

// reachOf returns how far back from a moment an expression looks.
func reachOf(parsed parser.Expr) (longest time.Duration) {
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		reach := selector.OriginalOffset
		for _, around := range path {
			switch n := around.(type) {
			case *parser.MatrixSelector:
				reach = plus(reach, n.Range)
			case *parser.SubqueryExpr:
				reach = plus(plus(reach, n.Range), n.OriginalOffset)
			}
		}
		longest = max(longest, reach)
		return nil
	})
	return longest
}

// plus returns the sum of two durations, the longest there is of either sign where it
// is longer.
func plus(a, b time.Duration) time.Duration {
	switch {
	case a > 0 && b > math.MaxInt64-a:
		return math.MaxInt64
	case a < 0 && b < math.MinInt64-a:
		return math.MinInt64
	default:
		return a + b
	}
}

// labelPoll is the label of the plugin's own health that names a poll.
const labelPoll = "poll"

var ofLeader = []series.Poll{series.PollSnapshot, series.PollState}

// pollsOf returns the polls that bring series; others: of any name. The plugin's
// own health comes with every poll, which its label poll names: what is asked of
// one poll does not wait for the slowest.
func pollsOf(names []string, others bool, onPoll []*labels.Matcher) []series.Poll {
	var polls []series.Poll
	for _, name := range names {
		if _, known := catalogue.Lookup(name); known {
			polls = append(polls, catalogue.PollsOf(name)...)
		} else {
			others = true
		}
	}
	if others {
		polls = append(polls, ofLeader...)
	}
	for _, m := range onPoll {
		polls = slices.DeleteFunc(polls, func(p series.Poll) bool { return !m.Matches(string(p)) })
	}
	return unique(polls)
}

// namesOf returns the names of series that matchers without a fixed name may select, but those
// that only polls bring that are known already.
func namesOf(matchers []*labels.Matcher, known []series.Poll) (names []string) {
	for _, s := range catalogue.All() {
		news := slices.ContainsFunc(catalogue.PollsOf(s.Name), func(p series.Poll) bool { return !slices.Contains(known, p) })
		if news && mayMatch(matchers, s) {
			names = append(names, s.Name)
			known = append(slices.Clip(known), catalogue.PollsOf(s.Name)...)
		}
	}
	return names
}

// brings reports whether a poll is among those that bring series. What is written of
// the model comes with /state, and between two of them by the event stream.
func brings(polls []series.Poll, poll series.Poll) bool {
	return slices.Contains(polls, poll) || poll == series.PollState && slices.Contains(polls, series.PollModel)
}

// ofTasks reports whether single tasks or executors are read: their history
// is not kept in every cluster.
func (r reads) ofTasks() bool { return slices.ContainsFunc(r.names, isOfTasks) }

// isOfTasks reports whether the series with a name are of single tasks or executors.
func isOfTasks(name string) bool {
	if known, ok := catalogue.Lookup(name); ok {
		return known.Entity == string(EntityTask) || known.Entity == string(EntityExecutor)
	}
	return strings.HasPrefix(name, "mesos_task_") || strings.HasPrefix(name, "mesos_executor_")
}

// matchesTasks reports whether a selector without a fixed name may match series of
// single tasks or executors, by the labels that these have. A filter of the dashboard
// keeps out series without its label where it does not match an empty value.
func matchesTasks(matchers []*labels.Matcher, filters []matcher) bool {
	var keptOut []string // labels that a series must have
	for _, f := range filters {
		if m, err := promql.NewMatcher(f.kind, f.label, f.value); err == nil && !m.Matches("") {
			keptOut = append(keptOut, f.label)
		}
	}
	var ofTasks []catalogue.Series
	others := map[string]bool{} // labels that some series of the selector have
	for _, s := range catalogue.All() {
		if !mayMatch(matchers, s) {
			continue
		}
		for _, label := range keptOut {
			others[label] = others[label] || hasLabel(s, label)
		}
		if isOfTasks(s.Name) {
			ofTasks = append(ofTasks, s)
		}
	}
	return slices.ContainsFunc(ofTasks, func(s catalogue.Series) bool {
		return !slices.ContainsFunc(keptOut, func(label string) bool { return others[label] && !hasLabel(s, label) })
	})
}

// looksBefore reports whether a selector reads more than the values at the moment of
// the query.
func looksBefore(selector *parser.VectorSelector, path []parser.Node) bool {
	return selector.OriginalOffset != 0 || selector.Timestamp != nil || selector.StartOrEnd != 0 ||
		slices.ContainsFunc(path, func(around parser.Node) bool {
			switch around.(type) {
			case *parser.MatrixSelector, *parser.SubqueryExpr:
				return true
			default:
				return false
			}
		})
}

// labelsOf returns the labels that the series of an expression have for certain:
// those that its outermost aggregation keeps.
func labelsOf(parsed parser.Expr) []string {
	switch n := parsed.(type) {
	case *parser.ParenExpr:
		return labelsOf(n.Expr)
	case *parser.UnaryExpr:
		return labelsOf(n.Expr)
	case *parser.BinaryExpr:
		if n.LHS.Type() == parser.ValueTypeVector {
			return labelsOf(n.LHS)
		}
		return labelsOf(n.RHS)
	case *parser.AggregateExpr:
		switch {
		case n.Op == parser.TOPK || n.Op == parser.BOTTOMK: // series as they are
			return labelsOf(n.Expr)
		case !n.Without:
			return n.Grouping
		}
	}
	return nil
}
