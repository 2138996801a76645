package samples

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file decides which numbers of one /metrics/snapshot are possible beside each
// other. What contradicts itself is left out: where a part is more than the whole, the
// part, as in /state (package cluster); where counts of the same things differ, all.
// What one number alone shows is in plausible.go.

// A part is at most the whole.
type part struct {
	part, whole string
	kind        cluster.Kind // of an amount
	amount      bool         // it is one, so that /state has it, too
	revocable   string       // what counts in the part and may be more than there is; "": nothing
}

var parts = func() (all []part) {
	for _, k := range cluster.Kinds {
		name := mesosNames[k]
		for _, who := range []string{"master/", "slave/"} {
			all = append(all, part{who + name + "_used", who + name + "_total", k, true, ""})
		}
		of := "allocator/mesos/resources/" + name + "/"
		all = append(all, part{of + "offered_or_allocated", of + "total", k, true, "master/" + name + "_revocable_used"})
	}
	return append(all, part{part: "system/mem_free_bytes", whole: "system/mem_total_bytes"})
}()

// counts are the gauges of the same things by two properties: active ones are connected,
// and both pairs add up to all.
var counts = []struct{ active, inactive, connected, disconnected string }{
	{"master/slaves_active", "master/slaves_inactive", "master/slaves_connected", "master/slaves_disconnected"},
	{"master/frameworks_active", "master/frameworks_inactive", "master/frameworks_connected", "master/frameworks_disconnected"},
}

// machine are the most that keys about a machine can be.
var machine = []struct {
	key  string
	most float64
}{
	{"system/cpus_total", mostCPUs}, {"system/mem_total_bytes", mostMemory}, {"system/mem_free_bytes", mostMemory},
	{"system/load_1min", mostProcesses}, {"system/load_5min", mostProcesses}, {"system/load_15min", mostProcesses},
}

var uptimes = []string{"master/uptime_secs", "slave/uptime_secs"}

// wholeNumbers is what the keys of counts of agents, frameworks and tasks begin with.
var wholeNumbers = []string{"master/slaves_", "master/frameworks_", "master/tasks_", "slave/frameworks_", "slave/tasks_", "slave/executors_"}

// A subject is what /state has of whom a snapshot is about.
type subject struct {
	who                 string // for sentences
	agents              int    // at least so many are counted; 0: unknown
	capacity, allocated cluster.Resources
	told                bool // capacity and allocated are
}

// perExecutor is what an agent counts for each executor of its own, which the master does
// not know of (DEFAULT_EXECUTOR_CPUS and DEFAULT_EXECUTOR_MEM in src/slave/constants.hpp):
// with many, an agent has more used than it has.
var perExecutor = [...]float64{cluster.CPUs: 0.1, cluster.Memory: 32, cluster.Disk: 0}

// executorsOf returns how many executors an agent counts.
func executorsOf(values map[string]float64) (n float64, known bool) {
	for _, key := range []string{"slave/executors_running", "slave/executors_registering", "slave/executors_terminating"} {
		if count, there := values[key]; there && plausible(count) {
			n, known = n+count, true
		}
	}
	return n, known
}

// subjectOf returns the subject of the leader's snapshot. m may be nil.
func subjectOf(leader string, m *cluster.Cluster) subject {
	s := subject{who: "master " + leader}
	if m != nil {
		s.agents, s.capacity, s.allocated, s.told = len(m.Agents), m.Capacity, m.Allocated, true
	}
	return s
}

// An impossibility is a key whose value cannot be true, and why.
type impossibility struct{ key, why string }

// possible returns the values of a snapshot without those that cannot be true beside
// the others, and counts what was left out.
func (w *Writer) possible(poll series.Poll, m *mesos.Metrics, s subject) *mesos.Metrics {
	found, ratios := s.judge(m.Values, m.Sent)
	for _, one := range found {
		w.leaveOut(poll, m.Sent, func() string { return one.why })
	}
	return withoutValues(m, found, ratios)
}

// withoutValues returns a snapshot without some of its values. Others may share the snapshot.
func withoutValues(m *mesos.Metrics, found []impossibility, ratios []string) *mesos.Metrics {
	if len(found) == 0 && len(ratios) == 0 {
		return m
	}
	clean := *m
	clean.Values = maps.Clone(m.Values)
	for _, one := range found {
		delete(clean.Values, one.key)
	}
	for _, key := range ratios {
		delete(clean.Values, key)
	}
	return &clean
}

