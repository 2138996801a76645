package query

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/tables"
)

func cores(n float64) (r cluster.Resources) {
	r[cluster.CPUs] = cluster.Amount(n * 1000)
	return r
}

// graphCluster has n agents of 10 CPUs in racks r0 to r3, the second of which drains;
// a framework with a task on each agent, and one without tasks.
func graphCluster(n int, attributes bool) *cluster.Cluster {
	c := &cluster.Cluster{Name: "test", Time: noon, Capacity: cores(float64(10 * n))}
	marathon := &cluster.Framework{ID: "F1", Name: "marathon", Listed: true, State: cluster.FrameworkActive}
	c.Frameworks = []*cluster.Framework{marathon, {ID: "F2", Name: "idle", Listed: true, State: cluster.FrameworkDisconnected}}
	var tasks []cluster.Task
	for i := range n {
		a := &cluster.Agent{ID: fmt.Sprintf("S%d", i), Hostname: fmt.Sprintf("a%d", i), Listed: true, State: cluster.AgentActive, Capacity: cores(10), Allocated: cores(4)}
		if attributes {
			a.Attributes = map[string]mesos.Attribute{"rack": mesos.Attribute(fmt.Sprintf("r%d", i%4)), "host": mesos.Attribute(a.Hostname)}
		}
		if i == 1 {
			a.State = cluster.AgentDraining
		}
		c.Agents = append(c.Agents, a)
		state := cluster.Running
		if i == 2 {
			state = cluster.Staging
		}
		tasks = append(tasks, cluster.Task{
			ID: fmt.Sprintf("t%d", i), Name: "web", Role: "web", State: state, Framework: marathon, Agent: a, Allocated: cores(4),
		})
	}
	return c.WithTasks(tasks)
}

func graphSource(t testing.TB, c *cluster.Cluster, use func(*cluster.Task) tables.Use) Source {
	src := source(t, recordedStore(t, recorded{of("mesos_up"), flat(1, 3)}))
	src.View = func() *tables.View {
		return &tables.View{Model: &tables.Model{Cluster: c}, Now: noon, Use: use, WebUI: "http://m1:5050"}
	}
	return src
}

func graphOf(t testing.TB, src Source, query string) (nodes, edges *data.Frame) {
	t.Helper()
	response := Run(context.Background(), src, asked(query), Options{})
	require.NoError(t, response.Error)
	require.Len(t, response.Frames, 2)
	require.Equal(t, "nodes", response.Frames[0].Name)
	require.Equal(t, "edges", response.Frames[1].Name)
	for _, frame := range response.Frames {
		require.Equal(t, data.VisType(data.VisTypeNodeGraph), frame.Meta.PreferredVisualization)
	}
	return response.Frames[0], response.Frames[1]
}

// column returns the values of a field.
func column(t testing.TB, frame *data.Frame, name string) (all []any) {
	t.Helper()
	field, _ := frame.FieldByName(name)
	require.NotNil(t, field, name)
	for i := range field.Len() {
		value, _ := field.ConcreteAt(i)
		all = append(all, value)
	}
	return all
}

// numbersOf returns the numbers that the texts of a field begin with.
func numbersOf(t testing.TB, frame *data.Frame, name string) (all []float64) {
	t.Helper()
	for _, text := range column(t, frame, name) {
		var n float64
		_, err := fmt.Sscan(text.(string), &n)
		require.NoError(t, err, text)
		all = append(all, n)
	}
	return all
}

