package query

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
	"community-mesos-datasource/pkg/tables"
)

// This file is queryType topology: frameworks, agents, roles and tasks as nodes of a graph,
// and what runs where as edges. It reads the latest model of the cluster.
// topology_frames.go makes the frames, topology_links.go their links.

const (
	// maxLevels is how many kinds of nodes a graph may have.
	maxLevels = 4
	// maxNodes is how many nodes a graph shows of one kind. Grafana's node graph lays them
	// out in the browser, and draws 1,500 nodes at most.
	maxNodes = 200
	// maxEdges is how many edges a graph shows.
	maxEdges = 2000
	// nodeSamples is about how many samples a node or an edge takes as much memory as.
	nodeSamples = 100
)

const (
	levelAgent     = "agent"
	levelFramework = "framework"
	levelRole      = "role"
	levelTask      = "task"
	levelZone      = "zone"
	levelRegion    = "region"
)

// topologyLevels are what nodes may be.
var topologyLevels = []string{levelAgent, levelFramework, levelRole, levelTask, levelZone, levelRegion, "attr_*"}

// agentLabels and topologyLabels are the labels of agents, and those of tasks, that
// filters may name.
var (
	agentLabels     = append([]string{labelCluster, levelAgent, "agent_id"}, agentInfo.labels...)
	frameworkLabels = append([]string{labelCluster, levelFramework, "framework_id"}, frameworkInfo.labels...)
	topologyLabels  = unique(slices.Concat([]string{levelTask, "task_id", labelRole, labelState}, frameworkLabels, agentLabels))
)

// checkTopology returns what is wrong with a query of a topology, and fills in its defaults.
func checkTopology(q *TopologyQuery) error {
	if err := boundGroupBy(&q.GroupBy); err != nil {
		return err
	}
	if err := boundFilters(q.Filters); err != nil {
		return err
	}
	if len(q.GroupBy) == 0 {
		q.GroupBy = []string{levelFramework, levelAgent}
	}
	if len(q.GroupBy) > maxLevels {
		return bad("groupBy", "has %d kinds of nodes, and a graph may have %d at most: leave some out", len(q.GroupBy), maxLevels)
	}
	for i, level := range q.GroupBy {
		if !has(topologyLevels, level) {
			return bad(fmt.Sprintf("groupBy[%d]", i), "%q cannot be nodes of a graph%s. Available: %s", cut(level), likeLabel(level, topologyLevels), strings.Join(topologyLevels, ", "))
		}
		if slices.Contains(q.GroupBy[:i], level) {
			return bad(fmt.Sprintf("groupBy[%d]", i), "%q is there twice: keep one of them", level)
		}
	}
	for i, f := range q.Filters {
		if !has(topologyLabels, f.Label) {
			return bad(fmt.Sprintf("filters[%d].label", i), "unknown label %q%s. Available: %s", cut(f.Label), likeLabel(f.Label, topologyLabels), strings.Join(topologyLabels, ", "))
		}
	}
	return checkFilters(q.Filters)
}

// errGraphForRules is for rules and expressions.
var errGraphForRules = bad("queryType", "topology is a graph and has no numbers for rules and expressions: use metrics or sql")

// errGraphNoPromQL is for those who want to see what a graph compiles to.
var errGraphNoPromQL = bad("queryType", "topology is read from the latest state of the cluster and has no PromQL")

