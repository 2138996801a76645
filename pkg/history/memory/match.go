package memory

import (
	"context"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/index"
)

// This file decides which matchers of a query are looked up in the index, and
// which are checked on the series that are found there.

// namedValues are the values that a label may have.
type namedValues struct {
	name   string
	values []string
}

// fewValues is how many values of a list are looked up in the index where another
// matcher is looked up, too: merging many lists of postings costs more than looking
// at each series of the other matcher.
const fewValues = 256

// plan returns what to look up in the index and what is left to be checked.
//
// Matchers which name their values are looked up: =, regular expressions of few
// alternatives, and lists. Other matchers are cheaper checked on the series found
// by those than looked up for every value of a label; where there are none of
// those, the values of one label are matched first. A matcher that an absent label
// satisfies is never looked up.
func (q *memQuerier) plan(ctx context.Context, matchers []*labels.Matcher) (named []namedValues, rest checks, err error) {
	var lists []history.List
	for _, x := range matchers {
		if l, ok := history.ListOf(x); ok {
			lists = append(lists, l)
			continue
		}
		set := x.SetMatches()
		switch {
		case x.Matches(""):
			rest = append(rest, newCheck(x))
		case x.Type == labels.MatchEqual:
			named = append(named, namedValues{x.Name, []string{x.Value}})
		case x.Type == labels.MatchRegexp && len(set) > 0:
			named = append(named, namedValues{x.Name, set})
		default:
			rest = append(rest, newCheck(x))
		}
	}
	for _, l := range lists {
		if !l.Matches("") && !l.Negated && (l.Len() <= fewValues || len(named) == 0) {
			named = append(named, namedValues{l.Name, l.Values()})
		} else {
			rest = append(rest, check{name: l.Name, matches: l.Matches})
		}
	}
	if len(named) > 0 {
		return named, rest, nil
	}
	for i, x := range rest {
		if !x.matches("") {
			values, err := q.matching(ctx, x)
			return []namedValues{{x.name, values}}, append(rest[:i:i], rest[i+1:]...), err
		}
	}
	return nil, rest, nil
}

// matching returns the values of a label that match. They are copied under the lock
// and matched outside of it.
func (q *memQuerier) matching(ctx context.Context, x check) ([]string, error) {
	q.m.mu.RLock()
	if q.m.closed {
		q.m.mu.RUnlock()
		return nil, history.ErrClosed
	}
	all := q.m.postings.LabelValues(ctx, x.name, nil)
	q.m.mu.RUnlock()
	var values []string
	for i, v := range all {
		if i%matchEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if x.matches(v) {
			values = append(values, v)
		}
	}
	return values, nil
}

// candidates returns the postings of the series that have one of the values of
// each label; all where there is no label. mu must be held.
func (m *Store) candidates(ctx context.Context, named []namedValues) index.Postings {
	if len(named) == 0 {
		return m.postings.All()
	}
	its := make([]index.Postings, len(named))
	for i, n := range named {
		its[i] = m.postings.Postings(ctx, n.name, n.values...)
	}
	return index.Intersect(its...)
}

// A check is a matcher that is compared with the labels of series.
type check struct {
	name    string
	matches func(value string) bool
	known   map[string]bool // of values met before; nil where matching is as cheap
}

type checks []check

// mostKnown bounds how many values a check remembers.
const mostKnown = 128

func newCheck(x *labels.Matcher) check {
	c := check{name: x.Name, matches: x.Matches}
	if x.Type == labels.MatchRegexp || x.Type == labels.MatchNotRegexp {
		c.known = map[string]bool{}
	}
	return c
}

func (all checks) match(l seriesLabels) bool {
	for _, c := range all {
		if !c.match(l.get(c.name)) {
			return false
		}
	}
	return true
}

// match compares a value. Many series have the same, so its result is remembered.
func (c check) match(value string) bool {
	if c.known == nil {
		return c.matches(value)
	}
	result, met := c.known[value]
	if !met {
		result = c.matches(value)
		if len(c.known) < mostKnown {
			c.known[value] = result
		}
	}
	return result
}

var _ storage.Querier = (*memQuerier)(nil)
