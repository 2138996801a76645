package cluster

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// With returns the model as of a moment, after changes that the event stream told, oldest
// first. The model itself stays as it is. With no changes, it differs in Time only.
//
// What the model already knows changes nothing again: the stream may tell what /state
// told, because it is not known between which of its records the master answered. A
// task that ended is removed: nothing tells when its framework acknowledges that.
//
// What the stream does not tell stays as it was: what is offered and reserved, the
// states of agents and frameworks that are listed, and what executors hold. A task in
// an executor that is not listed makes unknown what its agent, framework and role are
// allocated, since executors hold resources of their own.
func (c *Cluster) With(changes []mesos.StreamEvent, at time.Time) *Cluster {
	with := *c
	with.Time = at
	e := edit(&with)
	for i := range changes {
		change := &changes[i]
		// What was received before /state was asked for is in its answer.
		if change.Received.IsZero() || !change.Received.Before(c.polled) {
			e.apply(change)
		}
	}
	if e.changed {
		e.finish()
	}
	return &with
}

// An editor changes a copy of a model. Tasks, agents, frameworks and loads are shared
// with the model before until they are changed.
type editor struct {
	builder
	changed bool
	copied  map[int]bool     // the slots whose tasks are copies
	over    map[taskKey]bool // tasks that were removed and not added again
	early   earlyEnds
	unnames bool // unnamed is a copy

	agentCopies     map[*Agent]*Agent // of what the model before has
	frameworkCopies map[*Framework]*Framework
	loadCopies      map[*RoleLoad]bool // the copies
	listedAgents    []*Agent           // that were not listed before
	listedFrames    []*Framework
	custom          map[executorKey]bool // the executors that are listed; nil: not looked up
}

type executorKey struct{ framework, agent, executor string }

// edit returns an editor of the copy.
func edit(copied *Cluster) *editor {
	return &editor{builder: builder{Cluster: copied}}
}

// own copies what a change may touch, before the first one.
func (e *editor) own() {
	if e.changed {
		return
	}
	e.changed = true
	e.tasks = e.tasks.edited()
	e.Executors = slices.Clone(e.Executors)
	e.AgentCounts = maps.Clone(e.AgentCounts)
	e.FrameworkCounts = maps.Clone(e.FrameworkCounts)
	e.RoleLoads = maps.Clone(e.RoleLoads)
	e.agents = maps.Clone(e.agents)
	e.frameworks = maps.Clone(e.frameworks)
	e.copied, e.over = map[int]bool{}, map[taskKey]bool{}
	e.agentCopies = map[*Agent]*Agent{}
	e.frameworkCopies = map[*Framework]*Framework{}
	e.loadCopies = map[*RoleLoad]bool{}
}

type taskKey struct{ framework, task string }

func keyOf(framework, task string) taskKey {
	return taskKey{series.CutName(framework), series.CutName(task)}
}

// namedBy returns the tasks that changes name.
func namedBy(changes []mesos.StreamEvent) []taskKey {
	var all []taskKey
	for i := range changes {
		switch change := &changes[i]; {
		case change.Subscribed != nil:
			for j := range change.Subscribed.Tasks {
				s := change.Subscribed.Tasks[j]
				all = append(all, keyOf(s.FrameworkID, s.ID))
			}
		case change.Task != nil:
			all = append(all, keyOf(change.Task.FrameworkID, change.Task.ID))
		case change.Update != nil:
			all = append(all, keyOf(change.Update.FrameworkID, change.Update.Status.TaskID))
		}
	}
	return all
}