// answerTopology answers a query of a topology.
func answerTopology(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, notices []data.Notice) (data.Frames, error) {
	if o.evaluated() {
		return nil, errGraphForRules
	}
	if src.View == nil {
		return nil, errNoTables
	}
	view := src.View()
	if view == nil {
		return nil, bad("", "the cluster has not been read yet, so there is no graph of it: Save & test says why")
	}
	g := graph{view: view, levels: slices.Clone(p.topology.GroupBy), links: src.linker(p, o)}
	if err := g.readFilters(p.topology, p.AdhocFilters); err != nil {
		return nil, err
	}
	work := promql.Reading{
		Weight: int64(maxLevels*maxNodes+maxEdges) * nodeSamples, Work: float64(view.Cluster.TaskCounts.Total() + len(view.Cluster.Agents)),
	}
	if err := src.Engine.Read(ctx, work, g.build); err != nil {
		return nil, err
	}
	frames := g.frames()
	now := src.now()
	notices = append(append(notices, warnings(g.notices)...), infos(g.reasons)...)
	notices = append(notices, circumstances{
		now: now, earliest: now, latest: now, reads: reads{polls: []series.Poll{series.PollState}}, status: src.Status(), stats: src.Store.Stats(),
	}.notices()...)
	if age, most := now.Sub(view.Cluster.Time), src.viewInterval()*5/2; most > 0 && age > most {
		notices = append(notices, warning("The graph is of %s ago, when the cluster was last read: Save & test says why.", display.Age(age)))
	}
	if src.Notices != nil {
		notices = append(notices, src.Notices()...)
	}
	frames[0].AppendNotices(notices...)
	return frames, nil
}

// graph is a topology that is being made.
type graph struct {
	view   *tables.View
	levels []string
	// filters of the labels that only some have.
	filters []*labels.Matcher
	notices []string
	reasons []string // why there are no nodes
	links   linker

	nodes []map[string]*node // of each level by key
	edges map[[2]*node]*edge
	// attributes are values of labels of agents that were looked up.
	attributes map[agentLabel]string
	// own are the tasks that are nodes of their own; nil: all.
	own map[*cluster.Task]bool
}

// node is what a graph shows as one node.
type node struct {
	level int
	key   string // apart from others of its level
	title string
	id    string // of the agent, framework or task, "" for groups

	agent     *cluster.Agent
	framework *cluster.Framework
	task      *cluster.Task

	agents, inactive int                       // of a group of agents: how many
	capacity         cluster.Resources         // of its agents
	allocated        cluster.Resources         // by tasks and executors
	used             float64                   // CPUs; NaN: not all are known
	tasks            int                       // that have not ended
	states           map[cluster.TaskState]int // of all tasks
	merged           int                       // how many nodes it stands for; 0: itself

	// own is what the master says is allocated on its agents, or to its framework, whatever
	// tasks it lists; offered is what is offered of its agents.
	own, offered cluster.Resources
	// measured is what its agents say that their containers use, CPUs; NaN: not of all known.
	measured float64
	// hidden: the master does not list all tasks, so that sums of them are too small.
	hidden bool
}

// edge is what two nodes have in common.
type edge struct {
	from, to  *node
	tasks     int
	allocated cluster.Resources
}

// readFilters reads the filters of the query and of the dashboard.
func (g *graph) readFilters(q *TopologyQuery, adhoc []AdhocFilter) error {
	var all []matcher
	for i, f := range q.Filters {
		m, err := newMatcher(f.Label, f.Operator, f.Value.List)
		if err != nil {
			return bad(fmt.Sprintf("filters[%d].value", i), "%v", err)
		}
		all = append(all, m)
	}
	ofDashboard, leftOut := adhocMatchers(adhoc)
	g.notices = append(g.notices, leftOut...)
	for _, m := range ofDashboard {
		if !has(topologyLabels, m.label) {
			g.notices = append(g.notices, notFiltered(m, []string{"the graph"}))
			continue
		}
		all = append(all, m)
	}
	var err error
	if g.filters, err = compiled(all); err != nil {
		return bad("filters", "%v", err)
	}
	return nil
}

// topologyMember is what a node may be of: a task, or an agent or a framework without any.
type topologyMember struct {
	agent     *cluster.Agent
	framework *cluster.Framework
	task      *cluster.Task
	role      string
}

