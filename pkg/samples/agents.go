package samples

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/display"
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

	host   host
	before map[containerKey]*reading
	watch  watch
	// current is the use of single containers while its history is not kept.
	current []singleUse
	// measured are the tasks that are alone in their containers.
	measured []measuredTask
	// used is what all containers use; nil where the agent did not tell.
	used *use
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
		before:    map[containerKey]*reading{},
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
	own.current, own.measured, own.used = nil, nil, nil
	w.refit(s)
	return w.agentBatch(ctx, own, t, func(b *batch) {
		if a.Snapshot != nil {
			own.host.learn(a.Snapshot.Values)
		}
		if a.Statistics != nil {
			b.t = a.Statistics.Sent.UnixMilli()
			placed := w.containersOf(m)[a.Agent.ID]
			w.writeContainers(b, own, a.Agent, a.Statistics, placed, s, interval, sums)
			sums.containers.add(a.Agent, own.watch.count(own.before, placed, m.Time, a.Statistics.Sent))
		}
		if a.Snapshot != nil {
			b.t = a.Snapshot.Sent.UnixMilli()
			w.writeOwnMetrics(b, own, a)
		}
		b.t = t.UnixMilli()
	})
}

// writeOwnMetrics appends the keys of an agent's own /metrics/snapshot.
func (w *Writer) writeOwnMetrics(b *batch, own *agentTables, a AgentAnswer) {
	who := "agent " + a.Agent.Hostname
	values := w.possible(series.PollAgents, a.Snapshot, subject{who, 1, a.Agent.Capacity, a.Agent.Allocated, true}).Values
	w.agentKeys.learn(catalogue.Agent, values)
	for name := range values {
		m := w.agentKeys[name]
		n, known := m.number(name, values)
		if !known || !w.takes(b, who, name, m, n) {
			continue
		}
		n *= m.Factor
		own.raw.write(b, nil, agentRawKey{agentKey{a.Agent.Hostname, a.Agent.ID}, m}, &n)
	}
}

// readContainer is a container that an agent has read, and what it uses.
type readContainer struct {
	*container
	readings *mesos.Readings
	use      use
	replaced bool // it has the name of another container that was read before
}

// writeContainers writes what an agent read of its containers. A container that
// the latest /state does not have is left out, because what was allocated to it
// is unknown.
func (w *Writer) writeContainers(b *batch, own *agentTables, a *cluster.Agent, answer *mesos.Statistics, placed map[containerKey]*container, s Settings, interval time.Duration, sums *AgentSums) {
	key := agentKey{a.Hostname, a.ID}
	has := boundsOf(a, own.host)
	read := w.readContainers(own, &has, answer, placed, interval)
	sum := totalOf(read)
	leaveOut := func(used string, without func(use) use) {
		w.leaveOut(series.PollAgents, answer.Sent, func() string {
			return fmt.Sprintf("The containers of agent %s together used %s. %s", a.Hostname, used, &has)
		})
		for i := range read {
			read[i].use = without(read[i].use)
		}
		sum = totalOf(read)
	}
	if sum.cpusRead && sum.cpus > has.cores {
		leaveOut(fmt.Sprintf("%.3g CPUs", sum.cpus), use.withoutCPUs)
	}
	if sum.memoryRead && sum.memory > has.memoryOf(read) {
		leaveOut(display.Size(int64(min(sum.memory, 1<<62)))+" of memory", use.withoutMemory)
	}
	disk := diskOf(read)
	if disk > has.disk {
		leaveOut(display.Size(int64(min(disk, 1<<62)))+" of disk", use.withoutDisk)
		disk = 0
	}
	sums.containers.addDisk(a, disk)
	for _, one := range read {
		sums.add(one.container, one.use)
		single := singleUse{one.container, one.use}
		if one.task != nil {
			own.measured = append(own.measured, measuredTask{taskID{one.task.Framework.ID, one.task.ID}, measuredOf(one.readings, one.use)})
		}
		if !w.fit.keep {
			own.current = append(own.current, single)
			continue
		}
		writeSingle(b, single, s.TaskLabels, own.tasks, own.executors)
		if one.replaced {
			own.readings.restart(b, one.executorKey)
		}
		own.readings.write(b, nil, one.executorKey, one.readings)
		for j := range one.readings.Devices {
			d := &one.readings.Devices[j]
			k := deviceKey{one.executorKey, d.Device, d.Operation}
			if one.replaced {
				own.devices.restart(b, k)
			}
			own.devices.write(b, nil, k, d)
		}
	}
	// An agent without containers uses nothing, and that is known.
	if len(answer.Containers) == 0 && len(placed) == 0 {
		sum.cpusRead, sum.memoryRead = true, true
		sums.idle = true
	} else {
		sums.busy = true
	}
	u := sum.use()
	own.used = &u
	own.use.write(b, nil, key, &u)
}

