package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/events"
)

// This file is queryType events: what a query may ask for, and its defaults.

// The most and the default of limit, by format.
var eventsLimits = map[EventsFormat]struct{ most, usual int }{
	EventsAnnotations: {most: maxTableRows, usual: 1_000},
	EventsTable:       {most: maxTableRows, usual: 1_000},
	EventsTimeline:    {most: maxShown, usual: 100},
	EventsCount:       {most: maxShown, usual: maxShown},
}

// labelsOfEvents are the fields that filters and groupBy may name.
var labelsOfEvents = append(names(events.Fields), "label_*")

// checkEvents returns what is wrong with a query for events, and fills in its
// defaults.
func checkEvents(q *EventsQuery) error {
	if q.Format == "" {
		q.Format = EventsAnnotations
	}
	if !slices.Contains(eventsFormats, q.Format) {
		return unknown("format", string(q.Format), eventsFormats)
	}
	for i, kind := range q.Kinds {
		if !slices.Contains(events.Kinds, kind) {
			return unknown(fmt.Sprintf("kinds[%d]", i), string(kind), events.Kinds)
		}
	}
	if q.Severity != "" && !slices.Contains(events.Severities, q.Severity) {
		return unknown("severity", string(q.Severity), events.Severities)
	}
	limits := eventsLimits[q.Format]
	if q.Limit < 0 || q.Limit > limits.most {
		return bad("limit", "%d is out of range: 1 to %d for format %s", q.Limit, limits.most, q.Format)
	}
	if q.Limit == 0 {
		q.Limit = limits.usual
	}
	if q.GroupBy != nil {
		if len(*q.GroupBy) > 0 && q.Format != EventsCount {
			return bad("groupBy", "is for format count only: leave it out, or choose that format")
		}
		for i, label := range *q.GroupBy {
			if err := checkEventLabel(fmt.Sprintf("groupBy[%d]", i), label); err != nil {
				return err
			}
		}
		once := unique(*q.GroupBy)
		q.GroupBy = &once
	}
	if err := checkFilters(q.Filters); err != nil {
		return err
	}
	for i, f := range q.Filters {
		key := fmt.Sprintf("filters[%d]", i)
		if err := checkEventLabel(key+".label", f.Label); err != nil {
			return err
		}
		if _, err := newMatcher(f.Label, f.Operator, f.Value.List); err != nil {
			return bad(key, "%v", err)
		}
	}
	return nil
}

// checkEventLabel returns an error for what is no field of events.
func checkEventLabel(key, label string) error {
	if label == "" {
		return bad(key, "is missing: one of %s", list(labelsOfEvents))
	}
	if !has(labelsOfEvents, label) || !labelName.MatchString(label) {
		return bad(key, "unknown field of events %s", notKnown(label, labelsOfEvents))
	}
	return nil
}

// errNoPromQL is for the compiler.
var errNoPromQL = bad("queryType", "events are read from the event log and have no PromQL: for a graph of them use mesos_events_total or mesos_agent_tasks_ended_total")

// errNoEvents is for a data source that keeps no events.
var errNoEvents = bad("queryType", "this data source keeps no events")

// answerEvents answers a query for events.
func answerEvents(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, notices []data.Notice) (data.Frames, error) {
	if src.Events == nil {
		return nil, errNoEvents
	}
	return nil, errNoEvents
}
