package samples

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file writes what agents answer. Each agent has tables of its own: its
// series are written when it answers and end when it does not, whatever the
// other agents do.

// agentRawKey is a key of an agent's own /metrics/snapshot.
type agentRawKey struct {
	agentKey
	metric *rawMetric
}

func (k agentRawKey) label(add func(name, value string)) {
	add(labels.MetricName, k.metric.Series.Name)
	k.agentKey.label(add)
	k.metric.Labels.Range(func(l labels.Label) { add(l.Name, l.Value) })
}

// Ten thousand agents share these columns.
var (
	agentUse       = useColumns("agent", false)
	executorUse    = useColumns("executor", true)
	taskUse        = useColumns("task", true)
	readingsOf     = readingColumns()
	devicesOf      = deviceColumns()
	agentRawColumn = rawColumns()
)

// agentTables are the series of one agent, and what its next answer is compared
// with.
type agentTables struct {
	use       *table[agentKey, use]
	executors *table[executorKey, use]
	tasks     *table[taskKey, use]
	readings  *table[executorKey, mesos.Readings]
	devices   *table[deviceKey, mesos.DeviceReading]
	raw       *table[agentRawKey, float64]
	all       []seriesTable

	before map[containerKey]cpuTime
	// current is the use of single containers while its history is not kept.
	current []singleUse
}

// A singleUse is what one container uses.
type singleUse struct {
	*container
	use use
}

func newAgentTables() *agentTables {
	t := &agentTables{
		use:       newTable(agentUse, agentKey.label),
		executors: newTable(executorUse, executorKey.label),
		tasks:     newTable(taskUse, taskKey.label),
		readings:  newTable(readingsOf, executorKey.label),
		devices:   newTable(devicesOf, deviceKey.label),
		raw:       newTable(agentRawColumn, agentRawKey.label),
		before:    map[containerKey]cpuTime{},
	}
	t.all = []seriesTable{t.use, t.executors, t.tasks, t.readings, t.devices, t.raw}
	return t
}

// single returns the number of open series of single tasks and executors.
func (t *agentTables) single() int {
	return t.executors.open() + t.tasks.open() + t.readings.open() + t.devices.open()
}

func (t *agentTables) open() int {
	n := 0
	for _, one := range t.all {
		n += one.open()
	}
	return n
}

// An AgentAnswer is what one agent answered. Each part may be missing.
type AgentAnswer struct {
	Agent      *cluster.Agent
	Statistics *mesos.Statistics
	Snapshot   *mesos.Metrics
}

// Agent writes an agent's answer, ends the series that are not in it at t, and
// adds the answer to sums. m is the latest model: it tells what was allocated to
// the agent's containers.
func (w *Writer) Agent(ctx context.Context, a AgentAnswer, m *cluster.Cluster, s Settings, interval time.Duration, t time.Time, sums *AgentSums) error {
	key := agentKey{a.Agent.Hostname, a.Agent.ID}
	own := w.perAgent[key]
	if own == nil {
		own = newAgentTables()
		w.perAgent[key] = own
	}
	own.current = nil
	w.refit(s)
	return w.agentBatch(ctx, own, t, func(b *batch) {
		if a.Statistics != nil {
			b.t = a.Statistics.Sent.UnixMilli()
			w.writeContainers(b, own, key, a.Statistics, w.containersOf(m)[a.Agent.ID], s, interval, sums)
		}
		if a.Snapshot != nil {
			b.t = a.Snapshot.Sent.UnixMilli()
			w.agentKeys.learn(catalogue.Agent, a.Snapshot.Values)
			for name, n := range a.Snapshot.Values {
				m := w.agentKeys[name]
				n *= m.Factor
				own.raw.write(b, nil, agentRawKey{key, m}, &n)
			}
		}
		b.t = t.UnixMilli()
	})
}

