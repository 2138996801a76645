package samples

import (
	"fmt"
	"math"
	"slices"
	"time"

	"community-mesos-datasource/pkg/mesos"
)

// This file compares what an agent read of a container with what it read before: how
// much time passed, and by how much counters rose.

// A reading is what a container's next one is compared with: its counters, and when
// the agent read them.
type reading struct {
	container string    // its ID; "": unknown
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

// continues reports whether the counters are those of the container before: an executor
// ID may be that of another container by now.
func (r *reading) continues(before *reading) bool {
	return r.container == before.container || r.container == "" || before.container == ""
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
func (b *bounds) checkRises(r *mesos.Readings, now, before *reading, left func(what func() string)) bool {
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
		left(func() string {
			return fmt.Sprintf("the CPU time rose by %s s in %s s. %s", shown(sum), shown(seconds), b)
		})
	}
	for i, s := range counters {
		if i == userPlace || i == systemPlace {
			continue
		}
		if rise, known := now.rise(before, i); known && rise > rules[s].perSecond(b)*seconds {
			unset(i)
			left(func() string { return fmt.Sprintf("%s rose by %s in %s s.", s.Key(), shown(rise), shown(seconds)) })
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
			left(func() string {
				return fmt.Sprintf("blkio_statistics rose by %s bytes in %s s.", shown(d.Bytes-then.Bytes), shown(seconds))
			})
		}
		if then := &before.devices[at]; d.OperationsKnown && then.OperationsKnown && d.Operations-then.Operations > operationsPerSecond*seconds {
			d.OperationsKnown = false
			left(func() string {
				return fmt.Sprintf("blkio_statistics rose by %s operations in %s s.", shown(d.Operations-then.Operations), shown(seconds))
			})
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
