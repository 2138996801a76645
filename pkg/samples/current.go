package samples

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/series"
)

// Current holds the current values of single tasks and executors, whether their
// history is kept or not. It is never changed.
type Current struct {
	Model   *cluster.Cluster
	cluster string // the label
	wanted  []string
	uses    [][]singleUse // by agent
	// measured are the tasks that agents read when they answered last.
	measured [][]measuredTask
	agents   map[string]Measured // by ID, of those that answered
}

// Current returns what the tasks and executors of a model are now, and what they
// used when their agents answered last. The use of those whose history is kept is
// left out.
func (w *Writer) Current(m *cluster.Cluster, s Settings) Current {
	c := Current{Model: m, cluster: w.cluster, wanted: s.TaskLabels, agents: make(map[string]Measured, len(w.perAgent))}
	for key, agent := range w.perAgent {
		if u := agent.used; u != nil {
			c.agents[key.id] = Measured{u.cpus.orNaN(), u.memory.orNaN(), math.NaN(), math.NaN()}
		}
		if len(agent.current) > 0 {
			c.uses = append(c.uses, agent.current)
		}
		if len(agent.measured) > 0 {
			c.measured = append(c.measured, agent.measured)
		}
	}
	return c
}

// A CurrentSeries is a series of a task or an executor and its value now.
type CurrentSeries struct {
	Labels labels.Labels
	Value  float64
}

var (
	tasksNow     = taskColumns()
	executorsNow = executorColumns()
)

// CurrentNames returns the names of all series that a Current may have, sorted.
func CurrentNames() []string {
	return slices.Clone(currentNames)
}

var currentNames = func() []string {
	names := slices.Concat(namesOf(tasksNow), namesOf(executorsNow), namesOf(taskUse), namesOf(executorUse))
	slices.Sort(names)
	return slices.Compact(names)
}()

// SameSeries reports whether two Currents have the same series with a name, as far
// as that is known without making them.
func (c Current) SameSeries(other Current, name string) bool {
	measured := len(columnsOf(taskUse, name))+len(columnsOf(executorUse, name)) > 0
	return !measured && c.Model == other.Model && c.cluster == other.cluster && slices.Equal(c.wanted, other.wanted)
}

func namesOf[E any](columns []column[E]) []string {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].name
	}
	return names
}

// Series returns the series with a name, sorted by their labels.
func (c Current) Series(name string) []CurrentSeries {
	b := newCurrentBuilder(c.cluster, name)
	v := traitsOf(c.Model)
	if columns := columnsOf(tasksNow, name); len(columns) > 0 {
		tasks := c.Model.Tasks()
		b.series = make([]CurrentSeries, 0, len(tasks))
		for on := range tasksByAgent(tasks) {
			from := len(b.series)
			for _, i := range on {
				if t := &tasks[i]; t.State.Live() {
					appendNow(b, columns, taskKey.label, v, taskKeyOf(t, c.wanted), t)
				}
			}
			slices.SortFunc(b.series[from:], compareSeries)
		}
	}
	if columns := columnsOf(executorsNow, name); len(columns) > 0 {
		for i := range c.Model.Executors {
			e := &c.Model.Executors[i]
			appendNow(b, columns, executorKey.label, v, executorKeyOf(e), e)
		}
	}
	ofTasks, ofExecutors := columnsOf(taskUse, name), columnsOf(executorUse, name)
	if len(ofTasks)+len(ofExecutors) > 0 {
		for _, agent := range c.uses {
			for i := range agent {
				one := &agent[i]
				appendNow(b, ofExecutors, executorKey.label, v, one.executorKey, &one.use)
				if one.task != nil {
					appendNow(b, ofTasks, taskKey.label, v, taskKeyOf(one.task, c.wanted), &one.use)
				}
			}
		}
	}
	if !slices.IsSortedFunc(b.series, compareSeries) { // of executors, and where an agent has an odd name
		slices.SortFunc(b.series, compareSeries)
	}
	return b.series
}

func compareSeries(a, b CurrentSeries) int { return labels.Compare(a.Labels, b.Labels) }

// tasksByAgent yields the places of the tasks of each agent, in the order of the labels of agents,
// which are the first of a task's: to sort the few tasks of each agent takes less time than
// sorting all.
func tasksByAgent(tasks []cluster.Task) iter.Seq[[]int32] {
	at := map[*cluster.Agent]int32{}
	var agents []*cluster.Agent
	for i := range tasks {
		a := tasks[i].Agent
		if _, known := at[a]; !known {
			at[a] = 0
			agents = append(agents, a)
		}
	}
	slices.SortFunc(agents, func(a, b *cluster.Agent) int {
		return cmp.Or(strings.Compare(a.Hostname, b.Hostname), strings.Compare(a.ID, b.ID))
	})
	for i, a := range agents {
		at[a] = int32(i)
	}
	ends := make([]int32, len(agents)+1) // of each agent's tasks in places
	for i := range tasks {
		ends[at[tasks[i].Agent]+1]++
	}
	for i := range agents {
		ends[i+1] += ends[i]
	}
	places := make([]int32, len(tasks))
	next := slices.Clone(ends)
	for i := range tasks {
		n := &next[at[tasks[i].Agent]]
		places[*n] = int32(i)
		*n++
	}
	return func(yield func([]int32) bool) {
		for i := range agents {
			if !yield(places[ends[i]:ends[i+1]]) {
				return
			}
		}
	}
}

func columnsOf[E any](columns []column[E], name string) []*column[E] {
	var found []*column[E]
	for i := range columns {
		if columns[i].name == name {
			found = append(found, &columns[i])
		}
	}
	return found
}

// A currentBuilder collects series of one name.
type currentBuilder struct {
	cluster, name string
	builder       labels.ScratchBuilder
	add           func(name, value string)
	series        []CurrentSeries
}

func newCurrentBuilder(cluster, name string) *currentBuilder {
	b := &currentBuilder{cluster: cluster, name: name, builder: labels.NewScratchBuilder(12)}
	b.add = adder(&b.builder)
	return b
}

// appendNow appends the series of one thing.
func appendNow[K comparable, E any](b *currentBuilder, columns []*column[E], label func(K, func(name, value string)), v *traits, k K, thing *E) {
	for _, c := range columns {
		value, ok := c.valueOf(v, thing)
		if !ok {
			continue
		}
		b.builder.Reset()
		b.add(labels.MetricName, b.name)
		b.add("cluster", b.cluster)
		if c.label != "" {
			b.add(c.label, c.value)
		}
		label(k, b.add)
		b.builder.Sort()
		b.series = append(b.series, CurrentSeries{b.builder.Labels(), value})
	}
}

// maxLabel bounds the value of any label. Names are cut before (series.MaxName);
// lists of them, and what an agent makes up, are not.
const maxLabel = 4096

// adder returns a function that adds a label: an empty label is no label, and
// what is not UTF-8 is replaced.
func adder(to *labels.ScratchBuilder) func(name, value string) {
	return func(name, value string) {
		if value == "" {
			return
		}
		if len(value) > maxLabel || !utf8.ValidString(value) {
			value = series.Cut(value, maxLabel)
		}
		to.Add(name, value)
	}
}
