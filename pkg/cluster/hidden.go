package cluster

import (
	"fmt"
	"time"

	"community-mesos-datasource/pkg/events"
)

// Mesos leaves out of /state what the principal may not see, without a word. Where it sees
// less than before, because access rules or the user in the settings changed, what is not
// listed any more has not ended; where it sees more, what is listed has not just begun.

// hides reports whether frameworks, with their tasks, may be hidden from the principal.
func (c *Cluster) hides() bool { return c.NoFlags || c.FrameworksUnknown }

// hidesFramework reports whether a framework that is not listed may be hidden. One that
// ended is listed as such.
func (c *Cluster) hidesFramework(id string) bool {
	if !c.hides() || c.HasFramework(id) {
		return false
	}
	_, ended := c.removed[id]
	return !ended
}

// hidesTasks reports whether tasks of a framework may be hidden.
func (c *Cluster) hidesTasks(framework string) bool {
	f := c.frameworks[framework]
	return f != nil && f.TasksUnknown || c.hidesFramework(framework)
}

// hiddenSince returns when the principal still saw what is hidden from it now, at the
// latest; zero where nothing is hidden.
func hiddenSince(c, previous *Cluster) time.Time {
	switch {
	case !c.hides() && !c.TasksUnknown && !c.agentsHidden:
		return time.Time{}
	case previous == nil:
		return c.Time
	case !previous.hiddenSince.IsZero():
		return previous.hiddenSince
	}
	return previous.polled
}

// A sight counts what is not listed any more because the principal sees less than before,
// or what is listed because it sees more.
type sight struct{ agents, frameworks, tasks int }

func (s sight) String() string {
	return fmt.Sprintf("agents: %d, frameworks: %d, tasks: %d", s.agents, s.frameworks, s.tasks)
}

// sees tells that the principal sees less or more than before.
func (h *happenings) sees() {
	for _, of := range []struct {
		sight
		what    events.What
		message string
	}{
		{h.lost, events.Restricted, "The principal sees less of the cluster than before, so that it is not known what happens to the rest (%s)."},
		{h.found, events.Unrestricted, "The principal sees more of the cluster than before: what was there already is not told as new (%s)."},
	} {
		if of.sight == (sight{}) {
			continue
		}
		when := h.when(0)
		h.add(events.Event{
			ID:        identity(string(events.KindCollection), string(of.what), h.turn()),
			Kind:      events.KindCollection,
			What:      of.what,
			Time:      when.time,
			NotBefore: when.notBefore,
			Severity:  SeverityOf(events.KindCollection, of.what),
			Message:   fmt.Sprintf(of.message, of.sight),
		})
	}
}

// wasHidden reports whether something that is listed now, and was not before, may have been
// hidden: it began, by its time, before the principal saw less.
func (h *happenings) wasHidden(began float64) bool {
	return began <= unixSeconds(h.before.hiddenSince)
}

// beganHidden reports whether a task that may have been hidden began while it was.
func (h *happenings) beganHidden(t *Task) bool {
	// Results of health checks replace the first status of a task that runs.
	return t.first > 0 && !h.wasHidden(t.first) && (t.Healthy == nil || t.first < t.Started)
}