// judge returns the values that cannot be true, and the ratios that are of two numbers
// that are not of the same.
func (s subject) judge(values map[string]float64, at time.Time) (found []impossibility, ratios []string) {
	add := func(key, why string, args ...any) {
		if _, there := values[key]; there && !slices.ContainsFunc(found, func(i impossibility) bool { return i.key == key }) {
			found = append(found, impossibility{key, fmt.Sprintf(why, args...)})
		}
	}
	of := func(key string) (float64, bool) {
		n, known := values[key]
		return n, known && plausible(n)
	}
	agents := 0.0
	for _, c := range counts {
		active, knowsActive := of(c.active)
		inactive, knowsInactive := of(c.inactive)
		connected, knowsConnected := of(c.connected)
		disconnected, knowsDisconnected := of(c.disconnected)
		if c.active == "master/slaves_active" {
			agents = max(active+inactive, connected+disconnected, float64(s.agents))
		}
		all := knowsActive && knowsInactive && knowsConnected && knowsDisconnected
		if knowsActive && knowsConnected && active > connected || all && active+inactive != connected+disconnected {
			for _, key := range []string{c.active, c.inactive, c.connected, c.disconnected} {
				add(key, "Of %s, %s, %s, %s and %s: active ones are connected, and both pairs have the same sum.",
					s.who, valueOf(values, c.active), valueOf(values, c.inactive), valueOf(values, c.connected), valueOf(values, c.disconnected))
			}
		}
	}
	for _, p := range parts {
		whole, knows := of(p.whole)
		if knows && p.amount {
			many := agents
			if strings.HasPrefix(p.whole, "slave/") {
				many = 1
			}
			if many > 0 && whole > many*cluster.MostOfAgent(p.kind) {
				add(p.whole, "%s of %s is %s, which is more than %s can have.", p.whole, s.who, shown(whole), agentsIn(many))
				knows = false
			}
		}
		n, known := of(p.part)
		slack := 0.0
		if p.amount {
			slack = (agents + 1) / perUnit // what rounding leaves of each
		}
		if strings.HasPrefix(p.part, "slave/") {
			executors, counted := executorsOf(values)
			slack, known = slack+executors*perExecutor[p.kind], known && counted
		}
		switch over := known && knows && n > whole+slack; {
		case !over, p.amount && s.overfull(p.kind): // more is allocated than there is: /state says so, too
		case p.amount && s.has(p.kind, n):
			// /state has more than the whole is of, such as disks of resource providers.
			ratios = append(ratios, strings.TrimSuffix(p.part, "_used")+"_percent")
		case p.revocable != "" && values[p.revocable] > 0: // less may be left of it than is in use
		default:
			add(p.part, "%s of %s is %s, and %s is %s.", p.part, s.who, shown(n), p.whole, shown(whole))
		}
	}
	for _, m := range machine {
		if n, known := of(m.key); known && n > m.most {
			add(m.key, "%s of %s is %s, which no machine has.", m.key, s.who, shown(n))
		}
	}
	for _, key := range uptimes {
		if n, known := of(key); known && n > float64(at.Unix()) {
			add(key, "%s of %s is %s, which is longer than since 1970.", key, s.who, shown(n))
		}
	}
	for key, n := range values {
		if plausible(n) && n != math.Trunc(n) && isCount(key) {
			add(key, "%s of %s is %s, which is no whole number.", key, s.who, shown(n))
		}
	}
	return found, ratios
}

// overfull reports whether /state has more allocated than there is.
func (s subject) overfull(k cluster.Kind) bool {
	return s.told && s.allocated[k].Known() && s.capacity[k].Known() && s.allocated[k] > s.capacity[k]
}

// has reports whether there is so much of a kind by /state. n is in Mesos' unit.
func (s subject) has(k cluster.Kind, n float64) bool {
	return s.told && s.capacity[k].Known() && n <= s.capacity[k].In(cluster.CPUs)
}

// isCount reports whether a key counts agents, frameworks, tasks or executors.
func isCount(key string) bool {
	for _, prefix := range wholeNumbers {
		if rest, begins := strings.CutPrefix(key, prefix); begins {
			return !strings.Contains(rest, "/")
		}
	}
	return false
}

func agentsIn(n float64) string {
	if n == 1 {
		return "an agent"
	}
	return shown(n) + " agents"
}

// valueOf returns the value of a key as sentences have it.
func valueOf(values map[string]float64, key string) string {
	if n, there := values[key]; there {
		return key + " is " + shown(n)
	}
	return key + " is unknown"
}
