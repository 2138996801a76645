package collector

import (
	"slices"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// Between two /state the model is kept by what the event stream tells. The stream does
// not tell all: no agent that disconnects, no scheduler that goes. So with each snapshot the model is compared with the leader's own numbers: where they agree, it is
// written; where they do not, /state is asked early, and nothing that may be wrong is
// written until it has answered. Each /state is compared with the model and replaces it.

const (
	// manyAgents is from how many agents on /state is asked less often while events
	// keep the model, fewerStates how much less often, and longestState its interval at
	// most.
	manyAgents   = 500
	fewerStates  = 10
	longestState = time.Hour
	// agreeWithin is for how many snapshots the model may have been disputed until
	// /state is asked as often as without a stream.
	agreeWithin = 4
	// hiddenFor is for how many snapshots in a row an executor may have exited unseen until /state
	// is asked as often as without a stream: what its agent is allocated has no sample meanwhile,
	// and a query sees samples for two and a half.
	hiddenFor = 2
)

// keptModel is the model kept by events. It is guarded by Collector.mu.
type keptModel struct {
	// model has all changes but those that wait in the stream; nil until a /state was
	// asked for after the stream began.
	model  *cluster.Cluster
	agreed time.Time // when a snapshot or /state agreed with it last
	early  int       // how often in a row /state was asked early
	hidden int       // how many snapshots in a row may have hidden that an idle executor exited
	// noted is how many of the waiting changes were noted as events, told the IDs of
	// those events, and staged the tasks that were added by them, with when.
	noted  int
	told   map[string]bool
	staged map[taskID]time.Time
}

// taskID identifies a task.
type taskID struct{ framework, task string }

// noNotes returns a keptModel of which nothing was noted yet.
func noNotes() keptModel {
	return keptModel{told: map[string]bool{}, staged: map[taskID]time.Time{}}
}

// set replaces the model, whose waiting changes are now others.
func (k *keptModel) set(m *cluster.Cluster) {
	none := noNotes()
	k.model, k.noted, k.told, k.staged = m, 0, none.told, none.staged
}

// following reports whether events keep the model now. mu is held.
func (s *streamPoll) following() bool {
	return s.open != nil && s.kept.model != nil && s.clock.Now().Sub(s.kept.agreed) <= agreeWithin*s.settings.PollInterval
}

// modelInterval returns how often series of the model are written. mu is held.
func (c *Collector) modelInterval() time.Duration {
	if every := c.state.interval(); !c.stream.following() {
		return every
	}
	return c.settings.PollInterval
}

// follow compares the model with a snapshot and writes it if they agree. instead: a /state
// of the same moment has failed; else of the moment of a /state that is asked for follow writes
// the sums only: reading and writing so much takes seconds.
func (s *streamPoll) follow(p *scheduledPoll, snapshot *mesos.Metrics, instead bool) {
	s.noteChanges(p.run)
	if s.leftBehind(p, snapshot.Target, snapshot.Sent) {
		return
	}
	s.mu.Lock()
	st, before := s.open, s.kept.model
	if s.Collector.run != p.run || st == nil || before == nil || before.Restricted || before.TasksUnknown || !before.Time.Before(snapshot.Sent) {
		s.mu.Unlock()
		return
	}
	soon := !instead && s.stateSoon()
	slower := instead || s.state.interval() > s.settings.PollInterval
	if soon && !slower {
		s.mu.Unlock()
		return
	}
	if before.Master != snapshot.Target { // another master leads
		s.hasten(&s.state.when, s.state.earliest())
		s.mu.Unlock()
		return
	}
	changes := st.changes[:min(s.kept.noted, len(st.changes))]
	s.mu.Unlock()

	n := sentBefore(changes, snapshot.Sent.Add(time.Nanosecond)) // what came at that moment is of it
	asked := before.With(changes[:n], snapshot.Sent)
	// Changes of tasks during the request bound the snapshot's numbers by themselves, and
	// wait for the next one: a second model of each poll would be as large as the first.
	now, during := asked, changes[n:]
	if !onlyTasks(during) {
		now, n = asked.With(during, snapshot.Sent), len(changes)
	}
	doubts := now.Disagrees(asked, during, snapshot)
	// What is not known of executors is no contradiction.
	unknown := doubts.Allocated && !knowsAllocated(now)
	disagrees := doubts.Any() && !unknown || doubts.Agents || doubts.Frameworks || doubts.Tasks
	hides := !doubts.Allocated && asked.HidesIdle(during, snapshot)
	written := now
	if unknown || hides {
		written = now.WithoutIdle()
	}

	s.mu.Lock()
	if s.open != st || s.kept.model != before || s.Collector.run != p.run {
		s.mu.Unlock()
		return
	}
	change := samples.Change{Tasks: changedTasks(changes[:n]), Doubted: doubts.Allocated && !unknown}
	if soon { // the changes wait for /state
		s.mu.Unlock()
		if !doubts.Agents && !doubts.Frameworks && !doubts.Tasks {
			s.writeSums(p, written, change.Doubted, snapshot)
		}
		return
	}
	st.applied(n)
	s.kept.set(now)
	if s.kept.hidden++; !hides {
		s.kept.hidden = 0
	}
	switch {
	case disagrees:
		s.hasten(&s.state.when, s.state.earliest())
		s.kept.early++
	case unknown, s.kept.hidden >= hiddenFor:
		s.hasten(&s.state.when, s.state.last().Add(s.state.ladder()))
	default:
		s.kept.early = 0
	}
	if doubts.Agents || doubts.Frameworks || doubts.Tasks {
		s.mu.Unlock()
		return
	}
	s.kept.agreed = s.clock.Now()
	s.watched = snapshot.Sent
	if slower {
		s.state.model, s.state.seen, s.viewed = now, now, written
	}
	s.mu.Unlock()
	if !slower {
		return // /state itself writes it as often
	}
	s.writeSums(p, written, change.Doubted, snapshot)
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, current := s.healthOf(p, &s.result); !current {
		return
	}
	err := s.writer.Model(p.ctx, written, change, p.settings.samples())
	s.noteWritten(p.ctx, err)
	s.noteModel(now.Time, err)
	s.refreshCurrent()
}

// writeSums writes the sums of the model, and has the next snapshot requested so much sooner that its
// sums are there within pollInterval of the time of these.
func (s *streamPoll) writeSums(p *scheduledPoll, m *cluster.Cluster, doubted bool, snapshot *mesos.Metrics) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, current := s.healthOf(p, &s.result); !current {
		return
	}
	s.noteWritten(p.ctx, s.writer.Sums(p.ctx, m, doubted, snapshot))
	if p.of != pollKind(s.snapshot) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Collector.run == p.run {
		s.snapshot.lag.note(s.clock.Now().Sub(p.scheduled))
		s.snapshot.when.sooner = s.snapshot.lag.lead(s.settings.PollInterval)
	}
}

