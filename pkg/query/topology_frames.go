package query

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/display"
)

// This file makes the frames that Grafana's node graph reads by the names of their fields
// (grafana/grafana public/app/plugins/panel/nodeGraph/utils.ts).

// Colors of arcs and nodes, in Grafana's names.
const (
	colorUsed      = "blue"
	colorAllocated = "green"
	colorUnknown   = "purple"
	colorOffered   = "yellow"
	colorFree      = "rgba(128,128,128,0.3)"
	colorNotActive = "orange"
	colorFailed    = "red"
)

// arcAllocated is the arc of what is allocated, without what of it is used; arcUnknown that of
// what is allocated to nodes of which it is not known how much they use, where it is of others.
const (
	arcAllocated = "arc__allocated"
	arcUnknown   = "arc__use_unknown"
)

// Places in arcs.
const (
	partUsed = iota
	partAllocated
	partUnknown
	partOffered
	partFree
	partNotActive
	countOfParts
)

// arc is a part of the circle around a node, as a share of CPUs. Grafana writes the titles below the
// graph, where long ones cover it.
type arc struct{ name, title, color string }

var arcs = []arc{
	{"arc__used", "Used", colorUsed},
	{arcAllocated, "Allocated, not used", colorAllocated},
	{arcUnknown, "Allocated, use not known", colorUnknown},
	{"arc__offered", "Offered", colorOffered},
	{"arc__free", "Free", colorFree},
	{"arc__not_active", "Not active", colorNotActive},
}

// frames returns the frames nodes and edges.
func (g *graph) frames() data.Frames {
	nodes := g.sortedNodes()
	ids := make(map[*node]string, len(nodes))
	n := len(nodes)
	texts := func() []string { return make([]string, n) }
	id, title, subtitle, color, state, thing, where := texts(), texts(), texts(), texts(), texts(), texts(), texts()
	tasks, cpus, memory, capacity, used := texts(), texts(), texts(), texts(), texts()
	hasNoArc := false
	parts := make([][]float64, len(arcs))
	for i := range parts {
		parts[i] = make([]float64, n)
	}
	for i, one := range nodes {
		id[i] = g.levels[one.level] + ":" + one.key
		if one.merged > 0 {
			id[i] = g.levels[one.level] + " others" // with a colon it may be a group of that name
		}
		ids[one] = id[i]
		title[i], subtitle[i], color[i], state[i] = one.title, g.subtitle(one), colorOf(one), one.stateText()
		thing[i] = one.id
		if one.merged == 0 {
			where[i] = g.tasksOf(one)
		}
		allocated, counted := g.known(one)
		if counted {
			tasks[i], used[i] = tasksText(one.tasks), cpusText(g.cpusUsed(one))
		}
		cpus[i], memory[i] = cpusText(allocated.Value(cluster.CPUs)), bytesText(allocated.Value(cluster.Memory))
		if one.agents > 0 {
			capacity[i] = cpusText(one.capacity.Value(cluster.CPUs))
		}
		drawn := g.parts(one, allocated.Value(cluster.CPUs), counted)
		for k, part := range drawn {
			parts[k][i] = part
		}
		hasNoArc = hasNoArc || drawn == [len(drawn)]float64{}
	}
	knowsUse := slices.ContainsFunc(used, func(text string) bool { return text != "" })
	for i := range nodes {
		if knowsUse && used[i] == "" {
			parts[partUnknown][i], parts[partAllocated][i] = parts[partAllocated][i], 0
		}
	}
	nodeFields := []*data.Field{
		graphField("id", id, nil), graphField("title", title, nil), graphField("subtitle", subtitle, nil),
		graphField("mainstat", tasks, &data.FieldConfig{DisplayName: "Tasks"}),
		graphField("secondarystat", cpus, &data.FieldConfig{DisplayName: "CPUs allocated"}),
	}
	if hasNoArc {
		nodeFields = append(nodeFields, graphField("color", color, &data.FieldConfig{DisplayName: "Color"}))
	}
	for k, a := range arcs {
		switch {
		case a.name == arcAllocated && !knowsUse:
			a.title = "Allocated"
		case a.name == arcUnknown && !slices.ContainsFunc(parts[k], func(part float64) bool { return part > 0 }):
			continue
		}
		nodeFields = append(nodeFields, graphField(a.name, parts[k], &data.FieldConfig{
			DisplayName: a.title, Unit: unitRatio, Color: map[string]any{"mode": "fixed", "fixedColor": a.color},
		}))
	}
	nodeFields = append(nodeFields,
		graphField("detail__state", state, &data.FieldConfig{DisplayName: "State"}),
		graphField("detail__id", thing, &data.FieldConfig{DisplayName: "ID"}),
		graphField("detail__cpus_used", used, &data.FieldConfig{DisplayName: "CPUs used"}),
		graphField("detail__cpus_capacity", capacity, &data.FieldConfig{DisplayName: "CPUs of agents"}),
		graphField("detail__memory_allocated", memory, &data.FieldConfig{DisplayName: "Memory allocated"}),
		graphField("detail__where", where, &data.FieldConfig{DisplayName: "Tasks where"}),
	)
	nodeFields = append(nodeFields, g.linkFields(nodes)...)
	g.links.add(nodeFields[0], g.nodeLinks())
	return data.Frames{graphFrame("nodes", nodeFields...), g.edgesFrame(ids)}
}

