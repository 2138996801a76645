package samples

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file decides which numbers from outside are possible. The rule for all of
// them: a number that cannot be true is unknown. Its series has a gap, a sum
// leaves its container out together with what is allocated to it, and it is
// counted with an example (LeftOut). What is possible is written as it came.
//
//   - Any known number is finite, not negative and less than 2^63. (Mesos counts
//     in 64 bits: -1 of an unsigned counter is 2^64-1.)
//   - An amount of a container is at most what its agent has.
//   - A counter of a container rises no faster than its agent can make it rise. One
//     that falls was reset. That has no rate either.
//
// (Amounts in /state and /roles that cannot be are unknown in the model: amountOf in
// package cluster.)
//
// Counters of masters and agents have no bound on how fast they rise: nothing
// physical bounds messages and tasks. One that falls without a restart is
// written as it is, since PromQL takes it for a reset.

// most is where no number is possible any more.
const most = 1 << 63

// plausible reports whether any number but one of an unknown key is possible.
func plausible(n float64) bool { return n >= 0 && n < most }

// LeftOut counts the values of a kind of poll that were left out because they
// cannot be true.
type LeftOut struct {
	Poll    series.Poll `json:"poll"`
	Values  uint64      `json:"values"`  // since the start
	First   time.Time   `json:"first"`   // when the first of them was read
	Last    time.Time   `json:"last"`    // and the latest
	Example string      `json:"example"` // a sentence about one of the latest
}

// String returns what was left out, as a sentence for users.
func (l LeftOut) String() string {
	values := "1 value of the poll %s cannot be true and was left out, at %s"
	if l.Values != 1 {
		values = fmt.Sprintf("%d", l.Values) + " values of the poll %s cannot be true and were left out, the latest at %s"
	}
	return fmt.Sprintf(values+": a gap is shown instead. %s", l.Poll, display.Time(l.Last), l.Example)
}

// leaveOut counts a value that was left out of a poll at t.
func (w *Writer) leaveOut(poll series.Poll, t time.Time, example func() string) {
	l := w.leftOut[poll]
	if l == nil {
		l = &LeftOut{Poll: poll, First: t}
		w.leftOut[poll] = l
	}
	l.Values++
	if t.After(l.Last) {
		l.Last, l.Example = t, example()
	}
}

// allLeftOut returns what was left out by kind of poll.
func (w *Writer) allLeftOut() []LeftOut {
	var all []LeftOut
	for _, l := range w.leftOut {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b LeftOut) int { return cmp.Compare(a.Poll, b.Poll) })
	return all
}

// takes reports whether the value of a key of /metrics/snapshot is written, and
// counts one that is not. A module's own keys may be negative.
func (w *Writer) takes(b *batch, who, key string, m *rawMetric, n float64) bool {
	if plausible(n) || (m.unknown() && math.Abs(n) < most) {
		return true
	}
	w.leaveOut(b.poll, time.UnixMilli(b.t), func() string {
		return fmt.Sprintf("%s of %s is %s.", key, who, shown(n))
	})
	return false
}