// writeContainers writes what an agent read of its containers. A container that
// the latest /state does not have is left out, because what was allocated to it
// is unknown.
func (w *Writer) writeContainers(b *batch, own *agentTables, key agentKey, answer *mesos.Statistics, placed map[containerKey]*container, s Settings, interval time.Duration, sums *AgentSums) {
	var sum total
	now := make(map[containerKey]cpuTime, len(answer.Containers))
	for i := range answer.Containers {
		read := &answer.Containers[i]
		k := containerKey{series.CutName(read.FrameworkID), series.CutName(read.ExecutorID)} // as the model has them
		if _, twice := now[k]; twice {
			continue
		}
		var cores maybe
		time, timed := cpuTimeOf(&read.Readings, answer.Sent)
		now[k] = time
		if before, there := own.before[k]; there && timed {
			cores.value, cores.ok = time.coresSince(before, interval)
		}
		c := placed[k]
		if c == nil {
			continue
		}
		u := useOf(&read.Readings, cores, &c.allocated)
		sum.add(u, &c.allocated)
		sums.add(c, u)
		if !w.fit.keep {
			own.current = append(own.current, singleUse{c, u})
			continue
		}
		writeSingle(b, singleUse{c, u}, s.TaskLabels, own.tasks, own.executors)
		own.readings.write(b, nil, c.executorKey, &read.Readings)
		for j := range read.Readings.Devices {
			d := &read.Readings.Devices[j]
			own.devices.write(b, nil, deviceKey{c.executorKey, d.Device, d.Operation}, d)
		}
	}
	own.before = now
	// An agent without containers uses nothing, and that is known.
	if len(answer.Containers) == 0 && len(placed) == 0 {
		sum.cpusRead, sum.memoryRead = true, true
		sums.idle = true
	} else {
		sums.busy = true
	}
	u := sum.use()
	own.use.write(b, nil, key, &u)
}

// writeSingle appends the use of a container, and of the task that is alone in it.
func writeSingle(b *batch, one singleUse, wanted []string, tasks *table[taskKey, use], executors *table[executorKey, use]) {
	executors.write(b, nil, one.executorKey, &one.use)
	if one.task != nil {
		tasks.write(b, nil, taskKeyOf(one.task, wanted), &one.use)
	}
}

// agentBatch writes a batch of one agent and ends what is not in it.
func (w *Writer) agentBatch(ctx context.Context, own *agentTables, t time.Time, fill func(*batch)) error {
	refused, err := w.commit(ctx, series.PollAgents, t, own.all, fill)
	w.agentsRefused.add(refused)
	return err
}

// AgentsListed ends the series of agents that are not among those listed, and
// forgets those agents.
func (w *Writer) AgentsListed(ctx context.Context, listed []*cluster.Agent, t time.Time) error {
	keys := make(map[agentKey]bool, len(listed))
	for _, a := range listed {
		keys[agentKey{a.Hostname, a.ID}] = true
	}
	gone := func(k agentKey) bool { return !keys[k] }
	err := w.endAgents(ctx, t, gone)
	for k := range w.perAgent {
		if gone(k) {
			delete(w.perAgent, k)
		}
	}
	return err
}

// NoAgents ends all series that agents brought: agents are not asked any more, so
// that nothing of theirs is dropped.
func (w *Writer) NoAgents(ctx context.Context, t time.Time) error {
	w.rawDropped, w.rawWhy, w.agentsRefused = 0, "", refusal{}
	defer delete(w.refused, series.PollAgents)
	return errors.Join(w.AgentsListed(ctx, nil, t), w.Gone(ctx, series.PollAgents, t))
}

// endAgents ends the series of some agents. Their last readings stay for
// comparison: an agent may be back in a moment.
func (w *Writer) endAgents(ctx context.Context, t time.Time, which func(agentKey) bool) error {
	var errs []error
	for k, own := range w.perAgent {
		if !which(k) {
			continue
		}
		own.current = nil
		if own.open() > 0 {
			errs = append(errs, w.agentBatch(ctx, own, t, func(*batch) {}))
		}
	}
	return errors.Join(errs...)
}

// AgentTotals writes the sums over all agents of a poll, and how it went. whole
// reports whether they are sums over the whole cluster.
func (w *Writer) AgentTotals(ctx context.Context, t time.Time, sums *AgentSums, whole bool, h Health) error {
	refused := w.agentsRefused
	w.agentsRefused = refusal{}
	err := w.batch(ctx, series.PollAgents, t, func(b *batch) {
		w.writeHealth(b, h)
		if whole {
			if sums.idle && !sums.busy {
				sums.cluster.cpusRead, sums.cluster.memoryRead = true, true
			}
			u := sums.cluster.use()
			w.clusterUse.write(b, nil, struct{}{}, &u)
		}
		for k, sum := range sums.frameworks {
			u := sum.use()
			w.frameworkUse.write(b, nil, k, &u)
		}
		for k, sum := range sums.roles {
			u := sum.use()
			w.roleUse.write(b, nil, k, &u)
		}
	})
	all := w.refused[series.PollAgents]
	all.add(refused)
	w.refused[series.PollAgents] = all
	return err
}