func (g *graph) edgesFrame(ids map[*node]string) *data.Frame {
	edges := make([]*edge, 0, len(g.edges))
	for _, e := range g.edges {
		edges = append(edges, e)
	}
	slices.SortFunc(edges, func(a, b *edge) int {
		return cmp.Or(cmp.Compare(b.tasks, a.tasks), strings.Compare(ids[a.from], ids[b.from]), strings.Compare(ids[a.to], ids[b.to]))
	})
	if len(edges) > maxEdges {
		g.notices = append(g.notices, fmt.Sprintf("%d of %d edges are shown, those with the most tasks: add filters, or group by something with fewer values.", maxEdges, len(edges)))
		edges = edges[:maxEdges]
	}
	n := len(edges)
	id, source, target := make([]string, n), make([]string, n), make([]string, n)
	tasks, cpus := make([]string, n), make([]string, n)
	for i, e := range edges {
		id[i], source[i], target[i] = strconv.Itoa(i), ids[e.from], ids[e.to]
		// What is not known of one end, or of the cluster, is not known of what they share.
		if _, counted := g.known(e.from); !counted {
			continue
		}
		if _, counted := g.known(e.to); !counted || g.view.Cluster.TasksUnknown {
			continue
		}
		tasks[i], cpus[i] = tasksText(e.tasks), cpusText(e.allocated.Value(cluster.CPUs))
	}
	return graphFrame("edges",
		graphField("id", id, nil), graphField("source", source, nil), graphField("target", target, nil),
		graphField("mainstat", tasks, &data.FieldConfig{DisplayName: "Tasks"}),
		graphField("secondarystat", cpus, &data.FieldConfig{DisplayName: "CPUs allocated"}),
	)
}

func graphFrame(name string, fields ...*data.Field) *data.Frame {
	frame := data.NewFrame(name, fields...)
	frame.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: typeVersion, PreferredVisualization: data.VisTypeNodeGraph}
	return frame
}

func graphField[T any](name string, values []T, config *data.FieldConfig) *data.Field {
	field := data.NewField(name, nil, values)
	field.Config = config
	return field
}

// The node graph writes a number with two decimals and the ID of its unit, as "3.00 suffix: CPUs".
// So numbers of nodes and edges are texts, "" where they are not known.

func tasksText(n int) string {
	if n == 1 {
		return "1 task"
	}
	return strconv.Itoa(n) + " tasks"
}

func cpusText(n float64) string {
	if math.IsNaN(n) {
		return ""
	}
	if n = math.Round(n*100) / 100; n == 1 {
		return "1 CPU"
	}
	return strconv.FormatFloat(n, 'f', -1, 64) + " CPUs"
}

