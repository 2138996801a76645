package cluster

import (
	"slices"
	"strings"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/mesos"
)

// TaskState is a task's state as it is spelled everywhere here: lower case,
// without TASK_.
type TaskState string

// The states of tasks that have not ended. All others are ends, except that a
// scheduler without the PARTITION_AWARE capability sees LOST where others see
// UNREACHABLE.
const (
	Staging     TaskState = "staging"
	Starting    TaskState = "starting"
	Running     TaskState = "running"
	Killing     TaskState = "killing"
	Unreachable TaskState = "unreachable"
)

// States of tasks that have ended.
const (
	Finished       TaskState = "finished"
	Failed         TaskState = "failed"
	Killed         TaskState = "killed"
	Lost           TaskState = "lost"
	Errored        TaskState = "error"
	Dropped        TaskState = "dropped"
	Gone           TaskState = "gone"
	GoneByOperator TaskState = "gone_by_operator"
	UnknownTask    TaskState = "unknown"
)

// LiveStates are the states of tasks that have not ended.
var LiveStates = [...]TaskState{Staging, Starting, Running, Killing, Unreachable}

// OnAgent are the live states of a task that is on an agent: an unreachable
// task is on none that is listed.
var OnAgent = LiveStates[:4]

// TaskCounts are numbers of tasks by state, in the order of LiveStates.
type TaskCounts [len(LiveStates)]int

// Of is the number of tasks in a live state, 0 for others.
func (c *TaskCounts) Of(s TaskState) int {
	if i := s.index(); i >= 0 {
		return c[i]
	}
	return 0
}

// Total is the number of tasks.
func (c *TaskCounts) Total() int {
	n := 0
	for _, x := range c {
		n += x
	}
	return n
}

func (c *TaskCounts) add(s TaskState) {
	if i := s.index(); i >= 0 {
		c[i]++
	}
}

func (c *TaskCounts) change(s TaskState, n int) {
	if i := s.index(); i >= 0 {
		c[i] += n
	}
}

// holds reports whether the master accounts a task in this state its resources.
func (s TaskState) holds() bool { return s.Live() && s != Unreachable }

// Live reports whether a task in this state has not ended.
func (s TaskState) Live() bool { return s.index() >= 0 }

// known reports whether it is known of tasks in this state whether they have ended.
// Mesos has TASK_UNKNOWN for tasks of which it knows nothing.
func (s TaskState) known() bool {
	switch s {
	case Finished, Failed, Killed, Lost, Errored, Dropped, Gone, GoneByOperator:
		return true
	}
	return s.Live()
}

func (s TaskState) index() int {
	switch s {
	case Staging:
		return 0
	case Starting:
		return 1
	case Running:
		return 2
	case Killing:
		return 3
	case Unreachable:
		return 4
	default:
		return -1
	}
}

// ParseTaskState spells a state of Mesos (TASK_RUNNING) our way (running).
func ParseTaskState(text string) TaskState {
	switch text { // no allocation for nearly all of 100,000 tasks
	case "TASK_RUNNING":
		return Running
	case "TASK_STAGING":
		return Staging
	case "TASK_STARTING":
		return Starting
	case "TASK_KILLING":
		return Killing
	case "TASK_UNREACHABLE":
		return Unreachable
	default:
		return TaskState(strings.ToLower(strings.TrimPrefix(text, "TASK_")))
	}
}

// AgentState is the state of an agent; states are disjoint.
type AgentState string

// The states of agents. The last two are counts only: Mesos lists no agent
// that is in them.
const (
	AgentActive       AgentState = "active"
	AgentDisconnected AgentState = "disconnected" // not connected, not yet given up
	AgentDeactivated  AgentState = "deactivated"  // by an operator, without a drain
	AgentDraining     AgentState = "draining"
	AgentDrained      AgentState = "drained"
	AgentUnreachable  AgentState = "unreachable" // given up; its tasks may still run
	AgentRecovered    AgentState = "recovered"   // in the registry, not back since the failover
)

// ListedAgentStates are the states of agents that Mesos lists.
var ListedAgentStates = []AgentState{AgentActive, AgentDisconnected, AgentDeactivated, AgentDraining, AgentDrained}

// AgentStates are all states of agents.
var AgentStates = append(ListedAgentStates[:len(ListedAgentStates):len(ListedAgentStates)], AgentUnreachable, AgentRecovered)

