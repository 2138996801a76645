package cluster

import "community-mesos-datasource/pkg/events"

// Over returns that what these events opened has ended, of those of agents and frameworks
// that are not in that state any more: it ended while nobody looked. open are events that
// the log has without an end; a model before c is not needed.
func (c *Cluster) Over(open []events.Event) []events.Event {
	if c.recovering() {
		return nil // what is not listed may come back
	}
	var over []events.Event
	for _, e := range open {
		if e.Opens == "" || !e.End.IsZero() || !e.Time.Before(c.Time) {
			continue
		}
		what, ended := c.ends(&e)
		if !ended {
			continue
		}
		end := e
		end.ID, end.What = e.ID+"/over", what
		end.Time, end.NotBefore = c.Time, e.Time
		end.Opens, end.Closes = "", []string{e.Opens}
		end.Severity = SeverityOf(e.Kind, what)
		end.Message = "It was seen at the first look after a while without one."
		over = append(over, end)
	}
	return over
}

// ends reports whether what an event opened has ended, and what tells that.
func (c *Cluster) ends(e *events.Event) (events.What, bool) {
	switch e.Kind {
	case events.KindAgent:
		a := c.Agent(e.AgentID)
		lasts, known := map[events.What]AgentState{
			events.Disconnected: AgentDisconnected,
			events.Deactivated:  AgentDeactivated,
			events.Draining:     AgentDraining,
			events.Drained:      AgentDrained,
		}[e.What]
		switch {
		case e.What == events.Unreachable:
			return events.Back, a != nil
		case !known:
			return "", false
		case a == nil && e.What == events.Disconnected && c.AgentCounts[AgentUnreachable] > 0:
			return "", false // it may be unreachable
		case a == nil:
			return events.Lost, !c.agentsHidden
		case a.State == "" || a.State == lasts:
			return "", false
		case a.State == AgentDrained:
			return events.Drained, true
		case e.What == events.Disconnected:
			return events.Back, true
		}
		return events.Reactivated, true
	case events.KindFramework:
		f := c.framework(e.FrameworkID)
		switch {
		case e.What != events.Disconnected:
			return "", false
		case f == nil || !f.Listed:
			return events.Removed, !c.hidesFramework(e.FrameworkID)
		case f.State == FrameworkActive || f.State == FrameworkInactive:
			return events.Back, true
		}
	}
	return "", false
}
