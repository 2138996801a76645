package query

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/tables"
)

// This file links the nodes of a topology. All nodes of a frame have the same links, so each
// node has fields with what a link of its own needs. Grafana's node graph shows the links of
// all fields, but for those that use a value which is null: where a link is of some nodes
// only, it is a link of a field that the others do not have
// (grafana/grafana public/app/features/explore/utils/links.ts, getFieldLinksForExplore).

// Fields of nodes for links. The node graph shows those that begin with detail__.
const (
	nodeTasks  = "tasks_where" // the condition of its tasks
	nodePage   = "detail__web_ui"
	nodeRows   = "rows" // a table and a condition
	nodeTaskID = "task_id"
	// nodeFrameworkID and nodeAgentID are those of the task.
	nodeFrameworkID = "framework_id"
	nodeAgentID     = "agent_id"
)

// linkFields returns the fields of nodes that links read, with the links of some nodes.
func (g *graph) linkFields(nodes []*node) []*data.Field {
	n := len(nodes)
	where, rows, frameworkID, agentID := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	taskID, page := make([]*string, n), make([]*string, n)
	for i, one := range nodes {
		where[i], rows[i] = g.tasksOf(one), g.rowsOf(one)
		if one.task != nil {
			taskID[i], frameworkID[i], agentID[i] = &one.task.ID, one.task.Framework.ID, one.task.Agent.ID
		}
		if address := g.page(one); address != "" {
			page[i] = &address
		}
	}
	fields := []*data.Field{graphField(nodeTasks, where, nil), graphField(nodeRows, rows, nil)}
	if slices.Contains(g.levels, levelTask) {
		ofTasks := graphField(nodeTaskID, taskID, nil)
		if g.links.uid != "" && g.links.logs {
			of := func(name string) reference { return reference{variable: "__data.fields." + name} }
			g.links.add(ofTasks, logsOf(reference{variable: "__value.raw"}, of(nodeFrameworkID), of(nodeAgentID)))
		}
		fields = append(fields, ofTasks, graphField(nodeFrameworkID, frameworkID, nil), graphField(nodeAgentID, agentID, nil))
	}
	if g.view.WebUI != "" {
		pages := graphField(nodePage, page, &data.FieldConfig{DisplayName: "Web UI"})
		g.links.add(pages, []link{{title: "Mesos' web UI", url: "${__value.raw}"}})
		fields = append(fields, pages)
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
	}
	return all
}

// keysOf returns what follows a column in the condition that a value is a node's: that it
// equals one, or for merged nodes that it is none of those that are shown.
func (g *graph) keysOf(n *node, key func(*node) string) string {
	return g.valuesOf(n, func(n *node) []string { return []string{key(n)} })
}

// valuesOf is keysOf for nodes that stand for several values.
func (g *graph) valuesOf(n *node, values func(*node) []string) string {
	list := func(all []string) string {
		quoted := make([]string, len(all))
		for i, one := range all {
			quoted[i] = tables.Quote(one)
		}
		slices.Sort(quoted)
		return "(" + strings.Join(quoted, ", ") + ")"
	}
	if n.merged == 0 {
		if all := values(n); len(all) != 1 {
			return " IN " + list(all)
		}
		return " = " + tables.Quote(values(n)[0])
	}
	var shown []string
	for _, other := range g.nodes[n.level] {
		if other.merged == 0 {
			shown = append(shown, values(other)...)
		}
	}
	return " NOT IN " + list(shown)
}

// agentsOf returns the condition of the agents of a node that is of agents.
func (g *graph) agentsOf(n *node) string {
	level := g.levels[n.level]
	column := level
	values := func(n *node) []string { return []string{n.key} }
	switch level {
	case levelAgent:
		return "agent_id" + g.keysOf(n, func(n *node) string { return n.id })
	case levelZone, levelRegion:
	default:
		column = "attributes ->> " + tables.Quote(g.attribute(level))
		values = func(n *node) []string { return g.uncut(level, n.key) }
	}
	return "coalesce(" + column + ", '')" + g.valuesOf(n, values)
}

// uncut returns the values of an attribute that a label stands for, which has the first bytes of a
// long one only.
func (g *graph) uncut(label, cut string) []string {
	if len(cut) < samples.MaxChosen-utf8.UTFMax {
		return []string{cut}
	}
	name := g.attribute(label)
	var all []string
	for _, a := range g.view.Cluster.Agents {
		samples.AttributeLabels(map[string]mesos.Attribute{name: a.Attributes[name]}, func(of, value string) {
			if whole := string(a.Attributes[name]); of == label && value == cut && !slices.Contains(all, whole) {
				all = append(all, whole)
			}
		})
	}
	return all
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

// page returns the address of a node in Mesos' web UI, "" for a group.
func (g *graph) page(n *node) string {
	thing := thingNamedBy(g.levels[n.level])
	switch {
	case n.task != nil:
		return tables.SandboxURL(g.view.WebUI, n.task)
	case g.view.WebUI == "" || thing == nil || thing.page == "" || n.merged > 0:
		return ""
	}
	return linker{webUI: g.view.WebUI}.pageOf(thing, reference{value: n.id})
}