func TestTopologyHasFrameworksAndAgents(t *testing.T) {
	src := graphSource(t, graphCluster(3, true), func(*cluster.Task) tables.Use { return tables.Use{CPUs: 1} })
	nodes, edges := graphOf(t, src, `{"queryType":"topology","datasource":{"uid":"mesos"}}`)
	require.Equal(t, []any{"framework:F2", "framework:F1", "agent:S0", "agent:S1", "agent:S2"}, column(t, nodes, "id"))
	require.Equal(t, []any{"idle", "marathon", "a0", "a1", "a2"}, column(t, nodes, "title"))
	require.Equal(t, []any{"0 tasks", "3 tasks", "1 task", "1 task", "1 task"}, column(t, nodes, "mainstat"))
	require.Equal(t, []any{"0 CPUs", "12 CPUs", "4 CPUs", "4 CPUs", "4 CPUs"}, column(t, nodes, "secondarystat"))
	require.Equal(t, []any{"0 CPUs", "3 CPUs", "1 CPU", "1 CPU", "1 CPU"}, column(t, nodes, "detail__cpus_used"))
	require.Equal(t, []any{"", "", "10 CPUs", "10 CPUs", "10 CPUs"}, column(t, nodes, "detail__cpus_capacity"))
	require.Equal(t, []any{"disconnected", "active", "active", "draining", "active"}, column(t, nodes, "detail__state"))
	colors, _ := nodes.FieldByName("color")
	require.Nil(t, colors, "arcs have the colors")
	require.InDeltaSlice(t, []float64{0, 0.1, 0.1, 0.1, 0.1}, column(t, nodes, "arc__used"), 1e-9)
	require.InDeltaSlice(t, []float64{0, 0.3, 0.3, 0.3, 0.3}, column(t, nodes, "arc__allocated"), 1e-9)
	require.InDeltaSlice(t, []float64{0, 0.6, 0.6, 0, 0.6}, column(t, nodes, "arc__free"), 1e-9)
	require.InDeltaSlice(t, []float64{1, 0, 0, 0.6, 0}, column(t, nodes, "arc__not_active"), 1e-9)
	require.Equal(t, "http://m1:5050/#/slaves/S0", column(t, nodes, "detail__web_ui")[2])
	require.Equal(t, "agent_id = 'S0'", column(t, nodes, "detail__where")[2])
	links := nodes.Fields[0].Config.Links
	require.Len(t, links, 2)
	require.Equal(t, "mesos", links[0].Internal.DatasourceUID)
	require.Equal(t, []any{"framework:F1", "framework:F1", "framework:F1"}, column(t, edges, "source"))
	require.Equal(t, []any{"agent:S0", "agent:S1", "agent:S2"}, column(t, edges, "target"))
	require.Equal(t, []any{"1 task", "1 task", "1 task"}, column(t, edges, "mainstat"))
}

// Tasks that share a container have no use of their own: an agent knows it of all together, and
// what is not known looks like no use nowhere.
func TestTopologyShowsUseThatIsKnownOfSomeOnly(t *testing.T) {
	c := graphCluster(3, true)
	shared := c.Tasks()[0].ID
	src := graphSource(t, c, func(task *cluster.Task) tables.Use {
		if task.ID == shared {
			return tables.Use{CPUs: math.NaN()}
		}
		return tables.Use{CPUs: 1}
	})
	without := src.View
	src.View = func() *tables.View {
		v := without()
		v.AgentUse = func(*cluster.Agent) tables.Use { return tables.Use{CPUs: 2} }
		return v
	}
	nodes, _ := graphOf(t, src, `{"queryType":"topology"}`)
	require.Equal(t, []any{"idle", "marathon", "a0", "a1", "a2"}, column(t, nodes, "title"))
	require.Equal(t, []any{"0 CPUs", "", "2 CPUs", "1 CPU", "1 CPU"}, column(t, nodes, "detail__cpus_used"))
	require.InDeltaSlice(t, []float64{0, 0, 0.2, 0.1, 0.1}, column(t, nodes, "arc__used"), 1e-9)
	require.InDeltaSlice(t, []float64{0, 0, 0.2, 0.3, 0.3}, column(t, nodes, "arc__allocated"), 1e-9)
	require.InDeltaSlice(t, []float64{0, 0.4, 0, 0, 0}, column(t, nodes, "arc__use_unknown"), 1e-9)

	// With a filter on tasks it is not the agent's.
	nodes, _ = graphOf(t, src, `{"queryType":"topology","groupBy":["agent"],"filters":[{"label":"framework","operator":"=","value":"marathon"}]}`)
	require.Equal(t, []any{"", "1 CPU", "1 CPU"}, column(t, nodes, "detail__cpus_used"))
	require.InDeltaSlice(t, []float64{0.4, 0, 0}, column(t, nodes, "arc__use_unknown"), 1e-9)
}

