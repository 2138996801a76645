package query

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/series"
)

// listLog is a log that looks at every event, as the interface says.
type listLog struct {
	mu    sync.Mutex
	all   []events.Event
	stats events.Stats
	err   error
	asked []events.Filter
}

func (l *listLog) Append(_ context.Context, all []events.Event) ([]events.Event, error) {
	var added []events.Event
	for _, e := range all {
		if slices.ContainsFunc(l.all, func(had events.Event) bool { return had.ID == e.ID }) {
			continue
		}
		for i := range l.all {
			if opened := &l.all[i]; opened.Opens != "" && opened.End.IsZero() && slices.Contains(e.Closes, opened.Opens) {
				opened.End = e.Time
			}
		}
		l.all, added = append(l.all, e), append(added, e)
	}
	return added, nil
}

// happened returns the events that happened in the filter's time.
func (l *listLog) happened(f events.Filter) []events.Event {
	return slices.DeleteFunc(l.matching(f), func(e events.Event) bool { return e.Time.Before(f.From) })
}

// matching returns also those that lasted into it.
func (l *listLog) matching(f events.Filter) []events.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, f)
	var found []events.Event
	for _, e := range l.all {
		end := later(e.Time, e.End)
		if e.Opens != "" && e.End.IsZero() {
			end = e.Time.AddDate(100, 0, 0)
		}
		if !f.From.IsZero() && end.Before(f.From) || !f.To.IsZero() && e.Time.After(f.To) {
			continue
		}
		if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, e.Kind) {
			continue
		}
		if slices.Index(events.Severities, e.Severity) < slices.Index(events.Severities, f.Least) {
			continue
		}
		if slices.ContainsFunc(f.Where, func(c events.Condition) bool { return !holds(c, e) }) {
			continue
		}
		found = append(found, e)
	}
	slices.SortStableFunc(found, func(a, b events.Event) int { return b.Time.Compare(a.Time) })
	return found
}

func holds(c events.Condition, e events.Event) bool {
	has := slices.ContainsFunc(c.Values, func(value string) bool {
		if c.Pattern {
			return regexp.MustCompile(`^(?s:` + value + `)$`).MatchString(e.Get(c.Field))
		}
		return value == e.Get(c.Field)
	})
	return has != c.Not
}

func (l *listLog) Select(_ context.Context, f events.Filter) ([]events.Event, int, error) {
	found := l.matching(f)
	n := min(f.Limit, len(found))
	return found[:n], len(found) - n, l.err
}

func (l *listLog) Count(_ context.Context, f events.Filter, by []events.Field, limit int) ([]events.Group, error) {
	groups := map[string]*events.Group{}
	for _, e := range l.happened(f) {
		var values []string
		for _, field := range by {
			values = append(values, e.Get(field))
		}
		key := strings.Join(values, "\x00")
		if groups[key] == nil {
			groups[key] = &events.Group{Values: values, Last: e.Time}
		}
		groups[key].Count++
	}
	var all []events.Group
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, *groups[key])
	}
	slices.SortStableFunc(all, func(a, b events.Group) int { return cmp.Compare(b.Count, a.Count) })
	return all[:min(limit, len(all))], l.err
}

func (l *listLog) Values(_ context.Context, f events.Filter, field events.Field, limit int) ([]string, error) {
	seen := map[string]bool{}
	for _, e := range l.happened(f) {
		if value := e.Get(field); value != "" {
			seen[value] = true
		}
	}
	all := slices.Sorted(maps.Keys(seen))
	return all[:min(limit, len(all))], l.err
}

func (l *listLog) Stats() events.Stats {
	stats := l.stats
	stats.Events = len(l.all)
	return stats
}

// ago is a moment before noon.
func ago(minutes float64) time.Time { return noon.Add(-time.Duration(minutes * float64(time.Minute))) }

// eventful is a source with these events, its log complete for a day.
func eventful(t testing.TB, all ...events.Event) (Source, *listLog) {
	src := source(t, recordedStore(t, recorded{of("mesos_up", "poll", "state"), flat(1, 10)}))
	log := &listLog{all: all, stats: events.Stats{Since: noon.Add(-day), Where: "disk"}}
	src.Events = log
	src.Status = func() collector.Status {
		return collector.Status{TaskSeries: true, Cluster: "test", Polls: []collector.PollStatus{
			{Poll: series.PollState, Interval: every, LastAttempt: noon.Add(-time.Second), LastSuccess: noon.Add(-time.Second)},
		}}
	}
	return src, log
}

// taskEvent is an event of a task of marathon on the agent a1.
func taskEvent(at time.Time, task string, state events.What, severity events.Severity) events.Event {
	return events.Event{
		ID: task + "/" + string(state), Kind: events.KindTask, What: state, Time: at, Severity: severity,
		Cluster: "test", Task: "name of " + task, TaskID: task, Framework: "marathon", FrameworkID: "F1", Role: "web", Agent: "a1.example", AgentID: "S1",
		Labels: map[string]string{"label_team": "blue"},
	}
}

func agentEvent(at time.Time, agent string, what events.What, severity events.Severity) events.Event {
	return events.Event{ID: agent + "/" + string(what), Kind: events.KindAgent, What: what, Time: at, Severity: severity, Cluster: "test", Agent: agent + ".example", AgentID: agent}
}

// gapEvent is a gap of collection; one that has not ended where to is zero.
func gapEvent(from, to time.Time) events.Event {
	e := events.Event{ID: "gap/" + from.String(), Kind: events.KindCollection, What: events.Gap, Time: from, End: to, Severity: events.Warning}
	if to.IsZero() {
		e.Opens = "gap"
	}
	return e
}
