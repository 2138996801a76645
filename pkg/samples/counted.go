package samples

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// This file counts what Mesos does not count: events, and tasks that ended by agent,
// by role and by label. A counter begins at 0 when collection begins.

const (
	// countedFor is how long the counters of an agent, role or label go on after the
	// latest task ended there, once the leader lists it no more.
	countedFor = time.Hour
	// manyCounters bounds the counters of one name. Labels of tasks may have a value of
	// their own for each task.
	manyCounters = 20_000
	// manyZeros bounds the counters of one name that are 0 from the beginning.
	manyZeros = manyCounters / 2
)

// fromZero are the states that the counters of each listed agent and role have from the
// beginning, for rules: a rule on what has not happened yet would have no data.
var fromZero = []string{"failed", "lost", "error"}

// ended are the states in which a task has ended. A task that is not listed any more, and
// whose end nobody told, has ended unknown.
var ended = map[events.What]bool{
	events.What(cluster.UnknownTask): true,
	"finished":                       true, "failed": true, "killed": true, "lost": true, "error": true,
	"dropped": true, "gone": true, "gone_by_operator": true,
}

// isEnd reports whether an event is the end of a task.
func isEnd(e *events.Event) bool { return e.Kind == events.KindTask && ended[e.What] }

type agentEndedKey struct {
	agentKey
	state string
}

func (k agentEndedKey) label(add func(name, value string)) {
	k.agentKey.label(add)
	add("state", k.state)
}

type roleEndedKey struct{ role, state string }

func (k roleEndedKey) label(add func(name, value string)) {
	add("role", k.role)
	add("state", k.state)
}

// labelEndedKey is a label of tasks that the settings name, with its value.
type labelEndedKey struct{ name, value, state string }

func (k labelEndedKey) label(add func(name, value string)) {
	add(k.name, k.value)
	add("state", k.state)
}

// A counter is a number, what of it is written, and the time of the batch with which it
// rose last: the events' own times may be long ago, or of a clock that is wrong.
type counter struct {
	n, written float64
	last       int64
	begun      bool // it has a sample
}

// A tally is the counters of one name.
type tally[K comparable] struct {
	*table[K, float64]
	counters map[K]*counter
	// forgotten are the counters whose series the next batch ends, over those that the
	// latest ended.
	forgotten, over map[K]bool
	refused         int // counters that there was no room for, since the last batch
}

func newTally[K comparable](name string, label func(K, func(name, value string))) *tally[K] {
	columns := []column[float64]{{name: name, events: true, read: func(_ *traits, n *float64) (float64, bool) { return *n, true }}}
	return &tally[K]{table: newTable(columns, label), counters: map[K]*counter{}, forgotten: map[K]bool{}}
}

func (t *tally[K]) add(k K, n int) {
	c := t.counters[k]
	if c == nil {
		if len(t.counters) >= manyCounters {
			t.refused++
			return
		}
		c = &counter{}
		t.counters[k] = c
	}
	c.n += float64(n)
}

// beginAt0 makes a counter that has counted nothing, where there is room for it.
func (t *tally[K]) beginAt0(k K) {
	if t.counters[k] == nil && len(t.counters) < manyZeros {
		t.counters[k] = &counter{}
	}
}

// write appends the counters. One that is new begins with a 0 at since, so that increase()
// counts its first event. After a while without batches, anew reports, one that rose has
// what it was before at since, too.
func (t *tally[K]) write(b *batch, since int64, anew bool) {
	for k, c := range t.counters {
		at := since
		if t.over[k] { // that moment may have the end of the counter before
			at++
		}
		if c.n > c.written && (!c.begun || anew) && at < b.t {
			r := t.row(b, k)
			t.count += b.append(r, 0, &r.cells[0], at, c.written)
		}
		if c.n != c.written || !c.begun {
			c.written, c.last = c.n, b.t
		}
		c.begun = true
		t.table.write(b, nil, k, &c.n)
	}
	t.over, t.forgotten = t.forgotten, map[K]bool{}
	if t.refused > 0 {
		b.drop(t.refused, fmt.Errorf("there are %d counters of %s, and no more are kept", manyCounters, t.columns[0].name))
		t.refused = 0
	}
}

// rose reports whether a counter rose since the latest batch.
func (t *tally[K]) rose() bool {
	for _, c := range t.counters {
		if c.n > c.written {
			return true
		}
	}
	return false
}

// forget forgets the counters of what is not there any more.
func (t *tally[K]) forget(now time.Time, there func(K) bool) {
	oldest := now.Add(-countedFor).UnixMilli()
	maps.DeleteFunc(t.counters, func(k K, c *counter) bool {
		over := c.begun && c.n == c.written && c.last < oldest && !there(k)
		if over {
			t.forgotten[k] = true
		}
		return over
	})
}