func TestTopologyDoesNotKnowUseThatIsNotMeasured(t *testing.T) {
	src := graphSource(t, graphCluster(1, true), func(*cluster.Task) tables.Use { return tables.Use{CPUs: math.NaN()} })
	nodes, _ := graphOf(t, src, `{"queryType":"topology","groupBy":["agent"]}`)
	require.Equal(t, []any{""}, column(t, nodes, "detail__cpus_used"))
	allocated, _ := nodes.FieldByName("arc__allocated")
	require.Equal(t, "Allocated", allocated.Config.DisplayName)
	// A table shows them, too: shares have percent and no name of a number of CPUs, and a color is no state.
	for _, field := range nodes.Fields {
		switch field.Type() {
		case data.FieldTypeFloat64:
			require.NotContains(t, field.Config.DisplayName, "CPUs", field.Name)
			require.Equal(t, unitRatio, field.Config.Unit, field.Name)
		case data.FieldTypeString:
			require.False(t, field.Config != nil && field.Config.Unit != "", field.Name)
		}
	}
	if color, _ := nodes.FieldByName("color"); color != nil {
		require.Equal(t, "Color", color.Config.DisplayName)
	}
	require.InDelta(t, 0.4, column(t, nodes, "arc__allocated")[0], 1e-9)
}

func TestTopologyGroupsByAttributesAndRoles(t *testing.T) {
	src := graphSource(t, graphCluster(8, true), nil)
	nodes, edges := graphOf(t, src, `{"queryType":"topology","groupBy":["role","attr_rack","task"],"filters":[{"label":"attr_rack","operator":"=","value":["r1","r2"]}]}`)
	require.Equal(t, []any{"role:web", "attr_rack:r1", "attr_rack:r2", "task:F1/t1", "task:F1/t2", "task:F1/t5", "task:F1/t6"}, column(t, nodes, "id"))
	require.Equal(t, []any{"role", "attr_rack, 2 agents", "attr_rack, 2 agents", "task", "task", "task", "task"}, column(t, nodes, "subtitle"))
	require.Equal(t, []any{"green", "green", "green", "green", "blue", "green", "green"}, column(t, nodes, "color"))
	require.Equal(t, []any{"1 staging, 3 running", "2 running, 1 agent not active", "1 staging, 1 running", "running", "staging", "running", "running"}, column(t, nodes, "detail__state"))
	require.Equal(t, 6, edges.Rows())
}

func TestTopologyOfTenThousandAgentsGroupsThemAndSaysSo(t *testing.T) {
	src := graphSource(t, graphCluster(10_000, true), nil)
	nodes, edges := graphOf(t, src, `{"queryType":"topology"}`)
	require.Equal(t, []any{"framework:F2", "framework:F1", "attr_rack:r0", "attr_rack:r1", "attr_rack:r2", "attr_rack:r3"}, column(t, nodes, "id"))
	require.Equal(t, 4, edges.Rows())
	require.Equal(t, "2500 tasks", column(t, edges, "mainstat")[0])
	require.Contains(t, noticesOn(nodes.Meta.Notices), "10000 agents are more than the 200 nodes that a graph shows of one kind: they are grouped by attr_rack, which has 4 values. To see single agents, add filters; to group them otherwise, choose another attribute.")

	src = graphSource(t, graphCluster(10_000, false), nil)
	nodes, edges = graphOf(t, src, `{"queryType":"topology"}`)
	require.Equal(t, 2+maxNodes, nodes.Rows())
	require.Equal(t, maxNodes, edges.Rows())
	total := 0.0
	for _, n := range numbersOf(t, edges, "mainstat") {
		total += n
	}
	require.InDelta(t, 10_000, total, 0)
	require.Contains(t, noticesOn(nodes.Meta.Notices), `9801 of 10000 nodes of agent are one, "9801 others", those with the fewest CPUs allocated: add filters, or group by something with fewer values.`)
}

func noticesOn(notices []data.Notice) (all []string) {
	for _, n := range notices {
		all = append(all, n.Text)
	}
	return all
}

