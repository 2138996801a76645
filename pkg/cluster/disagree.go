package cluster

import (
	"maps"
	"math"

	"community-mesos-datasource/pkg/mesos"
)

// Doubts are what the leader's snapshot contradicts in a model.
type Doubts struct {
	Agents, Frameworks, Tasks bool // counts by state
	Allocated                 bool
}

// Any reports whether there is any doubt.
func (d Doubts) Any() bool { return d != Doubts{} }

// Disagrees returns what a snapshot of the leader contradicts. asked is the model as of
// when the snapshot was asked for, c as of when it was answered, and during the changes
// between them: the master read its numbers at some moment in between.
//
// A snapshot that lacks a number does not contradict it. What a model does not know is in
// doubt where the snapshot tells it.
func (c *Cluster) Disagrees(asked *Cluster, during []mesos.StreamEvent, m *mesos.Metrics) Doubts {
	var d Doubts
	// Between the two models, a number may have been off both by as many changes.
	slack := 0
	for i := range during {
		if during[i].Task != nil || during[i].Update != nil {
			slack++
		}
	}
	off := func(key string, a, b float64, slack float64) bool {
		v, told := m.Values[key]
		if !told || math.IsNaN(a) || math.IsNaN(b) {
			return false
		}
		return v < min(a, b)-slack-1e-6 || v > max(a, b)+slack+1e-6
	}
	for key, states := range agentsOfSnapshot {
		was, toldBefore := sumOf(asked.AgentCounts, states)
		now, told := sumOf(c.AgentCounts, states)
		d.Agents = d.Agents || told && toldBefore && off(key, was, now, 0)
	}
	for key, states := range frameworksOfSnapshot {
		was, toldBefore := sumOf(asked.FrameworkCounts, states)
		now, told := sumOf(c.FrameworkCounts, states)
		d.Frameworks = d.Frameworks || told && toldBefore && !c.FrameworksUnknown && off(key, was, now, 0)
	}
	for i, state := range LiveStates {
		d.Tasks = d.Tasks || !c.TasksUnknown && off("master/tasks_"+string(state), float64(asked.TaskCounts[i]), float64(c.TaskCounts[i]), float64(slack))
	}
	less, more := asked.moved(c, during)
	for k, key := range usedKeysOfSnapshot {
		v, told := m.Values[key]
		was, now := asked.Allocated[k], c.Allocated[k]
		switch {
		case !told:
		case !was.Known() || !now.Known() || !less[k].Known() || !more[k].Known():
			d.Allocated = true // /state would tell
		default:
			used := Amount(math.Round(v * perUnit))
			d.Allocated = d.Allocated || used < min(was, now)-less[k] || used > max(was, now)+more[k]
		}
	}
	return d
}

// HidesIdle reports whether an idle executor may have exited although the snapshot does not
// contradict what is allocated. c is the model as of when the snapshot was asked for, during the
// changes until it was answered: the leader's numbers may be of before or after each, and what the
// executor held may lie between.
func (c *Cluster) HidesIdle(during []mesos.StreamEvent, m *mesos.Metrics) bool {
	if len(during) == 0 {
		return false // the numbers are exact
	}
	most := c.Allocated
	given := map[taskKey]Resources{}
	for i := range during {
		told := []*mesos.StreamTask{}
		if s := during[i].Subscribed; s != nil {
			told = s.Tasks
		} else if s := during[i].Task; s != nil {
			told = append(told, s)
		}
		for _, s := range told {
			given[keyOf(s.FrameworkID, s.ID)] = regular(s.Resources)
		}
	}
	for _, key := range namedBy(during) {
		switch t := c.task(key); {
		case t == nil:
			most.Add(given[key])
		case !t.State.holds(): // it may be back
			most.Add(t.Allocated)
		}
	}
	return len(c.idle(func(x *Executor) bool {
		hides := false
		for k, key := range usedKeysOfSnapshot {
			v, told := m.Values[key]
			if !told || x.Allocated[k] == 0 {
				continue
			}
			// If it was gone, the model would have so much more than the leader counts.
			if Amount(math.Round(v*perUnit))+x.Allocated[k] > most[k] {
				return false
			}
			hides = true
		}
		return hides
	})) > 0
}

// moved returns how much tasks may have given back and been given by changes that lead from
// c to after.
func (c *Cluster) moved(after *Cluster, changes []mesos.StreamEvent) (less, more Resources) {
	if len(changes) == 0 {
		return less, more
	}
	given := map[taskKey]Resources{}
	for _, key := range namedBy(changes) {
		given[key] = Resources{}
	}
	for i := range changes {
		if s := changes[i].Task; s != nil {
			given[keyOf(s.FrameworkID, s.ID)] = regular(s.Resources)
		}
	}
	if len(given) == 0 {
		return less, more
	}
	for key, amount := range given {
		if t := c.task(key); t != nil && t.State.holds() {
			less.Add(t.Allocated)
		}
		if t := after.task(key); t != nil && t.State.holds() {
			amount = t.Allocated
		}
		more.Add(amount)
	}
	return less, more
}