// current returns the tasks of a SUBSCRIBED, each once: an ID may be that of several
// tasks of which all but the last have ended. was returns the task of a key that is
// known, or nil.
func current(s *mesos.Subscribed, was func(taskKey) *Task) []*mesos.StreamTask {
	live := map[taskKey]bool{}
	for _, t := range s.Tasks {
		if ParseTaskState(t.State).Live() {
			live[keyOf(t.FrameworkID, t.ID)] = true
		}
	}
	all := make([]*mesos.StreamTask, 0, len(s.Tasks))
	for _, t := range s.Tasks {
		key := keyOf(t.FrameworkID, t.ID)
		if live[key] && !ParseTaskState(t.State).Live() {
			known := was(key)
			if known == nil || len(t.Task.Statuses) == 0 || micros(known.first) != micros(t.Task.Statuses[0].Timestamp) {
				continue
			}
			all = slices.Insert(all, 0, t) // before the task that has its ID now
			continue
		}
		all = append(all, t)
	}
	return all
}

func (e *editor) apply(change *mesos.StreamEvent) {
	switch {
	case change.Type == mesos.StreamSubscribed && change.Subscribed != nil:
		e.resumed = true
		for _, t := range current(change.Subscribed, e.taskNamed) {
			e.taskAdded(t, change.Received)
		}
	case change.Type == mesos.StreamTaskAdded && change.Task != nil:
		e.taskAdded(change.Task, change.Received)
	case change.Type == mesos.StreamTaskUpdated && change.Update != nil:
		e.taskUpdated(change.Update, change.Received)
	case change.Type == mesos.StreamAgentAdded && change.Agent != nil:
		e.agentAdded(change.Agent)
	case change.Type == mesos.StreamAgentRemoved:
		e.agentRemoved(series.CutName(change.RemovedID))
	case change.Type == mesos.StreamFrameworkAdded && change.Framework != nil,
		change.Type == mesos.StreamFrameworkUpdated && change.Framework != nil:
		e.frameworkTold(change.Framework)
	case change.Type == mesos.StreamFrameworkRemoved:
		e.frameworkRemoved(series.CutName(change.RemovedID))
	}
}

// slot returns the slot of a task, or noTask.
func (e *editor) slot(key taskKey) int {
	if e.over[key] {
		return noTask
	}
	return e.tasks.slot(key)
}

// taskNamed returns the task of a key, or nil.
func (e *editor) taskNamed(key taskKey) *Task {
	if slot := e.slot(key); slot != noTask {
		return e.tasks.at(slot)
	}
	return nil
}

// taskCopy returns the copy of the task in a slot that may be changed.
func (e *editor) taskCopy(slot int) *Task {
	e.own()
	t := e.tasks.at(slot)
	if !e.copied[slot] {
		copied := *t
		t = &copied
		e.tasks.set(slot, t)
		e.copied[slot] = true
	}
	return t
}

func (e *editor) taskAdded(s *mesos.StreamTask, received time.Time) {
	state := ParseTaskState(s.State)
	if state == "" {
		return
	}
	slot := e.slot(keyOf(s.FrameworkID, s.ID))
	var last mesos.StreamStatus
	if n := len(s.Statuses); n > 0 {
		last = s.Statuses[n-1]
	}
	switch known := e.taskNamed(keyOf(s.FrameworkID, s.ID)); {
	case known == nil:
		// What has ended comes again with its agent.
		if state.Live() && !e.early.has(s, received) {
			e.addTask(s, received)
		}
	case !known.State.Live() && state.Live() && (known.State != Lost || len(s.Statuses) == 0):
		e.own()
		e.remove(slot) // another task has its ID now
		e.addTask(s, received)
	case !state.holds():
		e.end(slot, state, last)
	case !known.State.holds(): // it was unreachable, and its agent is back
		var given Task
		given.hold(s.Resources)
		e.move(slot, state, last, &given)
	case known.first > 0 && len(s.Statuses) > 0 && micros(known.first) != micros(s.Statuses[0].Timestamp) && s.Statuses[0].Timestamp > known.latest:
		e.own()
		e.count(known, -1)
		e.remove(slot) // it ended unseen, and another task has its ID now
		e.addTask(s, received)
	case last.Timestamp > known.latest:
		e.move(slot, state, last, known)
	case known.Told == nil && tells(&last) && micros(last.Timestamp) == micros(known.latest):
		e.taskCopy(slot).hear(&last)
	}
}

