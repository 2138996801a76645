package mesos

import (
	"strings"
	"time"
)

// This file is the shape of Mesos' answers, as far as anything here reads
// them: narrow structs, so that decoding skips the rest. What is left out on
// purpose, because it may hold secrets and must never be shown:
// command.environment, docker parameters, credentials.
//
// Names and types are those of the v0 JSON API of Mesos 0.19 to 1.12
// (src/master/http.cpp, src/common/http.cpp). Mesos omits what is absent, and older
// versions lack what they do not know. Where absent and zero differ, a pointer is
// used, or absent.go notes what an answer lacks: fields Lacks, and
// Resources.Unknown. Their zero is that of an answer that has everything.

// Answer holds what is known of a response besides its content: when it was requested,
// how long it took and how large it was.
type Answer struct {
	Target string        // host:port that answered
	Sent   time.Time     // when the request was sent: the time of its samples
	Head   time.Duration // from Sent to the head of the response: the master's own work
	Took   time.Duration // from Sent to the end of decoding
	Bytes  int64         // of the body as it came over the wire
	Plain  int64         // of the body after gunzip
}

// Metrics is /metrics/snapshot: every key with its number. A gauge that Mesos
// could not read is absent, never null.
type Metrics struct {
	Answer
	Values map[string]float64
}

// Elected reports whether the master that answered leads (`master/elected` is 1).
func (m *Metrics) Elected() bool { return m.Values["master/elected"] == 1 }

// Resources are the scalars of a Mesos resources object. Memory and disk are
// MiB here, as Mesos writes them; everybody above converts (x 1,048,576).
type Resources struct {
	CPUs float64 `json:"cpus"`
	GPUs float64 `json:"gpus"`
	Mem  float64 `json:"mem"`
	Disk float64 `json:"disk"`

	CPUsRevocable float64 `json:"cpus_revocable"`
	GPUsRevocable float64 `json:"gpus_revocable"`
	MemRevocable  float64 `json:"mem_revocable"`
	DiskRevocable float64 `json:"disk_revocable"`

	// Unknown are the kinds that the answer does not tell. Mesos always writes cpus, mem
	// and disk, and gpus since 1.0; an object without gpus tells that there are none.
	Unknown ResourceKinds `json:"-"`
}

// State is /state of the leader.
type State struct {
	Answer `json:"-"`

	Version     string      `json:"version"`
	ID          string      `json:"id"`
	PID         string      `json:"pid"`         // master@host:port
	Leader      string      `json:"leader"`      // master@host:port
	LeaderInfo  *MasterInfo `json:"leader_info"` // since 1.1
	Hostname    string      `json:"hostname"`
	GitSHA      string      `json:"git_sha"`
	BuildUser   string      `json:"build_user"`
	BuildTime   float64     `json:"build_time"`
	StartTime   float64     `json:"start_time"`
	ElectedTime float64     `json:"elected_time"`

	// Cluster and Flags are both absent for a principal that may not view flags,
	// which is how a restricted principal is recognized.
	Cluster *string           `json:"cluster"`
	Flags   map[string]string `json:"flags"`

	ActivatedSlaves   float64 `json:"activated_slaves"`
	DeactivatedSlaves float64 `json:"deactivated_slaves"`
	UnreachableSlaves float64 `json:"unreachable_slaves"`

	Slaves          []Slave          `json:"slaves"`
	RecoveredSlaves []RecoveredSlave `json:"recovered_slaves"`
	Frameworks      []Framework      `json:"frameworks"`
	// CompletedFrameworks are frameworks that were removed.
	CompletedFrameworks []CompletedFramework `json:"completed_frameworks"`
	// EndedSince is set before decoding: tasks that ended before are left out, in Unix
	// seconds; 0: all are.
	EndedSince float64 `json:"-"`
	// body is set before decoding: where tasks are read ahead of the decoder; nil: nowhere.
	body *finite
	// OrphanTasks are tasks of frameworks that have not come back since a failover,
	// and UnregisteredFrameworks the IDs of those frameworks (0.20 to 1.1; empty
	// later, when such frameworks are listed as recovered).
	OrphanTasks            Tasks       `json:"orphan_tasks"`
	UnregisteredFrameworks []Attribute `json:"unregistered_frameworks"`

	// Lacks is what the master's version does not tell.
	Lacks struct {
		ActivatedSlaves        bool
		UnreachableSlaves      bool // before 1.2
		RecoveredSlaves        bool // before 1.2
		UnregisteredFrameworks bool // before 0.20
	} `json:"-"`
}

