package samples

import (
	"time"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// This file computes how much containers use from what an agent reads of them.

var (
	memoryRSS   = mesos.StatisticOf("mem_rss_bytes")
	memoryAnon  = mesos.StatisticOf("mem_anon_bytes")
	memoryTotal = mesos.StatisticOf("mem_total_bytes")
	diskUsed    = mesos.StatisticOf("disk_used_bytes")
)

const (
	// leastBetween is the shortest time between two readings that give a rate, in
	// seconds: agents count in hundredths of a second.
	leastBetween = 1
	// mostIntervals is the longest, as far as queries look back: an older reading
	// says nothing of now.
	mostIntervals = 2.5
)

// coresSince returns how many CPU cores a container used since the reading before;
// false where that is unknown: no time passed, or too much, the agent's clock was
// set, or a counter fell, as it does when the container is another one. (Without
// cgroups a container's time is that of its living processes: it falls when one
// ends.) That the counters rose no faster than they can is for the caller to check.
func (r *reading) coresSince(before *reading, interval time.Duration) (float64, bool) {
	passed, agree := r.passed(before)
	user, knowsUser := r.rise(before, userPlace)
	system, knowsSystem := r.rise(before, systemPlace)
	switch {
	case !knowsUser, !knowsSystem, user < 0, system < 0,
		!agree, passed < leastBetween,
		float64(r.at.Sub(before.at)) > mostIntervals*float64(interval):
		return 0, false
	}
	// Each of the two is 0 or more, and so is the sum, rounded or not.
	return (user + system) / passed, true
}

// maybe is a number that may be unknown.
type maybe struct {
	value float64
	ok    bool
}

// use holds what is used, and what is allocated to the containers whose use was
// read.
type use struct {
	cpus, cpusMeasured     maybe
	memory, memoryMeasured maybe // bytes
	disk                   maybe // bytes
}

// useColumns returns the columns of the use of an entity.
func useColumns(entity string, disk bool) []column[use] {
	read := func(of func(*use) *maybe) func(*traits, *use) (float64, bool) {
		return func(_ *traits, u *use) (float64, bool) {
			k := of(u)
			return k.value, k.ok
		}
	}
	columns := []column[use]{
		{name: catalogue.AmountName(entity, "cpus", "used"), read: read(func(u *use) *maybe { return &u.cpus })},
		{name: catalogue.AmountName(entity, "cpus", "measured"), read: read(func(u *use) *maybe { return &u.cpusMeasured })},
		{name: catalogue.AmountName(entity, "memory", "used"), read: read(func(u *use) *maybe { return &u.memory })},
		{name: catalogue.AmountName(entity, "memory", "measured"), read: read(func(u *use) *maybe { return &u.memoryMeasured })},
	}
	if disk {
		columns = append(columns, column[use]{name: catalogue.AmountName(entity, "disk", "used"), read: read(func(u *use) *maybe { return &u.disk })})
	}
	return columns
}

// memoryOf returns how much memory a container uses, false where it is unknown:
// its resident memory without page cache. Before Mesos 0.23, which added
// mem_total_bytes, mem_rss_bytes of a cgroup had the page cache in it, and
// mem_anon_bytes was what has been mem_rss_bytes since
// (CgroupsMemIsolatorProcess::usage in mem.cpp).
func memoryOf(r *mesos.Readings) (float64, bool) {
	if _, since023 := r.Of(memoryTotal); !since023 {
		if anon, known := r.Of(memoryAnon); known {
			return anon, true
		}
	}
	return r.Of(memoryRSS)
}

// useOf returns the use of one container.
func useOf(r *mesos.Readings, cores maybe, allocated *cluster.Resources) use {
	u := use{cpus: cores}
	u.memory.value, u.memory.ok = memoryOf(r)
	u.disk.value, u.disk.ok = r.Of(diskUsed)
	if u.cpus.ok {
		u.cpusMeasured = maybe{allocated.Value(cluster.CPUs), allocated[cluster.CPUs].Known()}
	}
	if u.memory.ok {
		u.memoryMeasured = maybe{allocated.Value(cluster.Memory), allocated[cluster.Memory].Known()}
	}
	return u
}

// withoutCPUs returns the use with that of CPUs unknown.
func (u use) withoutCPUs() use {
	u.cpus, u.cpusMeasured = maybe{}, maybe{}
	return u
}

// withoutMemory returns the use with that of memory unknown.
func (u use) withoutMemory() use {
	u.memory, u.memoryMeasured = maybe{}, maybe{}
	return u
}

// withoutDisk returns the use with that of disk unknown.
func (u use) withoutDisk() use {
	u.disk = maybe{}
	return u
}

// A total is the use of several containers: of those whose use was read.
type total struct {
	cpus, memory                 float64
	cpusRead, memoryRead         bool
	cpusMeasured, memoryMeasured cluster.Amount
}

func (t *total) add(u use, allocated *cluster.Resources) {
	if u.cpus.ok {
		t.cpus += u.cpus.value
		t.cpusMeasured = t.cpusMeasured.Plus(allocated[cluster.CPUs])
		t.cpusRead = true
	}
	if u.memory.ok {
		t.memory += u.memory.value
		t.memoryMeasured = t.memoryMeasured.Plus(allocated[cluster.Memory])
		t.memoryRead = true
	}
}

// use returns the total as it is written, without disk: few containers have a
// disk that is measured.
func (t *total) use() use {
	return use{
		cpus: maybe{t.cpus, t.cpusRead}, cpusMeasured: maybe{t.cpusMeasured.In(cluster.CPUs), t.cpusRead && t.cpusMeasured.Known()},
		memory: maybe{t.memory, t.memoryRead}, memoryMeasured: maybe{t.memoryMeasured.In(cluster.Memory), t.memoryRead && t.memoryMeasured.Known()},
	}
}

// AgentSums add up the use that agents report in one poll, per cluster,
// framework and role.
type AgentSums struct {
	cluster    total
	frameworks map[frameworkKey]*total
	roles      map[roleKey]*total
	idle, busy bool // an agent without containers answered, one with containers did
	containers ContainerCounts
}

// Containers returns how many containers were expected and read.
func (t *AgentSums) Containers() ContainerCounts { return t.containers }

// NewAgentSums returns sums of nothing yet.
func NewAgentSums() *AgentSums {
	return &AgentSums{frameworks: map[frameworkKey]*total{}, roles: map[roleKey]*total{}}
}

// add adds a container of an agent.
func (t *AgentSums) add(c *container, u use) {
	t.cluster.add(u, &c.allocated)
	at(t.frameworks, c.frameworkKey).add(u, &c.allocated)
	if c.role != "" {
		at(t.roles, roleKey(c.role)).add(u, &c.allocated)
	}
}

func at[K comparable, V any](all map[K]*V, k K) *V {
	v := all[k]
	if v == nil {
		v = new(V)
		all[k] = v
	}
	return v
}