func TestTopologyRefusesWhatIsNoGraph(t *testing.T) {
	src := graphSource(t, graphCluster(1, true), nil)
	for query, want := range map[string]string{
		`{"queryType":"topology","groupBy":["rack"]}`:                                            `groupBy[0]: "rack" cannot be nodes of a graph. Available: agent, framework, role, task, zone, region, attr_*`,
		`{"queryType":"topology","groupBy":["agent","agent"]}`:                                   `groupBy[1]: "agent" is there twice: keep one of them`,
		`{"queryType":"topology","groupBy":["agent","framework","role","task","zone"]}`:          `groupBy: has 5 kinds of nodes, and a graph may have 4 at most: leave some out`,
		`{"queryType":"topology","filters":[{"label":"label_team","operator":"=","value":"x"}]}`: `filters[0].label: unknown label "label_team". Available: task, task_id, role, state, cluster, framework, framework_id, principal, user, agent, agent_id, version, region, zone, attr_*`,
		`{"queryType":"topology","filters":[{"label":"agent","operator":"=~","value":"("}]}`:     `filters[0].value: "(" is not a valid regular expression`,
	} {
		response := Run(context.Background(), src, asked(query), Options{})
		require.ErrorContains(t, response.Error, want, query)
	}
	response := Run(context.Background(), src, asked(`{"queryType":"topology"}`), Options{Alert: true})
	require.ErrorIs(t, response.Error, errGraphForRules)
	src.Now = func() time.Time { return noon.Add(time.Hour) }
	nodes, _ := graphOf(t, src, `{"queryType":"topology"}`)
	require.Contains(t, noticesOn(nodes.Meta.Notices), "The graph is of 60 min ago, when the cluster was last read: Save & test says why.")
}

func TestTopologyShowsTheTasksWithTheMostCPUs(t *testing.T) {
	c := graphCluster(5000, true)
	total := 0.0
	all := slices.Clone(c.Tasks())
	for i := range all {
		// 4999, 4992, ... to 0: in no order, none twice.
		all[i].Allocated = cores(float64(i * 1237 % 5000))
		total += float64(i * 1237 % 5000)
	}
	nodes, edges := graphOf(t, graphSource(t, c.WithTasks(all), nil), `{"queryType":"topology","groupBy":["attr_rack","task"]}`)
	require.Equal(t, 4+maxNodes, nodes.Rows())
	titles, allocated := column(t, nodes, "title"), numbersOf(t, nodes, "secondarystat")
	require.Equal(t, "4801 others", titles[nodes.Rows()-1])
	shown := map[float64]bool{}
	sum := 0.0
	for i := 4; i < nodes.Rows(); i++ {
		cpus := allocated[i]
		sum += cpus
		shown[cpus] = true
	}
	require.InDelta(t, total, sum, 1e-6)
	for cpus := 4999; cpus > 4999-(maxNodes-1); cpus-- {
		require.True(t, shown[float64(cpus)], "%d", cpus)
	}
	tasks := 0.0
	for _, n := range numbersOf(t, edges, "mainstat") {
		tasks += n
	}
	require.EqualValues(t, 5000, tasks)
	require.Contains(t, noticesOn(nodes.Meta.Notices), `4801 of 5000 nodes of task are one, "4801 others", those with the fewest CPUs allocated: add filters, or group by something with fewer values.`)
}

// A graph takes little memory however many tasks there are: a Viewer may ask for many at once.
func TestTopologyOfManyTasksTakesLittleMemory(t *testing.T) {
	c := graphCluster(10_000, true)
	agents := c.Tasks()
	var all []cluster.Task
	for i := range 100_000 {
		task := agents[i%len(agents)]
		task.ID = fmt.Sprintf("t%d", i)
		all = append(all, task)
	}
	src := graphSource(t, c.WithTasks(all), nil)
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			graphOf(b, src, `{"queryType":"topology","groupBy":["task","framework","attr_rack","role"]}`)
		}
	})
	require.Less(t, result.AllocedBytesPerOp(), int64(10<<20), result.MemString())
}

// What of a cluster's tasks is hidden is not 0: agents and frameworks have what the master
// says of them, all else is unknown.
func TestTopologyDoesNotKnowWhatIsHidden(t *testing.T) {
	c := graphCluster(3, true)
	hidden := c.WithTasks(slices.Clone(c.Tasks()[:1]))
	hidden.TasksUnknown = true
	hidden.Frameworks[0].Allocated = cores(12)
	src := graphSource(t, hidden, func(*cluster.Task) tables.Use { return tables.Use{CPUs: 1} })
	nodes, edges := graphOf(t, src, `{"queryType":"topology","groupBy":["framework","agent","role","task"]}`)
	require.Equal(t, []any{"idle", "marathon", "a0", "a1", "a2", "web", "web"}, column(t, nodes, "title"))
	require.Equal(t, []any{"", "", "", "", "", "", "1 task"}, column(t, nodes, "mainstat"))
	require.Equal(t, []any{"0 CPUs", "12 CPUs", "4 CPUs", "4 CPUs", "4 CPUs", "", "4 CPUs"}, column(t, nodes, "secondarystat"))
	require.Equal(t, []any{"", "", "", "", "", "", "1 CPU"}, column(t, nodes, "detail__cpus_used"))
	require.Equal(t, []any{"", "", ""}, column(t, edges, "mainstat"))
	require.Equal(t, []any{"", "", ""}, column(t, edges, "secondarystat"))
	require.InDeltaSlice(t, []float64{0, 0.4, 0.4, 0.4, 0.4, 0, 0}, column(t, nodes, "arc__use_unknown"), 1e-9)

	nodes, _ = graphOf(t, src, `{"queryType":"topology","groupBy":["agent"],"filters":[{"label":"framework","operator":"=","value":"marathon"}]}`)
	require.Equal(t, []any{""}, column(t, nodes, "secondarystat"), "a part of an agent")
}

