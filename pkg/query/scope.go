package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/display"
)

// This file reads a metrics query's groupBy and filters against the labels
// that there are: the series' own, and those of info series joined with them.

// join is an info series with the labels taken from it and the filters on it.
type join struct {
	infoSeries
	take    []string
	filters []matcher
	// filterText is the filters in braces.
	filterText string
}

// scope reads groupBy and filters against the labels there are.
func (c *compiler) scope(standard []string, needs string) error {
	q := c.query
	switch {
	case q.GroupBy != nil:
		c.groupBy, c.grouped = unique(*q.GroupBy), true
	case standard != nil:
		c.groupBy, c.grouped = standard, true
	}
	for i, label := range c.groupBy {
		place := c.place(label)
		if place == nil {
			return c.unknownLabel(fmt.Sprintf("groupBy[%d]", i), label)
		}
		place.take = append(place.take, label)
	}
	if needs != "" && !slices.Contains(c.groupBy, needs) {
		return bad("groupBy", "must hold %q for %s: a role's figures hold those of the roles below it, so that sums over roles count twice", needs, q.Measure)
	}
	for i, f := range q.Filters {
		place := c.place(f.Label)
		if place == nil {
			return c.unknownLabel(fmt.Sprintf("filters[%d].label", i), f.Label)
		}
		m, err := newMatcher(f.Label, f.Operator, f.Value.List)
		if err != nil {
			return bad(fmt.Sprintf("filters[%d].value", i), "%v", err)
		}
		place.filters = append(place.filters, m)
	}
	c.adhoc()
	c.filters = c.self().filters
	return c.choosePolls()
}

// choosePolls finds the filters on the label poll, which the plugin's own health
// has: which polls bring a series depends on them.
func (c *compiler) choosePolls() error {
	for _, f := range c.filters {
		if f.label != labelPoll {
			continue
		}
		chosen, err := compiled([]matcher{f})
		if err != nil {
			return bad("filters", "%v", err)
		}
		c.onPoll = append(c.onPoll, chosen...)
	}
	return nil
}

// adhoc adds the dashboard's filters whose labels these series have. The others are
// mentioned, and an error in rules.
func (c *compiler) adhoc() {
	matchers, leftOut := adhocMatchers(c.query.AdhocFilters)
	c.leftOut = leftOut
	c.notices = append(c.notices, leftOut...)
	for _, m := range matchers {
		if c.isNamed(m) {
			continue
		}
		place := c.place(m.label)
		if place == nil {
			sentence := notFiltered(m, []string{c.subject()})
			c.notices, c.leftOut = append(c.notices, sentence), append(c.leftOut, sentence)
			continue
		}
		place.filters = append(place.filters, m)
	}
}

// isNamed reports whether a filter on the name of series holds for the metric of the query.
func (c *compiler) isNamed(m matcher) bool {
	if m.label != labels.MetricName || c.query.Metric == "" {
		return false
	}
	all, err := compiled([]matcher{m})
	return err == nil && all[0].Matches(c.query.Metric)
}

// subject names what the query is about.
func (c *compiler) subject() string {
	switch {
	case c.query.Metric != "":
		return c.query.Metric
	case c.query.Measure == "": // a variable's list
		return string(c.query.Entity) + "s"
	default:
		return fmt.Sprintf("%s %s of %s %s", c.query.Resource, strings.ReplaceAll(string(c.query.Measure), "_", " "), article(c.query.Entity), c.query.Entity)
	}
}

// self collects what is said about the series' own labels: a join without an
// info series, always the first.
func (c *compiler) self() *join {
	if len(c.joined) == 0 {
		c.joined = make([]join, 1, 1+len(c.info))
	}
	return &c.joined[0]
}

// place is where a label comes from, nil for nowhere.
func (c *compiler) place(label string) *join {
	self := c.self()
	switch {
	case !labelName.MatchString(label):
		return nil
	case has(c.own, label):
		return self
	}
	for _, info := range c.info {
		if !has(info.labels, label) {
			continue
		}
		for i := range c.joined {
			if c.joined[i].name == info.name {
				return &c.joined[i]
			}
		}
		c.joined = append(c.joined, join{infoSeries: info}) // within the capacity: earlier pointers hold
		return &c.joined[len(c.joined)-1]
	}
	return nil
}

func (c *compiler) unknownLabel(key, label string) error {
	all := allLabels(c.own, c.info)
	return bad(key, "unknown label %q%s. Available: %s%s", cut(label), likeLabel(label, all), strings.Join(all, ", "), asSeveral(label, func(part string) bool { return has(all, part) }))
}

// likeLabel returns the label that another one may stand for, to be written behind it: ` (did
// you mean "x"?)`; "" for none. attr_* and the like are not known by themselves.
func likeLabel(label string, available []string) string {
	return display.DidYouMean(cut(label), slices.DeleteFunc(slices.Clone(available), func(known string) bool { return strings.HasSuffix(known, "*") }))
}

// allLabels lists labels and those that info series add.
func allLabels(own []string, info []infoSeries) []string {
	all := slices.Clone(own)
	for _, i := range info {
		all = append(all, i.labels...)
	}
	return unique(all)
}
