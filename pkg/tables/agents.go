package tables

import (
	"net"
	"slices"
	"strconv"

	"community-mesos-datasource/pkg/cluster"
)

// agentsTable is the table of agents.
var agentsTable = tableOf(Table{
	Name: "agents", Aliases: []string{"agent", "slaves"},
	Help: "Agents that the leader lists.",
}, func(v *View) things[*cluster.Agent] { return listed(v.Cluster.Agents) }, slices.Concat(
	[]column[*cluster.Agent]{
		textOf("agent_id", "ID of the agent", func(a *cluster.Agent) string { return a.ID }),
		textOf("agent", "Host name of the agent", func(a *cluster.Agent) string { return a.Hostname }),
		textOf("state", "active, disconnected, deactivated, draining or drained", func(a *cluster.Agent) string { return string(a.State) }),
		textOf("address", "host:port where it listens", func(a *cluster.Agent) string {
			if a.IP == "" || a.Port == 0 {
				return ""
			}
			return net.JoinHostPort(a.IP, strconv.Itoa(a.Port))
		}),
		textOf("version", "Version of Mesos", func(a *cluster.Agent) string { return a.Version }),
		textOf("region", "Region of its fault domain", func(a *cluster.Agent) string { return a.Region }),
		textOf("zone", "Zone of its fault domain", func(a *cluster.Agent) string { return a.Zone }),
		{Column{"attributes", JSON, NoUnit, "Attributes of the agent, as an object: attributes ->> 'rack'"}, func(_ *View, a *cluster.Agent) value { return attributesOf(a.Attributes) }},
	},
	amounts("", "of the agent", func(_ *View, a *cluster.Agent) cluster.Resources { return a.Capacity }),
	amounts("allocated", "allocated to tasks and executors", func(_ *View, a *cluster.Agent) cluster.Resources { return a.Allocated }),
	amounts("offered", "offered to frameworks", func(_ *View, a *cluster.Agent) cluster.Resources { return a.Offered }),
	amounts("reserved", "reserved for roles", func(_ *View, a *cluster.Agent) cluster.Resources { return a.Reserved }),
	amounts("free", "neither allocated nor offered", func(_ *View, a *cluster.Agent) cluster.Resources {
		free := a.Capacity
		free.Subtract(a.Allocated)
		free.Subtract(a.Offered)
		return free
	}),
	[]column[*cluster.Agent]{
		{Column{"cpus_used", Real, NoUnit, "CPUs used by its containers, as it measures them; NULL where they are not known"}, func(v *View, a *cluster.Agent) value { return real(v.agentUse(a).CPUs) }},
		{Column{"memory_used_bytes", Real, Bytes, "Memory used by its containers, as it measures it; NULL where it is not known"}, func(v *View, a *cluster.Agent) value { return real(v.agentUse(a).Memory) }},
		{Column{"cpus_revocable", Real, NoUnit, "Revocable CPUs, which are not among cpus; NULL before Mesos 0.23"}, func(v *View, a *cluster.Agent) value { return revocable(v, a.RevocableCapacity) }},
		{Column{"cpus_revocable_allocated", Real, NoUnit, "Revocable CPUs allocated; NULL before Mesos 0.23"}, func(v *View, a *cluster.Agent) value { return revocable(v, a.RevocableAllocated) }},
	},
	taskStates(func(v *View, a *cluster.Agent) *cluster.TaskCounts { return countsOf(v, &a.Tasks, a.TasksUnknown) }),
	[]column[*cluster.Agent]{
		timeOf("registered_time", "When it registered with this leader, the latest time", func(a *cluster.Agent) float64 { at, _ := a.Registered(); return at }),
		timeOf("first_registered_time", "When it registered with this leader the first time", func(a *cluster.Agent) float64 { return a.Admitted() }),
		timeOf("drain_time", "Since when it drains or is drained; NULL where it is not", func(a *cluster.Agent) float64 { return a.Draining() }),
		{Column{"drain_grace_seconds", Real, Seconds, "How long its tasks have to end at most while it drains; NULL where it does not, or each task decides"}, func(_ *View, a *cluster.Agent) value {
			if d := a.Drain(); d != nil && d.Grace != nil {
				return real(*d.Grace)
			}
			return null
		}},
		{Column{"drain_marks_gone", Boolean, NoUnit, "Whether it is marked as gone once it is drained; NULL where it does not drain"}, func(_ *View, a *cluster.Agent) value {
			if d := a.Drain(); d != nil {
				return boolean(d.MarksGone)
			}
			return null
		}},
	},
), "agent_id", "agent")

// revocable returns revocable CPUs, which masters tell since they tell reservations.
func revocable(v *View, r cluster.Resources) value {
	if !v.Cluster.ReservationsListed {
		return null
	}
	return real(r.Value(cluster.CPUs))
}

// reservation is what is reserved on an agent for a role.
type reservation struct {
	agent *cluster.Agent
	*cluster.Reservation
}

// reservationsTable is the table of reservations.
var reservationsTable = tableOf(Table{
	Name: "reservations", Aliases: []string{"reservation"},
	Help: "What is reserved on each agent for each role, statically and dynamically.",
	unknown: func(v *View) string {
		if !v.Cluster.ReservationsListed {
			return "the master does not tell what is reserved on agents: Mesos does since 0.23"
		}
		return ""
	},
}, func(v *View) things[reservation] {
	var all []reservation
	for _, a := range v.Cluster.Agents {
		for i := range a.Reservations {
			all = append(all, reservation{a, &a.Reservations[i]})
		}
	}
	return listed(all)
}, slices.Concat(
	agentColumns(func(r reservation) *cluster.Agent { return r.agent }),
	[]column[reservation]{textOf("role", "Role that it is reserved for", func(r reservation) string { return r.Role })},
	amounts("", "reserved", func(_ *View, r reservation) cluster.Resources { return r.Resources }),
), "role", "agent_id", "agent")
