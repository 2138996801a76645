package samples

import (
	"slices"
	"strings"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
)

// This file lists the series of each entity: a function per entity returns its
// columns. Every name is in the catalogue, with its type, unit and help; those of
// columns by events have poll "model" there, where all of them are written each time.

// amounts returns the columns of a measure: one per kind of resource.
func amounts[E any](entity, measure string, of func(*E) *cluster.Resources) []column[E] {
	var columns []column[E]
	for _, k := range cluster.Kinds {
		columns = append(columns, column[E]{
			name: catalogue.AmountName(entity, k.String(), measure),
			read: func(v *traits, e *E) (float64, bool) {
				r := of(e)
				return r.Value(k), r[k].Known() && v.has(k)
			},
		})
	}
	return columns
}

// limits returns the columns of a measure that may be absent.
func limits(measure string, of func(*cluster.Role) *cluster.Limits) []column[cluster.Role] {
	var columns []column[cluster.Role]
	for _, k := range cluster.Kinds {
		columns = append(columns, column[cluster.Role]{
			name: catalogue.AmountName("role", k.String(), measure),
			read: func(v *traits, r *cluster.Role) (float64, bool) {
				n, set := of(r).Value(k)
				return n, set && v.has(k)
			},
		})
	}
	return columns
}

// taskCounts returns the columns of the number of tasks by state, zeros included,
// where the master lists such tasks. of returns them, and whether they are unknown.
func taskCounts[E any](entity string, states []cluster.TaskState, of func(*E) (*cluster.TaskCounts, bool)) []column[E] {
	var columns []column[E]
	for _, s := range states {
		columns = append(columns, column[E]{
			name: catalogue.TasksName(entity), label: "state", value: string(s),
			read: func(v *traits, e *E) (float64, bool) {
				counts, unknown := of(e)
				return float64(counts.Of(s)), v.counts(s) && !unknown
			},
		})
	}
	return columns
}

// isIn returns the columns of a state: 1 for the state that holds, no series for
// the others.
func isIn[E any, S ~string](name string, states []S, of func(*E) S) []column[E] {
	var columns []column[E]
	for _, s := range states {
		columns = append(columns, column[E]{
			name: name, label: "state", value: string(s),
			read: func(_ *traits, e *E) (float64, bool) { return 1, of(e) == s },
		})
	}
	return columns
}

// present returns the column of an info series.
func present[E any](name string) []column[E] {
	return []column[E]{{name: name, read: func(*traits, *E) (float64, bool) { return 1, true }}}
}

// byEvents marks columns as those that the model kept by events has.
func byEvents[E any](columns ...[]column[E]) []column[E] {
	all := slices.Concat(columns...)
	for i := range all {
		all[i].events = true
	}
	return all
}

// byEventsMostly is byEvents for amounts that executors add to, of which events do not
// tell.
func byEventsMostly[E any](columns []column[E]) []column[E] {
	all := byEvents(columns)
	for i := range all {
		all[i].waits = true
	}
	return all
}

// --- cluster ---

func clusterColumns() []column[figures] {
	var columns []column[figures]
	for _, measure := range []string{"capacity", "allocated", "offered", "reserved"} {
		for _, k := range cluster.Kinds {
			columns = append(columns, column[figures]{
				name:   catalogue.AmountName("cluster", k.String(), measure),
				events: measure == "capacity" || measure == "allocated",
				read: func(v *traits, f *figures) (float64, bool) {
					n, ok := f.resources[measure][k]
					return n, ok && v.has(k)
				},
			})
		}
	}
	return slices.Concat(columns, byEvents(
		known("mesos_cluster_agents", cluster.AgentStates, func(f *figures) map[cluster.AgentState]float64 { return f.agents }),
	))
}

func clusterFrameworkColumns() []column[figures] {
	return byEvents(known("mesos_cluster_frameworks", cluster.FrameworkStates, func(f *figures) map[cluster.FrameworkState]float64 { return f.frameworks }))
}