// counted are all counters that are made of events.
type counted struct {
	events *tally[events.Kind]
	agents *tally[agentEndedKey]
	roles  *tally[roleEndedKey]
	labels *tally[labelEndedKey]
	drift  *tally[string] // by entity

	before int64 // time of the latest batch with them
	usual  int64 // milliseconds between the two latest of them

	// waiting are the ends that were counted since the latest batch that was stored, written
	// those of its counters and of earlier ones, as Counted has them. through is the time of
	// that batch, since Counted.Since.
	waiting, written []countedEnd
	through, since   int64
}

// A countedEnd is the end of a task that was counted, by its hash, with its time.
type countedEnd struct {
	hash uint64
	at   int64
}

func newCounted() counted {
	c := counted{
		events: newTally("mesos_events_total", func(k events.Kind, add func(string, string)) { add("kind", string(k)) }),
		agents: newTally("mesos_agent_tasks_ended_total", agentEndedKey.label),
		roles:  newTally("mesos_role_tasks_ended_total", roleEndedKey.label),
		labels: newTally("mesos_task_label_tasks_ended_total", labelEndedKey.label),
		drift:  newTally("mesos_model_drift_total", func(entity string, add func(string, string)) { add("entity", entity) }),
	}
	for _, kind := range events.Kinds {
		c.events.add(kind, 0)
	}
	return c
}

func (c *counted) tables() []seriesTable {
	return []seriesTable{c.events, c.agents, c.roles, c.labels, c.drift}
}

// write appends all counters as of the batch's time.
func (c *counted) write(b *batch) {
	since, anew := c.begins(b.t)
	c.events.write(b, since, anew)
	c.drift.write(b, since, anew)
	c.roles.write(b, since, anew)
	c.labels.write(b, since, anew)
	c.agents.write(b, since, anew)
	if c.before > 0 {
		c.usual = b.t - c.before
	}
	c.before = b.t
}

// rose reports whether something was counted since the latest batch, if there was one.
func (c *counted) rose() bool {
	return c.before > 0 && (c.events.rose() || c.agents.rose() || c.roles.rose() || c.labels.rose() || c.drift.rose())
}

// begins returns the moment for which what rises in a batch at t has what it was before: the
// batch before. Where that is long ago (anew), as after an outage, a history on disk would
// refuse it, and the window of a rate would not reach it: then it is as long ago as it
// usually is. Before the first batch a process before this one may have written until
// a moment ago.
func (c *counted) begins(t int64) (since int64, anew bool) {
	switch gap := t - c.before; {
	case c.before == 0:
		return t - 1, false
	case c.usual > 0 && gap > 2*c.usual:
		return t - c.usual, true
	default:
		return c.before, false
	}
}

// begin makes the counters of agents and roles that are 0 as long as nothing has ended
// there. Where tasks are hidden from the principal that is not known.
func (c *counted) begin(m *cluster.Cluster) {
	if m.Restricted || m.TasksUnknown || m.FrameworksUnknown {
		return
	}
	for _, state := range fromZero {
		for role := range m.RoleLoads {
			if role != "" {
				c.roles.beginAt0(roleEndedKey{role, state})
			}
		}
		for _, a := range m.Agents {
			c.agents.beginAt0(agentEndedKey{agentKey{a.Hostname, a.ID}, state})
		}
	}
}

// forget forgets the counters of agents and roles that a model does not have, and of
// labels of tasks that ended long ago.
func (c *counted) forget(m *cluster.Cluster) {
	c.agents.forget(m.Time, func(k agentEndedKey) bool { return m.Agent(k.id) != nil })
	c.roles.forget(m.Time, func(k roleEndedKey) bool { return m.RoleLoads[k.role] != nil })
	c.labels.forget(m.Time, func(labelEndedKey) bool { return false })
}

// Count counts events. The next batch of the model writes the counters. Of the end of a task it
// counts what is known; what MissingOf returns is for CountPart.
func (w *Writer) Count(happened []events.Event) {
	for i := range happened {
		e := &happened[i]
		w.counted.events.add(e.Kind, 1)
		if isEnd(e) {
			w.counted.awaits(countedEnd{hashOf(e), e.Time.UnixMilli()})
		}
		missing := MissingOf(e)
		w.counted.end(e, Missing{Agent: !missing.Agent, Task: !missing.Task})
	}
}

// Missing is what an end of a task is not counted by yet: its agent, or its role and labels.
type Missing struct{ Agent, Task bool }

// MissingOf returns what is not known of an event that it is counted by: the name of the agent,
// or the role and labels where nothing but an update of the event stream told of the task.
func MissingOf(e *events.Event) Missing {
	if !isEnd(e) {
		return Missing{}
	}
	return Missing{Agent: e.AgentID != "" && e.Agent == "", Task: e.Role == "" && e.Task == ""}
}

// CountPart counts a part of an event that was missing when it was counted. Without its name an
// agent is counted by the ID alone.
func (w *Writer) CountPart(e *events.Event, part Missing) { w.counted.end(e, part) }

