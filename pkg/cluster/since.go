package cluster

import (
	"time"

	"community-mesos-datasource/pkg/events"
)

// Since returns what tasks did while nobody looked, between a moment and c, oldest first.
// logged are events of tasks that the log has: the newest one of a task gives the state
// that it had before. What the log has already comes again with the same ID. Of tasks that
// ended and that the leader has forgotten, it is told that how they ended is not known.
func (c *Cluster) Since(last time.Time, logged []events.Event, labels Labels) []events.Event {
	if last.IsZero() || !last.Before(c.Time) {
		return nil
	}
	newest := map[taskKey]*events.Event{}
	for i := range logged {
		e := &logged[i]
		key := taskKey{e.FrameworkID, e.TaskID}
		if e.Kind == events.KindTask && (newest[key] == nil || e.Time.After(newest[key].Time)) {
			newest[key] = e
		}
	}
	h := happenings{before: &Cluster{Time: last, polled: last}, after: c, labels: labels}
	from := unixSeconds(last)
	listed := tasksByKey(c.Tasks())
	over := map[taskKey]bool{}
	for i := range c.ended {
		t := &c.ended[i]
		key := taskKey{t.Framework.ID, t.ID}
		was := lastLogged(newest[key])
		if was != nil && !was.State.Live() && was.latest >= t.latest {
			continue // told
		}
		if listed[key] != nil || was != nil && !was.State.Live() {
			was = nil // the newest event is of another task that has or had its ID
		}
		over[key] = over[key] || listed[key] == nil
		switch {
		case was != nil && was.State.Live():
			h.ended(was, t)
		case t.latest > from: // what it did before was told, or was before the log
			h.ended(t.asOf(last), t)
		}
	}
	tasks := c.Tasks()
	for i := range tasks {
		t := &tasks[i]
		was := lastLogged(newest[taskKey{t.Framework.ID, t.ID}])
		switch {
		case was == nil || was.State.Live():
		case was.State == UnknownTask && was.isBack(t):
			was.State, was.told = Unreachable, Unreachable
		default:
			was = nil // the task that had its ID before
		}
		// Results of health checks replace the first status of a task that runs.
		began := t.first > from && (t.Healthy == nil || t.first < t.Started)
		if was != nil || began {
			h.task(was, t)
		}
	}
	if !c.recovering() { // what is not listed may come back
		for key, e := range newest {
			if TaskState(e.What).Live() && listed[key] == nil && !over[key] && e.Time.Before(c.Time) && !c.hidesTasks(key.framework) {
				// A new leader does not list what is on agents that it has given up.
				unreachable := c.AgentCounts[AgentUnreachable] > 0 && c.Agent(e.AgentID) == nil && at(c.ElectedTime).After(last)
				switch {
				case !unreachable:
					h.add(forgotten(e, UnknownTask, last, c.Time))
				case TaskState(e.What) != Unreachable:
					h.add(forgotten(e, Unreachable, last, c.Time))
				}
			}
		}
	}
	return h.sorted()
}

// Ends returns a function that returns how and when a task ended, by the leader, false for one of
// which it does not tell.
func (c *Cluster) Ends() func(framework, id string) (TaskState, time.Time, bool) {
	ended := make(map[taskKey]*endedTask, len(c.ended))
	for i := range c.ended {
		ended[taskKey{c.ended[i].Framework.ID, c.ended[i].ID}] = &c.ended[i]
	}
	return func(framework, id string) (TaskState, time.Time, bool) {
		t := ended[taskKey{framework, id}]
		if t == nil || t.latest == 0 {
			return "", time.Time{}, false
		}
		return t.State, at(t.latest), true
	}
}

// asOf returns what a task that has ended since a moment may have been then.
func (t *endedTask) asOf(when time.Time) *Task {
	was := &Task{State: Staging, latest: unixSeconds(when)}
	// The status of a task that runs is that of its latest health check.
	if first := t.statuses; t.first <= was.latest || len(first) > 0 && first[0].Healthy != nil && ParseTaskState(first[0].State) == Running {
		was.State, was.told = Running, Running
	}
	return was
}

// lastLogged returns a task as the newest event of the log tells it.
func lastLogged(e *events.Event) *Task {
	if e == nil {
		return nil
	}
	state, when := TaskState(e.What), unixSeconds(e.Time)
	if state == Staging { // by our clock, which that of its agent may be behind
		return &Task{State: state, staged: when}
	}
	return &Task{State: state, told: state, latest: when}
}

// forgotten returns the event that a task ended, or became unreachable, between two moments, of
// which the leader knows nothing any more.
func forgotten(e *events.Event, state TaskState, from, to time.Time) events.Event {
	end := *e
	end.ID, end.What = e.ID+"/over", events.What(state)
	end.Time, end.NotBefore = to, from
	if e.Time.After(from) {
		end.NotBefore = e.Time
	}
	end.Severity = SeverityOf(events.KindTask, end.What)
	end.Reason, end.Source = "", ""
	end.Message = vanishedMessage
	if state == Unreachable {
		end.Message = agentMessages[events.Unreachable]
	}
	return end
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
