package samples

import (
	"math"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// This file is what single tasks and agents use by the agents' measure, for the tables of SQL,
// whether their history is kept or not.

// Measured is what a task uses, or all containers of an agent. NaN is not known.
type Measured struct {
	CPUs, Memory, Disk float64 // memory and disk in bytes
	Seconds            float64 // of CPU, since its container began
}

var notMeasured = Measured{math.NaN(), math.NaN(), math.NaN(), math.NaN()}

type taskID struct{ framework, task string }

// A measuredTask is a task that is alone in its container.
type measuredTask struct {
	taskID
	Measured
}

var (
	userSeconds   = mesos.StatisticOf("cpus_user_time_secs")
	systemSeconds = mesos.StatisticOf("cpus_system_time_secs")
)

func measuredOf(r *mesos.Readings, u use) Measured {
	m := Measured{u.cpus.orNaN(), u.memory.orNaN(), u.disk.orNaN(), math.NaN()}
	user, knowsUser := r.Of(userSeconds)
	system, knowsSystem := r.Of(systemSeconds)
	if knowsUser && knowsSystem {
		m.Seconds = user + system
	}
	return m
}

func (m maybe) orNaN() float64 {
	if !m.ok {
		return math.NaN()
	}
	return m.value
}

// Measured returns a function that returns what a task uses.
func (c Current) Measured() func(*cluster.Task) Measured {
	n := 0
	for _, agent := range c.measured {
		n += len(agent)
	}
	byTask := make(map[taskID]*Measured, n)
	for _, agent := range c.measured {
		for i := range agent {
			byTask[agent[i].taskID] = &agent[i].Measured
		}
	}
	return func(t *cluster.Task) Measured {
		if !t.State.Live() || t.State == cluster.Unreachable {
			return notMeasured
		}
		if m := byTask[taskID{t.Framework.ID, t.ID}]; m != nil {
			return *m
		}
		return notMeasured
	}
}

// AgentMeasured returns what the containers of an agent use together: CPUs and memory.
func (c Current) AgentMeasured(id string) Measured {
	if m, answered := c.agents[id]; answered {
		return m
	}
	return notMeasured
}