func (e *editor) addTask(s *mesos.StreamTask, received time.Time) {
	e.own()
	framework := e.framework(s.FrameworkID)
	t := e.taskOf(&s.Task, framework.ID, framework.onlyRole())
	if n := len(s.Statuses); n > 0 {
		t.hear(&s.Statuses[n-1])
	} else if !received.IsZero() {
		t.staged = unixSeconds(received)
	}
	e.copied[e.tasks.add(&t)] = true
	delete(e.over, t.key())
	e.count(&t, 1)
	if t.ExecutorID != "" && t.State.holds() && !e.listsExecutor(&t) {
		e.doubt(&t)
	}
}

// settledAfter is how long after /state was asked for its answer may have what the stream
// tells.
const settledAfter = 10 * time.Second

// settled reports whether a change that was received at a moment is certainly not in the
// model. The order of the stream tells what is newest then, and not the statuses' times,
// which are those of many clocks.
func (c *Cluster) settled(received time.Time) bool {
	return !received.IsZero() && received.After(c.polled.Add(settledAfter))
}

func (e *editor) taskUpdated(u *mesos.StreamUpdate, received time.Time) {
	key := keyOf(u.FrameworkID, u.Status.TaskID)
	slot := e.slot(key)
	state := ParseTaskState(cmp.Or(u.State, u.Status.State))
	if slot == noTask { // it ended before /state was answered
		if !e.over[key] && !e.hasEnded(key) {
			e.unname(key)
			if !state.Live() {
				e.early.add(key, received)
			}
		}
		return
	}
	t := e.tasks.at(slot)
	switch {
	case state == "":
		return
	case !state.holds():
		e.end(slot, state, u.Status)
	case !t.State.Live(), u.Status.Timestamp <= t.latest && !e.settled(received):
		return // already told
	case !t.State.holds(): // nothing tells what it holds again
		e.move(slot, state, u.Status, &Task{Allocated: unknownResources})
	default:
		e.move(slot, state, u.Status, t)
	}
}

// unname notes that only an update told of a task.
func (e *editor) unname(key taskKey) {
	if e.unnamed[key] || len(e.unnamed) >= maxUnnamed {
		return
	}
	if !e.unnames { // the model before keeps its own
		e.Cluster.unnamed = maps.Clone(e.Cluster.unnamed)
		e.unnames = true
	}
	if e.Cluster.unnamed == nil {
		e.Cluster.unnamed = map[taskKey]bool{}
	}
	e.Cluster.unnamed[key] = true
}

// maxUnnamed bounds the tasks of which only updates told.
const maxUnnamed = 100_000

// earlyEnds are the ends of tasks that were told before the tasks themselves, with when
// they were received. No master is known to do so; a task that was added after its end
// would never end.
type earlyEnds map[taskKey]time.Time

func (all *earlyEnds) add(key taskKey, received time.Time) {
	if *all == nil {
		*all = earlyEnds{}
	}
	(*all)[key] = received
}

// has reports whether the end of a task that is added now was told shortly before, once.
// Later it is another task with the same ID.
func (all earlyEnds) has(s *mesos.StreamTask, received time.Time) bool {
	key := keyOf(s.FrameworkID, s.ID)
	end, told := all[key]
	delete(all, key)
	return told && len(s.Statuses) == 0 && received.Sub(end) <= settledAfter
}

// hasEnded reports whether /state listed a task among those that have ended.
func (c *Cluster) hasEnded(key taskKey) bool {
	return slices.ContainsFunc(c.ended, func(t endedTask) bool { return t.Framework.ID == key.framework && t.ID == key.task })
}

// endedBy returns the task that /state listed among those that have ended, as it was before
// its status of a time; nil: there is none with that status.
func (c *Cluster) endedBy(key taskKey, timestamp float64) *Task {
	for i := range c.ended {
		t := &c.ended[i]
		if t.Framework.ID != key.framework || t.ID != key.task {
			continue
		}
		for _, status := range t.statuses {
			if micros(status.Timestamp) == micros(timestamp) {
				was := t.Task
				was.told, was.latest = "", 0
				return &was
			}
		}
	}
	return nil
}