// What gauges of the snapshot count (src/master/metrics.cpp).
var (
	agentsOfSnapshot = map[string][]AgentState{
		"master/slaves_active":      {AgentActive},
		"master/slaves_inactive":    {AgentDisconnected, AgentDeactivated, AgentDraining, AgentDrained},
		"master/slaves_unreachable": {AgentUnreachable},
	}
	frameworksOfSnapshot = map[string][]FrameworkState{
		"master/frameworks_active":       {FrameworkActive},
		"master/frameworks_connected":    {FrameworkActive, FrameworkInactive},
		"master/frameworks_disconnected": {FrameworkDisconnected, FrameworkRecovered},
	}
	usedKeysOfSnapshot = [numKinds]string{CPUs: "master/cpus_used", GPUs: "master/gpus_used", Memory: "master/mem_used", Disk: "master/disk_used"}
)

// sumOf returns the sum of counts, and whether all of them are known.
func sumOf[S comparable](counts map[S]int, states []S) (sum float64, known bool) {
	for _, state := range states {
		n, told := counts[state]
		if !told {
			return 0, false
		}
		sum += float64(n)
	}
	return sum, true
}

// Drifted are numbers of entities that a model kept by events had wrong.
type Drifted struct{ Agents, Frameworks, Tasks, Roles int }

// Drift returns how many entities differ between a model that was kept by events and the
// one that was polled: asked is the kept model as of when /state was asked for, answered
// as of when it was answered. An entity that changed between them is not compared, nor is
// what the event stream does not tell: the states of agents and frameworks, what is
// offered and reserved, and what executors hold.
func Drift(asked, answered, polled *Cluster) Drifted {
	if asked.NoFlags != polled.NoFlags || asked.FrameworksUnknown != polled.FrameworksUnknown {
		return Drifted{} // the principal sees less or more than before
	}
	a, b, p := groupsOf(asked), groupsOf(answered), groupsOf(polled)
	for id := range b.agents {
		if _, listed := p.agents[id]; !listed { // unreachable or gone, which the stream does not tell
			delete(a.agents, id)
			delete(b.agents, id)
		}
	}
	was, then := tasksByKey(asked.Tasks()), tasksByKey(answered.Tasks())
	// One task may begin where another ends, with the same sum before and after.
	var moved []*Task
	for key, t := range was {
		if !sameTask(t, then[key]) {
			moved = append(moved, t)
		}
	}
	for key, t := range then {
		if !sameTask(was[key], t) {
			moved = append(moved, t)
		}
	}
	for _, all := range []groups{a, b, p} {
		all.leaveOut(moved)
	}
	return Drifted{
		Agents:     drifted(a.agents, b.agents, p.agents),
		Frameworks: drifted(a.frameworks, b.frameworks, p.frameworks),
		Tasks:      driftedTasks(was, then, polled),
		Roles:      drifted(a.roles, b.roles, p.roles),
	}
}

// sameTask reports whether a task, nil for none, is the same as far as the stream tells it.
func sameTask(a, b *Task) bool {
	liveA, liveB := a != nil && a.State.Live(), b != nil && b.State.Live()
	return liveA == liveB && (!liveA || a.State == b.State && a.Allocated == b.Allocated)
}

// driftedTasks counts the live tasks that are not the same.
func driftedTasks(was, then map[taskKey]*Task, polled *Cluster) int {
	n, same := 0, sameTask
	tasks := polled.Tasks()
	for i := range tasks {
		t := &tasks[i]
		key := taskKey{t.Framework.ID, t.ID}
		if kept := then[key]; same(was[key], kept) && !same(kept, t) {
			n++
		}
		delete(then, key)
	}
	for key, kept := range then {
		if same(was[key], kept) && !same(kept, nil) {
			n++
		}
	}
	return n
}

// groups are what the event stream tells of agents and frameworks by ID, and of roles: the
// tasks they have, and what those hold.
type groups struct{ agents, frameworks, roles map[string]held }

type held struct {
	name   string
	tasks  TaskCounts
	amount Resources
}

func (h held) with(t *Task) held {
	h.tasks.add(t.State)
	h.amount.Add(t.Allocated)
	return h
}

// leaveOut leaves open how much of the groups of tasks is held, and which roles have tasks.
func (g groups) leaveOut(tasks []*Task) {
	for _, t := range tasks {
		delete(g.roles, t.Role)
		if a, listed := g.agents[t.Agent.ID]; listed {
			g.agents[t.Agent.ID] = held{name: a.name}
		}
		if f, listed := g.frameworks[t.Framework.ID]; listed {
			g.frameworks[t.Framework.ID] = held{name: f.name}
		}
	}
}

func groupsOf(c *Cluster) groups {
	all := groups{map[string]held{}, map[string]held{}, map[string]held{}}
	for _, f := range c.Frameworks {
		all.frameworks[f.ID] = held{name: f.Name}
	}
	for _, a := range c.Agents {
		all.agents[a.ID] = held{name: a.Hostname}
	}
	for t := range c.tasks.each() {
		if !t.State.Live() {
			continue
		}
		all.roles[t.Role] = all.roles[t.Role].with(t)
		if f, listed := all.frameworks[t.Framework.ID]; listed {
			all.frameworks[t.Framework.ID] = f.with(t)
		}
		if a, listed := all.agents[t.Agent.ID]; listed {
			all.agents[t.Agent.ID] = a.with(t)
		}
	}
	return all
}

// drifted counts the keys whose values were the same before and after, and another when
// polled.
func drifted[K comparable](before, after, polled map[K]held) int {
	n := 0
	keys := maps.Clone(polled)
	maps.Copy(keys, after)
	for key := range keys {
		a, inA := before[key]
		b, inB := after[key]
		p, inP := polled[key]
		if inA == inB && a == b && (inP != inB || p != b) {
			n++
		}
	}
	return n
}