// MasterInfo is a master as another one knows it.
type MasterInfo struct {
	ID string `json:"id"` // as State.ID of that master
}

// Restricted reports whether the principal sees only part of the cluster: Mesos
// filters /state silently (200) and leaves `flags` and `cluster` out. It does so
// since 1.0; older masters, and some that are not Apache's, lack `flags` for
// everybody.
func (s *State) Restricted() bool {
	return s.Flags == nil && s.Cluster == nil && !strings.HasPrefix(s.Version, "0.")
}

// ClusterName returns the master's --cluster, "" where it has none or does not tell.
func (s *State) ClusterName() string {
	if s.Cluster != nil {
		return *s.Cluster
	}
	return s.Flags["cluster"]
}

// Slave is an agent as /state lists it. Agents that Mesos calls unreachable
// are not listed.
type Slave struct {
	ID               string               `json:"id"`
	Hostname         string               `json:"hostname"`
	Port             int                  `json:"port"`
	PID              string               `json:"pid"` // slave(1)@ip:port
	Version          string               `json:"version"`
	Active           bool                 `json:"active"`
	Deactivated      bool                 `json:"deactivated"`
	RegisteredTime   float64              `json:"registered_time"`
	ReregisteredTime *float64             `json:"reregistered_time"`
	Attributes       map[string]Attribute `json:"attributes"`
	Domain           *Domain              `json:"domain"`
	DrainInfo        *DrainInfo           `json:"drain_info"`
	DrainStart       *float64             `json:"estimated_drain_start_time_seconds"` // Unix seconds
	Resources        Resources            `json:"resources"`
	Used             Resources            `json:"used_resources"`
	Offered          Resources            `json:"offered_resources"`
	Reserved         map[string]Resources `json:"reserved_resources"` // by role

	// Lacks is what the master's version does not tell.
	Lacks struct {
		Active      bool // before 0.22
		Deactivated bool // before 1.9
		Reserved    bool // before 0.23
	} `json:"-"`
}

// RecoveredSlave is an agent the registry knows and that has not come back
// since the master failed over.
type RecoveredSlave struct {
	ID       string `json:"id"`
	Hostname string `json:"hostname"`
}

// Domain is the fault domain of an agent or master.
type Domain struct {
	FaultDomain struct {
		Region struct {
			Name string `json:"name"`
		} `json:"region"`
		Zone struct {
			Name string `json:"name"`
		} `json:"zone"`
	} `json:"fault_domain"`
}

// DrainInfo is there while an agent drains or has drained.
type DrainInfo struct {
	State  string `json:"state"` // DRAINING or DRAINED
	Config struct {
		// MaxGracePeriod is how long tasks have to end; nil: as long as each of them says.
		MaxGracePeriod *struct {
			Nanoseconds float64 `json:"nanoseconds"`
		} `json:"max_grace_period"`
		MarkGone bool `json:"mark_gone"` // once it is drained
	} `json:"config"`
}

// Framework is a framework that is subscribed, or was and may fail over.
type Framework struct {
	ID               string     `json:"id"`
	Name             string     `json:"name"`
	Principal        string     `json:"principal"`
	User             string     `json:"user"`
	Hostname         string     `json:"hostname"` // of its scheduler
	WebUIURL         string     `json:"webui_url"`
	Role             string     `json:"role"`  // single-role frameworks only
	Roles            []string   `json:"roles"` // multi-role frameworks only
	Active           bool       `json:"active"`
	Connected        bool       `json:"connected"`
	Recovered        bool       `json:"recovered"`
	Capabilities     []string   `json:"capabilities"`
	FailoverTimeout  *float64   `json:"failover_timeout"` // seconds; nil: infinite, or not told
	Checkpoint       *bool      `json:"checkpoint"`
	Labels           []Label    `json:"labels"`
	RegisteredTime   float64    `json:"registered_time"`   // Unix seconds; 0: not since the leader was elected
	ReregisteredTime float64    `json:"reregistered_time"` // likewise; 0, or as RegisteredTime: once only
	Held             Resources  `json:"resources"`         // used and offered
	Used             Resources  `json:"used_resources"`
	Offered          Resources  `json:"offered_resources"`
	Tasks            Tasks      `json:"tasks"`
	UnreachableTasks Tasks      `json:"unreachable_tasks"`
	CompletedTasks   Ended      `json:"completed_tasks"`
	Executors        []Executor `json:"executors"`
	Offers           []Offer    `json:"offers"` // outstanding

	// Lacks is what the master's version does not tell.
	Lacks struct {
		Active           bool
		Connected        bool // before 1.2
		Recovered        bool // before 1.2
		Tasks            bool
		UnreachableTasks bool // before 1.2
		Executors        bool // before 0.23
		Offers           bool
	} `json:"-"`
}