// --- what an agent has ---

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
func (b *bounds) checkAmounts(r *mesos.Readings, left func(what string)) {
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
			left(fmt.Sprintf("%s is %s.", s.Key(), shown(n)))
		case bound > 0 && n > bound:
			left(fmt.Sprintf("%s is %s. %s", s.Key(), shown(n), b))
		default:
			continue
		}
		r.Unset(s)
	}
	for i := range r.Devices {
		d := &r.Devices[i]
		if d.BytesKnown && !plausible(d.Bytes) {
			d.BytesKnown = false
			left(fmt.Sprintf("blkio_statistics has %s bytes.", shown(d.Bytes)))
		}
		if d.OperationsKnown && !plausible(d.Operations) {
			d.OperationsKnown = false
			left(fmt.Sprintf("blkio_statistics has %s operations.", shown(d.Operations)))
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

// A reading is what a container's next one is compared with: its counters, and when
// the agent read them.
type reading struct {
	timestamp float64   // by the agent's clock, Unix seconds; 0: unknown
	at        time.Time // by ours: the middle of the request
	counters  [numCounters]float64
	known     uint32  // a bit per counter
	limit     float64 // of CPUs, 0: unknown
	devices   []mesos.DeviceReading

	empty              bool // the agent answered nothing of the container but its name
	hasCPUs, hasMemory bool
	stuck              bool // the agent's timestamp did not go on since the reading before
}

const numCounters = 16

// Places of counters in a reading.
var (
	userPlace    = place("cpus_user_time_secs")
	systemPlace  = place("cpus_system_time_secs")
	periodsPlace = place("cpus_nr_periods")
)

func place(key string) int { return slices.Index(counters, mesos.StatisticOf(key)) }

var (
	timestamp = mesos.StatisticOf("timestamp")
	cpusLimit = mesos.StatisticOf("cpus_limit")
)

// latest is the largest timestamp that is one: seconds until the year 5138.
const latest = 1e11

// readingOf returns a container's reading in an answer.
func readingOf(r *mesos.Readings, a mesos.Answer) reading {
	now := reading{at: a.Sent.Add(a.Head / 2), devices: slices.Clone(r.Devices)}
	if t, known := r.Of(timestamp); known && t > 0 && t < latest {
		now.timestamp = t
	}
	now.limit, _ = r.Of(cpusLimit)
	for i, s := range counters {
		if n, known := r.Of(s); known && plausible(n) {
			now.counters[i] = n
			now.known |= 1 << i
		}
	}
	return now
}

// of returns a counter, false where it is unknown.
func (r *reading) of(place int) (float64, bool) { return r.counters[place], r.known&(1<<place) != 0 }

// rise returns by how much a counter rose since the reading before; false where
// that is unknown.
func (r *reading) rise(before *reading, place int) (float64, bool) {
	now, known := r.of(place)
	then, knew := before.of(place)
	if !known || !knew {
		return 0, false
	}
	return now - then, true
}

// checkRises makes counters of a container unknown that have risen faster than they
// can, and calls left with what that was. It reports whether that of CPU time is
// possible.
func (b *bounds) checkRises(r *mesos.Readings, now, before *reading, left func(what string)) bool {
	seconds := now.longestSince(before)
	unset := func(places ...int) {
		for _, place := range places {
			r.Unset(counters[place])
		}
	}
	// User and system time are one: together they are the CPUs' time.
	user, _ := now.rise(before, userPlace)
	system, _ := now.rise(before, systemPlace)
	sum := max(user, 0) + max(system, 0)
	possible := sum <= b.coresOf(now, before)*seconds
	if !possible {
		unset(userPlace, systemPlace)
		left(fmt.Sprintf("the CPU time rose by %s s in %s s. %s", shown(sum), shown(seconds), b))
	}
	for i, s := range counters {
		if i == userPlace || i == systemPlace {
			continue
		}
		if rise, known := now.rise(before, i); known && rise > rules[s].perSecond(b)*seconds {
			unset(i)
			left(fmt.Sprintf("%s rose by %s in %s s.", s.Key(), shown(rise), shown(seconds)))
		}
	}
	for i := range r.Devices {
		d := &r.Devices[i]
		at := slices.IndexFunc(before.devices, func(o mesos.DeviceReading) bool { return o.Device == d.Device && o.Operation == d.Operation })
		if at < 0 {
			continue
		}
		if then := &before.devices[at]; d.BytesKnown && then.BytesKnown && d.Bytes-then.Bytes > bytesPerSecond*seconds {
			d.BytesKnown = false
			left(fmt.Sprintf("blkio_statistics rose by %s bytes in %s s.", shown(d.Bytes-then.Bytes), shown(seconds)))
		}
		if then := &before.devices[at]; d.OperationsKnown && then.OperationsKnown && d.Operations-then.Operations > operationsPerSecond*seconds {
			d.OperationsKnown = false
			left(fmt.Sprintf("blkio_statistics rose by %s operations in %s s.", shown(d.Operations-then.Operations), shown(seconds)))
		}
	}
	return possible
}

// coresOf returns the most cores that a container can have used between two
// readings. Where CFS periods were counted, its limit was enforced.
func (b *bounds) coresOf(now, before *reading) float64 {
	periods, known := now.rise(before, periodsPlace)
	if known && periods > 0 && now.limit > 0 {
		return min(b.cores, limitSlack*max(now.limit, before.limit, leastLimit))
	}
	return b.cores
}

// agreeing is by how much, of our interval, the agent's clock may differ from ours.
const agreeing = 0.5

// passed returns how much time went by between two readings, in seconds: by the
// agent's clock where it gave the time of both, else by ours. It is false where
// the two clocks do not agree: the agent's was set, or one of the responses is an
// old one.
func (r *reading) passed(before *reading) (float64, bool) {
	ours := r.at.Sub(before.at).Seconds()
	if r.timestamp == 0 || before.timestamp == 0 {
		return ours, true
	}
	theirs := r.timestamp - before.timestamp
	return theirs, math.Abs(theirs-ours) <= max(1, agreeing*ours)
}

// timeIsStuck reports whether there is no rate since the reading before for the
// agent's clock alone.
func (r *reading) timeIsStuck(before *reading) bool {
	passed, agree := r.passed(before)
	return r.at.Sub(before.at).Seconds() >= leastBetween && (!agree || passed < leastBetween)
}

// longestSince returns the longest time that can have passed between two readings,
// in seconds, at least one.
func (r *reading) longestSince(before *reading) float64 {
	seconds, agree := r.passed(before)
	if !agree {
		// After an old response more time passed for the agent than for us.
		ours := r.at.Sub(before.at).Seconds()
		seconds = max(ours, min(seconds, 10*ours))
	}
	return max(1, seconds)
}