// agentState folds what Mesos says in three places into one. What an operator
// asked for goes first: an agent that drains stays draining while it restarts.
//
// Masters before 0.22 do not say whether an agent is active; those they list they
// count as activated_slaves. "" is unknown.
func agentState(s *mesos.Slave, all *mesos.State) AgentState {
	switch {
	case s.Lacks.Active && !s.Deactivated && s.DrainInfo == nil:
		if !all.Lacks.ActivatedSlaves && int(all.ActivatedSlaves) >= len(all.Slaves) {
			return AgentActive
		}
		return ""
	case s.DrainInfo != nil && s.DrainInfo.State == "DRAINED":
		return AgentDrained
	case s.DrainInfo != nil:
		return AgentDraining
	case s.Deactivated:
		return AgentDeactivated
	case !s.Active:
		return AgentDisconnected
	default:
		return AgentActive
	}
}

// FrameworkState is the state of a framework; states are disjoint.
type FrameworkState string

// The states of frameworks.
const (
	FrameworkActive       FrameworkState = "active"
	FrameworkInactive     FrameworkState = "inactive"     // connected, and gets no offers
	FrameworkDisconnected FrameworkState = "disconnected" // may fail over
	FrameworkRecovered    FrameworkState = "recovered"    // known from its agents, not back since the failover
)

// FrameworkStates are all states of frameworks.
var FrameworkStates = []FrameworkState{FrameworkActive, FrameworkInactive, FrameworkDisconnected, FrameworkRecovered}

// countAgents counts agents by state.
func (b *builder) countAgents(s *mesos.State) {
	for _, state := range ListedAgentStates {
		b.AgentCounts[state] = 0
	}
	for _, a := range b.Agents {
		b.AgentCounts[a.State]++
	}
	if _, some := b.AgentCounts[""]; some || b.missing { // unknown of one, unknown in sum
		clear(b.AgentCounts)
		if !s.Lacks.ActivatedSlaves {
			b.AgentCounts[AgentActive] = int(s.ActivatedSlaves)
		}
	}
	if !tellsDrains(s) {
		for _, state := range []AgentState{AgentDeactivated, AgentDraining, AgentDrained} {
			if b.AgentCounts[state] == 0 {
				delete(b.AgentCounts, state)
			}
		}
	}
	if !s.Lacks.UnreachableSlaves {
		b.AgentCounts[AgentUnreachable] = int(s.UnreachableSlaves)
	}
	if !s.Lacks.RecoveredSlaves {
		b.AgentCounts[AgentRecovered] = len(s.RecoveredSlaves)
	}
}

// tellsDrains reports whether the master tells which agents are deactivated, draining and
// drained, as it does since 1.9. Without any agent its version decides.
func tellsDrains(s *mesos.State) bool {
	if len(s.Slaves) == 0 {
		return !catalogue.Older(s.Version, "1.9.0")
	}
	return !slices.ContainsFunc(s.Slaves, func(slave mesos.Slave) bool { return slave.Lacks.Deactivated })
}

// countFrameworks counts frameworks by state. Before 1.2 a framework that is known
// from its agents only is not listed, but its ID is, from 0.20 on.
func (b *builder) countFrameworks(s *mesos.State) {
	counts := b.FrameworkCounts
	for _, state := range FrameworkStates {
		counts[state] = 0
	}
	told := true
	for i, f := range b.Frameworks {
		counts[f.State]++
		told = told && !s.Frameworks[i].Lacks.Recovered
		if f.State == "" && s.Frameworks[i].Lacks.Active {
			delete(counts, FrameworkActive)
		}
	}
	if _, some := counts[""]; some {
		delete(counts, "")
		delete(counts, FrameworkInactive)
		delete(counts, FrameworkDisconnected)
	}
	counts[FrameworkRecovered] += len(s.UnregisteredFrameworks)
	if !told && s.Lacks.UnregisteredFrameworks {
		delete(counts, FrameworkRecovered)
	}
}

// frameworkState goes by `active` before `connected`: masters before 1.2 do not
// have the latter, and an active framework is always connected. "" is unknown.
func frameworkState(f *mesos.Framework) FrameworkState {
	switch {
	case f.Recovered:
		return FrameworkRecovered
	case f.Active:
		return FrameworkActive
	case !f.Lacks.Connected && !f.Connected:
		return FrameworkDisconnected
	case f.Lacks.Connected || f.Lacks.Active:
		return ""
	default:
		return FrameworkInactive
	}
}
