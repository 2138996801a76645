// Package cluster is the model: what a Mesos cluster is at one moment.
//
// It is built from the leader's answers (/state, /roles). What Mesos spreads over
// several places it has in one spelling, in base units and in disjoint states. Between two
// answers the event stream changes it. Two models, or the stream, tell what happened.
//
// Its files: cluster.go the types; build.go /state; accounting.go sums that older masters
// do not tell; roles.go /roles; change.go what the event stream changes; disagree.go how a
// model by events is checked; tasks.go the tasks that models
// share; impossible.go and twice.go what an answer cannot have.
//
// Of events: event.go what they are made of, moment.go their times; happened.go what two
// models tell, told.go what the stream tells; failover.go what a new leader does not know
// yet, hidden.go what the principal does not see, away.go which tasks may come back; since.go, over.go and outline.go what happened while nobody looked; maintenance.go
// maintenance windows. states.go and resources.go have the vocabulary.
//
// A Cluster is never changed once it is handed out: readers need no lock.
package cluster

import (
	"time"
	"unique"

	"community-mesos-datasource/pkg/mesos"
)

// Cluster is a cluster as of one moment.
type Cluster struct {
	Time        time.Time // when /state was asked for
	Master      string    // host:port of the leader that answered
	PID         string    // the leader's, master@ip:port
	ElectedTime float64   // Unix seconds; with PID it identifies a leadership
	Version     string    // of Mesos
	Name        string    // the master's --cluster; "" where it has none or does not tell
	// Restricted: the principal sees a part only. With NoFlags it may not view the flags
	// either, as which sums are those of the part is not known.
	Restricted, NoFlags bool
	// Impossible is the number of amounts that cannot be and are unknown therefore;
	// ImpossibleWhy is a sentence about the first.
	Impossible    int
	ImpossibleWhy string
	// RolesImpossible and RolesImpossibleWhy are the same of /roles.
	RolesImpossible    int
	RolesImpossibleWhy string
	// Twice is the number of things that /state listed twice, of which the first counts.
	Twice    int
	NamesCut int // names that were longer than series.MaxName
	// ManyAttributes is the number of agents with more than series.MaxLabels attributes.
	ManyAttributes int
	HasGPUs        bool // an agent has, or since the first model had, GPUs

	// Sums over the agents, or what is known of them otherwise.
	Capacity, Allocated, Offered, Reserved Resources

	Leader Leader // besides Master, Version and ElectedTime

	// Flags are the leader's, with secrets redacted; nil where it does not tell them.
	Flags map[string]string

	Agents     []*Agent
	Frameworks []*Framework
	// Offers are outstanding as of the /state. OffersListed reports whether the master
	// lists them, ReservationsListed whether it tells what is reserved on each agent.
	Offers                           []Offer
	OffersListed, ReservationsListed bool
	Executors                        []Executor
	// Roles are nil until /roles was read, which listed RolesTwice of them twice.
	Roles      []*Role
	RolesTwice int
	// RoleLoads are what roles themselves hold as of /state: all roles that a
	// framework is subscribed to or something runs in, and those of the /roles
	// before, by name. What has no role is under "".
	RoleLoads map[string]*RoleLoad

	// A state that the master's version does not tell is absent from the counts.
	AgentCounts     map[AgentState]int
	FrameworkCounts map[FrameworkState]int
	TaskCounts      TaskCounts
	// TasksListed and LostListed report whether the master lists tasks, and those
	// that are unreachable; counts of them mean nothing where it does not.
	TasksListed, LostListed bool
	// TasksUnknown and FrameworksUnknown: some are hidden from the principal, or in a
	// state that is not known. Counts of them are too small.
	TasksUnknown, FrameworksUnknown bool

	tasks *taskList // Tasks
	// others is the load of a role that /state does not name.
	others RoleLoad

	agents     map[string]*Agent     // those listed and those only named by something
	frameworks map[string]*Framework // likewise

	// Removed are the frameworks that were removed as far as the leader remembers them, the
	// latest 50 by default, in its order.
	Removed []RemovedFramework

	// ended are tasks that have ended lately, as of that /state, and removed
	// are frameworks that were removed, by ID. Of tasks that ended before endedSince, only
	// the latest ones of each framework are among them.
	ended      []endedTask
	endedSince float64 // Unix seconds; 0: all are
	removed    map[string]removedFramework
	// awaited is the model before the leader changed, for as long as agents and schedulers
	// may not have registered with the new one; else nil.
	awaited *Cluster
	// waiting are the IDs of agents that had not registered with a new leader as of the
	// /state.
	waiting map[string]bool
	// resumed: the event stream began anew since the /state, and may be another leader's.
	resumed bool
	// unnamed are tasks of which only updates told since the /state: what they did is told by
	// the next one.
	unnamed map[taskKey]bool
	// away are tasks that were told not to be listed any more, as unreachable since latest.
	// back has since when tasks were away that have come back.
	away map[taskKey]*Task
	back map[taskKey]float64
	// agentsHidden: the master counts more agents than it lists. hiddenSince is when what is
	// hidden from the principal was seen last, at the latest; zero: nothing is.
	agentsHidden bool
	hiddenSince  time.Time
	// polled is when the /state was asked for that the model is made of, by itself or
	// with changes.
	polled time.Time
}