// end ends a task, or makes it unreachable.
func (e *editor) end(slot int, state TaskState, status mesos.StreamStatus) {
	told := ParseTaskState(status.State)
	switch before := e.tasks.at(slot).State; {
	case before.Live() && before != state:
		e.move(slot, state, status, &Task{})
	case before.Live():
		return
	default:
		e.own()
	}
	// The master's state of a task may be ahead of the status that it passes on. The
	// task stays until the status of its end, which names the task by its ID only.
	if !told.Live() && !e.tasks.at(slot).State.Live() && !awaited(told, &status) {
		e.remove(slot)
	}
}

// awaited reports whether a task that has ended may come back: one on an unreachable
// agent is lost for frameworks without the capability PARTITION_AWARE.
func awaited(state TaskState, status *mesos.StreamStatus) bool {
	return state == Lost && status.UUID == ""
}

// remove removes a task that holds nothing any more.
func (e *editor) remove(slot int) {
	if key := e.tasks.at(slot).key(); e.slot(key) == slot {
		e.over[key] = true
	}
	e.tasks.set(slot, nil)
}

// move gives a task another state, in which it holds what held does.
func (e *editor) move(slot int, state TaskState, status mesos.StreamStatus, held *Task) {
	allocated, extra := held.Allocated, held.revocable
	t := e.taskCopy(slot)
	e.count(t, -1)
	t.State, t.Allocated, t.revocable = state, allocated, extra
	e.count(t, 1)
	if status.Timestamp == 0 {
		return
	}
	t.latest, t.told = status.Timestamp, ParseTaskState(status.State)
	t.first = cmp.Or(t.first, status.Timestamp)
	t.Healthy = status.Healthy
	t.entered(status.State, status.Timestamp)
	t.hear(&status)
}

// count adds a task to what it is counted in (n is 1), or takes it away (-1).
func (e *editor) count(t *Task, n int) {
	agent, framework, load := e.agentCopy(t.Agent), e.frameworkCopy(t.Framework), e.load(t.Role)
	for _, counts := range []*TaskCounts{&e.TaskCounts, &agent.Tasks, &framework.Tasks, &load.Tasks} {
		counts.change(t.State, n)
	}
	for _, sum := range []*Resources{&agent.Allocated, &framework.Allocated, &load.Allocated} {
		sum.change(t.Allocated, n)
	}
	if t.revocable != nil {
		agent.RevocableAllocated.change(*t.revocable, n)
	}
}

func executorOf(t *Task) executorKey { return executorKey{t.Framework.ID, t.Agent.ID, t.ExecutorID} }

func (r *Resources) change(other Resources, n int) {
	if n > 0 {
		r.Add(other)
	} else {
		r.Subtract(other)
	}
}

// doubt makes unknown what a task's executor may add to.
func (e *editor) doubt(t *Task) { e.doubtAllocated(t.Agent, t.Framework, t.Role) }

func (e *editor) doubtAllocated(a *Agent, f *Framework, role string) {
	e.agentCopy(a).Allocated = unknownResources
	e.frameworkCopy(f).Allocated = unknownResources
	e.load(role).Allocated = unknownResources
}

// WithoutIdle returns the model in which is unknown what the agents, frameworks and roles
// of idle executors are allocated: nothing tells when such an executor exits, but what
// the leader counts as used, and that cannot be compared where another executor is unknown, nor
// exactly where tasks changed meanwhile (HidesIdle).
func (c *Cluster) WithoutIdle() *Cluster {
	with := *c
	e := edit(&with)
	for _, x := range c.idle(func(*Executor) bool { return true }) {
		e.own()
		e.doubtAllocated(x.Agent, x.Framework, x.Role)
	}
	if e.changed {
		e.finish()
	}
	return &with
}