// totalOf returns the use of containers together.
func totalOf(read []readContainer) (sum total) {
	for _, one := range read {
		sum.add(one.use, &one.allocated)
	}
	return sum
}

// diskOf returns how much disk containers use together, of those that it is read of.
func diskOf(read []readContainer) (sum float64) {
	for _, one := range read {
		if one.use.disk.ok {
			sum += one.use.disk.value
		}
	}
	return sum
}

// memoryOf returns the most memory that containers of the agent have together. A page
// that processes share counts once in a cgroup, but in each container without one
// (posix/mem).
func (b *bounds) memoryOf(read []readContainer) float64 {
	for _, one := range read {
		if _, cgroup := one.readings.Of(memoryTotal); !cgroup {
			return max(b.memory, sharedSlack*b.host.memory)
		}
	}
	return b.memory
}

// readContainers returns the containers of an answer that the model has, without
// what cannot be true, and remembers all for the next answer.
func (w *Writer) readContainers(own *agentTables, has *bounds, answer *mesos.Statistics, placed map[containerKey]*container, interval time.Duration) []readContainer {
	read := make([]readContainer, 0, len(answer.Containers))
	now := make(map[containerKey]*reading, len(answer.Containers))
	for i := range answer.Containers {
		one := &answer.Containers[i]
		r := &one.Readings
		k := containerKey{series.CutName(one.FrameworkID), series.CutName(one.ExecutorID)} // as the model has them
		if now[k] != nil {
			continue
		}
		c := placed[k]
		if c != nil { // the texts of the model
			k = containerKey{c.frameworkKey.id, c.executorKey.id}
			if c.task != nil && c.task.ContainerID == one.ID {
				one.ID = c.task.ContainerID
			}
		}
		left := func(what func() string) {
			if c != nil { // of others nothing is written
				w.leaveOut(series.PollAgents, answer.Sent, func() string {
					return fmt.Sprintf("Executor %s on agent %s: %s", k.executor, has.agent.Hostname, what())
				})
			}
		}
		empty, hasCPUs, hasMemory := r.Empty(), hasCPUs(r), hasMemory(r) // possible or not
		has.checkAmounts(r, left)
		current := readingOf(r, answer.Answer)
		current.container = one.ID
		current.empty, current.hasCPUs, current.hasMemory = empty, hasCPUs, hasMemory
		now[k] = &current
		var cores maybe
		replaced := false
		if before := own.before[k]; before != nil && !current.continues(before) {
			replaced = true
		} else if before != nil && has.checkRises(r, &current, before, left) {
			cores.value, cores.ok = current.coresSince(before, interval)
			current.stuck = current.timeIsStuck(before)
		}
		if c != nil {
			read = append(read, readContainer{c, r, useOf(r, cores, &c.allocated), replaced})
		}
	}
	own.before = now
	return read
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
		own.current, own.measured, own.used = nil, nil, nil
		if own.open() > 0 {
			errs = append(errs, w.agentBatch(ctx, own, t, func(*batch) {}))
		}
	}
	return errors.Join(errs...)
}

// ReserveTotals takes room for the sums of AgentTotals where there is none for all, before the first poll of agents writes
// what is of single ones: the sums come last in it. t is when it begins.
func (w *Writer) ReserveTotals(ctx context.Context, t time.Time, m *cluster.Cluster, s Settings) error {
	if w.totalsReserved {
		return nil
	}
	w.totalsReserved = true
	need := w.openBesideTasks() + len(m.Agents)*len(agentUse)
	if w.fit.keep {
		need += w.tasks.open() + w.executors.open() + w.measuredSize(m)
	}
	if room := w.sink.Room(s.PollInterval); room <= 0 || need <= room {
		return nil
	}
	_, err := w.commit(ctx, series.PollAgents, t.Add(-time.Millisecond), nil, func(b *batch) {
		w.clusterUse.reserve(b, struct{}{})
		for _, f := range m.Frameworks {
			w.frameworkUse.reserve(b, frameworkKey{f.Name, f.ID})
		}
		for role := range m.RoleLoads {
			if role != "" {
				w.roleUse.reserve(b, roleKey(role))
			}
		}
	})
	return err
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