// Leader is what /state tells of the leading master and its build; what it does not tell is ""
// or 0.
type Leader struct {
	Hostname, GitSHA, BuildUser string
	Built, Started              float64 // Unix seconds
}

// Agent is an agent.
type Agent struct {
	ID       string
	Hostname string // "" where only the ID is known
	Listed   bool   // false: the leader does not list it (any more), something names it
	IP       string // where it listens, as it told the master; "" and 0: unknown
	Port     int
	State    AgentState // "" where the master does not tell it
	Version  string
	Region   string
	Zone     string

	Attributes map[string]mesos.Attribute

	Capacity, Allocated, Offered, Reserved Resources
	RevocableCapacity, RevocableAllocated  Resources

	// Reservations are Reserved by role, sorted; nil for none.
	Reservations []Reservation

	Tasks        TaskCounts
	TasksUnknown bool // as Cluster.TasksUnknown

	held  Resources // what is listed with it
	holds int       // the number of tasks and executors that this is the sum of

	// When it registered with this leader, the latest time; Unix seconds, 0: unknown.
	registered   float64
	admitted     float64 // when it registered the first time; likewise
	reregistered bool    // it had been registered before
	draining     float64 // since when; Unix seconds, 0: unknown, or it does not
	drain        *Drain  // nil: it does not, or how is not told
	recovered    bool    // in the registry, not back since the failover; not listed
}

// Drain is how an agent drains.
type Drain struct {
	// Grace is how long its tasks have to end at most, in seconds; nil: as long as each says.
	Grace *float64
	// MarksGone: the agent is marked as gone once it is drained.
	MarksGone bool
}

// Framework is a framework that may have tasks.
type Framework struct {
	ID        string
	Name      string         // "" where only the ID is known
	Listed    bool           // false: something names it, the leader does not list it
	State     FrameworkState // "" where the master does not tell it
	Principal string
	User      string
	Hostname  string // of its scheduler
	WebUIURL  string
	Roles     []string
	// Capabilities, labels and whether its agents checkpoint; nil where that is not told.
	Capabilities []string
	Labels       []mesos.Label
	Checkpoint   *bool
	// FailoverTimeout is how long it may be disconnected before it is removed, in seconds;
	// nil: for ever, or not told.
	FailoverTimeout *float64

	// Allocated is what the master accounts it: its tasks' and its executors'
	// own resources.
	Allocated, Offered Resources

	Tasks        TaskCounts
	TasksUnknown bool // as Cluster.TasksUnknown

	// When its scheduler registered with this leader, the latest time; Unix seconds,
	// 0: unknown.
	registered float64
	subscribed float64 // when it registered the first time; likewise
}