// value returns the value of a label.
func (g *graph) value(x topologyMember, label string) string {
	switch label {
	case labelCluster:
		return g.view.Cluster.Name
	case labelRole:
		return x.role
	}
	if x.task != nil {
		switch label {
		case levelTask:
			return x.task.Name
		case "task_id":
			return x.task.ID
		case labelState:
			return string(x.task.State)
		}
	}
	if x.framework != nil {
		switch label {
		case levelFramework:
			return x.framework.Name
		case "framework_id":
			return x.framework.ID
		case "principal":
			return x.framework.Principal
		case "user":
			return x.framework.User
		}
	}
	if x.agent == nil {
		return ""
	}
	switch label {
	case levelAgent:
		return x.agent.Hostname
	case "agent_id":
		return x.agent.ID
	case levelZone:
		return x.agent.Zone
	case levelRegion:
		return x.agent.Region
	case "version":
		return x.agent.Version
	}
	key := agentLabel{x.agent, label}
	found, known := g.attributes[key]
	if !known {
		samples.AttributeLabels(x.agent.Attributes, func(name, value string) {
			if name == label {
				found = value
			}
		})
		if g.attributes == nil {
			g.attributes = map[agentLabel]string{}
		}
		g.attributes[key] = found
	}
	return found
}

type agentLabel struct {
	agent *cluster.Agent
	label string
}

// passes reports whether all filters hold.
func (g *graph) passes(x topologyMember) bool {
	for _, m := range g.filters {
		if !m.Matches(g.value(x, m.Name)) {
			return false
		}
	}
	return true
}

// filtersOnly reports whether the filters name no label but these.
func (g *graph) filtersOnly(list []string) bool {
	return !slices.ContainsFunc(g.filters, func(m *labels.Matcher) bool { return !has(list, m.Name) })
}

const ofAgents, ofFrameworks = true, false

// isAbout reports whether a level is of agents or of frameworks.
func isAbout(level string, agents bool) bool {
	if agents {
		return level == levelAgent || level == levelZone || level == levelRegion || strings.HasPrefix(level, "attr_")
	}
	return level == levelFramework
}

// build makes the nodes and edges.
func (g *graph) build(ctx context.Context) error {
	passing, err := g.passing(ctx)
	if err != nil {
		return err
	}
	g.groupAgents(passing)
	g.nodes, g.edges = make([]map[string]*node, len(g.levels)), map[[2]*node]*edge{}
	for i := range g.nodes {
		g.nodes[i] = map[string]*node{}
	}
	c := g.view.Cluster
	// Those without tasks.
	for i, level := range g.levels {
		if isAbout(level, ofAgents) && g.filtersOnly(agentLabels) {
			for _, a := range c.Agents {
				if a.Listed && g.passes(topologyMember{agent: a}) {
					g.nodeOf(i, topologyMember{agent: a})
				}
			}
		}
		if isAbout(level, ofFrameworks) && g.filtersOnly(frameworkLabels) {
			for _, f := range c.Frameworks {
				if f.Listed && g.passes(topologyMember{framework: f}) {
					g.nodeOf(i, topologyMember{framework: f})
				}
			}
		}
	}
	path := make([]*node, len(g.levels))
	add := func(x topologyMember, tasks int, state cluster.TaskState, allocated cluster.Resources, used float64) {
		for i := range g.levels {
			path[i] = g.nodeOf(i, x)
			path[i].add(tasks, state, allocated, used)
			if i == 0 {
				continue
			}
			key := [2]*node{path[i-1], path[i]}
			e := g.edges[key]
			if e == nil {
				e = &edge{from: key[0], to: key[1]}
				g.edges[key] = e
			}
			e.tasks += tasks
			e.allocated.Add(allocated)
		}
	}
	ofTasks := slices.Contains(g.levels, levelTask)
	if ofTasks {
		g.chooseTasks(passing)
	}
	for i, t := range passing {
		if i%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		live, used := liveOf(t), 0.0
		if live == 1 {
			used = g.used(t)
		}
		add(memberOf(t), live, t.State, t.Allocated, used)
	}
	for i := range c.Executors {
		e := &c.Executors[i]
		if x := (topologyMember{agent: e.Agent, framework: e.Framework, role: e.Role}); !ofTasks && g.passes(x) {
			add(x, 0, "", e.Allocated, 0)
		}
	}
	g.capacities()
	if !slices.ContainsFunc(g.nodes, func(of map[string]*node) bool { return len(of) > 0 }) {
		g.reasons = g.noNodes(ctx)
	}
	for i := range g.levels {
		if others := g.nodes[i][othersKey]; others != nil {
			others.title = othersTitle(others.merged)
		}
		g.merge(i)
	}
	return ctx.Err()
}

