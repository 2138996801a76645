package query

import (
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/tables"
)

// This file links the nodes of a topology. All nodes of a frame have the same links, so each
// node has fields with what a link of its own needs.

// Fields of nodes for links. The node graph shows those that begin with detail__.
const (
	nodeTasks  = "tasks_where" // the condition of its tasks
	nodePage   = "detail__web_ui"
	nodeRows   = "rows" // a table and a condition
	nodeTaskID = "task_id"
	// nodeFrameworkID is that of the task.
	nodeFrameworkID = "framework_id"
)

// linkFields returns the fields of nodes that links read.
func (g *graph) linkFields(nodes []*node) []*data.Field {
	n := len(nodes)
	where, rows, taskID, frameworkID, page := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, one := range nodes {
		where[i], rows[i], page[i] = g.tasksOf(one), g.rowsOf(one), g.page(one)
		if one.task != nil {
			taskID[i], frameworkID[i] = one.task.ID, one.task.Framework.ID
		}
	}
	fields := []*data.Field{graphField(nodeTasks, where, nil), graphField(nodeRows, rows, nil)}
	if slices.Contains(g.levels, levelTask) {
		fields = append(fields, graphField(nodeTaskID, taskID, nil), graphField(nodeFrameworkID, frameworkID, nil))
	}
	if g.view.WebUI != "" {
		fields = append(fields, graphField(nodePage, page, &data.FieldConfig{DisplayName: "Web UI"}))
	}
	return fields
}

// nodeLinks returns the links of all nodes.
func (g *graph) nodeLinks() (all []link) {
	field := func(name string) string { return "${__data.fields." + name + "}" }
	if g.links.uid != "" {
		selected := func(from string) map[string]any {
			return map[string]any{"queryType": QueryTypeSQL, "format": SQLTable, "sql": "SELECT * FROM " + from}
		}
		all = append(all, link{title: "Tasks", query: selected("tasks WHERE " + field(nodeTasks))}, link{title: "Row", query: selected(field(nodeRows))})
		if g.links.logs && slices.Contains(g.levels, levelTask) {
			for _, file := range []string{"stdout", "stderr"} {
				all = append(all, link{title: "Logs of the task (" + file + ")", query: map[string]any{
					"queryType": QueryTypeLogs, "taskId": field(nodeTaskID), "frameworkId": field(nodeFrameworkID), "file": file,
				}})
			}
		}
	}
	if g.view.WebUI != "" {
		all = append(all, link{title: "Mesos' web UI", url: "${__data.fields." + nodePage + ":raw}"})
	}
	return all
}

// keysOf returns what follows a column in the condition that a value is a node's: that it
// equals one, or for merged nodes that it is none of those that are shown.
func (g *graph) keysOf(n *node, key func(*node) string) string {
	if n.merged == 0 {
		return " = " + tables.Quote(key(n))
	}
	var shown []string
	for _, other := range g.nodes[n.level] {
		if other.merged == 0 {
			shown = append(shown, tables.Quote(key(other)))
		}
	}
	slices.Sort(shown)
	return " NOT IN (" + strings.Join(shown, ", ") + ")"
}

// agentsOf returns the condition of the agents of a node that is of agents.
func (g *graph) agentsOf(n *node) string {
	level := g.levels[n.level]
	column := level
	switch level {
	case levelAgent:
		return "agent_id" + g.keysOf(n, func(n *node) string { return n.id })
	case levelZone, levelRegion:
	default:
		column = "attributes ->> " + tables.Quote(g.attribute(level))
	}
	return "coalesce(" + column + ", '')" + g.keysOf(n, func(n *node) string { return n.key })
}

// attribute returns the name of the attribute that a label such as attr_rack stands for.
func (g *graph) attribute(label string) string {
	for _, a := range g.view.Cluster.Agents {
		for name, value := range a.Attributes {
			found := false
			samples.AttributeLabels(map[string]mesos.Attribute{name: value}, func(of, _ string) { found = found || of == label })
			if found {
				return name
			}
		}
	}
	return strings.TrimPrefix(label, "attr_")
}

// tasksOf returns the condition of SQL that the tasks of a node meet.
func (g *graph) tasksOf(n *node) string {
	switch level := g.levels[n.level]; level {
	case levelFramework:
		return "framework_id" + g.keysOf(n, func(n *node) string { return n.id })
	case levelTask:
		if n.merged == 0 {
			return "task_id = " + tables.Quote(n.id) + " AND framework_id = " + tables.Quote(n.task.Framework.ID)
		}
		return "framework_id || '/' || task_id" + g.keysOf(n, func(n *node) string { return n.key })
	case levelRole:
		return "coalesce(role, '')" + g.keysOf(n, func(n *node) string { return n.key })
	case levelAgent:
		return g.agentsOf(n)
	default:
		if n.key == "" && n.merged == 0 {
			// Tasks on agents that are not listed have no value either.
			return "agent_id NOT IN (SELECT agent_id FROM agents WHERE NOT (" + g.agentsOf(n) + "))"
		}
		return "agent_id IN (SELECT agent_id FROM agents WHERE " + g.agentsOf(n) + ")"
	}
}

// rowsOf returns the table that has the row of a node, and its condition. A group of agents
// has those of its agents.
func (g *graph) rowsOf(n *node) string {
	switch level := g.levels[n.level]; level {
	case levelFramework, levelRole:
		return level + "s WHERE " + g.tasksOf(n)
	case levelTask:
		return "tasks WHERE " + g.tasksOf(n)
	default:
		return "agents WHERE " + g.agentsOf(n)
	}
}

// page returns the address of a node in Mesos' web UI; of a group that of its list.
func (g *graph) page(n *node) string {
	if n.task != nil {
		return first(tables.SandboxURL(g.view.WebUI, n.task), g.view.WebUI)
	}
	level := g.levels[n.level]
	if thing := thingNamedBy(level); thing != nil && thing.page != "" && n.merged == 0 {
		pages := linker{webUI: g.view.WebUI}.of(thing, func(field string) reference {
			if field == thing.id {
				return reference{value: n.id}
			}
			return reference{}
		})
		if len(pages) > 0 {
			return pages[0].url
		}
	}
	switch {
	case g.view.WebUI == "":
		return ""
	case isAbout(level, ofAgents):
		return g.view.WebUI + "/#/slaves"
	case level == levelTask:
		return g.view.WebUI
	default:
		return g.view.WebUI + "/#/" + level + "s"
	}
}