// idle returns those of the executors that no task is in which are wanted.
func (c *Cluster) idle(wanted func(*Executor) bool) (idle []*Executor) {
	var some []*Executor
	for i := range c.Executors {
		if x := &c.Executors[i]; wanted(x) {
			some = append(some, x)
		}
	}
	if len(some) == 0 {
		return nil
	}
	busy := make(map[executorKey]bool, len(some))
	for t := range c.tasks.each() {
		if t.ExecutorID != "" && t.State.holds() {
			busy[executorOf(t)] = true
		}
	}
	return slices.DeleteFunc(some, func(x *Executor) bool { return busy[executorKey{x.Framework.ID, x.Agent.ID, x.ID}] })
}

// listsExecutor reports whether the executor of a task is known with what it holds.
func (e *editor) listsExecutor(t *Task) bool {
	if e.custom == nil {
		e.custom = make(map[executorKey]bool, len(e.Executors))
		for i := range e.Executors {
			x := &e.Executors[i]
			e.custom[executorKey{x.Framework.ID, x.Agent.ID, x.ID}] = true
		}
	}
	return e.custom[executorOf(t)]
}

func (e *editor) agentAdded(s *mesos.Slave) {
	told := e.agentOf(s, &mesos.State{})
	known := e.agents[told.ID]
	if known != nil && known.Listed && (e.resumed || !later(told.registered, known.registered)) {
		return // already told, or /state tells whether it registers with a new leader
	}
	e.own()
	if known == nil {
		known = e.agent(told.ID)
		e.agentCopies[known] = known
	}
	known = e.agentCopy(known)
	if known.Listed {
		e.countAgent(known.State, -1)
	} else {
		e.listedAgents = append(e.listedAgents, known)
	}
	switch {
	case known.recovered:
		e.countAgent(AgentRecovered, -1)
	case !known.Listed && told.reregistered:
		e.countAgent(AgentUnreachable, -1)
	}
	e.countAgent(told.State, 1)
	// What it has allocated is told with it, executors included.
	told.Tasks = known.Tasks
	for k := range told.Allocated {
		told.Allocated[k] = firstKnown(told.Allocated[k], known.Allocated[k])
	}
	*known = *told
	e.HasGPUs = e.HasGPUs || told.Capacity[GPUs] > 0 || told.RevocableCapacity[GPUs] > 0
}

func (e *editor) agentRemoved(id string) {
	known := e.agents[id]
	if known == nil || !known.Listed {
		return
	}
	e.own()
	known = e.agentCopy(known)
	e.countAgent(known.State, -1)
	*known = Agent{ID: known.ID, Hostname: known.Hostname, Tasks: known.Tasks, Allocated: known.Allocated}
	e.dropExecutors(func(x *Executor) bool { return x.Agent.ID == id })
}

// countAgent counts an agent more (n is 1) or less (-1) in a state, if that is told.
func (e *editor) countAgent(state AgentState, n int) {
	if of, told := e.AgentCounts[state]; told {
		e.AgentCounts[state] = max(of+n, 0)
	}
}

func (e *editor) frameworkTold(s *mesos.Framework) {
	told := e.frameworkOf(s)
	known := e.frameworks[told.ID]
	if known != nil && known.Listed && e.resumed {
		return // /state tells whether it registers with a new leader
	}
	e.own()
	if known == nil {
		known = e.framework(told.ID)
		e.frameworkCopies[known] = known
	}
	known = e.frameworkCopy(known)
	if known.Listed {
		e.countFramework(known.State, -1)
	} else {
		e.listedFrames = append(e.listedFrames, known)
	}
	e.countFramework(told.State, 1)
	told.Tasks, told.Allocated, told.Offered = known.Tasks, known.Allocated, known.Offered
	*known = *told
	for _, role := range known.Roles {
		e.load(role)
	}
}