// Offer is an offer that is outstanding.
type Offer struct {
	ID             string `json:"id"`
	SlaveID        string `json:"slave_id"`
	AllocationInfo struct {
		Role string `json:"role"`
	} `json:"allocation_info"`
	Resources Resources `json:"resources"`
}

// Task is a task that has not ended, or is unreachable.
type Task struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	FrameworkID string    `json:"framework_id"`
	ExecutorID  string    `json:"executor_id"` // "" for command tasks
	SlaveID     string    `json:"slave_id"`
	State       string    `json:"state"` // TASK_RUNNING ...
	Role        string    `json:"role"`
	Resources   Resources `json:"resources"`
	Labels      []Label   `json:"labels"`
	// Limits are those that its framework set of CPUs and memory, since 1.9; nil: none.
	Limits *QuotaResources `json:"limits"`
	User   string          `json:"user"`
	// Image is that of its container, Docker's or another; "" for none.
	Image    string       `json:"-"`
	Statuses []TaskStatus `json:"statuses"` // oldest first
	// Container is that of the latest status which has one.
	Container TaskContainer `json:"-"`
}

// TaskContainer is what a status tells of a task's container (ContainerStatus).
type TaskContainer struct {
	ID        string
	Addresses string // of its networks, joined by commas
}

// TaskStatus is one status update of a task.
type TaskStatus struct {
	State     string  `json:"state"`
	Timestamp float64 `json:"timestamp"` // Unix seconds
	Healthy   *bool   `json:"healthy"`   // absent without a health check
}

// Label is a key and a value an operator or framework put on a task.
type Label struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Executor is an executor that runs on an agent. Command executors are not
// listed by the master.
type Executor struct {
	ID          string    `json:"executor_id"`
	Name        string    `json:"name"`
	FrameworkID string    `json:"framework_id"`
	SlaveID     string    `json:"slave_id"`
	Role        string    `json:"role"`
	Type        string    `json:"type"` // CUSTOM or DEFAULT; "" where its framework does not tell
	Resources   Resources `json:"resources"`
}

// Roles is /roles.
type Roles struct {
	Answer `json:"-"`

	Roles []Role `json:"roles"`
}

// Role is a role as /roles lists it. Reserved, and what is not read here (resources,
// allocated, offered), are sums over the role and everything below it (a/b counts in
// a too), so they must not be added up.
type Role struct {
	Name       string    `json:"name"`
	Weight     float64   `json:"weight"`
	Frameworks []string  `json:"frameworks"`
	Quota      *Quota    `json:"quota"`
	Reserved   Resources `json:"reserved"` // since 1.9

	// Lacks is what the master's version does not tell.
	Lacks struct {
		Weight     bool
		Frameworks bool
	} `json:"-"`
}

// Quota is a role's limits. A resource that is absent from Guarantee or Limit
// has none: keep absent and zero apart.
type Quota struct {
	Guarantee QuotaResources `json:"guarantee"`
	Limit     QuotaResources `json:"limit"`
	// Consumed is the subtree's; nil before 1.9.
	Consumed *QuotaResources `json:"consumed"`
}

// QuotaResources are scalars that may be absent.
type QuotaResources struct {
	CPUs *float64 `json:"cpus"`
	GPUs *float64 `json:"gpus"`
	Mem  *float64 `json:"mem"`
	Disk *float64 `json:"disk"`
}

// Version is /version, open to everybody.
type Version struct {
	Answer `json:"-"`

	Version string `json:"version"`
	GitSHA  string `json:"git_sha"`
}

// Flags is /flags. Values are redacted before they get here.
type Flags struct {
	Answer `json:"-"`

	Flags map[string]string `json:"flags"`
}