// Task is a task that has not ended, is unreachable, or has ended and waits for
// its framework to acknowledge that.
type Task struct {
	ID         string
	Name       string
	ExecutorID string // "" for a command task
	Role       string
	State      TaskState
	Framework  *Framework // never nil
	Agent      *Agent     // never nil
	// Allocated is 0 for a task that has ended or is unreachable: the master
	// has given its resources back.
	Allocated Resources
	Labels    []mesos.Label
	Healthy   *bool   // by the latest status; nil without a check
	Started   float64 // Unix seconds of the first TASK_RUNNING; 0: unknown
	// ContainerID and Addresses (of its networks, joined by commas) are those that its
	// agent told; "" where it did not.
	ContainerID, Addresses string
	// Told is what the event stream told of its latest status, nil for nothing: /state
	// has no reasons.
	Told *Told

	details unique.Handle[Details] // tasks of one service have the same ones

	revocable *Resources // allocated besides; nil: none
	// Of its first and its latest status; Unix seconds, 0: none. The master replaces a
	// status by a newer one of the same state.
	first, latest float64
	told          TaskState // of the latest status; State may be ahead of it
	// Of its status of starting and of that of killing, as Started is of running.
	starting, killing float64
	// staged is when it was first seen without a status, by our clock: 0 where that is long ago
	// or it never was.
	staged float64
}

// Details are what only tables show of a task.
type Details struct {
	User   string // that it runs as, where its framework says so
	Image  string // of its container; "" for none
	Limits Limits // that its framework set of CPUs and memory
}

// endedTask is a task that has ended, with all its statuses, oldest first.
type endedTask struct {
	Task
	statuses []mesos.TaskStatus
}

type removedFramework struct {
	name                                 string
	subscribed, registered, unregistered float64 // as in Framework; Unix seconds; 0: unknown
}

// RemovedFramework is a framework that was removed.
type RemovedFramework struct {
	Framework            // without what it holds
	Unregistered float64 // Unix seconds; 0: unknown
}

// Executor is an executor that the master lists: all but command executors,
// whose resources are their task's.
type Executor struct {
	ID        string
	Name      string
	Role      string
	Type      string     // custom or default; "" where its framework does not tell
	Framework *Framework // never nil
	Agent     *Agent     // never nil
	Allocated Resources  // the executor's own
}

// Told is what a status says besides its state; each may be "".
type Told struct {
	Reason, Source string // in the spelling of the labels: executor_terminated, executor
	Message        string
}

// Offer is an offer that is outstanding.
type Offer struct {
	ID        string
	Role      string
	Framework *Framework // never nil
	Agent     *Agent     // never nil
	Resources Resources
}

// Reservation is what is reserved on an agent for a role.
type Reservation struct {
	Role      string
	Resources Resources
}

// Role is a role that has a framework, a quota, a weight or a reservation.
type Role struct {
	Name       string
	Weight     *float64 // nil: unknown
	Frameworks *int     // subscribed to it; nil: unknown

	// Reserved is the role's own. Mesos answers sums over the role and all below
	// it. What the role is allocated and offered is in RoleLoads.
	Reserved Resources

	// Of the subtree, as Mesos means quota.
	QuotaGuarantee, QuotaLimit, QuotaConsumed Limits
}

// RoleLoad holds what is allocated to a role itself, without the roles below it: sums of the
// tasks, executors and offers of /state, so that roles add up to the cluster.
type RoleLoad struct {
	Tasks              TaskCounts
	TasksUnknown       bool // as Cluster.TasksUnknown
	Allocated, Offered Resources
}

// Load returns what a role holds as of /state, also one that /state does not name.
func (c *Cluster) Load(role string) *RoleLoad {
	if load := c.RoleLoads[role]; load != nil {
		return load
	}
	return &c.others
}

// SameAs reports whether two models are certainly of the same cluster: they have
// an election, an agent or a framework in common. IDs of agents and frameworks
// are made of the UUID of the master that admitted them.
func (c *Cluster) SameAs(other *Cluster) bool {
	// An election that is not told proves nothing: many clusters have a master at
	// 127.0.0.1:5050.
	if c.PID != "" && c.PID == other.PID && c.ElectedTime > 0 && c.ElectedTime == other.ElectedTime {
		return true
	}
	for id := range c.agents {
		if other.agents[id] != nil {
			return true
		}
	}
	for id := range c.frameworks {
		if other.frameworks[id] != nil {
			return true
		}
	}
	return false
}

// HasFramework reports whether the leader lists the framework.
func (c *Cluster) HasFramework(id string) bool {
	if c == nil {
		return false
	}
	f := c.frameworks[id]
	return f != nil && f.Listed
}

// Agent returns the listed agent with an ID, or nil.
func (c *Cluster) Agent(id string) *Agent {
	if c == nil {
		return nil
	}
	if a := c.agents[id]; a != nil && a.Listed {
		return a
	}
	return nil
}
