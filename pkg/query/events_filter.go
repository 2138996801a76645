package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/promql"
)

// This file turns filters, and those of a dashboard, into conditions on events.

// labelsOfEvents are the fields that filters and groupBy may name.
var labelsOfEvents = append(names(events.Fields), "label_*")

// changing are the fields that differ between the events of one task, agent or framework.
var changing = []events.Field{
	events.FieldEvent, events.FieldSeverity, events.FieldReason, events.FieldSource, events.FieldMessage,
}

// checkEventLabel returns an error for what is no field of events.
func checkEventLabel(key, label string) error {
	switch {
	case label == "":
		return bad(key, "is missing: one of %s", strings.Join(labelsOfEvents, ", "))
	case !has(labelsOfEvents, label) || !labelName.MatchString(label):
		return bad(key, "unknown field of events %s", notKnown(label, labelsOfEvents))
	default:
		return nil
	}
}

func checkEventFilters(filters []Filter) error {
	if err := checkFilters(filters); err != nil {
		return err
	}
	for i, f := range filters {
		key := fmt.Sprintf("filters[%d]", i)
		if err := checkEventLabel(key+".label", f.Label); err != nil {
			return err
		}
		if _, err := eventCondition(events.Field(f.Label), f.Operator, f.Value.List); err != nil {
			return bad(key+".value", "%v", err)
		}
	}
	return nil
}

// eventCondition returns a comparison as the log takes it.
func eventCondition(field events.Field, operator Operator, values []string) (events.Condition, error) {
	label := string(field)
	if field == events.FieldEvent {
		label = labelState // whose values Mesos writes as TASK_FAILED
	}
	if _, err := newMatcher(label, operator, values); err != nil {
		return events.Condition{}, err
	}
	kind := matchTypes[operator]
	c := events.Condition{
		Field: field, Values: slices.Clone(values),
		Not:     kind == labels.MatchNotEqual || kind == labels.MatchNotRegexp,
		Pattern: kind == labels.MatchRegexp || kind == labels.MatchNotRegexp,
	}
	for i, value := range c.Values {
		c.Values[i] = oneSpelling(label, value, !c.Pattern)
	}
	if c.Pattern {
		if plain, ok := literals(c.Values); ok {
			c.Values, c.Pattern = plain, false
		}
	}
	return c, nil
}

// literals returns the values that patterns list, (a|b|c); false where one of them is more
// than such a list. A log finds values by its index.
func literals(patterns []string) (plain []string, ok bool) {
	for _, pattern := range patterns {
		if literal, err := onlyLiterals(pattern); err != nil || !literal {
			return nil, false
		}
		for _, open := range []string{"(?:", "("} {
			if rest, enclosed := strings.CutPrefix(pattern, open); enclosed {
				pattern = strings.TrimSuffix(rest, ")")
				break
			}
		}
		plain = append(plain, alternatives(pattern)...)
	}
	return plain, true
}

// alternatives splits a list of literal values at its |, and takes the \ from them.
func alternatives(pattern string) (values []string) {
	var value strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '|':
			values = append(values, value.String())
			value.Reset()
		case '\\':
			i++
			value.WriteByte(pattern[i])
		default:
			value.WriteByte(c)
		}
	}
	return append(values, value.String())
}

// filters fills in what is asked of the log. A filter of a dashboard that events cannot
// have is a notice, and an error for a rule.
func (r *eventsReader) filters(dashboard []AdhocFilter, alert bool) error {
	q := r.query
	r.filter = events.Filter{From: r.from, To: r.to, Kinds: q.Kinds, Least: q.Severity}
	for _, f := range q.Filters {
		c, err := eventCondition(events.Field(f.Label), f.Operator, f.Value.List)
		if err != nil {
			return err // checkEventFilters has found none
		}
		r.filter.Where = append(r.filter.Where, c)
	}
	var leftOut []string
	for _, f := range dashboard {
		c, sentence := r.ofDashboard(f)
		if sentence != "" {
			leftOut = append(leftOut, sentence)
		} else if c.Field != "" {
			r.filter.Where = append(r.filter.Where, c)
		}
	}
	if alert && len(leftOut) > 0 {
		return bad("adhocFilters", "a rule needs all of its filters. %s", leftOut[0])
	}
	r.notices = append(r.notices, warnings(leftOut)...)
	var patterns []string
	for _, c := range r.filter.Where {
		if c.Pattern {
			patterns = append(patterns, c.Values...)
		}
	}
	if err := promql.CheckPatterns(patterns...); err != nil {
		return err
	}

	r.wide = r.filter
	r.wide.Least = ""
	r.wide.Where = slices.DeleteFunc(slices.Clone(r.filter.Where), func(c events.Condition) bool { return slices.Contains(changing, c.Field) })
	return nil
}

// ofDashboard returns the condition of a dashboard's filter, none where it holds for all
// events, or a sentence about why it is not applied.
func (r *eventsReader) ofDashboard(f AdhocFilter) (c events.Condition, leftOut string) {
	m, err := adhocMatcher(f)
	if err != nil {
		return c, fmt.Sprintf("The dashboard's filter %s %s %s is left out: %v.", cut(f.Key), f.Operator, cut(strings.Join(f.list(), ", ")), err)
	}
	field := f.Key
	switch {
	case field == labelState:
		field = string(events.FieldEvent) // states of tasks
	}
	if !has(labelsOfEvents, field) {
		return c, fmt.Sprintf("The dashboard's filter %s is on a label that events do not have, and is not applied to them.", cut(m.String()))
	}
	if c, err = eventCondition(events.Field(field), Operator(strings.TrimSuffix(f.Operator, "|")), f.list()); err != nil {
		return c, fmt.Sprintf("The dashboard's filter %s is left out: %v.", cut(m.String()), err)
	}
	return c, ""
}

// doubt adds a notice for each comparison that matches nothing because of how its value
// is written; for a rule it returns an error.
func (r *eventsReader) doubt(ctx context.Context, alert bool) error {
	conditions := conditionsOf(r.query.Filters)
	sentences, err := doubtsAbout(conditions, alert, func(label, value string) (bool, error) {
		if !has(labelsOfEvents, label) {
			return false, nil
		}
		f := events.Filter{Where: []events.Condition{{Field: events.Field(label), Values: []string{value}}}}
		found, err := r.src.Events.Values(ctx, f, events.Field(label), 1)
		return len(found) > 0, err
	})
	r.notices = append(r.notices, warnings(sentences)...)
	return err
}
