package cluster

import (
	"maps"
	"slices"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// Happened returns what happened between two models of the same cluster, oldest first.
// Of a first model (before is nil) and of another cluster it returns nothing: what is
// there is not known to have happened.
//
// What Mesos gives no time lies between the times of the models. Where before has changes
// of the event stream, from before it broke, events that it told may come again, with the
// same IDs.
func Happened(before, after *Cluster, labels Labels) []events.Event {
	if before == nil || after == nil || !before.SameAs(after) {
		return nil
	}
	h := happeningsBetween(before, after, labels)
	h.others()
	h.tasks()
	return h.sorted()
}

// happeningsBetween returns the happenings between two models, none yet.
func happeningsBetween(before, after *Cluster, labels Labels) *happenings {
	return &happenings{before: before, after: after, labels: labels, earlier: before.awaited, failover: !before.sameElection(after)}
}

// others tells what happened to masters, agents and frameworks.
func (h *happenings) others() {
	if h.failover {
		h.leads()
	}
	h.agents()
	h.frameworks()
}

// sorted returns what happened, oldest first.
func (h *happenings) sorted() []events.Event {
	h.sees()
	slices.SortStableFunc(h.all, func(a, b events.Event) int { return a.Time.Compare(b.Time) })
	return h.all
}

// Missed returns what happened that the event stream did not tell: what differs between
// the model that it kept and the one that was polled. asked is the kept model as of when
// /state was asked for, answered as of when it was answered: what changed between them
// the stream did tell.
func Missed(asked, answered, polled *Cluster, labels Labels) []events.Event {
	if asked == nil || answered == nil || polled == nil || !asked.SameAs(polled) {
		return nil
	}
	h := happenings{before: asked, after: polled, labels: labels, answered: answered, earlier: asked.awaited}
	h.others()
	h.tasks()
	return h.sorted()
}

type happenings struct {
	before, after *Cluster
	// answered is what the event stream made of before until after was answered; nil
	// without the stream.
	answered *Cluster
	// earlier is the model before the leader changed lately; else nil.
	earlier  *Cluster
	labels   Labels
	failover bool // another master leads
	all      []events.Event
	// lost and found are what is told neither as ended nor as begun, because the principal
	// sees less or more than before.
	lost, found sight
	// unreachables are the IDs of agents that are told to be unreachable.
	unreachables map[string]bool
}

// leads tells that the master of the later model was elected.
func (h *happenings) leads() {
	c := h.after
	when := told(c.ElectedTime, h.before.polled.Add(-behindUs), h.before.polled, c.Time)
	h.add(events.Event{
		ID:        identity("master", c.PID, micros(c.ElectedTime)),
		Kind:      events.KindMaster,
		What:      events.NewLeader,
		Time:      when.time,
		NotBefore: when.notBefore,
		Severity:  SeverityOf(events.KindMaster, events.NewLeader),
		Message:   "The master " + c.Master + " leads.",
	})
}

func (h *happenings) agents() {
	for _, a := range h.after.Agents {
		if !h.toldAgent(a.ID) {
			h.agent(h.before.agents[a.ID], a)
		}
	}
	var left []*Agent
	for _, a := range h.before.agents {
		now := h.after.agents[a.ID]
		if (a.Listed || a.recovered) && (now == nil || !now.Listed && !now.recovered) && !h.toldAgent(a.ID) {
			left = append(left, a)
		}
	}
	if h.after.agentsHidden {
		h.lost.agents += len(left)
		return
	}
	slices.SortFunc(left, func(a, b *Agent) int { return compareText(a.ID, b.ID) })
	h.left(left)
}

// toldAgent reports whether the stream told a change of an agent meanwhile.
func (h *happenings) toldAgent(id string) bool {
	if h.answered == nil {
		return false
	}
	a, b := h.before.agents[id], h.answered.agents[id]
	if a == nil || b == nil {
		return a != b
	}
	return a.Listed != b.Listed || a.registered != b.registered
}

// toldFramework reports whether the stream told a change of a framework meanwhile.
func (h *happenings) toldFramework(id string) bool {
	if h.answered == nil {
		return false
	}
	a, b := h.before.frameworks[id], h.answered.frameworks[id]
	if a == nil || b == nil {
		return a != b
	}
	return a.Listed != b.Listed || a.State != b.State || a.registered != b.registered
}

// agent tells what happened to an agent that is listed. was is nil if it was not known.
func (h *happenings) agent(was, a *Agent) {
	listed := was != nil && was.Listed
	again := a.registered > 0 && (was == nil || later(a.registered, was.registered))
	switch {
	case h.failover && was != nil && (listed || was.recovered), was != nil && was.recovered:
		// Every agent registers with a new leader: that is no event of its own.
	case !listed && h.before.agentsHidden && h.wasHidden(a.registered):
		h.found.agents++
		return
	case !listed && !a.reregistered:
		h.add(agentEvent(a, events.Added, h.when(a.registered), micros(a.registered)))
	case !listed, again:
		away := !listed && !h.before.recovering() || listed && was.State == AgentDisconnected
		e := agentEvent(a, events.Back, h.back(a.registered, away), micros(a.registered))
		e.Closes = []string{agentKey(a, events.Unreachable), agentKey(a, events.Disconnected)}
		h.add(e)
	}
	from := AgentActive
	switch {
	case listed:
		from = was.State
	case h.earlier.Agent(a.ID) != nil:
		from = h.earlier.Agent(a.ID).State
	}
	if from != a.State {
		h.state(a, from, again)
	}
}

// state tells that a listed agent changed its state.
func (h *happenings) state(a *Agent, from AgentState, again bool) {
	// While an agent is in a state of an operator's, it may disconnect unnoticed.
	turn := micros(a.registered)
	switch a.State {
	case AgentDisconnected:
		e := agentEvent(a, events.Disconnected, h.when(0), turn)
		e.Opens = agentKey(a, events.Disconnected)
		h.add(e)
	case AgentDeactivated:
		e := agentEvent(a, events.Deactivated, h.when(0), h.turn())
		e.Opens = agentKey(a, events.Deactivated)
		h.add(e)
	case AgentDraining, AgentDrained:
		if from != AgentDraining {
			e := agentEvent(a, events.Draining, h.when(a.draining), h.drain(a))
			e.Opens = agentKey(a, events.Draining)
			h.add(e)
		}
		if a.State == AgentDrained {
			e := agentEvent(a, events.Drained, h.when(0), h.drain(a))
			e.Opens = agentKey(a, events.Drained)
			e.Closes = []string{agentKey(a, events.Draining)}
			h.add(e)
		}
	case AgentActive:
		switch from {
		case AgentDeactivated, AgentDraining, AgentDrained:
			e := agentEvent(a, events.Reactivated, h.when(0), h.turn())
			e.Closes = []string{agentKey(a, events.Deactivated), agentKey(a, events.Draining), agentKey(a, events.Drained)}
			h.add(e)
		case AgentDisconnected:
			if !again {
				e := agentEvent(a, events.Back, h.when(0), h.turn())
				e.Closes = []string{agentKey(a, events.Disconnected)}
				h.add(e)
			}
		}
	}
}

// turn identifies what Mesos gives no time, and what only models tell.
func (h *happenings) turn() string { return micros(float64(h.after.Time.UnixMicro()) / 1e6) }

// drain identifies a drain.
func (h *happenings) drain(a *Agent) string {
	if a.draining > 0 {
		return micros(a.draining)
	}
	return h.turn()
}

// left tells of agents that are not listed any more. The leader does not say which of
// them are unreachable, but how many are.
func (h *happenings) left(all []*Agent) {
	more := h.after.AgentCounts[AgentUnreachable] - h.before.AgentCounts[AgentUnreachable]
	gone := map[string]bool{} // what their tasks' ends tell
	for i := range h.after.ended {
		if t := &h.after.ended[i]; t.State == GoneByOperator && len(all) > 0 {
			gone[t.Agent.ID] = true
		}
	}
	var rest []*Agent
	for _, a := range all {
		switch now := h.after.agents[a.ID]; {
		case now != nil && now.Tasks.Of(Unreachable) > 0:
			h.unreachable(a)
			more--
		case gone[a.ID]:
			h.leave(a, events.Gone)
		default:
			rest = append(rest, a)
		}
	}
	for _, a := range rest {
		if len(rest) <= more {
			h.unreachable(a)
		} else {
			h.leave(a, events.Lost)
		}
	}
}

func (h *happenings) leave(a *Agent, what events.What) {
	e := agentEvent(a, what, h.when(0), micros(a.registered))
	e.Closes = agentKeys(a)
	h.add(e)
}

// agentKeys are the keys of all that an agent's end ends.
func agentKeys(a *Agent) []string {
	return []string{
		agentKey(a, events.Disconnected), agentKey(a, events.Unreachable), agentKey(a, events.Deactivated),
		agentKey(a, events.Draining), agentKey(a, events.Drained),
	}
}

func (h *happenings) unreachable(a *Agent) {
	if h.unreachables == nil {
		h.unreachables = map[string]bool{}
	}
	h.unreachables[a.ID] = true
	e := agentEvent(a, events.Unreachable, h.when(0), micros(a.registered))
	e.Opens = agentKey(a, events.Unreachable)
	e.Closes = []string{agentKey(a, events.Disconnected)}
	h.add(e)
}

func (h *happenings) frameworks() {
	for _, f := range h.after.Frameworks {
		if !h.toldFramework(f.ID) {
			h.framework(h.before.frameworks[f.ID], f)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(h.after.removed)) { // some came and went
		if h.answered != nil {
			break // the stream told
		}
		removed := h.after.removed[id]
		_, told := h.before.removed[id]
		if was := h.before.frameworks[id]; was != nil && !later(removed.registered, was.registered) {
			told = true // by the event stream, before it broke
		}
		if told || h.before.HasFramework(id) || h.after.HasFramework(id) || h.before.hides() && h.wasHidden(removed.registered) {
			continue
		}
		f := h.after.frameworks[id]
		if f == nil {
			f = &Framework{ID: id, Name: removed.name}
		}
		h.add(frameworkEvent(f, events.Added, h.when(removed.registered), micros(removed.registered)))
		h.add(frameworkRemoved(f, removed.subscribed, h.when(removed.unregistered)))
	}
	// Schedulers come back to a new leader within a while.
	gone := func(all []*Framework) {
		for _, f := range all {
			if h.after.HasFramework(f.ID) || h.toldFramework(f.ID) {
				continue
			}
			if h.after.hidesFramework(f.ID) {
				h.lost.frameworks++
			} else {
				e := frameworkRemoved(f, f.subscribed, h.when(h.after.removed[f.ID].unregistered))
				e.Closes = []string{frameworkKey(f, events.Disconnected)}
				h.add(e)
				h.awayOf(f)
			}
		}
	}
	if !h.failover {
		gone(h.before.Frameworks)
	}
	if h.earlier != nil && h.after.awaited == nil {
		gone(slices.DeleteFunc(slices.Clone(h.earlier.Frameworks), func(f *Framework) bool { return h.before.HasFramework(f.ID) }))
	}
}

// awayOf tells that tasks that may have run on unreachable agents end with their framework.
func (h *happenings) awayOf(f *Framework) {
	first := len(h.all)
	for key, t := range h.before.away {
		if key.framework == f.ID {
			e := h.labels.taskEvent(t, UnknownTask, h.when(0), 0, t.latest)
			e.Message = vanishedMessage
			h.add(e)
		}
	}
	slices.SortFunc(h.all[first:], func(a, b events.Event) int { return compareText(a.ID, b.ID) })
}

func (h *happenings) framework(was, f *Framework) {
	failover := h.failover
	if (was == nil || !was.Listed) && h.earlier.HasFramework(f.ID) {
		was, failover = h.earlier.frameworks[f.ID], true
	}
	listed := was != nil && was.Listed
	again := listed && later(f.registered, was.registered)
	connected := f.State == FrameworkActive || f.State == FrameworkInactive
	switch {
	case !listed && failover:
	case !listed && h.before.hidesFramework(f.ID):
		if h.wasHidden(f.registered) {
			h.found.frameworks++
			return
		}
		when := told(f.registered, h.before.hiddenSince.Add(-behindUs), h.before.polled, h.after.Time)
		h.add(frameworkEvent(f, events.Added, when, micros(f.registered)))
	case !listed:
		h.add(frameworkEvent(f, events.Added, h.when(f.registered), micros(f.registered)))
	case was.State == FrameworkDisconnected && connected:
		away := h.before.HasFramework(f.ID) && h.before.frameworks[f.ID].State == FrameworkDisconnected
		e := frameworkEvent(f, events.Back, h.back(f.registered, away), micros(f.registered))
		e.Closes = []string{frameworkKey(f, events.Disconnected)}
		h.add(e)
	case again && connected && !failover && was.State != FrameworkRecovered:
		h.add(frameworkEvent(f, events.FailedOver, h.when(f.registered), micros(f.registered)))
	case f.State == FrameworkDisconnected && was.State != FrameworkDisconnected && was.State != "":
		e := frameworkEvent(f, events.Disconnected, h.when(0), micros(f.registered))
		e.Opens = frameworkKey(f, events.Disconnected)
		h.add(e)
	}
}

func (h *happenings) tasks() {
	was := h.before.byKey()
	still := h.after.byKey()
	// meanwhile reports whether the stream told what a task did until /state was answered.
	meanwhile := func(taskKey) bool { return false }
	if h.answered != nil {
		then := h.answered.byKey()
		meanwhile = func(key taskKey) bool {
			a, b := was(key), then(key)
			if a == nil || b == nil {
				return a != b
			}
			return a.State != b.State || a.told != b.told || a.first != b.first
		}
	}
	old := make(map[taskKey]float64, len(h.before.ended)) // what ended and was told
	tell := func(c *Cluster) {
		for i := range c.ended {
			t := &c.ended[i]
			key := taskKey{t.Framework.ID, t.ID}
			old[key] = max(old[key], t.latest)
		}
	}
	tell(h.before)
	earlier := func(taskKey) *Task { return nil }
	if h.earlier != nil {
		earlier = h.earlier.byKey()
		tell(h.earlier) // agents tell a new leader what ended on them
	}
	over := map[taskKey]bool{}
	for i := range h.after.ended {
		t := &h.after.ended[i]
		key := taskKey{t.Framework.ID, t.ID}
		latest, known := old[key]
		before := was(key)
		if before == nil {
			before = h.before.awayTask(&t.Task)
		}
		unseen := before == nil && h.answered != nil && !h.answered.unnamed[key]
		if before == nil {
			before = earlier(key)
		}
		switch {
		case known && t.latest <= latest, meanwhile(key), unseen, before == nil && h.endedBefore(t):
			over[key] = over[key] || still(key) == nil
			continue // told
		case still(key) != nil && (before == nil || micros(before.first) != micros(t.first)):
			before = nil // the task that has its ID now is another
		default:
			over[key] = true
		}
		h.ended(before, t)
	}
	after := h.after.Tasks()
	for i := range after {
		t := &after[i]
		key := taskKey{t.Framework.ID, t.ID}
		before := was(key)
		if before == nil {
			before = h.before.awayTask(t)
		}
		if over[key] {
			before = nil
		} else if before == nil {
			before = earlier(key)
		}
		// A task that waits for the acknowledgment of its end is not in the kept model.
		told := h.answered != nil && before == nil && !t.State.Live() && !h.answered.unnamed[key]
		if !told && !meanwhile(key) {
			h.task(before, t)
		}
	}
	listed := h.before.Tasks()
	for i := range listed {
		t := &listed[i]
		key := taskKey{t.Framework.ID, t.ID}
		if t.State.Live() && still(key) == nil && !over[key] && !meanwhile(key) && !h.waits(t) {
			h.vanished(t)
		}
	}
	if h.earlier == nil {
		return
	}
	// Tasks come back with their agents to a new leader.
	listed = h.earlier.Tasks()
	for i := range listed {
		t := &listed[i]
		key := taskKey{t.Framework.ID, t.ID}
		if h.waited(t) && !h.waits(t) && t.State.Live() && was(key) == nil && still(key) == nil && !over[key] && !meanwhile(key) {
			h.vanished(t)
		}
	}
}

// endedBefore reports whether a task that the model before does not have ended before that,
// by its time: it comes with an agent that registered again, or the model before was read
// without it.
func (h *happenings) endedBefore(t *endedTask) bool {
	if !h.stayed(t.Agent) {
		return t.latest < h.after.endedSince
	}
	return t.latest < h.before.endedSince && t.latest >= h.after.endedSince
}

// waits reports whether a task's agent has yet to register with a new leader.
func (h *happenings) waits(t *Task) bool { return h.after.waitsFor(t.Agent.ID) }

// waited reports whether it had as of the /state before.
func (h *happenings) waited(t *Task) bool { return h.before.waitsFor(t.Agent.ID) }

// byKey returns a function that finds tasks of the model, the last one where an ID is that of
// several; nil where there is none. Models of a /state have an index of them, which takes a tenth of
// what a map takes.
func (c *Cluster) byKey() func(taskKey) *Task {
	if l := c.tasks; l == nil || l.current && len(l.replaced)+len(l.added) == 0 {
		return c.task
	}
	all := tasksByKey(c.Tasks())
	return func(key taskKey) *Task { return all[key] }
}

func tasksByKey(tasks []Task) map[taskKey]*Task {
	all := make(map[taskKey]*Task, len(tasks))
	for i := range tasks {
		all[taskKey{tasks[i].Framework.ID, tasks[i].ID}] = &tasks[i]
	}
	return all
}

// ended tells which states a task had until it ended; was is nil if the model before does
// not list it.
func (h *happenings) ended(was *Task, t *endedTask) {
	since := 0.0
	if was == nil && h.before.hidesTasks(t.Framework.ID) {
		was = t.asOf(h.before.hiddenSince)
	}
	switch {
	case was != nil && was.State == t.State && was.latest >= t.latest:
		return // told
	case was == nil:
		if !h.before.Time.Equal(h.before.polled) { // the stream told what was earlier
			since = float64(h.before.polled.UnixMicro()) / 1e6
		}
	case was.State.holds():
		since = was.latest
	case was.State.Live() || was.State == Lost: // its agent came back
		since = t.latest - 1e-6
	default:
		return // told, and acknowledged since
	}
	shown, first, least := false, len(h.all), h.earliest(was, &t.Task)
	for i, status := range t.statuses {
		if slices.ContainsFunc(t.statuses[:i], func(s mesos.TaskStatus) bool {
			return s.Timestamp == status.Timestamp && s.State == status.State
		}) {
			continue // its agent told it again to a new leader
		}
		state := ParseTaskState(status.State)
		if !state.Live() && state != t.State {
			continue // the master ends again what has ended, where it removes a framework
		}
		shown = shown || state == t.State
		again := was != nil && was.told == state && state.Live() // the result of a health check
		if status.Timestamp > since && !again {
			h.add(h.labels.taskEvent(&t.Task, state, h.status(was, status.Timestamp, &least), status.Timestamp, 0))
		}
	}
	if !shown {
		h.add(h.labels.taskEvent(&t.Task, t.State, h.when(0), t.latest, 0))
	}
	inOrder(h.all[first:])
}

const vanishedMessage = "The leader does not list the task any more: how it ended is not known."

// vanished tells that a task is not listed any more, and not among those that ended. With an
// agent that a new leader has given up it may still run.
func (h *happenings) vanished(t *Task) {
	if h.after.hidesTasks(t.Framework.ID) {
		h.lost.tasks++
		return
	}
	state, message := UnknownTask, vanishedMessage
	switch {
	case t.State == Unreachable && (h.failover || h.earlier != nil) && h.after.AgentCounts[AgentUnreachable] > 0:
		return // a new leader does not list what was unreachable before
	case h.unreachables[t.Agent.ID] && (h.after.HasFramework(t.Framework.ID) || h.after.awaited.HasFramework(t.Framework.ID)):
		state, message = Unreachable, agentMessages[events.Unreachable]
	}
	e := h.labels.taskEvent(t, state, h.when(0), 0, h.before.backSince(t))
	e.Message = message
	h.add(e)
}

// task tells which states a task has had since the model before; was is nil if that
// does not list it.
func (h *happenings) task(was, t *Task) {
	since := float64(h.before.Time.UnixMicro()) / 1e6
	switch {
	case was == nil && h.before.hidesTasks(t.Framework.ID) && !h.beganHidden(t):
		h.found.tasks++
		return
	case was == nil && t.latest == 0:
		h.add(h.labels.taskEvent(t, t.State, h.when(0), 0, 0))
		return
	case was == nil:
		since = min(since, t.first) - 1 // all of it is new
	case was.State == t.State && was.told == t.told:
		return
	case !was.State.holds() && t.State.holds(): // its agent is back
		h.add(h.labels.taskEvent(t, t.State, h.when(0), 0, was.latest))
		return
	case !was.State.holds(): // and it ended meanwhile
		since = t.latest
	default:
		since = was.latest
	}
	// Masters list the latest status of each state.
	first, least := len(h.all), h.earliest(was, t)
	defer func() { inOrder(h.all[first:]) }()
	for _, between := range []struct {
		state TaskState
		since float64
	}{{Starting, t.starting}, {Running, t.Started}, {Killing, t.killing}} {
		if between.since > since && t.State != between.state && (was == nil || was.told != between.state) {
			h.add(h.labels.taskEvent(t, between.state, h.status(was, between.since, &least), between.since, 0))
		}
	}
	if was != nil && was.State == t.State {
		return
	}
	status := t.latest
	if t.told != t.State {
		status = 0
	}
	h.add(h.labels.taskEvent(t, t.State, h.status(was, status, &least), status, 0))
}

// add adds an event, but for a task whose state is not told.
func (h *happenings) add(e events.Event) {
	if e.What != "" {
		h.all = append(h.all, e)
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
