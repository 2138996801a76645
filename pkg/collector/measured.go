package collector

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file says what series come of what agents answer, and writes them. An
// agent's are a book of their own: they are written when it answers and end
// when it does not, whatever the others do.

// --- columns ---

func useColumns(entity string, disk bool) []column[use] {
	read := func(of func(*use) *maybe) func(*view, *use) (float64, bool) {
		return func(_ *view, u *use) (float64, bool) {
			k := of(u)
			return k.value, k.ok
		}
	}
	columns := []column[use]{
		{name: amount(entity, cluster.CPUs, "used"), read: read(func(u *use) *maybe { return &u.cpus })},
		{name: amount(entity, cluster.CPUs, "measured"), read: read(func(u *use) *maybe { return &u.cpusMeasured })},
		{name: amount(entity, cluster.Memory, "used"), read: read(func(u *use) *maybe { return &u.memory })},
		{name: amount(entity, cluster.Memory, "measured"), read: read(func(u *use) *maybe { return &u.memoryMeasured })},
	}
	if disk {
		columns = append(columns, column[use]{name: amount(entity, cluster.Disk, "used"), read: read(func(u *use) *maybe { return &u.disk })})
	}
	return columns
}

// readingColumns are a container's numbers as the agent gives them.
func readingColumns() []column[mesos.Readings] {
	var columns []column[mesos.Readings]
	for _, c := range []struct{ name, key, label, value string }{
		{"cpu_seconds_total", "cpus_user_time_secs", "mode", "user"},
		{"cpu_seconds_total", "cpus_system_time_secs", "mode", "system"},
		{"cpu_throttled_seconds_total", "cpus_throttled_time_secs", "", ""},
		{"cpu_periods_total", "cpus_nr_periods", "", ""},
		{"cpu_throttled_periods_total", "cpus_nr_throttled", "", ""},
		{"cpus_limit", "cpus_limit", "", ""},
		{"cpus_soft_limit", "cpus_soft_limit", "", ""},
		{"memory_rss_bytes", "mem_rss_bytes", "", ""},
		{"memory_total_bytes", "mem_total_bytes", "", ""},
		{"memory_total_with_swap_bytes", "mem_total_memsw_bytes", "", ""},
		{"memory_anon_bytes", "mem_anon_bytes", "", ""},
		{"memory_cache_bytes", "mem_cache_bytes", "", ""},
		{"memory_file_bytes", "mem_file_bytes", "", ""},
		{"memory_mapped_file_bytes", "mem_mapped_file_bytes", "", ""},
		{"memory_swap_bytes", "mem_swap_bytes", "", ""},
		{"memory_unevictable_bytes", "mem_unevictable_bytes", "", ""},
		{"memory_kernel_bytes", "mem_kmem_usage_bytes", "", ""},
		{"memory_kernel_tcp_bytes", "mem_kmem_tcp_usage_bytes", "", ""},
		{"memory_limit_bytes", "mem_limit_bytes", "", ""},
		{"memory_soft_limit_bytes", "mem_soft_limit_bytes", "", ""},
		{"memory_pressure_events_total", "mem_low_pressure_counter", "level", "low"},
		{"memory_pressure_events_total", "mem_medium_pressure_counter", "level", "medium"},
		{"memory_pressure_events_total", "mem_critical_pressure_counter", "level", "critical"},
		{"disk_limit_bytes", "disk_limit_bytes", "", ""},
		{"processes", "processes", "", ""},
		{"threads", "threads", "", ""},
		{"network_receive_bytes_total", "net_rx_bytes", "", ""},
		{"network_receive_packets_total", "net_rx_packets", "", ""},
		{"network_receive_errors_total", "net_rx_errors", "", ""},
		{"network_receive_dropped_total", "net_rx_dropped", "", ""},
		{"network_transmit_bytes_total", "net_tx_bytes", "", ""},
		{"network_transmit_packets_total", "net_tx_packets", "", ""},
		{"network_transmit_errors_total", "net_tx_errors", "", ""},
		{"network_transmit_dropped_total", "net_tx_dropped", "", ""},
	} {
		key := mesos.StatisticOf(c.key)
		columns = append(columns, column[mesos.Readings]{
			name: "mesos_executor_" + c.name, label: c.label, value: c.value,
			read: func(_ *view, r *mesos.Readings) (float64, bool) { return r.Of(key) },
		})
	}
	return columns
}

type deviceKey struct {
	executorKey
	device, operation string
}

func (k deviceKey) label(add func(name, value string)) {
	k.executorKey.label(add)
	add("device", k.device)
	add("op", k.operation)
}