func (e *editor) frameworkRemoved(id string) {
	known := e.frameworks[id]
	if known == nil || !known.Listed {
		return
	}
	e.own()
	known = e.frameworkCopy(known)
	e.countFramework(known.State, -1)
	for slot := range e.tasks.slots() {
		if t := e.tasks.at(slot); t != nil && t.Framework.ID == id {
			e.count(t, -1)
			e.remove(slot)
		}
	}
	e.dropExecutors(func(x *Executor) bool { return x.Framework.ID == id })
	known.Listed = false
}

func (e *editor) countFramework(state FrameworkState, n int) {
	if of, told := e.FrameworkCounts[state]; told {
		e.FrameworkCounts[state] = max(of+n, 0)
	}
}

// dropExecutors removes executors, and takes away what they hold.
func (e *editor) dropExecutors(of func(*Executor) bool) {
	e.custom = nil
	e.Executors = slices.DeleteFunc(e.Executors, func(x Executor) bool {
		if !of(&x) {
			return false
		}
		e.agentCopy(x.Agent).Allocated.Subtract(x.Allocated)
		e.frameworkCopy(x.Framework).Allocated.Subtract(x.Allocated)
		e.load(x.Role).Allocated.Subtract(x.Allocated)
		return true
	})
}

// agentCopy returns the copy of an agent that may be changed.
func (e *editor) agentCopy(a *Agent) *Agent { return copyOnce(a.ID, e.agentCopies, e.agents) }

// frameworkCopy likewise.
func (e *editor) frameworkCopy(f *Framework) *Framework {
	return copyOnce(f.ID, e.frameworkCopies, e.frameworks)
}

// copyOnce returns the copy of the thing with an ID that may be changed, which it makes
// where there is none. copies has each copy under the original and itself, current the things
// by ID. What a task names may be that of a model before.
func copyOnce[T any](id string, copies map[*T]*T, current map[string]*T) *T {
	now := current[id]
	if copies[now] == now {
		return now
	}
	copied := *now
	copies[now], copies[&copied] = &copied, &copied
	current[id] = &copied
	return &copied
}

// load returns the load of a role that may be changed.
func (e *editor) load(role string) *RoleLoad {
	load := e.role(role)
	if !e.loadCopies[load] {
		copied := *load
		load = &copied
		e.loadCopies[load] = true
		e.RoleLoads[role] = load
	}
	return load
}

// finish makes the lists and the sums of what was changed.
func (e *editor) finish() {
	e.Agents = relisted(e.Agents, e.listedAgents, e.agentCopies, func(a *Agent) bool { return a.Listed })
	e.Frameworks = relisted(e.Frameworks, e.listedFrames, e.frameworkCopies, func(f *Framework) bool { return f.Listed })

	e.tasks = e.tasks.settle(e.Cluster)
	for i := range e.Executors {
		x := &e.Executors[i]
		if a := e.agentCopies[x.Agent]; a != nil {
			x.Agent = a
		}
		if f := e.frameworkCopies[x.Framework]; f != nil {
			x.Framework = f
		}
	}

	var capacity, allocated, offered, reserved Resources
	for _, a := range e.Agents {
		capacity.Add(a.Capacity)
		allocated.Add(a.Allocated)
		offered.Add(a.Offered)
		reserved.Add(a.Reserved)
	}
	e.Capacity, e.Allocated, e.Offered, e.Reserved = capacity, allocated, offered, reserved
}

// relisted returns a list with its entries that were copied replaced, without those that
// are not listed any more, and with the new ones.
func relisted[T any](list, added []*T, copies map[*T]*T, listed func(*T) bool) []*T {
	last := make(map[*T]bool, len(added))
	for _, x := range added {
		last[x] = true
	}
	all := make([]*T, 0, len(list)+len(added))
	for _, x := range list {
		if copied := copies[x]; copied != nil {
			x = copied
		}
		if listed(x) && !last[x] {
			all = append(all, x)
		}
	}
	for _, x := range added {
		if listed(x) && last[x] {
			all = append(all, x)
			last[x] = false // once
		}
	}
	return all
}