func clusterTaskColumns() []column[figures] {
	return byEvents(known("mesos_cluster_tasks", cluster.LiveStates[:], func(f *figures) map[cluster.TaskState]float64 { return f.tasks }))
}

// known returns the columns of numbers by state that may be unknown.
func known[S ~string](name string, states []S, of func(*figures) map[S]float64) []column[figures] {
	var columns []column[figures]
	for _, s := range states {
		columns = append(columns, column[figures]{
			name: name, label: "state", value: string(s),
			read: func(_ *traits, f *figures) (float64, bool) {
				n, ok := of(f)[s]
				return n, ok
			},
		})
	}
	return columns
}

// --- agents ---

type agentKey struct{ hostname, id string }

func (k agentKey) label(add func(name, value string)) {
	add("agent", k.hostname)
	add("agent_id", k.id)
}

func agentColumns() []column[cluster.Agent] {
	type A = cluster.Agent
	return slices.Concat(
		byEvents(amounts("agent", "capacity", func(a *A) *cluster.Resources { return &a.Capacity })),
		byEventsMostly(amounts("agent", "allocated", func(a *A) *cluster.Resources { return &a.Allocated })),
		amounts("agent", "offered", func(a *A) *cluster.Resources { return &a.Offered }),
		amounts("agent", "reserved", func(a *A) *cluster.Resources { return &a.Reserved }),
		byEventsMostly(slices.Concat(
			amounts("agent", "revocable_capacity", func(a *A) *cluster.Resources { return &a.RevocableCapacity }),
			amounts("agent", "revocable_allocated", func(a *A) *cluster.Resources { return &a.RevocableAllocated }),
		)),
		byEvents(
			taskCounts("agent", cluster.OnAgent, func(a *A) (*cluster.TaskCounts, bool) { return &a.Tasks, a.TasksUnknown }),
			isIn("mesos_agent_state", cluster.ListedAgentStates, func(a *A) cluster.AgentState { return a.State }),
		),
	)
}

type agentInfoKey struct {
	agentKey
	version, region, zone string
	attributes            pairs
}

func (k agentInfoKey) label(add func(name, value string)) {
	k.agentKey.label(add)
	add("version", k.version)
	add("region", k.region)
	add("zone", k.zone)
	k.attributes.each(add)
}

// --- frameworks ---

type frameworkKey struct{ name, id string }

func (k frameworkKey) label(add func(name, value string)) {
	add("framework", k.name)
	add("framework_id", k.id)
}

func frameworkColumns() []column[cluster.Framework] {
	type F = cluster.Framework
	return slices.Concat(
		byEventsMostly(amounts("framework", "allocated", func(f *F) *cluster.Resources { return &f.Allocated })),
		amounts("framework", "offered", func(f *F) *cluster.Resources { return &f.Offered }),
		byEvents(
			taskCounts("framework", cluster.LiveStates[:], func(f *F) (*cluster.TaskCounts, bool) { return &f.Tasks, f.TasksUnknown }),
			isIn("mesos_framework_state", cluster.FrameworkStates, func(f *F) cluster.FrameworkState { return f.State }),
		),
	)
}

type frameworkInfoKey struct {
	frameworkKey
	principal, user, roles, webUIURL string
}

func (k frameworkInfoKey) label(add func(name, value string)) {
	k.frameworkKey.label(add)
	add("principal", k.principal)
	add("user", k.user)
	add("roles", k.roles)
	add("webui_url", k.webUIURL)
}

func frameworkInfo(f *cluster.Framework) frameworkInfoKey {
	return frameworkInfoKey{
		frameworkKey: frameworkKey{f.Name, f.ID},
		principal:    f.Principal,
		user:         f.User,
		roles:        strings.Join(slices.Sorted(slices.Values(f.Roles)), ","),
		webUIURL:     f.WebUIURL,
	}
}