func deviceColumns() []column[mesos.DeviceReading] {
	return []column[mesos.DeviceReading]{
		{name: "mesos_executor_blkio_bytes_total", read: func(_ *view, d *mesos.DeviceReading) (float64, bool) { return d.Bytes, d.BytesKnown }},
		{name: "mesos_executor_blkio_operations_total", read: func(_ *view, d *mesos.DeviceReading) (float64, bool) { return d.Operations, d.OperationsKnown }},
	}
}

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

// Ten thousand agents share these.
var (
	agentUse       = useColumns("agent", false)
	executorUse    = useColumns("executor", true)
	taskUse        = useColumns("task", true)
	readingsOf     = readingColumns()
	devicesOf      = deviceColumns()
	agentRawColumn = rawColumns()
)

// --- an agent's book ---

// An agentBook is what is written of one agent, and what its next answer is
// compared with.
type agentBook struct {
	use       *entries[agentKey, use]
	executors *entries[executorKey, use]
	tasks     *entries[taskKey, use]
	readings  *entries[executorKey, mesos.Readings]
	devices   *entries[deviceKey, mesos.DeviceReading]
	raw       *entries[agentRawKey, float64]
	pages     []page

	before map[containerKey]cpuTime
	// current is the use of single containers while its history is not kept.
	current []singleUse
}

// A singleUse is what one container uses.
type singleUse struct {
	*container
	use use
}

func newAgentBook() *agentBook {
	b := &agentBook{
		use:       newEntries(agentUse, agentKey.label),
		executors: newEntries(executorUse, executorKey.label),
		tasks:     newEntries(taskUse, taskKey.label),
		readings:  newEntries(readingsOf, executorKey.label),
		devices:   newEntries(devicesOf, deviceKey.label),
		raw:       newEntries(agentRawColumn, agentRawKey.label),
		before:    map[containerKey]cpuTime{},
	}
	b.pages = []page{b.use, b.executors, b.tasks, b.readings, b.devices, b.raw}
	return b
}

// single is the number of open series of single tasks and executors.
func (b *agentBook) single() int {
	return b.executors.open() + b.tasks.open() + b.readings.open() + b.devices.open()
}

// An agentAnswer is what one agent said. Each part may be missing.
type agentAnswer struct {
	agentKey
	statistics *mesos.Statistics
	snapshot   *mesos.Metrics
}

// agent writes an agent's answer, and adds it to the totals of the pass.
func (w *writer) agent(ctx context.Context, a agentAnswer, placed map[containerKey]*container, s Settings, interval time.Duration, t time.Time, sums *totals) error {
	book := w.agentBooks[a.agentKey]
	if book == nil {
		book = newAgentBook()
		w.agentBooks[a.agentKey] = book
	}
	book.current = nil
	return w.agentBatch(ctx, book, t, func(b *batch) {
		if a.statistics != nil {
			b.t = a.statistics.Sent.UnixMilli()
			w.containers(b, book, a, placed, s, interval, sums)
		}
		if a.snapshot != nil {
			b.t = a.snapshot.Sent.UnixMilli()
			w.agentDictionary.learn(catalogue.Agent, a.snapshot.Values)
			for key, n := range a.snapshot.Values {
				m := w.agentDictionary[key]
				n *= m.Factor
				book.raw.write(b, nil, agentRawKey{a.agentKey, m}, &n)
			}
		}
		b.t = t.UnixMilli()
	})
}

// containers writes what an agent read of its containers. One that the latest
// /state does not have is left out, for nobody knows what was allocated to it.
func (w *writer) containers(b *batch, book *agentBook, a agentAnswer, placed map[containerKey]*container, s Settings, interval time.Duration, sums *totals) {
	var sum total
	now := make(map[containerKey]cpuTime, len(a.statistics.Containers))
	for i := range a.statistics.Containers {
		read := &a.statistics.Containers[i]
		k := containerKey{read.FrameworkID, read.ExecutorID}
		if _, twice := now[k]; twice {
			continue
		}
		var cores maybe
		time, timed := cpuTimeOf(&read.Readings, a.statistics.Sent)
		now[k] = time
		if before, there := book.before[k]; there && timed {
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
			book.current = append(book.current, singleUse{c, u})
			continue
		}
		writeSingle(b, singleUse{c, u}, s.TaskLabels, book.tasks, book.executors)
		book.readings.write(b, nil, c.executorKey, &read.Readings)
		for j := range read.Readings.Devices {
			d := &read.Readings.Devices[j]
			book.devices.write(b, nil, deviceKey{c.executorKey, d.Device, d.Operation}, d)
		}
	}
	book.before = now
	// An agent without containers uses nothing, and that is known.
	if len(a.statistics.Containers) == 0 && len(placed) == 0 {
		sum.cpusRead, sum.memoryRead = true, true
		sums.idle = true
	} else {
		sums.busy = true
	}
	u := sum.use()
	book.use.write(b, nil, a.agentKey, &u)
}

