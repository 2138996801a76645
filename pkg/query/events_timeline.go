package query

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
)

// This file is format timeline of events: the states of each task, agent and framework
// over time, beginning with the one it had before the range.

// maxTimelineEvents is how many events a timeline is made of, of each kind.
const maxTimelineEvents = 10_000

var kindsWithStates = []events.Kind{events.KindTask, events.KindAgent, events.KindFramework}

// stateful returns the kinds whose subjects have states; all of these for none.
func stateful(kinds []events.Kind) []events.Kind {
	if len(kinds) == 0 {
		return kindsWithStates
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(k events.Kind) bool { return !slices.Contains(kindsWithStates, k) })
}

const stateActive = "active"

// stateAfter returns the state of a subject after an event.
func stateAfter(e *events.Event) string {
	switch e.What {
	case events.Added, events.Back, events.Reactivated, events.FailedOver:
		return stateActive
	default:
		return string(e.What)
	}
}

// ends are the states after which a subject is no more.
var ends = []string{
	string(events.Removed), string(events.Lost), string(events.Gone),
	"finished", "failed", "killed", "error", "dropped", "gone_by_operator",
	"unknown", // the leader does not list the task any more
}

// A subject is a task, an agent or a framework.
type subject struct {
	kind          events.Kind
	id, framework string // framework: of a task
}

func subjectOf(e *events.Event) subject {
	switch e.Kind {
	case events.KindTask:
		return subject{e.Kind, e.TaskID, e.FrameworkID}
	case events.KindAgent:
		return subject{e.Kind, e.AgentID, ""}
	default:
		return subject{e.Kind, e.FrameworkID, ""}
	}
}

// idField is the field that a kind's subjects are selected by.
func idField(kind events.Kind) events.Field {
	switch kind {
	case events.KindTask:
		return events.FieldTaskID
	case events.KindAgent:
		return events.FieldAgentID
	default:
		return events.FieldFrameworkID
	}
}

// A stateLine is the states of one subject.
type stateLine struct {
	subject
	name   string // told apart from those of other lines
	latest events.Event
	before string    // the state at the beginning; "" where it is not known
	begins time.Time // from where on states are known
	events []events.Event
}

// timeline answers format timeline.
func (r *eventsReader) timeline(ctx context.Context) (data.Frames, error) {
	lines, err := r.subjects(ctx)
	if err != nil {
		return nil, err
	}
	r.none = len(lines) == 0
	gaps, err := r.gaps(ctx)
	if err != nil {
		return nil, err
	}
	for _, kind := range kindsWithStates {
		if err := r.states(ctx, kind, lines); err != nil {
			return nil, err
		}
	}
	r.notices = append(r.notices, gaps.notices()...)
	if until, known := r.knownUntil(); !known {
		gaps.all = append(gaps.all, gap{until, r.to})
	}
	slices.SortStableFunc(lines, func(a, b *stateLine) int {
		return cmp.Or(cmp.Compare(slices.Index(kindsWithStates, a.kind), slices.Index(kindsWithStates, b.kind)),
			cmp.Compare(nameOfSubject(&a.latest), nameOfSubject(&b.latest)), cmp.Compare(a.id, b.id))
	})
	frames, shown := data.Frames{}, map[string]int{}
	for _, line := range lines {
		line.name = nameOfSubject(&line.latest)
		shown[line.name]++
	}
	for _, line := range lines {
		if shown[line.name] > 1 && line.name != line.id {
			line.name += " (" + line.id + ")"
		}
		if frame := r.stateFrame(line, gaps, len(lines)); frame != nil {
			frames = append(frames, frame)
		}
	}
	if len(frames) == 0 {
		frames = append(frames, noStates())
	}
	return frames, nil
}

func noStates() *data.Frame {
	frame := data.NewFrame("")
	frame.Meta = &data.FrameMeta{}
	return frame
}

// subjects returns what the timeline shows: first those of the newest events that match,
// then those that had a state before the range and no event in it. Where conditions are on
// what changes, as event="failed", they choose among the former.
func (r *eventsReader) subjects(ctx context.Context) ([]*stateLine, error) {
	found, more, err := r.src.Events.Select(ctx, limited(r.filter, maxTimelineEvents))
	if err != nil {
		return nil, err
	}
	seen := map[subject]bool{}
	var lines []*stateLine
	dropped := 0
	take := func(e *events.Event) {
		s := subjectOf(e)
		switch {
		case seen[s] || s.id == "":
			return
		case len(lines) == r.query.Limit:
			dropped++
		default:
			lines = append(lines, &stateLine{subject: s, latest: *e, begins: r.from})
		}
		seen[s] = true
	}
	for i := range found {
		take(&found[i])
	}
	if len(lines) < r.query.Limit && len(r.filter.Where) == len(r.wide.Where) && r.filter.Least == "" {
		f := limited(r.filter, maxTimelineEvents)
		f.From, f.To = r.since, r.from
		before, _, err := r.src.Events.Select(ctx, f)
		if err != nil {
			return nil, err
		}
		over := map[subject]bool{}
		for i := range before {
			s := subjectOf(&before[i])
			if over[s] || slices.Contains(ends, stateAfter(&before[i])) {
				over[s] = true // its newest state before the range
				continue
			}
			take(&before[i])
			over[s] = true
		}
	}
	if dropped > 0 || more > 0 {
		r.notices = append(r.notices, warning("%d rows are shown, those of the newest events: there are more. Raise the limit (%d at most), use filters or a shorter time range.",
			len(lines), eventsLimits[EventsTimeline].most))
	}
	return lines, nil
}