// end counts a part of the end of a task.
func (c *counted) end(e *events.Event, part Missing) {
	if !isEnd(e) {
		return
	}
	state := string(e.What)
	if e.AgentID != "" && part.Agent {
		c.agents.add(agentEndedKey{agentKey{e.Agent, e.AgentID}, state}, 1)
	}
	if !part.Task {
		return
	}
	if e.Role != "" {
		c.roles.add(roleEndedKey{e.Role, state}, 1)
	}
	for name, value := range e.Labels {
		if value == "" { // a series has no empty labels, so that all of these would be one
			continue
		}
		c.labels.add(labelEndedKey{name, value, state}, 1)
	}
}

// Drifted counts agents, frameworks, tasks and roles that the model kept by events had
// otherwise than /state. The counters begin with the first call, at 0 where nothing
// differed.
func (w *Writer) Drifted(differ cluster.Drifted) {
	for entity, n := range map[string]int{
		"agent": differ.Agents, "framework": differ.Frameworks, "task": differ.Tasks, "role": differ.Roles,
	} {
		w.counted.drift.add(entity, n)
	}
}

// TaskLabels returns a function of a task's labels that returns those that the settings
// name as the series of tasks have them, label_* to value; nil for none.
func TaskLabels(wanted []string) func([]mesos.Label) map[string]string {
	return func(labels []mesos.Label) map[string]string {
		chosen := taskLabels(labels, wanted)
		if chosen == "" {
			return nil
		}
		all := map[string]string{}
		chosen.each(func(name, value string) { all[name] = value })
		return all
	}
}

const (
	// endsFor is for how long Counted has each end: an end may be learned so much later than its
	// time, which is of its agent's clock.
	endsFor = time.Minute
	// mostEnds bounds the ends in Counted, and twice as many those that wait for a batch.
	mostEnds = 256
)

// Counted is what counters that were stored have counted, for another process that counts on:
// of events that happened up to Until all, and of ends of tasks those up to Since and the ones in
// Ends. Ends are told by what was counted and not by their times, because one may be learned after a
// batch that is later than it, and one that is later is counted in a batch whose /state takes long.
type Counted struct {
	Until, Since time.Time
	Ends         []uint64 // their hashes
}

// Has reports whether an event was counted.
func (c *Counted) Has(e *events.Event) bool {
	if !isEnd(e) {
		return !e.Time.After(c.Until)
	}
	return !e.Time.After(c.Since) || slices.Contains(c.Ends, hashOf(e))
}

// Misses reports whether an event is an end of a task that was not counted, which was at a moment:
// the event's own time may be when it was learned.
func (c *Counted) Misses(e *events.Event, ended time.Time) bool {
	return isEnd(e) && ended.After(c.Since) && !slices.Contains(c.Ends, hashOf(e))
}

// hashOf returns the hash of an end of a task, which is the same in every process. It is not made
// of the event's ID, which a log does not keep as it is.
func hashOf(e *events.Event) uint64 {
	h := fnv.New64a()
	for _, part := range []string{e.FrameworkID, e.TaskID, string(e.What)} {
		_, _ = h.Write([]byte(part)) // it never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// awaits notes an end that the next batch has.
func (c *counted) awaits(e countedEnd) {
	if c.waiting = append(c.waiting, e); len(c.waiting) > 2*mostEnds { // nothing can be stored
		c.waiting = c.latest(c.waiting)
	}
}

// stored notes that a batch at t with all that was counted so far was stored.
func (c *counted) stored(t int64) {
	if c.through == 0 { // what ended before is not this process' to count
		c.since = max(c.since, t)
	}
	c.through = max(c.through, t)
	c.since = max(c.since, c.through-endsFor.Milliseconds())
	c.written, c.waiting = c.latest(append(c.written, c.waiting...)), nil
}

// latest returns the latest of some ends, and none up to since, which is then the time of the latest
// that is left out.
func (c *counted) latest(all []countedEnd) []countedEnd {
	slices.SortFunc(all, func(a, b countedEnd) int { return cmp.Compare(a.at, b.at) })
	if over := len(all) - mostEnds; over > 0 {
		c.since = max(c.since, all[over-1].at)
	}
	return slices.DeleteFunc(all, func(e countedEnd) bool { return e.at <= c.since })
}

// CountedUntil returns Counted().Until.
func (w *Writer) CountedUntil() time.Time {
	if w.counted.through == 0 {
		return time.Time{}
	}
	return time.UnixMilli(w.counted.through)
}

// Counted returns what the counters that were stored have counted; zero where none were.
func (w *Writer) Counted() Counted {
	c := &w.counted
	if c.through == 0 {
		return Counted{}
	}
	is := Counted{Until: w.CountedUntil(), Since: time.UnixMilli(c.since), Ends: make([]uint64, len(c.written))}
	for i, e := range c.written {
		is.Ends[i] = e.hash
	}
	return is
}
