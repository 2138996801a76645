package samples

import (
	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// traits holds what columns read besides the entity itself.
type traits struct {
	gpus        bool // the cluster has GPUs: everything has series of them
	tasks, lost bool // the master lists tasks, and unreachable ones
	killing     bool // it tells which tasks are being killed, which are running before 0.28
}

// traitsOf returns the traits of a model.
func traitsOf(c *cluster.Cluster) *traits {
	return &traits{gpus: c.HasGPUs, tasks: c.TasksListed, lost: c.LostListed, killing: !catalogue.Older(c.Version, "0.28.0")}
}

// counts reports whether tasks in a state are counted.
func (v *traits) counts(s cluster.TaskState) bool {
	return v.tasks && (v.lost || s != cluster.Unreachable) && (v.killing || s != cluster.Killing)
}

// has reports whether there are series of a kind of resource.
func (v *traits) has(k cluster.Kind) bool { return k != cluster.GPUs || v.gpus }

// figures are the numbers of the cluster as a whole. What is absent is unknown.
type figures struct {
	resources  map[string]map[cluster.Kind]float64 // by measure
	agents     map[cluster.AgentState]float64
	frameworks map[cluster.FrameworkState]float64
	tasks      map[cluster.TaskState]float64
}

// figuresOf returns the figures of the model.
func figuresOf(c *cluster.Cluster) *figures {
	f := newFigures()
	for measure, r := range map[string]*cluster.Resources{
		"capacity": &c.Capacity, "allocated": &c.Allocated, "offered": &c.Offered, "reserved": &c.Reserved,
	} {
		f.resources[measure] = map[cluster.Kind]float64{}
		for _, k := range cluster.Kinds {
			if r[k].Known() {
				f.resources[measure][k] = r.Value(k)
			}
		}
	}
	for s, n := range c.AgentCounts {
		f.agents[s] = float64(n)
	}
	for s, n := range c.FrameworkCounts {
		f.frameworks[s] = float64(n)
	}
	for _, s := range cluster.LiveStates {
		if traitsOf(c).counts(s) {
			f.tasks[s] = float64(c.TaskCounts.Of(s))
		}
	}
	return f
}

// complete takes the sums that are unknown from a snapshot of the same moment.
func (f *figures) complete(m *mesos.Metrics) {
	other, _ := figuresFrom(m)
	for measure, amounts := range other.resources {
		for k, n := range amounts {
			if _, known := f.resources[measure][k]; !known {
				f.resources[measure][k] = n
			}
		}
	}
}

func newFigures() *figures {
	return &figures{
		resources:  map[string]map[cluster.Kind]float64{},
		agents:     map[cluster.AgentState]float64{},
		frameworks: map[cluster.FrameworkState]float64{},
		tasks:      map[cluster.TaskState]float64{},
	}
}

// gauges are the master's own sums. Only they are complete when the principal
// sees a part of /state.
var gauges = []struct {
	measure string
	suffix  string
}{
	{"capacity", "_total"},
	{"allocated", "_used"},
}

var mesosNames = map[cluster.Kind]string{cluster.CPUs: "cpus", cluster.GPUs: "gpus", cluster.Memory: "mem", cluster.Disk: "disk"}

// figuresFrom returns the figures that a snapshot has. It lacks what is offered
// or reserved, and states that Mesos' gauges do not tell apart.
// (slaves_inactive holds disconnected, deactivated, draining and drained ones;
// frameworks_disconnected holds recovered ones.)
func figuresFrom(m *mesos.Metrics) (f *figures, gpus bool) {
	f = newFigures()
	for _, g := range gauges {
		f.resources[g.measure] = map[cluster.Kind]float64{}
		for k, name := range mesosNames {
			if n, ok := m.Values["master/"+name+g.suffix]; ok && plausible(n) {
				if n = cluster.Round(n); !plausible(n) {
					continue
				}
				if k == cluster.Memory || k == cluster.Disk {
					n *= mebibyte
				}
				f.resources[g.measure][k] = n
			}
		}
	}
	for k, n := range f.resources["allocated"] {
		if capacity, known := f.resources["capacity"][k]; known && n > capacity {
			delete(f.resources["allocated"], k) // it cannot be
		}
	}
	take(m, "master/slaves_active", f.agents, cluster.AgentActive)
	take(m, "master/slaves_unreachable", f.agents, cluster.AgentUnreachable)
	take(m, "master/frameworks_active", f.frameworks, cluster.FrameworkActive)
	connected, ok := m.Values["master/frameworks_connected"]
	if active, both := m.Values["master/frameworks_active"]; ok && both && plausible(active) && plausible(connected-active) {
		f.frameworks[cluster.FrameworkInactive] = connected - active
	}
	for _, s := range cluster.LiveStates {
		take(m, "master/tasks_"+string(s), f.tasks, s)
	}
	return f, m.Values["master/gpus_total"] > 0
}

func take[S comparable](m *mesos.Metrics, key string, into map[S]float64, state S) {
	if n, ok := m.Values[key]; ok && plausible(n) {
		into[state] = n
	}
}