// memberOf returns a task as what nodes are of.
func memberOf(t *cluster.Task) topologyMember {
	return topologyMember{agent: t.Agent, framework: t.Framework, task: t, role: t.Role}
}

// liveOf returns 1 for a task that has not ended, 0 for others.
func liveOf(t *cluster.Task) int {
	if slices.Contains(cluster.LiveStates[:], t.State) {
		return 1
	}
	return 0
}

// passing returns the tasks for which all filters hold.
func (g *graph) passing(ctx context.Context) ([]*cluster.Task, error) {
	tasks := g.view.Cluster.Tasks()
	found := make([]*cluster.Task, 0, len(tasks))
	for i := range tasks {
		if i%1000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if t := &tasks[i]; g.passes(memberOf(t)) {
			found = append(found, t)
		}
	}
	return found, nil
}

// chooseTasks decides which tasks are nodes of their own, where they are more than a graph
// shows: those with the most CPUs, as merge has it for other levels. It is done before there
// are nodes, as 100,000 of them would take 100 MB.
func (g *graph) chooseTasks(all []*cluster.Task) {
	if len(all) <= maxNodes {
		return
	}
	order := func(a, b *cluster.Task) int {
		return cmp.Or(cmp.Compare(b.Allocated[cluster.CPUs], a.Allocated[cluster.CPUs]), cmp.Compare(liveOf(b), liveOf(a)),
			strings.Compare(a.Framework.ID, b.Framework.ID), strings.Compare(a.ID, b.ID))
	}
	const keep = maxNodes - 1
	best, sorted := make([]*cluster.Task, 0, 4*keep), false
	for _, t := range all {
		if sorted && order(t, best[keep-1]) >= 0 {
			continue
		}
		if best = append(best, t); len(best) == cap(best) {
			slices.SortFunc(best, order)
			best, sorted = best[:keep], true
		}
	}
	slices.SortFunc(best, order)
	g.own = make(map[*cluster.Task]bool, keep)
	for _, t := range best[:min(keep, len(best))] {
		g.own[t] = true
	}
	g.notices = append(g.notices, mergedNotice(len(all)-keep, len(all), levelTask))
}

// mergedNotice says how many nodes of a level are one.
func mergedNotice(merged, all int, level string) string {
	return fmt.Sprintf("%d of %d nodes of %s are one, %q, those with the fewest CPUs allocated: add filters, or group by something with fewer values.",
		merged, all, level, othersTitle(merged))
}

func othersTitle(n int) string { return fmt.Sprintf("%d others", n) }

// othersKey is the key of the node that stands for those of its level that are not shown.
const othersKey = "\x00"

// used returns the CPUs that a task uses; NaN where that is not known.
func (g *graph) used(t *cluster.Task) float64 {
	if g.view.Use == nil {
		return math.NaN()
	}
	return g.view.Use(t).CPUs
}

// usedOn returns the CPUs that the containers of an agent use; NaN where that is not known.
func (g *graph) usedOn(a *cluster.Agent) float64 {
	if g.view.AgentUse == nil {
		return math.NaN()
	}
	return g.view.AgentUse(a).CPUs
}

// cpusUsed returns the CPUs that a node uses; NaN where that is not known, as of tasks that share
// a container. Of such tasks agents know it together.
func (g *graph) cpusUsed(n *node) float64 {
	if math.IsNaN(n.used) && n.agents > 0 && g.filtersOnly(agentLabels) {
		return n.measured
	}
	return n.used
}

func (n *node) add(tasks int, state cluster.TaskState, allocated cluster.Resources, used float64) {
	n.tasks += tasks
	if state != "" {
		n.states[state]++
	}
	n.allocated.Add(allocated)
	n.used += used
}

