package samples

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/mesos"
)

// This file has the bounds of what a container can use on its agent.

// host is the size of the machine an agent runs on, by the agent's own
// /metrics/snapshot; 0 where that is unknown.
type host struct{ cpus, memory float64 }

// learn takes the machine's size from an agent's own metrics.
func (h *host) learn(values map[string]float64) {
	if n := values["system/cpus_total"]; n > 0 && n <= mostCPUs {
		h.cpus = n
	}
	if n := values["system/mem_total_bytes"]; n > 0 && n <= mostMemory {
		h.memory = n
	}
}

const (
	// mostCPUs is NR_CPUS of Linux, mostMemory what an x86-64 machine can
	// address: bounds where neither the machine's size nor the agent's capacity
	// is known.
	mostCPUs   = 8192
	mostMemory = 1 << 52
	mostDisk   = 1 << 60

	// rateSlack is by how much a rate may exceed a machine's CPUs: the agent sets
	// timestamp after all isolators have answered, which is some time after it
	// read the counters.
	rateSlack = 1.5
	// offerSlack is how many times what it offers an agent's machine may have
	// where the machine is unknown: --resources may offer less than there is, and
	// where it is not set, an agent keeps up to half of its memory for itself
	// (src/slave/containerizer/containerizer.cpp).
	offerSlack = 2
	// diskSlack is the same for disk, of which no machine's size is ever known
	// and which is limited only with --enforce_container_disk_quota.
	diskSlack = 10
	// swapSlack is how many times its memory a machine's memory and swap may be.
	swapSlack = 10
	// sharedSlack is how many times a machine's memory its containers may have together
	// where shared pages count in each of them.
	sharedSlack = 2
	// limitSlack is how many times its CPU limit a container may use where the
	// limit is enforced: it is read at the end of an interval, in which tasks of
	// the container may have ended.
	limitSlack = 10
	leastLimit = 1 // CPUs: an executor between two tasks has hardly any

	mostProcesses = 1 << 22 // Linux' PID_MAX_LIMIT
	// The fastest that counters rise: CFS periods of 1 ms, and ten times what
	// machines of today do on network and disk.
	periodsPerSecond    = 1000
	bytesPerSecond      = 1e12
	operationsPerSecond = 1e10
	// noLimit is from where on a limit means that there is none: cgroups answer
	// 2^63 less a page.
	noLimit = 1 << 60
)

// bounds are the most that a container can use on an agent.
type bounds struct {
	agent *cluster.Agent
	host  host

	cores, memory, swap, disk float64
}

// boundsOf returns the bounds of an agent. A machine may have more than its agent
// offers, or less: the larger counts.
func boundsOf(a *cluster.Agent, h host) bounds {
	offered := func(k cluster.Kind) float64 {
		n := 0.0
		for _, r := range []*cluster.Resources{&a.Capacity, &a.RevocableCapacity} {
			if r[k].Known() {
				n += r.Value(k)
			}
		}
		return n
	}
	b := bounds{agent: a, host: h, cores: rateSlack * mostCPUs, memory: mostMemory, disk: mostDisk}
	switch cpus := offered(cluster.CPUs); {
	case h.cpus > 0:
		b.cores = min(b.cores, rateSlack*max(h.cpus, cpus))
	case cpus > 0:
		b.cores = min(b.cores, offerSlack*cpus)
	}
	switch memory := offered(cluster.Memory); {
	case h.memory > 0:
		b.memory = min(b.memory, max(h.memory, memory))
	case memory > 0:
		b.memory = min(b.memory, offerSlack*memory)
	}
	if disk := offered(cluster.Disk); disk > 0 {
		b.disk = min(b.disk, diskSlack*disk)
	}
	b.swap = swapSlack * b.memory
	return b
}

// --- a container ---

// A rule is what is possible for a statistic: at most so much, or a rise of at most so
// much a second; 0: no bound but that of all numbers.
type rule struct{ most, perSecond func(*bounds) float64 }

var (
	coresOfAgent    = func(b *bounds) float64 { return b.cores }
	memoryOfAgent   = func(b *bounds) float64 { return b.memory }
	swapOfAgent     = func(b *bounds) float64 { return b.swap }
	diskOfAgent     = func(b *bounds) float64 { return b.disk }
	processesOfHost = constant(mostProcesses)
	unbounded       = constant(0)
)

func constant(n float64) func(*bounds) float64 { return func(*bounds) float64 { return n } }

