package cluster

import (
	"cmp"
	"time"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// EventsOf returns what the event stream told, in the order in which it told it. c is the
// model before the changes, nil where there is none: it gives the names of what changes
// name by ID, and the states before.
//
// A SUBSCRIBED tells what tasks did since the model. The same change gives the same
// events again, with the same IDs.
func (c *Cluster) EventsOf(changes []mesos.StreamEvent, labels Labels) []events.Event {
	t := teller{
		builder: builder{Cluster: &Cluster{agents: map[string]*Agent{}, frameworks: map[string]*Framework{}}},
		before:  c,
		labels:  labels,
	}
	if c == nil {
		t.before = &Cluster{}
	}
	t.resumed = t.before.resumed
	t.find(changes)
	for i := range changes {
		t.tell(&changes[i])
	}
	return t.all
}

// A teller makes events of changes. It follows the tasks, agents and frameworks that they
// name.
type teller struct {
	builder // makes tasks, and the agents and frameworks that they name
	before  *Cluster
	labels  Labels
	tasks   map[taskKey]*Task // nil: not known
	unadded map[taskKey]bool  // those that only updates told
	unnamed map[taskKey]bool  // those of them of which nothing else is known either
	early   earlyEnds
	away    map[taskKey]bool // those of tasks that were not listed any more
	staging map[taskKey]int  // index in all of the event of staging
	all     []events.Event
}

// find looks up the tasks that changes name.
func (t *teller) find(changes []mesos.StreamEvent) {
	t.staging = map[taskKey]int{}
	t.tasks, t.unadded, t.unnamed, t.away = map[taskKey]*Task{}, map[taskKey]bool{}, map[taskKey]bool{}, map[taskKey]bool{}
	for _, key := range namedBy(changes) {
		t.tasks[key] = nil
	}
	if len(t.tasks) == 0 {
		return
	}
	for _, model := range []*Cluster{t.before.awaited, t.before} {
		if model == nil {
			continue
		}
		for key := range t.tasks {
			if known := model.knownTask(key); known != nil {
				t.tasks[key] = known
				delete(t.away, key)
			} else if away := model.away[key]; away != nil {
				copied := *away
				t.tasks[key], t.away[key] = &copied, true
			}
		}
	}
}

// knownTask returns a copy of a task with the agent and the framework of the model, nil if
// there is none.
func (c *Cluster) knownTask(key taskKey) *Task {
	t := c.task(key)
	if t == nil {
		return nil
	}
	copied := *t
	copied.Agent, copied.Framework = c.agents[t.Agent.ID], c.frameworks[t.Framework.ID]
	return &copied
}

func (t *teller) tell(change *mesos.StreamEvent) {
	switch {
	case change.Type == mesos.StreamSubscribed && change.Subscribed != nil:
		t.resumed = true
		for _, listed := range current(change.Subscribed, func(key taskKey) *Task { return t.tasks[key] }) {
			if listed.State != "" {
				t.listed(listed, change.Received)
			}
		}
	case change.Type == mesos.StreamTaskAdded && change.Task != nil && change.Task.State != "":
		t.taskAdded(change.Task, change.Received)
	case change.Type == mesos.StreamTaskUpdated && change.Update != nil:
		t.taskUpdated(change.Update, change.Received)
	case change.Type == mesos.StreamAgentAdded && change.Agent != nil:
		t.agentAdded(change.Agent, change.Received)
	case change.Type == mesos.StreamAgentRemoved:
		t.agentRemoved(series.CutName(change.RemovedID), change.Received)
	case change.Type == mesos.StreamFrameworkAdded && change.Framework != nil,
		change.Type == mesos.StreamFrameworkUpdated && change.Framework != nil:
		t.frameworkTold(change.Framework, change.Received)
	case change.Type == mesos.StreamFrameworkRemoved:
		t.frameworkRemoved(series.CutName(change.RemovedID), change.Received)
	}
}

// agentNamed returns an agent as it is after the changes so far.
func (t *teller) agentNamed(id string) *Agent {
	id = series.CutName(id)
	if t.agents[id] == nil {
		t.agents[id] = t.before.agents[id]
	}
	if t.agents[id] == nil && t.before.awaited != nil { // it has yet to register with a new leader
		if known := t.before.awaited.agents[id]; known != nil {
			t.agents[id] = &Agent{ID: known.ID, Hostname: known.Hostname}
		}
	}
	return t.agent(id)
}

func (t *teller) frameworkNamed(id string) *Framework {
	id = series.CutName(id)
	if t.frameworks[id] == nil {
		t.frameworks[id] = t.before.frameworks[id]
	}
	if t.frameworks[id] == nil && t.before.awaited != nil {
		if known := t.before.awaited.frameworks[id]; known != nil {
			t.frameworks[id] = &Framework{ID: known.ID, Name: known.Name, Roles: known.Roles}
		}
	}
	return t.framework(id)
}

// task returns the task that a change tells, received at a moment.
func (t *teller) task(s *mesos.StreamTask, received time.Time) *Task {
	t.agentNamed(s.SlaveID)
	framework := t.frameworkNamed(s.FrameworkID)
	task := t.taskOf(&s.Task, framework.ID, framework.onlyRole())
	known := t.tasks[keyOf(s.FrameworkID, s.ID)]
	switch {
	case known != nil && (task.latest > 0 || known.latest == 0 && known.staged > 0):
		task.staged = known.staged
	case task.latest == 0 && !received.IsZero():
		task.staged = unixSeconds(received)
	}
	return &task
}

// known returns a task that the stream lists as it was before, or nil: one that is not listed
// any more may have been another with its ID.
func (t *teller) known(key taskKey, now *Task) *Task {
	known := t.tasks[key]
	if t.away[key] && !known.isBack(now) {
		known = nil
	}
	delete(t.away, key)
	return known
}

// listed tells what a task did since the model before, by what SUBSCRIBED lists of it.
func (t *teller) listed(s *mesos.StreamTask, received time.Time) {
	key := keyOf(s.FrameworkID, s.ID)
	task := t.task(s, received)
	known := t.known(key, task)
	t.tasks[key] = task
	switch {
	case t.before.Time.IsZero():
		return // nothing is known to have happened since
	case known != nil:
		t.changed(known, task, s.Statuses, received)
		return
	}
	if task.latest == 0 && t.before.hidesTasks(task.Framework.ID) {
		return // it may have been hidden
	}
	if task.latest == 0 { // it is staging
		t.add(task, Staging, moment{received, t.before.Time}, nil, 0)
		return
	}
	t.statuses(nil, task, s.Statuses, float64(t.before.Time.UnixMicro())/1e6, received)
}

func (t *teller) taskAdded(s *mesos.StreamTask, received time.Time) {
	key := keyOf(s.FrameworkID, s.ID)
	task := t.task(s, received)
	known := t.known(key, task)
	delete(t.unadded, key)
	delete(t.unnamed, key)
	switch {
	case t.early.has(s, received):
		return // it has ended
	case known != nil && known.State.Live() && task.latest == 0:
		return // already told
	case known != nil && (known.State.Live() || task.latest > 0):
		t.tasks[key] = task
		t.changed(known, task, s.Statuses, received)
		return
	}
	t.tasks[key] = task
	// A task comes with statuses where its agent is back.
	when, status := moment{time: received}, lastStatus(s.Statuses, task.State)
	if status != nil {
		when = told(status.Timestamp, time.Time{}, time.Time{}, received)
	}
	t.add(task, task.State, when, status, 0)
}

// changed tells what a known task did since, by its statuses.
func (t *teller) changed(known, task *Task, statuses []mesos.StreamStatus, received time.Time) {
	switch {
	case known.State == task.State && known.told == task.told:
		return
	case !known.State.holds() && task.State.holds(): // its agent is back
		t.add(task, task.State, moment{time: received}, nil, known.latest)
	case !known.State.holds() && known.State != task.State: // and it ended meanwhile
		status := lastStatus(statuses, task.State)
		if status == nil {
			t.add(task, task.State, moment{received, at(known.latest)}, nil, 0)
			return
		}
		t.add(task, task.State, told(status.Timestamp, at(known.latest), at(known.latest), received), status, 0)
	default:
		t.statuses(known, task, statuses, known.latest, received)
	}
}

// statuses tells the statuses of a task that are newer; known is the task before them, nil
// for none.
func (t *teller) statuses(known, task *Task, all []mesos.StreamStatus, since float64, received time.Time) {
	first := len(t.all)
	for i := range all {
		if status := &all[i]; status.Timestamp > since {
			t.add(task, ParseTaskState(status.State), t.status(known, status.Timestamp, false, received), status, 0)
		}
	}
	inOrder(t.all[first:])
}

// lastStatus returns the latest status with a state, or nil.
func lastStatus(all []mesos.StreamStatus, state TaskState) *mesos.StreamStatus {
	for i := len(all) - 1; i >= 0; i-- {
		if ParseTaskState(all[i].State) == state {
			return &all[i]
		}
	}
	return nil
}

func (t *teller) taskUpdated(u *mesos.StreamUpdate, received time.Time) {
	key := keyOf(u.FrameworkID, u.Status.TaskID)
	status := &u.Status
	known := t.tasks[key]
	if known == nil {
		t.unadded[key] = true
		known = t.before.endedBy(key, status.Timestamp)
		if known == nil {
			known = &Task{ID: key.task, Framework: t.frameworkNamed(u.FrameworkID), Agent: t.agentNamed(status.SlaveID)}
			t.unnamed[key] = true
		}
		t.tasks[key] = known
	}
	state := ParseTaskState(cmp.Or(status.State, u.State))
	all := ParseTaskState(cmp.Or(u.State, status.State))
	if state == "" {
		return
	}
	if t.unadded[key] && !all.Live() && !t.before.hasEnded(key) {
		t.early.add(key, received)
	}
	switch {
	case known.told == state && (state.Live() || known.latest == status.Timestamp):
		// A health check has another result.
	case state.holds() && (status.Timestamp <= known.latest && !t.before.settled(received) || known.told != "" && !known.told.Live()):
		return // already told
	case !state.Live() && all != state && !all.Live():
		// The master ends tasks that ended before, for example where it removes their
		// framework. It tells which end counts.
		if known.told == "" || !known.told.Live() {
			return
		}
		t.add(known, all, moment{received, at(known.latest)}, status, 0)
		known.State, known.told, known.latest = all, all, status.Timestamp
		return
	default:
		away := 0.0
		if known.told != "" && !known.told.holds() && state.holds() {
			away = known.latest
		}
		when := t.status(known, status.Timestamp, true, received)
		if all != state { // the status waited for the acknowledgment of the one before
			when = told(status.Timestamp, at(known.latest), time.Time{}, received)
		}
		known.first = cmp.Or(known.first, status.Timestamp)
		// Which status was the first of a task that nothing else told of, /state tells.
		if !t.unnamed[key] || !state.Live() {
			t.add(known, state, when, status, away)
		}
	}
	known.State, known.told = all, state
	known.latest = status.Timestamp
}

func (t *teller) agentAdded(s *mesos.Slave, received time.Time) {
	told := t.agentOf(s, &mesos.State{})
	known := t.agentNamed(told.ID)
	if known.Listed && (t.resumed || !later(told.registered, known.registered)) {
		return // already told, or /state tells whether it registers with a new leader
	}
	t.agents[told.ID] = told
	away := !known.Listed && told.reregistered && !t.before.recovering() || known.State == AgentDisconnected
	when := t.registered(told.registered, away, received)
	switch {
	case known.recovered: // every agent registers with a new leader
	case told.reregistered:
		e := agentEvent(told, events.Back, when, micros(told.registered))
		e.Closes = []string{agentKey(told, events.Unreachable), agentKey(told, events.Disconnected)}
		t.all = append(t.all, e)
	default:
		t.all = append(t.all, agentEvent(told, events.Added, when, micros(told.registered)))
	}
}

func (t *teller) agentRemoved(id string, received time.Time) {
	known := t.agentNamed(id)
	if !known.Listed {
		return // already told
	}
	e := agentEvent(known, events.Removed, moment{time: received}, micros(known.registered))
	e.Closes = agentKeys(known)
	t.all = append(t.all, e)
	t.agents[id] = &Agent{ID: known.ID, Hostname: known.Hostname}
}

func (t *teller) frameworkTold(s *mesos.Framework, received time.Time) {
	told := t.frameworkOf(s)
	known := t.frameworkNamed(told.ID)
	t.frameworks[told.ID] = told
	when, turn := t.registered(told.registered, known.State == FrameworkDisconnected, received), micros(told.registered)
	switch {
	case !known.Listed && t.before.awaited.HasFramework(told.ID):
		return // every framework registers with a new leader
	case known.Listed && (t.resumed || !later(told.registered, known.registered) || known.State == FrameworkRecovered):
		return // already told, or every framework registers with a new leader
	case !known.Listed:
		t.all = append(t.all, frameworkEvent(told, events.Added, when, turn))
	case known.State == FrameworkDisconnected:
		e := frameworkEvent(told, events.Back, when, turn)
		e.Closes = []string{frameworkKey(told, events.Disconnected)}
		t.all = append(t.all, e)
	default:
		t.all = append(t.all, frameworkEvent(told, events.FailedOver, when, turn))
	}
}

func (t *teller) frameworkRemoved(id string, received time.Time) {
	known := t.frameworkNamed(id)
	if !known.Listed {
		return // already told
	}
	e := frameworkRemoved(known, known.subscribed, moment{time: received})
	e.Closes = []string{frameworkKey(known, events.Disconnected)}
	t.all = append(t.all, e)
	t.frameworks[id] = &Framework{ID: known.ID, Name: known.Name, Roles: known.Roles}
}

// afterStaging returns the moment of a status, and has staging, of which Mesos tells no time, be
// before it: the clock of the agent may be behind ours. Where staging was told before, the moment
// is not before that.
func (t *teller) afterStaging(key taskKey, when moment) moment {
	i, now := t.staging[key]
	if !now {
		return t.tasks[key].afterStaging(when)
	}
	if staging := &t.all[i]; when.notBefore.IsZero() && when.time.Before(staging.Time) {
		staging.Time = when.time
		if staging.NotBefore.After(staging.Time) {
			staging.NotBefore = staging.Time
		}
	}
	return when
}

// add adds the event that a task has a state; status is nil where none tells it.
func (t *teller) add(task *Task, state TaskState, when moment, status *mesos.StreamStatus, away float64) {
	if state == "" { // nothing is known to have happened
		return
	}
	seconds := 0.0
	switch key := (taskKey{task.Framework.ID, task.ID}); {
	case status != nil:
		seconds = status.Timestamp
		when = t.afterStaging(key, when)
	case state == Staging:
		t.staging[key] = len(t.all)
	}
	e := t.labels.taskEvent(task, state, when, seconds, away)
	if status != nil {
		e.Reason = spelled(status.Reason, "REASON_")
		e.Source = spelled(status.Source, "SOURCE_")
		e.Message = status.Message
	}
	t.all = append(t.all, e)
}
