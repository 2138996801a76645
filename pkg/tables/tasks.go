package tables

import (
	"net/url"
	"slices"
	"strings"

	"community-mesos-datasource/pkg/cluster"
)

// tasksTable is the table of tasks.
var tasksTable = tableOf(Table{
	Name: "tasks", Aliases: []string{"task"},
	Help:    "Tasks that have not ended, are unreachable, or wait for their framework to acknowledge their end.",
	unknown: tasksUnknown,
}, func(v *View) things[*cluster.Task] { return pointed(v.Cluster.Tasks()) }, slices.Concat(
	[]column[*cluster.Task]{
		textOf("task_id", "ID of the task", func(t *cluster.Task) string { return t.ID }),
		textOf("name", "Name of the task", func(t *cluster.Task) string { return t.Name }),
		textOf("state", "staging, starting, running, killing, unreachable, or how it ended: finished, failed, killed, lost, ...", func(t *cluster.Task) string { return string(t.State) }),
	},
	frameworkColumns(func(t *cluster.Task) *cluster.Framework { return t.Framework }),
	[]column[*cluster.Task]{textOf("role", "Role that its resources are allocated to", func(t *cluster.Task) string { return t.Role })},
	agentColumns(func(t *cluster.Task) *cluster.Agent { return t.Agent }),
	[]column[*cluster.Task]{
		textOf("executor_id", "ID of its executor; NULL for a command task", func(t *cluster.Task) string { return t.ExecutorID }),
		{Column{"healthy", Boolean, NoUnit, "Whether its latest health check passed; NULL without a check"}, func(_ *View, t *cluster.Task) value { return maybe(t.Healthy) }},
		textOf("reason", "Reason of its latest status, such as executor_terminated; NULL where there is none, and without the event stream", func(t *cluster.Task) string { return told(t).Reason }),
		textOf("source", "Who made its latest status: executor, agent or master; NULL without the event stream", func(t *cluster.Task) string { return told(t).Source }),
		textOf("message", "Message of its latest status; NULL where there is none, and without the event stream", func(t *cluster.Task) string { return told(t).Message }),
	},
	amounts("", "allocated; 0 for a task that has ended or is unreachable", func(_ *View, t *cluster.Task) cluster.Resources { return t.Allocated }),
	[]column[*cluster.Task]{
		{Column{"cpus_limit", Real, NoUnit, "Most CPUs that it may use; NULL where its framework set no limit, or an infinite one"}, func(_ *View, t *cluster.Task) value { return limit(t, cluster.CPUs) }},
		{Column{"memory_limit_bytes", Real, Bytes, "Most memory that it may use; NULL where its framework set no limit, or an infinite one"}, func(_ *View, t *cluster.Task) value { return limit(t, cluster.Memory) }},
		{Column{"cpus_used", Real, NoUnit, "CPUs used, as its agent measures them; NULL where they are not known, as of several tasks in one container"}, func(v *View, t *cluster.Task) value { return real(v.use(t).CPUs) }},
		{Column{"memory_used_bytes", Real, Bytes, "Memory used, as its agent measures it; NULL where it is not known"}, func(v *View, t *cluster.Task) value { return real(v.use(t).Memory) }},
		{Column{"disk_used_bytes", Real, Bytes, "Disk used, as its agent measures it; NULL where it is not known"}, func(v *View, t *cluster.Task) value { return real(v.use(t).Disk) }},
		{Column{"usage_seconds", Real, Seconds, "CPU seconds used since its container began, as its agent measures them; NULL where they are not known"}, func(v *View, t *cluster.Task) value { return real(v.use(t).Seconds) }},
		textOf("user", "User that it runs as; NULL where that is its framework's", func(t *cluster.Task) string { return t.Details().User }),
		textOf("image", "Image of its container, of Docker or another; NULL without one", func(t *cluster.Task) string { return t.Details().Image }),
		textOf("container_id", "ID of its container", func(t *cluster.Task) string { return t.ContainerID }),
		{Column{"ip_addresses", JSON, NoUnit, "Addresses of its container, as a list"}, func(_ *View, t *cluster.Task) value {
			if t.Addresses == "" {
				return null
			}
			return list(strings.Split(t.Addresses, ","))
		}},
		{Column{"labels", JSON, NoUnit, "Labels of the task, as an object: labels ->> 'team'"}, func(_ *View, t *cluster.Task) value { return labelsOf(t.Labels) }},
		timeOf("start_time", "When it first ran; NULL where it has not", func(t *cluster.Task) float64 { return t.Started }),
		timeOf("status_time", "When its latest status was made", func(t *cluster.Task) float64 { return t.Latest() }),
		{Column{"run_seconds", Real, Seconds, "How long ago it first ran"}, func(v *View, t *cluster.Task) value { return v.age(t.Started) }},
		{Column{"sandbox_url", Text, NoUnit, "Address of its sandbox in Mesos' web UI"}, func(v *View, t *cluster.Task) value { return text(SandboxURL(v.WebUI, t)) }},
	},
), "task_id", "agent_id", "agent", "name", "framework_id", "framework")

// tasksUnknown returns why a table of tasks is not known.
func tasksUnknown(v *View) string {
	if !v.Cluster.TasksListed {
		return "the master does not list tasks"
	}
	return hiddenForRules(v)
}

// hiddenForRules returns why a rule cannot read tasks and executors, of which some are hidden
// from the principal.
func hiddenForRules(v *View) string {
	if v.Evaluated && v.Cluster.TasksUnknown {
		return "the data source's principal sees a part of the tasks and executors only, and rules and expressions need all"
	}
	return ""
}

// limit returns a limit of a task; NULL for none.
func limit(t *cluster.Task, kind cluster.Kind) value {
	details := t.Details()
	if x, set := details.Limits.Value(kind); set {
		return real(x)
	}
	return null
}

var untold = &cluster.Told{}

func told(t *cluster.Task) *cluster.Told {
	if t.Told == nil {
		return untold
	}
	return t.Told
}

// SandboxURL returns the address of a task's sandbox in Mesos' web UI; "" where the address
// of the web UI, or the task's agent, is not known. The web UI redirects this route to the
// directory, and newer ones redirect slaves to agents (src/webui/app/app.js).
func SandboxURL(webUI string, t *cluster.Task) string {
	if webUI == "" || t.Agent.ID == "" || t.Framework.ID == "" {
		return ""
	}
	executor := t.ExecutorID
	if executor == "" {
		executor = t.ID
	}
	return webUI + "/#/slaves/" + url.PathEscape(t.Agent.ID) + "/frameworks/" + url.PathEscape(t.Framework.ID) + "/executors/" + url.PathEscape(executor) + "/browse"
}