// states fills in the events of the lines of one kind, and the states before the range.
func (r *eventsReader) states(ctx context.Context, kind events.Kind, lines []*stateLine) error {
	of := map[subject]*stateLine{}
	var ids []string
	for _, line := range lines {
		if line.kind == kind {
			of[line.subject] = line
			ids = append(ids, line.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	f := events.Filter{
		From: later(r.from, r.since), To: r.to, Kinds: []events.Kind{kind}, Limit: maxTimelineEvents,
		Where: []events.Condition{{Field: idField(kind), Values: unique(ids)}},
	}
	during, more, err := r.src.Events.Select(ctx, f)
	if err != nil {
		return err
	}
	begins := r.from
	if more > 0 {
		begins = during[len(during)-1].Time
		r.notices = append(r.notices, warning("The states of the kind %s begin at %s: the time range has %d events more than a timeline is made of. Use filters or a shorter time range.",
			kind, display.Time(begins), more))
	}
	for i := range during {
		line := of[subjectOf(&during[i])]
		if line != nil && !during[i].Time.Before(begins) {
			line.events = append(line.events, during[i])
		}
	}
	for _, line := range of {
		line.begins = begins
		slices.Reverse(line.events) // they come newest first
	}
	if more > 0 {
		return nil
	}
	f.From, f.To = r.since, r.from.Add(-time.Nanosecond)
	before, _, err := r.src.Events.Select(ctx, f)
	if err != nil {
		return err
	}
	for i := range before {
		if line := of[subjectOf(&before[i])]; line != nil && line.before == "" {
			line.before = stateAfter(&before[i])
		}
	}
	return nil
}

// stateFrame returns the frame of one of so many lines; nil for one without a state in the range. In a
// gap of collection the state is null. The dataplane contract has no type for texts over
// time.
func (r *eventsReader) stateFrame(line *stateLine, gaps gaps, of int) *data.Frame {
	type point struct {
		at    time.Time
		state string // "" is not known
	}
	var points []point
	if line.before != "" {
		points = append(points, point{line.begins, line.before})
	}
	for i := range line.events {
		e := &line.events[i]
		points = append(points, point{e.Time, stateAfter(e)})
	}
	if len(points) == 0 {
		return nil
	}
	for _, g := range gaps.all {
		if !g.from.After(points[0].at) && !g.to.After(points[0].at) {
			continue
		}
		var after string
		kept := points[:0:0]
		for _, p := range points {
			if !p.at.After(g.to) {
				after = p.state
			}
			if p.at.Before(g.from) || p.at.After(g.to) {
				kept = append(kept, p)
			}
		}
		kept = append(kept, point{g.from, ""})
		if after != "" && g.to.Before(r.to) {
			kept = append(kept, point{g.to, after})
		}
		slices.SortStableFunc(kept, func(a, b point) int { return a.at.Compare(b.at) })
		points = kept
	}
	var times []time.Time
	var states []*string
	for _, p := range points {
		var state *string
		if p.state != "" {
			state = &p.state
		}
		if n := len(times); n > 0 && times[n-1].Equal(p.at) {
			states[n-1] = state // the later of two at one moment
			continue
		}
		times, states = append(times, p.at.UTC()), append(states, state)
	}
	named := labelsOfSubject(&line.latest)
	value := data.NewField("state", data.Labels(named.Map()), states)
	value.Config = &data.FieldConfig{Mappings: data.ValueMappings{stateColors}}
	value.Config.DisplayNameFromDS = line.name
	value.Config.Links = r.links.series(named, of)
	if r.legend != "" && r.legend != legendAuto {
		value.Config.DisplayNameFromDS = legend{format: r.legend}.name(named)
	}
	frame := data.NewFrame(line.name, data.NewField(fieldTime, nil, times), value)
	frame.Meta = &data.FrameMeta{PreferredVisualization: data.VisTypeTable}
	return frame
}

// nameOfSubject is the name of a task, an agent or a framework, else its ID.
func nameOfSubject(e *events.Event) string {
	switch e.Kind {
	case events.KindTask:
		return first(e.Task, e.TaskID)
	case events.KindAgent:
		return first(e.Agent, e.AgentID)
	default:
		return first(e.Framework, e.FrameworkID)
	}
}

// labelsOfSubject are the fields that do not change over a subject's events.
func labelsOfSubject(e *events.Event) labels.Labels {
	named := labels.NewBuilder(labels.EmptyLabels())
	fields := map[events.Kind][]events.Field{
		events.KindTask:      {events.FieldTask, events.FieldTaskID, events.FieldFramework, events.FieldFrameworkID, events.FieldRole, events.FieldAgent, events.FieldAgentID},
		events.KindAgent:     {events.FieldAgent, events.FieldAgentID},
		events.KindFramework: {events.FieldFramework, events.FieldFrameworkID},
	}[e.Kind]
	for _, field := range fields {
		named.Set(string(field), e.Get(field))
	}
	for name, value := range e.Labels {
		named.Set(name, value)
	}
	return named.Labels()
}

// stateColors are the colors of states where the panel has none.
var stateColors = func() data.ValueMapper {
	colors := data.ValueMapper{}
	for color, states := range map[string][]string{
		"green":    {"running", stateActive},
		"blue":     {"finished", "starting"},
		"text":     {"staging", "killed", "removed", "unknown"},
		"yellow":   {"killing", "draining", "deactivated"},
		"orange":   {"drained", "disconnected", "unreachable"},
		"red":      {"failed", "error", "dropped", "lost", "gone"},
		"dark-red": {"gone_by_operator"},
	} {
		for _, state := range states {
			colors[state] = data.ValueMappingResult{Text: state, Color: color}
		}
	}
	return colors
}()