// --- roles ---

type roleKey string

func (k roleKey) label(add func(name, value string)) { add("role", string(k)) }

// roleLoadColumns returns the columns of what /state says of a role.
func roleLoadColumns() []column[cluster.RoleLoad] {
	type L = cluster.RoleLoad
	return slices.Concat(
		byEventsMostly(amounts("role", "allocated", func(l *L) *cluster.Resources { return &l.Allocated })),
		amounts("role", "offered", func(l *L) *cluster.Resources { return &l.Offered }),
		byEvents(taskCounts("role", cluster.LiveStates[:], func(l *L) (*cluster.TaskCounts, bool) { return &l.Tasks, l.TasksUnknown })),
	)
}

// roleColumns returns the columns of what /roles says of a role.
func roleColumns() []column[cluster.Role] {
	type R = cluster.Role
	return slices.Concat(
		amounts("role", "reserved", func(r *R) *cluster.Resources { return &r.Reserved }),
		limits("quota_limit", func(r *R) *cluster.Limits { return &r.QuotaLimit }),
		limits("quota_guarantee", func(r *R) *cluster.Limits { return &r.QuotaGuarantee }),
		limits("quota_consumed", func(r *R) *cluster.Limits { return &r.QuotaConsumed }),
		[]column[R]{
			{name: "mesos_role_weight", read: func(_ *traits, r *R) (float64, bool) { return deref(r.Weight) }},
			{name: "mesos_role_frameworks", read: func(_ *traits, r *R) (float64, bool) { return deref(r.Frameworks) }},
		},
	)
}

// --- tasks and executors ---

type taskKey struct {
	name, id string
	frameworkKey
	agentKey
	role   string
	labels pairs
}

func (k taskKey) label(add func(name, value string)) {
	add("task", k.name)
	add("task_id", k.id)
	k.frameworkKey.label(add)
	k.agentKey.label(add)
	add("role", k.role)
	k.labels.each(add)
}

func taskKeyOf(t *cluster.Task, wanted []string) taskKey {
	return taskKey{
		name: t.Name, id: t.ID,
		frameworkKey: frameworkKey{t.Framework.Name, t.Framework.ID},
		agentKey:     agentKey{t.Agent.Hostname, t.Agent.ID},
		role:         t.Role,
		labels:       taskLabels(t.Labels, wanted),
	}
}

func taskColumns() []column[cluster.Task] {
	type T = cluster.Task
	return byEvents(
		amounts("task", "allocated", func(t *T) *cluster.Resources { return &t.Allocated }),
		isIn("mesos_task_state", cluster.LiveStates[:], func(t *T) cluster.TaskState { return t.State }),
		[]column[T]{
			{name: "mesos_task_healthy", read: func(_ *traits, t *T) (float64, bool) {
				if t.Healthy == nil {
					return 0, false
				}
				return boolean(*t.Healthy), true
			}},
			{name: "mesos_task_start_time_seconds", read: func(_ *traits, t *T) (float64, bool) { return t.Started, t.Started > 0 && t.Started < latest }},
		},
	)
}

type executorKey struct {
	id string
	frameworkKey
	agentKey
	role string
}

func (k executorKey) label(add func(name, value string)) {
	add("executor_id", k.id)
	k.frameworkKey.label(add)
	k.agentKey.label(add)
	add("role", k.role)
}

func executorKeyOf(e *cluster.Executor) executorKey {
	return executorKey{e.ID, frameworkKey{e.Framework.Name, e.Framework.ID}, agentKey{e.Agent.Hostname, e.Agent.ID}, e.Role}
}

func executorColumns() []column[cluster.Executor] {
	return amounts("executor", "allocated", func(e *cluster.Executor) *cluster.Resources { return &e.Allocated })
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// deref returns a number that may be unknown.
func deref[N int | float64](n *N) (float64, bool) {
	if n == nil {
		return 0, false
	}
	return float64(*n), true
}
