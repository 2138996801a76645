package tables

import (
	"slices"

	"community-mesos-datasource/pkg/cluster"
)

// frameworksTable is the table of frameworks.
var frameworksTable = tableOf(Table{
	Name: "frameworks", Aliases: []string{"framework"},
	Help: "Frameworks that the leader lists.",
}, func(v *View) things[*cluster.Framework] { return listed(v.Cluster.Frameworks) }, slices.Concat(
	[]column[*cluster.Framework]{
		textOf("framework_id", "ID of the framework", func(f *cluster.Framework) string { return f.ID }),
		textOf("framework", "Name of the framework", func(f *cluster.Framework) string { return f.Name }),
		textOf("state", "active, inactive, disconnected or recovered", func(f *cluster.Framework) string { return string(f.State) }),
		textOf("principal", "Principal that it registered with", func(f *cluster.Framework) string { return f.Principal }),
		textOf("user", "User that its executors run as", func(f *cluster.Framework) string { return f.User }),
		{Column{"roles", JSON, NoUnit, "Roles that it is subscribed to, as a list"}, func(_ *View, f *cluster.Framework) value { return list(f.Roles) }},
		textOf("hostname", "Host name of its scheduler", func(f *cluster.Framework) string { return f.Hostname }),
		textOf("webui_url", "Address of its own web UI", func(f *cluster.Framework) string { return f.WebUIURL }),
	},
	amounts("allocated", "allocated to its tasks and executors", func(_ *View, f *cluster.Framework) cluster.Resources { return f.Allocated }),
	amounts("offered", "offered to it", func(_ *View, f *cluster.Framework) cluster.Resources { return f.Offered }),
	[]column[*cluster.Framework]{
		{Column{"dominant_share", Real, Ratio, "The largest part that it is allocated of the cluster's CPUs, memory, disk or GPUs"}, func(v *View, f *cluster.Framework) value {
			return dominantShare(f.Allocated, v.Cluster.Capacity)
		}},
	},
	taskStates(func(v *View, f *cluster.Framework) *cluster.TaskCounts { return countsOf(v, &f.Tasks, f.TasksUnknown) }),
	[]column[*cluster.Framework]{
		timeOf("registered_time", "When its scheduler registered with this leader, the latest time", func(f *cluster.Framework) float64 { return f.Registered() }),
		timeOf("first_registered_time", "When its scheduler registered with this leader the first time", func(f *cluster.Framework) float64 { return f.Subscribed() }),
		{Column{"capabilities", JSON, NoUnit, "Capabilities that it registered with, as a list"}, func(_ *View, f *cluster.Framework) value { return list(f.Capabilities) }},
		{Column{"failover_timeout_seconds", Real, Seconds, "How long its scheduler may be away before it is removed; NULL where that is infinite"}, func(_ *View, f *cluster.Framework) value {
			if f.FailoverTimeout == nil {
				return null
			}
			return real(*f.FailoverTimeout)
		}},
		{Column{"checkpoint", Boolean, NoUnit, "Whether its tasks outlive a restart of their agent"}, func(_ *View, f *cluster.Framework) value { return maybe(f.Checkpoint) }},
		{Column{"labels", JSON, NoUnit, "Labels of the framework, as an object: labels ->> 'team'"}, func(_ *View, f *cluster.Framework) value { return labelsOf(f.Labels) }},
	},
), "framework_id", "framework")

