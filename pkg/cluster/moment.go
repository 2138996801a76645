package cluster

import (
	"math"
	"time"

	"community-mesos-datasource/pkg/events"
)

// This file is when events happened. Mesos' own times come from the clocks of masters and,
// those of statuses, of agents and executors: a clock that is wrong must not move an event
// out of the time in which it was learned, or a rule over that time would not count it.

// A moment is when something happened, as far as that is known.
type moment struct{ time, notBefore time.Time }

const (
	// aheadOfUs is how far another's clock may be ahead of ours.
	aheadOfUs = 5 * time.Minute
	// behindUs is how long before it can have happened the time of an event may be: for
	// clocks that differ, and statuses that take their time to the master. Rules look at
	// three intervals of /state or more, which is longer.
	behindUs = 30 * time.Second
)

// at returns a time of Mesos.
func at(seconds float64) time.Time { return time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC() }

// told is the moment that Mesos tells, or else one between two moments. A time that is
// before least, or long after the second moment, when it was learned, is none.
func told(seconds float64, least, from, to time.Time) moment {
	if seconds > 0 && seconds < 1e10 {
		if when := at(seconds); !when.Before(least) && (to.IsZero() || !when.After(to.Add(aheadOfUs))) {
			return moment{time: when}
		}
	}
	return moment{to, from}
}

// seenBefore returns when something was certainly still as it was in the model before; zero
// where a new leader may not know yet what it was.
func (h *happenings) seenBefore() time.Time {
	switch {
	case h.earlier != nil:
		return h.earlier.polled
	case h.before.recovering():
		return time.Time{}
	}
	return h.before.polled
}

// when is the moment that Mesos tells, or between the two /state: what the event stream
// told of the model in between does not tell when the rest happened.
func (h *happenings) when(seconds float64) moment {
	return told(seconds, h.seenBefore().Add(-behindUs), h.before.polled, h.after.Time)
}

// back is the moment of a registration after which something is back. away: the model before
// saw it away, so that it was later, whatever the master's clock says.
func (h *happenings) back(seconds float64, away bool) moment {
	if !away || h.earlier != nil {
		return h.when(seconds)
	}
	return told(seconds, h.before.polled, h.before.polled, h.after.Time)
}

// earliest returns before which moment no status can be that a task has had since the model
// before; was is the task there, nil for none.
func (h *happenings) earliest(was, t *Task) time.Time {
	least := h.seenBefore().Add(-behindUs)
	switch {
	case (was == nil || was.Framework == nil) && h.before.hidesTasks(t.Framework.ID):
		return h.before.hiddenSince.Add(-behindUs)
	case was == nil && (h.failover || h.earlier != nil || !h.stayed(t.Agent)):
		return time.Time{} // it comes with its agent, or is seen for another reason
	case was == nil:
		return least
	case was.waits():
		return at(was.latest)
	default:
		return latest(least, at(was.latest))
	}
}

// status is the moment of a status that is not before least, and not before the status
// that it follows: least is set to it.
func (h *happenings) status(was *Task, seconds float64, least *time.Time) moment {
	when := told(seconds, *least, h.before.polled, h.after.Time)
	if when.notBefore.IsZero() {
		*least = latest(*least, when.time)
	}
	return was.afterStaging(when)
}

// afterStaging returns the moment of a status of the task, which is not before that of staging: the
// clock of its agent may be behind ours.
func (t *Task) afterStaging(m moment) moment {
	if t == nil || t.staged == 0 {
		return m
	}
	if staged := at(t.staged); m.time.Before(staged) {
		m.time = staged
	}
	return m
}

// waits reports whether statuses of the task may come long after their time: its agent is
// not there, or its scheduler has not acknowledged the status before.
func (t *Task) waits() bool { return !t.State.holds() || t.told != "" && t.told != t.State }

// stayed reports whether an agent was there, with its tasks, all the time between the
// models, or is new.
func (h *happenings) stayed(a *Agent) bool {
	was, now := h.before.agents[a.ID], h.after.agents[a.ID]
	switch {
	case now == nil || !now.Listed || h.before.TasksUnknown:
		return false
	case was == nil || !was.Listed:
		return !now.reregistered
	}
	return was.registered == now.registered
}

// inOrder moves what is only known to lie between two moments before what came after it,
// of the events of one task from the first one on.
func inOrder(all []events.Event) {
	for i := len(all) - 2; i >= 0; i-- {
		if e, next := &all[i], &all[i+1]; !e.NotBefore.IsZero() && e.Time.After(next.Time) {
			e.Time = next.Time
			if e.NotBefore.After(e.Time) {
				e.NotBefore = e.Time
			}
		}
	}
}

// status is the moment of a status that the stream told; known is the task before it, nil
// where none is known. live: it is not one of those that a task is listed with.
func (t *teller) status(known *Task, seconds float64, live bool, received time.Time) moment {
	least := received.Add(-behindUs)
	if !live || t.before.awaited != nil { // only the model tells what was before
		least = t.before.polled
		if t.before.awaited != nil {
			least = t.before.awaited.polled
		}
		least = least.Add(-behindUs)
	}
	switch {
	case known == nil || known.State == "":
	case known.waits():
		least = at(known.latest)
	default:
		least = latest(least, at(known.latest))
	}
	if !live {
		return told(seconds, least, t.before.Time, received)
	}
	return told(seconds, least, time.Time{}, received)
}

// registered is the moment of a registration with the leader, which the stream told. away is
// as in back.
func (t *teller) registered(seconds float64, away bool, received time.Time) moment {
	least := received.Add(-behindUs)
	switch {
	case t.before.awaited != nil:
		least = t.before.awaited.polled.Add(-behindUs)
	case away:
		least = latest(least, t.before.polled)
	}
	return told(seconds, least, time.Time{}, received)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
