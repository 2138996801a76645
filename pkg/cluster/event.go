package cluster

import (
	"math"
	"strconv"
	"strings"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// This file is what events are made of: identities, severities, sentences; moment.go has
// their times. What happened
// is learned in two ways: by comparing two models (happened.go), and from the event
// stream (told.go). Both make the same event, with the same ID, of the same happening.

// Labels returns the labels that events of a task have (label_* to value), from all labels
// of the task.
type Labels func([]mesos.Label) map[string]string

// severities are those of what happens; Info where there is none.
var severities = map[events.Kind]map[events.What]events.Severity{
	events.KindTask: {
		events.What(Failed): events.Error, events.What(Errored): events.Error, events.What(Lost): events.Error,
		events.What(Gone): events.Error, events.What(GoneByOperator): events.Error,
		events.What(Unreachable): events.Warning, events.What(Dropped): events.Warning, events.What(UnknownTask): events.Warning,
	},
	events.KindAgent: {
		events.Lost: events.Error, events.Unreachable: events.Error,
		events.Disconnected: events.Warning, events.Removed: events.Warning, events.Deactivated: events.Warning,
		events.Draining: events.Warning, events.Gone: events.Warning,
	},
	events.KindFramework:  {events.Disconnected: events.Warning, events.FailedOver: events.Warning},
	events.KindMaster:     {events.NewLeader: events.Warning},
	events.KindCollection: {events.Gap: events.Warning, events.Restricted: events.Warning},
}

// SeverityOf returns how much an event should worry.
func SeverityOf(kind events.Kind, what events.What) events.Severity {
	if s := severities[kind][what]; s != "" {
		return s
	}
	return events.Info
}

// identity joins what identifies an event.
func identity(parts ...string) string { return strings.Join(parts, "/") }

// micros spells a time of Mesos in an identity. Both APIs write doubles, of which
// microseconds are left.
func micros(seconds float64) string {
	if seconds <= 0 {
		return ""
	}
	return strconv.FormatInt(int64(math.Round(seconds*1e6)), 10)
}

// later reports whether a registration is later than another. The two APIs round the same
// time in different ways.
func later(registered, than float64) bool { return registered > than+1e-3 }

// taskEvent returns the event of a task that has the state since a moment. status is
// the time of the status that told it, 0 where there is none. away is the time from
// which on the task had been unreachable, 0 for one that had not.
func (l Labels) taskEvent(t *Task, state TaskState, when moment, status, away float64) events.Event {
	// A task has most states once. Its first status tells it from one that had the same
	// ID before; that of a running task is no identity, because each result of a health
	// check replaces it.
	turn := micros(t.first)
	switch {
	case state == Staging: // Mesos tells no time
		turn = micros(float64(when.time.UnixMicro()) / 1e6)
	case away > 0:
		turn = "after" + micros(away)
	case status > 0 && (!state.Live() || state == Unreachable):
		turn = micros(status)
	}
	e := events.Event{
		ID:          identity("task", t.Framework.ID, t.ID, string(state), turn),
		Kind:        events.KindTask,
		What:        events.What(state),
		Time:        when.time,
		NotBefore:   when.notBefore,
		Severity:    SeverityOf(events.KindTask, events.What(state)),
		Agent:       t.Agent.Hostname,
		AgentID:     t.Agent.ID,
		Framework:   t.Framework.Name,
		FrameworkID: t.Framework.ID,
		Role:        t.Role,
		Task:        t.Name,
		TaskID:      t.ID,
	}
	if l != nil && len(t.Labels) > 0 {
		e.Labels = l(t.Labels)
	}
	return e
}

// agentEvent returns an event of an agent. turn tells it from the same at another time.
func agentEvent(a *Agent, what events.What, when moment, turn string) events.Event {
	name := string(what)
	switch what {
	case events.Added, events.Back:
		name = "registered"
	case events.Removed, events.Lost, events.Gone:
		name = "left" // only the stream tells them apart
	}
	return events.Event{
		ID:        identity("agent", a.ID, name, turn),
		Kind:      events.KindAgent,
		What:      what,
		Time:      when.time,
		NotBefore: when.notBefore,
		Severity:  SeverityOf(events.KindAgent, what),
		Agent:     a.Hostname,
		AgentID:   a.ID,
		Message:   agentMessages[what],
	}
}

// agentKey is the key of what an event of an agent opens.
func agentKey(a *Agent, what events.What) string { return identity("agent", a.ID, string(what)) }

var agentMessages = map[events.What]string{
	events.Added:        "The agent registered.",
	events.Back:         "The agent registered again.",
	events.Removed:      "The agent was removed: it unregistered, or its machine is down for maintenance.",
	events.Gone:         "An operator marked the agent as gone.",
	events.Lost:         "The leader does not list the agent any more, and does not say why: it unregistered, was marked gone, or its machine is down for maintenance.",
	events.Unreachable:  "The leader has given the agent up. Its tasks may still run.",
	events.Disconnected: "The agent is disconnected.",
	events.Deactivated:  "An operator deactivated the agent.",
	events.Reactivated:  "The agent is active again.",
	events.Draining:     "The agent drains: its tasks are killed.",
	events.Drained:      "The agent is drained: no task runs on it.",
}

// frameworkEvent returns an event of a framework.
func frameworkEvent(f *Framework, what events.What, when moment, turn string) events.Event {
	name := string(what)
	if what == events.Added || what == events.Back || what == events.FailedOver {
		name = "registered"
	}
	e := events.Event{
		ID:          identity("framework", f.ID, name, turn),
		Kind:        events.KindFramework,
		What:        what,
		Time:        when.time,
		NotBefore:   when.notBefore,
		Severity:    SeverityOf(events.KindFramework, what),
		Framework:   f.Name,
		FrameworkID: f.ID,
		Message:     frameworkMessages[what],
	}
	if len(f.Roles) == 1 {
		e.Role = f.Roles[0]
	}
	return e
}

// frameworkRemoved returns the event that a framework was removed, which had registered first at a
// moment. That tells it from another one of the same ID, which masters allow once they have
// forgotten the former; both APIs tell it, and it stays when a scheduler fails over.
func frameworkRemoved(f *Framework, subscribed float64, when moment) events.Event {
	return frameworkEvent(f, events.Removed, when, micros(subscribed))
}

func frameworkKey(f *Framework, what events.What) string {
	return identity("framework", f.ID, string(what))
}

var frameworkMessages = map[events.What]string{
	events.Added:        "The framework registered.",
	events.Removed:      "The framework was removed: it was torn down, or its failover time-out passed.",
	events.Disconnected: "The framework's scheduler is disconnected.",
	events.Back:         "The framework's scheduler is connected again.",
	events.FailedOver:   "The framework's scheduler registered again.",
}

// spelled returns a name of Mesos' API as labels spell it.
func spelled(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "slave", "agent")
}