// removedFrameworksTable is the table of frameworks that were removed.
var removedFrameworksTable = tableOf(Table{
	Name: "completed_frameworks", Aliases: []string{"completed_framework"},
	Help: "Frameworks that were removed, as far as the leader remembers them: the latest 50 by default.",
}, func(v *View) things[*cluster.RemovedFramework] { return pointed(v.Cluster.Removed) }, []column[*cluster.RemovedFramework]{
	textOf("framework_id", "ID of the framework", func(f *cluster.RemovedFramework) string { return f.ID }),
	textOf("framework", "Name of the framework", func(f *cluster.RemovedFramework) string { return f.Name }),
	textOf("principal", "Principal that it registered with", func(f *cluster.RemovedFramework) string { return f.Principal }),
	textOf("user", "User that its executors ran as", func(f *cluster.RemovedFramework) string { return f.User }),
	{Column{"roles", JSON, NoUnit, "Roles that it was subscribed to, as a list"}, func(_ *View, f *cluster.RemovedFramework) value { return list(f.Roles) }},
	textOf("hostname", "Host name of its scheduler", func(f *cluster.RemovedFramework) string { return f.Hostname }),
	textOf("webui_url", "Address of its own web UI", func(f *cluster.RemovedFramework) string { return f.WebUIURL }),
	timeOf("registered_time", "When its scheduler registered, the latest time", func(f *cluster.RemovedFramework) float64 { return f.Registered() }),
	timeOf("first_registered_time", "When its scheduler registered the first time", func(f *cluster.RemovedFramework) float64 { return f.Subscribed() }),
	timeOf("removed_time", "When it was removed", func(f *cluster.RemovedFramework) float64 { return f.Unregistered }),
}, "framework_id", "framework")

// dominantShare returns the largest part of a capacity; NULL where one is not known.
func dominantShare(part, of cluster.Resources) value {
	most := 0.0
	for _, k := range cluster.Kinds {
		if !part[k].Known() || !of[k].Known() {
			return null
		}
		if of[k] > 0 {
			most = max(most, float64(part[k])/float64(of[k]))
		}
	}
	return real(most)
}

// executorsTable is the table of executors.
var executorsTable = tableOf(Table{
	Name: "executors", Aliases: []string{"executor"},
	Help: "Executors that the leader lists: all but those of command tasks.",
	unknown: func(v *View) string {
		// Both came with the same version.
		if !v.Cluster.ReservationsListed && len(v.Cluster.Executors) == 0 {
			return "the master does not list executors: Mesos does since 0.23"
		}
		return hiddenForRules(v)
	},
}, func(v *View) things[*cluster.Executor] { return pointed(v.Cluster.Executors) }, slices.Concat(
	[]column[*cluster.Executor]{
		textOf("executor_id", "ID of the executor", func(e *cluster.Executor) string { return e.ID }),
		textOf("name", "Name of the executor", func(e *cluster.Executor) string { return e.Name }),
	},
	frameworkColumns(func(e *cluster.Executor) *cluster.Framework { return e.Framework }),
	[]column[*cluster.Executor]{
		textOf("role", "Role that its resources are allocated to", func(e *cluster.Executor) string { return e.Role }),
		textOf("type", "custom, or default: Mesos' own for groups of tasks; NULL where its framework does not tell", func(e *cluster.Executor) string { return e.Type }),
	},
	agentColumns(func(e *cluster.Executor) *cluster.Agent { return e.Agent }),
	amounts("", "of the executor itself, without its tasks", func(_ *View, e *cluster.Executor) cluster.Resources { return e.Allocated }),
), "executor_id", "agent_id", "agent", "framework_id", "framework")

// offersTable is the table of offers.
var offersTable = tableOf(Table{
	Name: "offers", Aliases: []string{"offer"},
	Help: "Offers that are outstanding as of the latest /state.",
	unknown: func(v *View) string {
		if !v.Cluster.OffersListed {
			return "the master does not list offers"
		}
		return ""
	},
}, func(v *View) things[*cluster.Offer] { return pointed(v.Cluster.Offers) }, slices.Concat(
	[]column[*cluster.Offer]{textOf("offer_id", "ID of the offer", func(o *cluster.Offer) string { return o.ID })},
	frameworkColumns(func(o *cluster.Offer) *cluster.Framework { return o.Framework }),
	[]column[*cluster.Offer]{textOf("role", "Role that it is made to", func(o *cluster.Offer) string { return o.Role })},
	agentColumns(func(o *cluster.Offer) *cluster.Agent { return o.Agent }),
	amounts("", "offered", func(_ *View, o *cluster.Offer) cluster.Resources { return o.Resources }),
), "offer_id", "agent_id", "agent", "framework_id", "framework")
