package samples

import (
	"fmt"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/mesos"
)

// This file counts which containers agents should have read, and which they have.
// An agent leaves out a container of which it could not read anything (Slave::usage
// in src/slave/slave.cpp), with a status of 200 and nothing but a line in its log.

// ContainerCounts are the containers in the responses of a poll of the agents. Of
// agents that did not answer none is counted.
type ContainerCounts struct {
	// Expected are those that have a running task, or an executor without tasks.
	Expected int `json:"expected"`
	// Read are those of the expected of which the agent has read anything.
	Read int `json:"read"`
	// WithoutCPUs and WithoutMemory are those of Read without CPU times (or with
	// timestamps that do not go on) and without memory.
	WithoutCPUs   int `json:"withoutCpus"`
	WithoutMemory int `json:"withoutMemory"`
	// Unknown are those that agents read and the leader does not list: just begun,
	// just ended, or not visible to the principal.
	Unknown int `json:"unknown"`
	// Agent is the host name of the agent that lacks most.
	Agent string `json:"agent,omitempty"`

	// OverDisk are the agents whose containers use more disk than the agent offers.
	OverDisk int `json:"overDisk"`

	over     string // the agent of OverDisk that exceeds most
	overUsed float64
	overHas  float64
	listed   int // by the leader, of any task
	stay     int // those of Unknown that the next /state did not list either
	most     int // what Agent lacks
}

// Lacking returns a sentence per kind of what the responses lack.
func (c ContainerCounts) Lacking() []string {
	var all []string
	if missing := c.Expected - c.Read; missing > 0 {
		all = append(all, fmt.Sprintf("The agents' answers lack %d of %d containers that are running, most on agent %s: what they use is unknown. "+
			"An agent leaves out what it cannot read: its log says why.", missing, c.Expected, c.Agent))
	}
	if c.WithoutCPUs > 0 {
		all = append(all, fmt.Sprintf("%d of %d containers have no CPU time in the agents' answers, most on agent %s, or a timestamp that does not go on: "+
			"what CPUs they use is unknown. Look at the agent's --isolation.", c.WithoutCPUs, c.Read, c.Agent))
	}
	if c.WithoutMemory > 0 {
		all = append(all, fmt.Sprintf("%d of %d containers have no memory (mem_rss_bytes) in the agents' answers, most on agent %s: "+
			"what they use of it is unknown. Look at the agent's --isolation.", c.WithoutMemory, c.Read, c.Agent))
	}
	if c.stay > 0 && c.listed == 0 {
		containers, use := "1 container", "it uses"
		if c.stay > 1 {
			containers, use = fmt.Sprintf("%d containers", c.stay), "they use"
		}
		all = append(all, fmt.Sprintf("The agents' answers have %s, of which the leader lists none: what %s belongs to no framework that is known. "+
			"Check what the principal may see.", containers, use))
	}
	return all
}

// Disk returns a sentence about agents whose containers use more disk than there is for
// them; "" where none do. It may be so: the machine may have more than its agent offers.
func (c ContainerCounts) Disk() string {
	if c.OverDisk == 0 {
		return ""
	}
	others := ""
	if c.OverDisk > 1 {
		others = fmt.Sprintf(" (and so on %d more agents)", c.OverDisk-1)
	}
	return fmt.Sprintf("The containers of agent %s use %s of disk together, and it offers %s%s. Nothing limits them without --enforce_container_disk_quota of the agent.",
		c.over, display.Size(int64(c.overUsed)), display.Size(int64(c.overHas)), others)
}

// addDisk adds how much disk the containers of an agent use together.
func (c *ContainerCounts) addDisk(a *cluster.Agent, used float64) {
	if !a.Capacity[cluster.Disk].Known() || a.Capacity[cluster.Disk] == 0 {
		return
	}
	has := a.Capacity.Value(cluster.Disk)
	if used <= has {
		return
	}
	c.OverDisk++
	if used-has > c.overUsed-c.overHas {
		c.over, c.overUsed, c.overHas = a.Hostname, used, has
	}
}

// add adds the counts of one agent.
func (c *ContainerCounts) add(agent *cluster.Agent, other ContainerCounts) {
	c.Expected += other.Expected
	c.Read += other.Read
	c.WithoutCPUs += other.WithoutCPUs
	c.WithoutMemory += other.WithoutMemory
	c.Unknown += other.Unknown
	c.listed += other.listed
	c.stay += other.stay
	if lacks := other.Expected - other.Read + other.WithoutCPUs + other.WithoutMemory; lacks > c.most {
		c.most, c.Agent = lacks, agent.Hostname
	}
}

// A watch holds what an agent's earlier answers lacked. A task may end between
// /state and the agent's answer, and a container that begins has no numbers yet.
// So what is lacking counts from the second answer on, when a /state sent after the
// first still lists it; but at once where an agent's very first answer has none of
// several containers, which hardly end all at a time.
type watch struct {
	answered time.Time // when the last one was asked for; zero: none
	lacking  map[containerKey]lack
	unknown  map[containerKey]bool // those that the leader did not list
}

// lack is what an answer lacks of a container.
type lack struct{ all, cpus, memory bool }

// count counts the containers of an answer, which are now. The model with those
// placed is as of model, and the answer was asked for at answered.
func (w *watch) count(now map[containerKey]*reading, placed map[containerKey]*container, model, answered time.Time) ContainerCounts {
	c := ContainerCounts{listed: len(placed)}
	var lacking map[containerKey]lack // nil for none, as of most agents
	var unknown map[containerKey]bool
	first, newer := w.answered.IsZero(), model.After(w.answered)
	for k, one := range placed {
		r := now[k]
		if r != nil && r.empty {
			r = nil
		}
		if !one.running() {
			continue
		}
		lacks := lack{all: r == nil}
		if r != nil {
			lacks.cpus, lacks.memory = !r.hasCPUs || r.stuck, !r.hasMemory
		}
		before := w.lacking[k]
		if lacks != (lack{}) {
			if lacking == nil {
				lacking = map[containerKey]lack{}
			}
			lacking[k] = lacks
		}
		told := func(now, before bool) bool { return now && before && newer }
		switch {
		case told(lacks.all, before.all):
			c.Expected++
		case lacks.all: // may have ended
		default:
			c.Expected++
			c.Read++
			c.WithoutCPUs += one01(told(lacks.cpus, before.cpus || before.all))
			c.WithoutMemory += one01(told(lacks.memory, before.memory || before.all))
		}
	}
	if first && c.Read == 0 && len(lacking) > 1 {
		c.Expected = len(lacking)
	}
	for k, r := range now {
		if placed[k] == nil && !r.empty {
			c.Unknown++
			c.stay += one01(w.unknown[k] && newer)
			if unknown == nil {
				unknown = map[containerKey]bool{}
			}
			unknown[k] = true
		}
	}
	if first || newer { // by the same /state nothing is confirmed
		w.answered, w.lacking, w.unknown = answered, lacking, unknown
	}
	return c
}

func one01(yes bool) int { return int(boolean(yes)) }

// running reports whether there is a container that an agent can read: one of a
// task that waits for its image has not begun, one of a task that is being killed
// may have ended.
func (c *container) running() bool { return c.runs > 0 || c.tasks == 0 }

// hasCPUs reports whether an agent has read a container's CPU time.
func hasCPUs(r *mesos.Readings) bool {
	_, user := r.Of(counters[userPlace])
	_, system := r.Of(counters[systemPlace])
	return user && system
}

// hasMemory reports whether an agent has read a container's memory.
func hasMemory(r *mesos.Readings) bool {
	_, known := memoryOf(r)
	return known
}