// nodeOf returns the node of a level that something belongs to.
func (g *graph) nodeOf(i int, x topologyMember) *node {
	level, key := g.levels[i], ""
	switch level {
	case levelAgent:
		key = x.agent.ID
	case levelFramework:
		key = x.framework.ID
	case levelTask:
		if g.own != nil && !g.own[x.task] {
			return g.otherTask(i)
		}
		key = x.framework.ID + "/" + x.task.ID
	default:
		key = g.value(x, level)
	}
	n := g.nodes[i][key]
	if n != nil {
		return n
	}
	n = &node{level: i, key: key, title: key, states: map[cluster.TaskState]int{}}
	switch level {
	case levelAgent:
		n.agent, n.id, n.title = x.agent, x.agent.ID, first(x.agent.Hostname, x.agent.ID)
	case levelFramework:
		n.framework, n.id, n.title = x.framework, x.framework.ID, first(x.framework.Name, x.framework.ID)
		n.own, n.hidden = x.framework.Allocated, x.framework.TasksUnknown
	case levelTask:
		n.task, n.id, n.title = x.task, x.task.ID, first(x.task.Name, x.task.ID)
	default:
		n.title = first(key, "no "+strings.TrimPrefix(level, "attr_"))
	}
	g.nodes[i][key] = n
	return n
}

// otherTask returns the node of all tasks that have none of their own, which stands for one
// more.
func (g *graph) otherTask(i int) *node {
	n := g.nodes[i][othersKey]
	if n == nil {
		n = &node{level: i, key: othersKey, states: map[cluster.TaskState]int{}}
		g.nodes[i][othersKey] = n
	}
	n.merged++
	return n
}

// counts reports whether an agent's capacity belongs to its node of a level. An agent that is
// a node of its own is there for its tasks; a group has those that pass the filters.
func (g *graph) counts(level string, a *cluster.Agent) bool {
	if g.filtersOnly(agentLabels) {
		return g.passes(topologyMember{agent: a})
	}
	return level == levelAgent || g.passesAgent(a)
}

// capacities adds the agents to the nodes that are of them.
func (g *graph) capacities() {
	for _, a := range g.view.Cluster.Agents {
		if !a.Listed {
			continue
		}
		for i, level := range g.levels {
			if !isAbout(level, ofAgents) {
				continue
			}
			key := a.ID
			if level != levelAgent {
				key = g.value(topologyMember{agent: a}, level)
			}
			n := g.nodes[i][key]
			if n == nil || !g.counts(level, a) {
				continue
			}
			n.agents++
			if a.State != cluster.AgentActive {
				n.inactive++
			}
			n.capacity.Add(a.Capacity)
			n.own.Add(a.Allocated)
			n.measured += g.usedOn(a)
			n.offered.Add(a.Offered)
			n.hidden = n.hidden || a.TasksUnknown
		}
	}
}

// passesAgent reports whether the filters on labels of agents hold.
func (g *graph) passesAgent(a *cluster.Agent) bool {
	for _, m := range g.filters {
		if has(agentLabels, m.Name) && !m.Matches(g.value(topologyMember{agent: a}, m.Name)) {
			return false
		}
	}
	return true
}

// known returns what is known to be allocated to a node, and whether its number of tasks is
// known. Where the master does not list all tasks, sums of them are too small: then it is what
// the master says of the agents or the framework themselves, unless filters leave out a part
// of that.
func (g *graph) known(n *node) (allocated cluster.Resources, tasks bool) {
	if n.task != nil {
		return n.allocated, true
	}
	level := g.levels[n.level]
	hidden := n.hidden || g.view.Cluster.TasksUnknown
	ofAgents, ofFramework := isAbout(level, ofAgents), isAbout(level, ofFrameworks)
	for kind, sum := range n.allocated {
		allocated[kind] = sum
		told := n.own[kind]
		switch {
		case !hidden && !((ofAgents || ofFramework) && told == cluster.Unknown):
		case ofAgents && g.filtersOnly(agentLabels), ofFramework && g.filtersOnly(frameworkLabels):
			allocated[kind] = told
		default:
			allocated[kind] = cluster.Unknown
		}
	}
	return allocated, !hidden
}