// noteModel notes that samples of the model were written for a moment.
func (s *streamPoll) noteModel(at time.Time, err error) {
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.modelAt = at
	}
}

// insteadOfState writes the model for the moment of a /state that failed, where the
// leader's snapshot of that moment agrees with it. It reports whether it did: then only what
// /state alone tells ends.
func (s *streamPoll) insteadOfState(p *scheduledPoll) bool {
	s.mu.Lock()
	snapshot, following := s.snapshot.answer, s.following()
	s.mu.Unlock()
	if !following || snapshot == nil || snapshot.Sent.Before(p.scheduled) {
		return following && snapshot != nil && s.writtenOf(snapshot, p.scheduled)
	}
	s.follow(p, snapshot, true)
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.modelAt.Before(p.scheduled)
}

// writtenOf reports whether the model was written with a snapshot that is the newest one at a
// moment: snapshots are requested at other times than /state.
func (s *streamPoll) writtenOf(snapshot *mesos.Metrics, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot.result.Err == nil && !s.modelAt.Before(snapshot.Sent) && at.Sub(snapshot.Sent) < s.settings.PollInterval
}

// lost ends the series of the model at the moment of a snapshot that failed, unless a
// /state of the same moment has written them, or decides on them.
func (s *streamPoll) lost(p *scheduledPoll) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	ends := s.Collector.run == p.run && s.following() && !s.stateSoon() && s.modelAt.Before(p.scheduled)
	s.mu.Unlock()
	if ends {
		s.noteWritten(p.ctx, s.writer.ModelLost(p.ctx, p.scheduled))
	}
}

