package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// This file is queryType events: what a query may ask for, its defaults, and how it is
// read from the log.
//
// events_filter.go has its filters, events_cluster.go leaves out clusters of before, events_frames.go marks and tables,
// events_timeline.go states over time, events_count.go numbers, events_text.go words.

// The most and the default of limit, by format.
var eventsLimits = map[EventsFormat]struct{ most, usual int }{
	EventsAnnotations: {most: maxTableRows, usual: 1_000},
	EventsTable:       {most: maxTableRows, usual: 1_000},
	EventsTimeline:    {most: maxShown, usual: 100},
	EventsCount:       {most: maxShown, usual: maxShown},
}

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
	if q.Kinds = unique(q.Kinds); q.Format == EventsTimeline {
		if q.Kinds = stateful(q.Kinds); len(q.Kinds) == 0 {
			return bad("kinds", "format timeline shows states of %s: choose one of them, or another format", list(kindsWithStates))
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
	if q.GroupBy != nil && q.Format == EventsCount { // a query whose format was changed may keep it
		for i, label := range *q.GroupBy {
			if err := checkEventLabel(fmt.Sprintf("groupBy[%d]", i), label); err != nil {
				return err
			}
		}
		once := unique(*q.GroupBy)
		q.GroupBy = &once
	}
	return checkEventFilters(q.Filters)
}

var (
	// errNoPromQL is for the compiler.
	errNoPromQL = bad("queryType", "events are read from the event log and have no PromQL: for a graph of them use mesos_events_total or mesos_agent_tasks_ended_total")
	// errNoEvents is for a data source that keeps no events.
	errNoEvents = bad("queryType", "this data source keeps no events")
)

// eventsReader answers one query for events.
type eventsReader struct {
	src       Source
	stats     events.Stats // as of the beginning
	query     *EventsQuery
	legend    string // legendFormat
	from, to  time.Time
	evaluated bool
	// changed is when the log last went over to another cluster, zero for never.
	changed time.Time
	// since bounds what is asked for, to events of one cluster.
	since  time.Time
	filter events.Filter // without a limit
	// wide is the filter without conditions on what changes over an event's subject:
	// of timeline, where those choose subjects.
	wide    events.Filter
	links   linker
	notices []data.Notice
	none    bool // no event was found
}

// answerEvents answers a query for events.
func answerEvents(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, notices []data.Notice) (data.Frames, error) {
	if src.Events == nil {
		return nil, errNoEvents
	}
	if o.evaluated() && p.events.Format != EventsCount {
		return nil, bad("format", "%s has no numbers, which rules and expressions need: use count", p.events.Format)
	}
	o.Names.set(q.RefID, titleOfEvents, p.LegendFormat, o)
	r := eventsReader{
		src: src, stats: src.Events.Stats(), query: p.events, legend: p.LegendFormat, evaluated: o.evaluated(), links: src.linker(p, o),
		from: q.TimeRange.From, to: q.TimeRange.To, notices: notices,
	}
	if now := src.now(); r.to.After(now) {
		r.to = now
	}
	if r.from.After(r.to) {
		return r.nothing("The time range begins after now, so there is nothing to show yet.")
	}
	if err := r.filters(p.AdhocFilters, o.Alert); err != nil {
		return nil, err
	}
	var (
		frames data.Frames
		wrong  error // of the query; others are the engine's to explain
	)
	err := src.Engine.Read(ctx, r.cost(o.ofRule()), func(ctx context.Context) (err error) {
		if wrong = r.doubt(ctx, o.Alert); wrong != nil {
			return nil
		}
		if wrong, err = r.ofOneCluster(ctx); wrong != nil || err != nil {
			return err
		}
		switch p.events.Format {
		case EventsCount:
			frames, wrong, err = r.count(ctx)
		case EventsTimeline:
			frames, err = r.timeline(ctx)
		default:
			frames, err = r.list(ctx)
		}
		if err == nil && wrong == nil && r.none && !o.evaluated() {
			r.notices = append(r.notices, infos(r.notMeant(ctx))...)
		}
		return err
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return nil, err
	}
	if err := promql.HoldAnswer(ctx, cells(frames)); err != nil {
		return nil, err
	}
	frames[0].Meta.Notices = append(r.notices, r.circumstances()...)
	return frames, nil
}

// nothing answers a query that nothing can be known of, with the sentence why.
func (r *eventsReader) nothing(why string) (data.Frames, error) {
	if r.evaluated {
		return nil, bad("", "the number of events is not known: %s", strings.ToLower(why[:1])+strings.TrimSuffix(why[1:], "."))
	}
	r.notices = append(r.notices, info("%s", why))
	frames := r.numbers(nil)
	switch r.query.Format {
	case EventsAnnotations:
		frames = data.Frames{r.annotations(nil)}
	case EventsTable:
		frames = data.Frames{r.table(nil)}
	case EventsTimeline:
		frames = data.Frames{noStates()}
	}
	frames[0].Meta.Notices = r.notices
	return frames, nil
}

// eventSamples is about how many samples an event takes as much memory as.
const eventSamples = 20

// cost returns what a query costs, in samples. What is looked at is at most the whole
// log; regular expressions take ten times as long.
func (r eventsReader) cost(alert bool) promql.Reading {
	work := float64(r.stats.Events)
	if slices.ContainsFunc(r.filter.Where, func(c events.Condition) bool { return c.Pattern }) {
		work *= 10
	}
	rows := r.query.Limit
	if r.query.Format == EventsTimeline {
		rows = 3 * maxTimelineEvents
	}
	return promql.Reading{Weight: int64(rows) * eventSamples, Work: work, Alert: alert}
}

// cells returns how many values frames have.
func cells(frames data.Frames) (n int) {
	for _, frame := range frames {
		n += frame.Rows() * len(frame.Fields)
	}
	return n
}

// limited returns the filter with a limit.
func limited(f events.Filter, limit int) events.Filter {
	f.Limit = limit
	return f
}

// list answers format annotations and table.
func (r *eventsReader) list(ctx context.Context) (data.Frames, error) {
	found, more, err := r.src.Events.Select(ctx, limited(r.filter, r.query.Limit))
	if err != nil {
		return nil, err
	}
	r.none = len(found) == 0
	if more > 0 {
		raise := ""
		if most := eventsLimits[r.query.Format].most; r.query.Limit < most {
			raise = fmt.Sprintf("raise the limit (%d at most), ", most)
		}
		r.notices = append(r.notices, warning("%d of %d events are shown, the newest: %suse filters or a shorter time range.", len(found), len(found)+more, raise))
	}
	gaps, err := r.gaps(ctx)
	if err != nil {
		return nil, err
	}
	r.notices = append(r.notices, gaps.notices()...)
	if r.query.Format == EventsTable {
		return data.Frames{r.table(found)}, nil
	}
	return data.Frames{r.annotations(found)}, nil
}

// circumstances returns notices about what the log lacks, and why.
func (r *eventsReader) circumstances() []data.Notice {
	var all []data.Notice
	stats, status := r.stats, r.src.Status()
	if stats.Problem != "" {
		all = append(all, warning("Events: %s", stats.Problem))
	}
	if r.src.EventsElsewhere != "" {
		all = append(all, info("%s polls this cluster and has its event log: here is only what this Grafana has seen itself, while it polled and while tables were asked for.", r.src.EventsElsewhere))
	}
	switch {
	case stats.Since.IsZero():
		all = append(all, info("No event is known yet: the event log begins with the first poll."))
	case r.from.Before(stats.Since):
		why := ""
		if stats.Where == "memory" {
			why = " It is in memory, and begins anew with each start of the plugin."
		}
		all = append(all, info("The event log begins at %s: what happened before is not known.%s", display.Time(stats.Since), why))
	}
	if status.Restricted {
		all = append(all, warning("The principal sees part of the cluster only: Mesos leaves the rest out of its answers."))
	}
	if r.maintenanceUnknown() {
		all = append(all, warning("The maintenance schedule of the masters has not been read, or cannot be: there are no events of maintenance."))
	}
	switch since, late := r.unwatched(); {
	case late && r.to.After(since):
		all = append(all, warning("The cluster has not been watched since %s: what happened after is not known yet.", sinceWhen(since)))
	case r.to.After(r.from) && 2*r.ahead(since) >= r.to.Sub(r.from):
		all = append(all, info("The cluster was last looked at %s: what happened after is known with the next /state, every %s.", display.Time(since), r.src.Interval(series.PollState).Round(time.Second)))
	}
	if r.src.Notices != nil {
		all = append(all, r.src.Notices()...)
	}
	return all
}

// unwatched returns when the cluster was last looked at by something that tells events,
// zero for never since the plugin started, and whether that is longer ago than two polls
// of /state. A stream that is open does not tell everything, so that it counts only while
// /state or the leader's own figures agree with it.
func (r *eventsReader) unwatched() (since time.Time, late bool) {
	every := r.src.Interval(series.PollState)
	status := r.src.Status()
	if gap := status.UnwatchedSince; !gap.IsZero() {
		return gap, r.src.now().Sub(gap) > 2*every
	}
	for _, poll := range status.Polls {
		if (poll.Poll == series.PollState || poll.Poll == series.PollSubscribe) && poll.LastSuccess.After(since) {
			since = poll.LastSuccess
		}
	}
	return since, r.src.now().Sub(since) > 2*every
}

// knownUntil returns the end of the range, or where the cluster is not watched now, when it
// was last.
func (r *eventsReader) knownUntil() (until time.Time, whole bool) {
	if since, late := r.unwatched(); late && r.to.After(since) {
		return later(since, r.from), false
	}
	return r.to, true
}

// ahead returns how much of the range is after the moment at which the cluster was last
// looked at.
func (r *eventsReader) ahead(last time.Time) time.Duration {
	return max(0, r.to.Sub(later(last, r.from)))
}

// sinceWhen returns the words for a time of unwatched.
func sinceWhen(since time.Time) string {
	if since.IsZero() {
		return "the plugin started"
	}
	return display.Time(since)
}
