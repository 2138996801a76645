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
// A snapshot that lacks a number does not contradict it.
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
	for state, key := range agentKeysOfSnapshot {
		a, told := asked.AgentCounts[state]
		b := c.AgentCounts[state]
		d.Agents = d.Agents || told && off(key, float64(a), float64(b), 0)
	}
	inactive := func(c *Cluster) float64 {
		n := 0
		for _, state := range []AgentState{AgentDisconnected, AgentDeactivated, AgentDraining, AgentDrained} {
			n += c.AgentCounts[state]
		}
		return float64(n)
	}
	d.Agents = d.Agents || off("master/slaves_inactive", inactive(asked), inactive(c), 0)
	for state, key := range frameworkKeysOfSnapshot {
		a, told := asked.FrameworkCounts[state]
		b := c.FrameworkCounts[state]
		d.Frameworks = d.Frameworks || told && off(key, float64(a), float64(b), 0)
	}
	for i, state := range LiveStates {
		d.Tasks = d.Tasks || off("master/tasks_"+string(state), float64(asked.TaskCounts[i]), float64(c.TaskCounts[i]), float64(slack))
	}
	if slack > 0 {
		return d
	}
	for k, key := range usedKeysOfSnapshot {
		if !c.Allocated[k].Known() {
			d.Allocated = true
			continue
		}
		d.Allocated = d.Allocated || off(key, float64(asked.Allocated[k])/perUnit, float64(c.Allocated[k])/perUnit, 0)
	}
	return d
}

var (
	agentKeysOfSnapshot = map[AgentState]string{
		AgentActive:      "master/slaves_active",
		AgentUnreachable: "master/slaves_unreachable",
	}
	frameworkKeysOfSnapshot = map[FrameworkState]string{
		FrameworkActive:   "master/frameworks_active",
		FrameworkInactive: "master/frameworks_inactive",
	}
	usedKeysOfSnapshot = [numKinds]string{CPUs: "master/cpus_used", GPUs: "master/gpus_used", Memory: "master/mem_used", Disk: "master/disk_used"}
)

// Drifted are numbers of entities that a model kept by events had wrong.
type Drifted struct{ Agents, Frameworks, Tasks, Roles int }

// Drift returns how many entities differ between a model that was kept by events and the
// one that was polled: asked is the kept model as of when /state was asked for, answered
// as of when it was answered. An entity that changed between them is not compared, nor is
// what the event stream does not tell: the states of agents and frameworks, what is
// offered and reserved, and what executors hold.
func Drift(asked, answered, polled *Cluster) Drifted {
	a, b, p := traitsOf(asked), traitsOf(answered), traitsOf(polled)
	for id := range b.agents {
		if _, listed := p.agents[id]; !listed { // unreachable or gone, which the stream does not tell
			delete(a.agents, id)
			delete(b.agents, id)
		}
	}
	return Drifted{
		Agents:     drifted(a.agents, b.agents, p.agents),
		Frameworks: drifted(a.frameworks, b.frameworks, p.frameworks),
		Tasks:      drifted(a.tasks, b.tasks, p.tasks),
		Roles:      drifted(a.roles, b.roles, p.roles),
	}
}

// traits are what the event stream tells of entities, by what identifies them.
type traits struct {
	agents, frameworks, roles map[string]held
	tasks                     map[taskKey]held
}

// held is what is compared of an entity: for a task its state and what it holds, for
// others its tasks and what they hold.
type held struct {
	name   string
	state  TaskState
	tasks  TaskCounts
	amount Resources
}

func (h held) with(t *Task) held {
	h.tasks.add(t.State)
	h.amount.Add(t.Allocated)
	return h
}

func traitsOf(c *Cluster) traits {
	all := traits{map[string]held{}, map[string]held{}, map[string]held{}, make(map[taskKey]held, len(c.Tasks))}
	for _, f := range c.Frameworks {
		all.frameworks[f.ID] = held{name: f.Name}
	}
	for _, a := range c.Agents {
		all.agents[a.ID] = held{name: a.Hostname}
	}
	for i := range c.Tasks {
		t := &c.Tasks[i]
		if !t.State.Live() {
			continue
		}
		all.tasks[taskKey{t.Framework.ID, t.ID}] = held{state: t.State, amount: t.Allocated}
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