// onlyTasks reports whether changes are of tasks only.
func onlyTasks(changes []mesos.StreamEvent) bool {
	return !slices.ContainsFunc(changes, func(e mesos.StreamEvent) bool { return e.Task == nil && e.Update == nil })
}

// knowsAllocated reports whether the model knows all that is allocated.
func knowsAllocated(m *cluster.Cluster) bool {
	for _, k := range cluster.Kinds {
		if !m.Allocated[k].Known() {
			return false
		}
	}
	return true
}

// stateSoon reports whether a /state is being asked for, or is about to be: its samples
// are of this moment. mu is held.
func (c *Collector) stateSoon() bool {
	return c.state.when.working || !c.state.when.due.After(c.clock.Now().Add(alignWithin))
}

// catchUp applies waiting changes where no snapshot has for long, and has /state asked
// for as without the stream.
func (s *streamPoll) catchUp(r *run) {
	s.mu.Lock()
	st, before := s.open, s.kept.model
	if s.Collector.run == r && before != nil && !s.following() {
		s.hasten(&s.state.when, s.state.last().Add(s.state.ladder()))
	}
	if s.Collector.run != r || st == nil || before == nil || s.state.when.working || s.clock.Now().Sub(before.Time) < 2*s.settings.PollInterval {
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.noteChanges(r)
	s.mu.Lock()
	changes := st.changes[:min(s.kept.noted, len(st.changes))]
	s.mu.Unlock()
	now := before.With(changes, s.clock.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == st && s.kept.model == before && s.Collector.run == r {
		st.applied(len(changes))
		s.kept.set(now)
	}
}

// applied removes the first n changes. mu is held.
func (st *stream) applied(n int) {
	st.changes = append([]mesos.StreamEvent(nil), st.changes[n:]...)
	st.size = 0
	for i := range st.changes {
		st.size += st.changes[i].Bytes
	}
}

// taskNamed returns the task that a change is about; false where it is about none.
func taskNamed(e *mesos.StreamEvent) (id taskID, ok bool) {
	name := series.CutName
	switch {
	case e.Task != nil:
		return taskID{name(e.Task.FrameworkID), name(e.Task.ID)}, true
	case e.Update != nil:
		return taskID{name(e.Update.FrameworkID), name(e.Update.Status.TaskID)}, true
	}
	return taskID{}, false
}

// changedTasks returns a function that reports whether one of the changes is about a
// task of a framework.
func changedTasks(changes []mesos.StreamEvent) func(framework, id string) bool {
	changed := map[taskID]bool{}
	for i := range changes {
		if id, ok := taskNamed(&changes[i]); ok {
			changed[id] = true
		}
	}
	return func(framework, id string) bool { return changed[taskID{framework, id}] }
}

// settleFor is how long after a /state its comparison with the model waits: records of
// the stream may come later than an answer of the same moment.
const settleFor = time.Second

// tells reports whether the stream tells what differs between a /state and the model
// before, or most of it. Where the /state is another master's, the stream is ended. sent is when
// /state was asked for.
func (s *streamPoll) tells(polled *cluster.Cluster, sent time.Time) bool {
	s.mu.Lock()
	before, st, kept := s.lastKnown(), s.open, s.kept.model
	if st == nil || st.since.IsZero() || before == nil {
		s.mu.Unlock()
		return false
	}
	if before.PID == polled.PID && before.ElectedTime == polled.ElectedTime {
		s.mu.Unlock()
		return true
	}
	if kept == nil { // it may be the stream of the master that leads now
		s.mu.Unlock()
		return false
	}
	s.endOf(st, sent)
	return false
}

// leftBehind ends the stream where it is another master's than the one that led at a moment, and
// reports whether it did. A master that has lost its leadership may keep it open, for example
// while it is cut off from ZooKeeper, or behind a proxy.
func (s *streamPoll) leftBehind(p *scheduledPoll, leader string, at time.Time) bool {
	s.mu.Lock()
	st := s.open
	if s.Collector.run != p.run || st == nil || st.why != nil || st.target == "" || st.target == leader || !st.since.Before(at) {
		s.mu.Unlock()
		return false
	}
	s.hasten(&s.state.when, s.state.earliest())
	s.endOf(st, at)
	return true
}

// replaced ends the stream where another process answers as the leader from a moment on than before,
// and the stream was open then: behind a router the address tells nothing. A stream that began since
// may be the new leader's, so that /state decides.
func (s *streamPoll) replaced(p *scheduledPoll, before, at time.Time) {
	s.noteChanges(p.run)
	s.mu.Lock()
	st := s.open
	if s.Collector.run != p.run || st == nil || st.why != nil || st.since.IsZero() {
		s.mu.Unlock()
		return
	}
	s.hasten(&s.state.when, s.state.earliest())
	if !st.since.Before(before) {
		s.mu.Unlock()
		return
	}
	s.endOf(st, at)
}

// endOf ends the stream of a master that did not lead any more at a moment. What it told until then
// is kept, so that it is not told again. mu is held, and is not afterwards.
func (s *streamPoll) endOf(st *stream, at time.Time) {
	known := s.lastKnown()
	st.why = errOtherLeader
	st.cancel()
	changes := st.changes[:sentBefore(st.changes, at)]
	s.last, s.kept.model = known, nil
	s.mu.Unlock()
	if known == nil {
		return
	}
	last := known.With(changes, at)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == known {
		s.last = last
	}
}

// check compares a /state with the model before and what the stream told since, and notes
// what it did not tell. sent is when /state was asked for.
func (s *streamPoll) check(p *scheduledPoll, polled *cluster.Cluster, sent time.Time) {
	s.noteChanges(p.run)
	s.mu.Lock()
	before, kept, staged := s.lastKnown(), s.kept.model != nil, s.kept.staged
	var changes []mesos.StreamEvent
	if s.open != nil {
		changes = s.open.changes
	}
	current := s.Collector.run == p.run
	s.mu.Unlock()
	if !current || before == nil || before.Time.After(sent) { // the stream ended since
		return
	}
	n, now := sentBefore(changes, sent), s.clock.Now()
	asked := before.With(changes[:n], sent)
	answered := asked.With(changes[n:], now)
	labels := samples.TaskLabels(p.settings.TaskLabels)
	if !kept {
		// What was between the model before and the stream, the stream did not tell.
		s.noteAll(p.run, untold(cluster.Happened(asked, polled, labels), staged), true)
		return
	}
	s.noteAll(p.run, cluster.Missed(asked, answered, polled, labels), true)
	drift := cluster.Drift(asked, answered, polled)
	s.writing.Lock()
	defer s.writing.Unlock()
	s.writer.Drifted(drift)
	if drift != (cluster.Drifted{}) {
		s.log.Warn("The model kept by the event stream differed from /state", "agents", drift.Agents, "frameworks", drift.Frameworks, "tasks", drift.Tasks, "roles", drift.Roles)
	}
}

// lastKnown returns the newest model of before the waiting changes: the one that events
// keep; that of when the latest stream began or ended; or that of the latest /state. mu is
// held.
func (s *streamPoll) lastKnown() *cluster.Cluster {
	if s.kept.model != nil {
		return s.kept.model
	}
	known := s.state.model
	if s.last != nil && (known == nil || !s.last.Time.Before(known.Time)) {
		known = s.last
	}
	return known
}

// begunWith returns the model of when a stream began: the one before, with the tasks that
// SUBSCRIBED lists.
func begunWith(before *cluster.Cluster, e *mesos.StreamEvent) *cluster.Cluster {
	return before.With([]mesos.StreamEvent{*e}, e.Received)
}

// sentBefore returns how many of the changes were received before a moment.
func sentBefore(changes []mesos.StreamEvent, at time.Time) int {
	for i := range changes {
		if !changes[i].Received.Before(at) {
			return i
		}
	}
	return len(changes)
}

// polled makes the model of a /state the one that events keep from now on: changes from
// before it was asked for are in it. mu is held.
func (s *streamPoll) polled(m *cluster.Cluster, sent time.Time) {
	st := s.open
	switch {
	case st == nil || st.since.IsZero():
		return
	case st.since.After(sent): // what the stream told in between is known of neither
		s.hasten(&s.state.when, s.state.earliest())
		return
	}
	st.applied(min(s.kept.noted, sentBefore(st.changes, sent)))
	s.kept.set(m)
	s.last = nil
	if s.kept.early == 0 { // else a snapshot has to agree first
		s.kept.agreed = s.clock.Now()
	}
}