// rules are those of each statistic. A statistic that is not here has only the
// bound of all numbers.
var rules = func() (all [mesos.NumStatistics]rule) {
	for i := range all {
		all[i] = rule{unbounded, unbounded}
	}
	atMost := func(bound func(*bounds) float64, keys ...string) {
		for _, key := range keys {
			all[mesos.StatisticOf(key)].most = bound
		}
	}
	perSecond := func(bound func(*bounds) float64, keys ...string) {
		for _, key := range keys {
			all[mesos.StatisticOf(key)].perSecond = bound
		}
	}
	atMost(memoryOfAgent, "mem_rss_bytes", "mem_total_bytes", "mem_anon_bytes", "mem_cache_bytes", "mem_file_bytes", "mem_mapped_file_bytes",
		"mem_unevictable_bytes", "mem_kmem_usage_bytes", "mem_kmem_tcp_usage_bytes")
	atMost(swapOfAgent, "mem_swap_bytes", "mem_total_memsw_bytes")
	atMost(diskOfAgent, "disk_used_bytes")
	atMost(processesOfHost, "processes", "threads")
	perSecond(coresOfAgent, "cpus_user_time_secs", "cpus_system_time_secs", "cpus_throttled_time_secs")
	perSecond(constant(periodsPerSecond), "cpus_nr_periods", "cpus_nr_throttled")
	perSecond(constant(bytesPerSecond), "net_rx_bytes", "net_tx_bytes")
	perSecond(constant(operationsPerSecond), "net_rx_packets", "net_rx_errors", "net_rx_dropped", "net_tx_packets", "net_tx_errors", "net_tx_dropped",
		"mem_low_pressure_counter", "mem_medium_pressure_counter", "mem_critical_pressure_counter")
	return all
}()

// counters are the statistics that may rise only so fast, limitKeys limits that may
// say that there is none.
var (
	counters = func() (all []mesos.Statistic) {
		for i := range rules {
			if rules[i].perSecond(&bounds{cores: 1}) > 0 {
				all = append(all, mesos.Statistic(i))
			}
		}
		return all
	}()
	limitKeys = []mesos.Statistic{mesos.StatisticOf("mem_limit_bytes"), mesos.StatisticOf("mem_soft_limit_bytes"), mesos.StatisticOf("disk_limit_bytes")}
)

// shown returns a number as sentences have it, without an exponent where it is readable.
func shown(n float64) string {
	if math.Abs(n) >= 1e15 {
		return fmt.Sprintf("%.3g", n)
	}
	return strconv.FormatFloat(math.Round(n*1000)/1000, 'f', -1, 64)
}

// checkAmounts makes what is impossible in a container's readings unknown, without
// comparing them with others, and calls left with what that was.
func (b *bounds) checkAmounts(r *mesos.Readings, left func(what func() string)) {
	for _, s := range limitKeys {
		if n, known := r.Of(s); known && n >= noLimit && n <= most {
			r.Unset(s)
		}
	}
	for i := range rules {
		s := mesos.Statistic(i)
		n, known := r.Of(s)
		if !known {
			continue
		}
		bound := rules[i].most(b)
		switch {
		case !plausible(n):
			left(func() string { return fmt.Sprintf("%s is %s.", s.Key(), shown(n)) })
		case bound > 0 && n > bound:
			left(func() string { return fmt.Sprintf("%s is %s. %s", s.Key(), shown(n), b) })
		default:
			continue
		}
		r.Unset(s)
	}
	for i := range r.Devices {
		d := &r.Devices[i]
		if d.BytesKnown && !plausible(d.Bytes) {
			d.BytesKnown = false
			left(func() string { return fmt.Sprintf("blkio_statistics has %s bytes.", shown(d.Bytes)) })
		}
		if d.OperationsKnown && !plausible(d.Operations) {
			d.OperationsKnown = false
			left(func() string { return fmt.Sprintf("blkio_statistics has %s operations.", shown(d.Operations)) })
		}
	}
}

// String returns what the agent has, as a sentence.
func (b *bounds) String() string {
	size := func(n float64) string { return display.Size(int64(min(n, 1<<62))) }
	var offers []string
	for _, k := range []cluster.Kind{cluster.CPUs, cluster.Memory, cluster.Disk} {
		switch n := b.agent.Capacity.Value(k); {
		case !b.agent.Capacity[k].Known():
		case k == cluster.CPUs:
			offers = append(offers, shown(n)+" CPUs")
		default:
			offers = append(offers, size(n)+" of "+k.String())
		}
	}
	text := "What the agent offers is unknown"
	if len(offers) > 0 {
		text = "The agent offers " + strings.Join(offers, ", ")
	}
	if b.host.cpus > 0 && b.host.memory > 0 {
		text += fmt.Sprintf("; its machine has %s CPUs and %s of memory", shown(b.host.cpus), size(b.host.memory))
	}
	return text + "."
}
