package cluster

import "time"

// After a failover the new leader knows agents from the registry, and their tasks and
// frameworks when they have registered with it. What it does not list until then has not
// ended: it is awaited.

// schedulersReturn is how long schedulers may take to register with a new leader. Their
// failover time-outs are not in /state's shape that is read; most are longer.
const schedulersReturn = 10 * time.Minute

// sameElection reports whether both models are of the same leader's same election.
func (c *Cluster) sameElection(other *Cluster) bool {
	return c.PID == other.PID && c.ElectedTime == other.ElectedTime
}

// recovering reports whether agents may not have come back since the failover. Masters
// before 1.2 do not tell how many have not: agents have ten minutes
// (--agent_reregister_timeout).
func (c *Cluster) recovering() bool {
	if n, told := c.AgentCounts[AgentRecovered]; told {
		return n > 0
	}
	return c.sinceElection() < 10*time.Minute
}

// waitsFor reports whether an agent may have yet to register, as of the /state.
func (c *Cluster) waitsFor(agent string) bool {
	if _, told := c.AgentCounts[AgentRecovered]; told {
		return c.waiting[agent]
	}
	return c.awaited != nil && c.Agent(agent) == nil && c.recovering()
}

func (c *Cluster) sinceElection() time.Duration { return c.Time.Sub(at(c.ElectedTime)) }

// awaitedOf returns the model before the leader changed, for as long as it is awaited.
func awaitedOf(c, previous *Cluster) *Cluster {
	if previous == nil || previous.awaited == nil && previous.sameElection(c) {
		return nil
	}
	if !previous.SameAs(c) || !c.recovering() && c.sinceElection() >= schedulersReturn {
		return nil
	}
	if previous.awaited != nil {
		return previous.awaited // also where the leader changes once more
	}
	return previous
}