// writeSingle appends the use of a container, and of the task that is alone in it.
func writeSingle(b *batch, one singleUse, wanted []string, tasks *entries[taskKey, use], executors *entries[executorKey, use]) {
	executors.write(b, nil, one.executorKey, &one.use)
	if one.task != nil {
		tasks.write(b, nil, taskKeyOf(one.task, wanted), &one.use)
	}
}

// currentUse calls yield for the use of single tasks and executors while its
// history is not kept.
func (w *writer) currentUse(name string, wanted []string, t time.Time, yield func(labels.Labels, float64)) {
	b := begin(context.Background(), passing{yield}, series.PollAgents, 1, name, t.UnixMilli())
	tasks, executors := newEntries(taskUse, taskKey.label), newEntries(executorUse, executorKey.label)
	for _, book := range w.agentBooks {
		for _, one := range book.current {
			writeSingle(b, one, wanted, tasks, executors)
		}
	}
}

// agentBatch writes a batch of one agent's book and ends what is not in it.
func (w *writer) agentBatch(ctx context.Context, book *agentBook, t time.Time, fill func(*batch)) error {
	b, err := w.commit(ctx, series.PollAgents, t, book.pages, fill)
	w.agentsRefused.samples += b.dropped
	if w.agentsRefused.why == nil {
		w.agentsRefused.why = b.why
	}
	return err
}

// agentsEnd ends the series of agents that are not kept, and forgets those
// agents. Their numbers of before are kept where the agent is: it may be back
// in a moment.
func (w *writer) agentsEnd(ctx context.Context, t time.Time, keep, forget func(agentKey) bool) error {
	for k, book := range w.agentBooks {
		if keep(k) {
			continue
		}
		book.current = nil
		if book.open() > 0 {
			if err := w.agentBatch(ctx, book, t, func(*batch) {}); err != nil {
				return err
			}
		}
		if forget(k) {
			delete(w.agentBooks, k)
		}
	}
	return nil
}

func (b *agentBook) open() int {
	n := 0
	for _, p := range b.pages {
		n += p.open()
	}
	return n
}

// agentTotals writes the sums over all agents of a pass, and how it went.
func (w *writer) agentTotals(ctx context.Context, t time.Time, sums *totals, whole bool, h health) error {
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
	all.samples += refused.samples
	if all.why == nil {
		all.why = refused.why
	}
	w.refused[series.PollAgents] = all
	return err
}

// --- what fits ---

const (
	// readingsPerContainer is how many series a container has where nothing is
	// known yet: with cgroups, and its use.
	readingsPerContainer = 30
	// keysPerAgent is likewise how many keys an agent's snapshot has (68 where
	// nothing but Mesos itself is in it).
	keysPerAgent = 70
)

// measuredSize is the number of series that agents' statistics of single
// executors and tasks take: what they take now, or what they will.
func (w *writer) measuredSize(m *cluster.Cluster) int {
	n, open := 0, 0
	for _, on := range w.placing.of(m) {
		n += len(on)
	}
	for _, book := range w.agentBooks {
		open += book.single()
	}
	return max(open, n*(readingsPerContainer+len(taskUse)))
}

// fitRaw decides whether agents' own metrics are kept: all of them or none, and
// after everything else.
func (w *writer) fitRaw(s Settings, agents int) bool {
	limit, setting := s.seriesLimit()
	others, raw := w.openBesideTasks(), 0
	for _, p := range []page{w.tasks, w.executors} {
		others += p.open()
	}
	for _, book := range w.agentBooks {
		others += book.single()
		raw += book.raw.open()
	}
	need := max(raw, agents*keysPerAgent)
	allowed := limit
	if w.rawDropped > 0 {
		allowed = int(float64(limit) * resumeShare)
	}
	if others+need <= allowed {
		w.rawDropped, w.rawWhy = 0, ""
		return true
	}
	w.rawDropped = need
	w.rawWhy = fmt.Sprintf("Agents' own metrics (/metrics/snapshot) are not kept: they take %d series, all else %d, and %s has room for %d.", need, others, setting, limit)
	return false
}
