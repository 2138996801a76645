package query

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// This file is about expressions: queryType promql, and what can be read off
// any expression.

// compilePromQL makes a plan of an expression somebody wrote. The dashboard's
// filters are added to it once its macros are replaced (withFilters).
func compilePromQL(q *PromQLQuery) plan {
	matchers, notices := adhocMatchers(q.AdhocFilters)
	return plan{expr: strings.TrimSpace(q.Expr), filters: matchers, notices: notices}
}

// withFilters adds matchers to every selector of an expression, by its syntax
// tree: no text of a filter can become anything but a value.
func withFilters(text string, matchers []matcher) (string, error) {
	parsed, err := promql.ParseExpr(text)
	if err != nil || len(matchers) == 0 {
		return text, err
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			for _, m := range matchers {
				selector.LabelMatchers = append(selector.LabelMatchers, m.uncompiled())
			}
		}
		return nil
	})
	return parsed.String(), nil
}

// reads is what an expression reads.
type reads struct {
	names []string // metrics, sorted
	any   bool     // others too: a selector has no name
	// polls are those that bring them; of a name nobody knows those of the leader.
	polls []series.Poll
	// reach is how far back from a moment it looks, by ranges and offsets.
	reach time.Duration
}

// readsOf walks an expression, which must parse. Errors are *promql.Error.
func readsOf(text string) (reads, error) {
	parsed, err := promql.ParseExpr(text)
	if err != nil {
		return reads{}, err
	}
	var r reads
	r.names, r.any = promql.MetricNames(parsed)
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		reach := selector.OriginalOffset
		for _, around := range path {
			switch n := around.(type) {
			case *parser.MatrixSelector:
				reach += n.Range
			case *parser.SubqueryExpr:
				reach += n.Range + n.OriginalOffset
			}
		}
		r.reach = max(r.reach, reach)
		r.polls = append(r.polls, pollsOf(selector)...)
		return nil
	})
	r.polls = unique(r.polls)
	return r, nil
}

var ofLeader = []series.Poll{series.PollSnapshot, series.PollState}

// pollsOf are the polls that bring what one selector selects. The plugin's own
// health comes with every poll, which its label poll names: what is asked of one
// poll does not wait for the slowest.
func pollsOf(selector *parser.VectorSelector) []series.Poll {
	var polls []series.Poll
	names, others := promql.MetricNames(selector)
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
	for _, x := range selector.LabelMatchers {
		if x.Name == "poll" {
			polls = slices.DeleteFunc(polls, func(p series.Poll) bool { return !x.Matches(string(p)) })
		}
	}
	return polls
}

// ofTasks tells whether single tasks or executors are asked for: their history
// is not kept in every cluster.
func (r reads) ofTasks() bool {
	for _, name := range r.names {
		if known, ok := catalogue.Lookup(name); ok && (known.Entity == string(EntityTask) || known.Entity == string(EntityExecutor)) {
			return true
		}
		if strings.HasPrefix(name, "mesos_task_") || strings.HasPrefix(name, "mesos_executor_") {
			return true
		}
	}
	return false
}