func TestTopologyTellsFreeFromOffered(t *testing.T) {
	c := graphCluster(3, true)
	c.Agents[0].Offered = cores(6)
	c.Agents[2].Offered[cluster.CPUs] = cluster.Unknown
	nodes, _ := graphOf(t, graphSource(t, c, nil), `{"queryType":"topology","groupBy":["agent"]}`)
	require.InDeltaSlice(t, []float64{0.6, 0, 0}, column(t, nodes, "arc__offered"), 1e-9)
	require.InDeltaSlice(t, []float64{0, 0, 0}, column(t, nodes, "arc__free"), 1e-9)
	// What another framework holds is not free either.
	c = graphCluster(1, true)
	c.Agents[0].Allocated = cores(9)
	nodes, _ = graphOf(t, graphSource(t, c, nil), `{"queryType":"topology","groupBy":["agent"],"filters":[{"label":"framework","operator":"=","value":"marathon"}]}`)
	require.InDeltaSlice(t, []float64{0.4}, column(t, nodes, "arc__allocated"), 1e-9)
	require.InDeltaSlice(t, []float64{0.1}, column(t, nodes, "arc__free"), 1e-9)
}

func TestTopologyTellsAGroupNamedOthersFromTheOthers(t *testing.T) {
	c := graphCluster(300, true)
	for i, a := range c.Agents {
		a.Attributes = map[string]mesos.Attribute{"rack": mesos.Attribute(fmt.Sprintf("r%d", i))}
	}
	c.Agents[0].Attributes["rack"] = "others"
	nodes, edges := graphOf(t, graphSource(t, c, nil), `{"queryType":"topology","groupBy":["framework","attr_rack"]}`)
	seen := map[any]bool{}
	for _, id := range column(t, nodes, "id") {
		require.False(t, seen[id], "%v", id)
		seen[id] = true
	}
	require.True(t, seen["attr_rack:others"])
	for _, target := range column(t, edges, "target") {
		require.True(t, seen[target], "%v", target)
	}
}

func TestTopologyShowsTheFewAgentsOfAFramework(t *testing.T) {
	c := graphCluster(3000, true)
	all := slices.Clone(c.Tasks())
	small := &cluster.Framework{ID: "F3", Name: "small", Listed: true, State: cluster.FrameworkActive}
	c.Frameworks = append(c.Frameworks, small)
	for i := range 30 {
		all[i*100].Framework = small
	}
	nodes, _ := graphOf(t, graphSource(t, c.WithTasks(all), nil), `{"queryType":"topology","filters":[{"label":"framework","operator":"=","value":"small"}]}`)
	require.Equal(t, 1+30, nodes.Rows())
	require.Equal(t, "agent:S0", column(t, nodes, "id")[1])
	require.Empty(t, noticesOn(nodes.Meta.Notices))
}

// The node without a value has the tasks of agents that are not listed, and so has its condition.
func TestTopologyNamesTheTasksWithoutAValue(t *testing.T) {
	c := graphCluster(4, true)
	delete(c.Agents[0].Attributes, "rack")
	nodes, _ := graphOf(t, graphSource(t, c, nil), `{"queryType":"topology","groupBy":["attr_rack"]}`)
	require.Equal(t, "no rack", column(t, nodes, "title")[0])
	require.Equal(t, "agent_id NOT IN (SELECT agent_id FROM agents WHERE NOT (coalesce(attributes ->> 'rack', '') = ''))", column(t, nodes, "detail__where")[0])
	require.Equal(t, "agent_id IN (SELECT agent_id FROM agents WHERE coalesce(attributes ->> 'rack', '') = 'r1')", column(t, nodes, "detail__where")[1])
}