func bytesText(n float64) string {
	if math.IsNaN(n) {
		return ""
	}
	return display.Size(int64(n))
}

// sortedNodes returns the nodes from left to right.
func (g *graph) sortedNodes() []*node {
	var all []*node
	for _, nodes := range g.nodes {
		for _, n := range nodes {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.merged, b.merged), strings.Compare(a.title, b.title), strings.Compare(a.key, b.key))
	})
	return all
}

// subtitle returns what a node is.
func (g *graph) subtitle(n *node) string {
	level := g.levels[n.level]
	switch {
	case n.merged > 0:
		return level
	case isAbout(level, ofAgents) && level != levelAgent && n.agents == 1:
		return level + ", 1 agent"
	case isAbout(level, ofAgents) && level != levelAgent:
		return fmt.Sprintf("%s, %d agents", level, n.agents)
	default:
		return level
	}
}

// stateText returns the state of a node, or the states of the tasks of a group.
func (n *node) stateText() string {
	switch {
	case n.agent != nil:
		return string(n.agent.State)
	case n.framework != nil:
		return string(n.framework.State)
	case n.task != nil:
		return string(n.task.State)
	}
	var parts []string
	for _, state := range cluster.LiveStates {
		if count := n.states[state]; count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count, state))
		}
	}
	if n.inactive == 1 {
		parts = append(parts, "1 agent not active")
	} else if n.inactive > 1 {
		parts = append(parts, fmt.Sprintf("%d agents not active", n.inactive))
	}
	return strings.Join(parts, ", ")
}

// colorOf returns the color of a node by its state. The node graph shows it where no arc
// is drawn.
func colorOf(n *node) string {
	switch {
	case n.task != nil:
		switch n.task.State {
		case cluster.Running:
			return colorAllocated
		case cluster.Staging, cluster.Starting:
			return colorUsed
		case cluster.Failed, cluster.Lost, cluster.Errored, cluster.Dropped, cluster.Gone, cluster.GoneByOperator, cluster.Unreachable:
			return colorFailed
		default:
			return colorNotActive
		}
	case n.notActive():
		return colorNotActive
	default:
		return colorAllocated
	}
}

// notActive reports whether an agent or a framework is known to be in another state, or
// all agents of a group.
func (n *node) notActive() bool {
	switch {
	case n.agent != nil:
		return n.agent.State != "" && n.agent.State != cluster.AgentActive
	case n.framework != nil:
		return n.framework.State != "" && n.framework.State != cluster.FrameworkActive
	default:
		return n.agents > 0 && n.inactive == n.agents
	}
}

// parts returns the arcs of a node: of agents by their CPUs, of others by the CPUs of the
// cluster. They add up to 1, but for what other tasks than the filtered ones hold of an agent,
// and what of it is not known to be free. A task has none: its color is its state.
func (g *graph) parts(n *node, allocated float64, counted bool) (all [countOfParts]float64) {
	whole := g.view.Cluster.Capacity.Value(cluster.CPUs)
	if n.agents > 0 {
		whole = n.capacity.Value(cluster.CPUs)
	}
	if n.task != nil || !(whole > 0) || math.IsNaN(allocated) {
		return all
	}
	part := min(1, max(0, allocated/whole))
	used := 0.0
	if cpus := g.cpusUsed(n); counted && cpus > 0 { // not NaN
		used = min(part, cpus/whole)
	}
	all[partUsed], all[partAllocated] = used, part-used
	rest := 1 - part
	switch {
	case n.notActive():
		all[partNotActive] = rest
	case n.agents == 0:
		all[partFree] = rest
	default:
		if offered := n.offered.Value(cluster.CPUs); !math.IsNaN(offered) {
			all[partOffered] = min(rest, max(0, offered/whole))
			if own := n.own.Value(cluster.CPUs); !math.IsNaN(own) {
				all[partFree] = min(rest-all[partOffered], max(0, (whole-own-offered)/whole))
			}
		}
	}
	return all
}