// agentsShown returns the agents that pass the filters. Where those name labels of tasks too,
// they are the agents of the tasks and executors that pass.
func (g *graph) agentsShown(passing []*cluster.Task) (all []*cluster.Agent) {
	c := g.view.Cluster
	if g.filtersOnly(agentLabels) {
		for _, a := range c.Agents {
			if g.passesAgent(a) {
				all = append(all, a)
			}
		}
		return all
	}
	seen := map[*cluster.Agent]bool{}
	see := func(a *cluster.Agent) {
		if !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
	}
	for _, t := range passing {
		see(t.Agent)
	}
	if !slices.Contains(g.levels, levelTask) {
		for i := range c.Executors {
			if e := &c.Executors[i]; g.passes(topologyMember{agent: e.Agent, framework: e.Framework, role: e.Role}) {
				see(e.Agent)
			}
		}
	}
	return all
}

// groupAgents replaces the level of agents, where they are more than a graph shows, by
// the zone, region or attribute that tells most of them apart.
func (g *graph) groupAgents(passing []*cluster.Task) {
	at := slices.Index(g.levels, levelAgent)
	if at < 0 {
		return
	}
	agents, values := 0, map[string]map[string]bool{}
	see := func(label, value string) {
		if value == "" {
			return
		}
		if values[label] == nil {
			values[label] = map[string]bool{}
		}
		values[label][value] = true
	}
	for _, a := range g.agentsShown(passing) {
		agents++
		see(levelZone, a.Zone)
		see(levelRegion, a.Region)
		samples.AttributeLabels(a.Attributes, see)
	}
	if agents <= maxNodes {
		return
	}
	best, most := "", 1
	for _, label := range slices.Sorted(maps.Keys(values)) {
		if n := len(values[label]); n > most && n <= maxNodes && !slices.Contains(g.levels, label) {
			best, most = label, n
		}
	}
	if best == "" {
		return // merge keeps the largest
	}
	g.levels[at] = best
	g.notices = append(g.notices, fmt.Sprintf("%d agents are more than the %d nodes that a graph shows of one kind: they are grouped by %s, which has %d values. To see single agents, add filters; to group them otherwise, choose another attribute.", agents, maxNodes, best, most))
}

// merge makes one node of the smallest ones of a level that has too many.
func (g *graph) merge(i int) {
	if len(g.nodes[i]) <= maxNodes {
		return
	}
	sorted := make([]*node, 0, len(g.nodes[i]))
	for _, n := range g.nodes[i] {
		sorted = append(sorted, n)
	}
	slices.SortFunc(sorted, func(a, b *node) int {
		return cmp.Or(cmp.Compare(b.allocated[cluster.CPUs], a.allocated[cluster.CPUs]), cmp.Compare(b.tasks, a.tasks), strings.Compare(a.key, b.key))
	})
	rest := sorted[maxNodes-1:]
	others := &node{level: i, key: othersKey, title: othersTitle(len(rest)), states: map[cluster.TaskState]int{}, merged: len(rest)}
	into := map[*node]bool{}
	for _, n := range rest {
		into[n] = true
		others.agents += n.agents
		others.inactive += n.inactive
		others.capacity.Add(n.capacity)
		others.own.Add(n.own)
		others.offered.Add(n.offered)
		others.measured += n.measured
		others.hidden = others.hidden || n.hidden
		others.allocated.Add(n.allocated)
		others.used += n.used
		others.tasks += n.tasks
		for state, count := range n.states {
			others.states[state] += count
		}
		delete(g.nodes[i], n.key)
	}
	g.nodes[i][others.key] = others
	for key, e := range g.edges {
		from, to := e.from, e.to
		if into[from] {
			from = others
		}
		if into[to] {
			to = others
		}
		if from == e.from && to == e.to {
			continue
		}
		delete(g.edges, key)
		key = [2]*node{from, to}
		if same := g.edges[key]; same != nil {
			same.tasks += e.tasks
			same.allocated.Add(e.allocated)
			continue
		}
		e.from, e.to = from, to
		g.edges[key] = e
	}
	g.notices = append(g.notices, mergedNotice(len(rest), len(sorted), g.levels[i]))
}
