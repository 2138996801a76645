package mesos

import (
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// This file reads records of the event stream, which are v1 JSON, into the shapes of
// /state: an ID is an object with a value, resources are a list, an attribute has a type.
// As in walk.go everything is read value by value, because the first record holds as
// much as a /state.

// readID reads {"value": "..."}, which v1 has for IDs.
func readID(d *source, into *string, like string) error {
	return members(d, reflect.TypeFor[string](), func(key []byte) error {
		if string(key) == "value" {
			return readText(d, into, like)
		}
		return pass(d)
	})
}

// UnmarshalJSONFrom reads a record. What is not known is passed over.
func (e *StreamEvent) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	d := from(decoder)
	return members(d, reflect.TypeFor[StreamEvent](), func(key []byte) error {
		switch string(key) {
		case "type":
			var text string
			err := readText(d, &text, "")
			e.Type = StreamEventType(text)
			return err
		case "subscribed":
			e.Subscribed = new(Subscribed)
			return e.Subscribed.read(d)
		case "task_added":
			e.Task = new(StreamTask)
			return inside(d, "task", func() error { return e.Task.readV1(d, &StreamTask{}) })
		case "task_updated":
			e.Update = new(StreamUpdate)
			return e.Update.read(d)
		case "agent_added":
			e.Agent = new(Slave)
			return inside(d, "agent", func() error { return e.Agent.readV1(d) })
		case "agent_removed":
			return inside(d, "agent_id", func() error { return readID(d, &e.RemovedID, "") })
		case "framework_added", "framework_updated":
			e.Framework = new(Framework)
			return inside(d, "framework", func() error { return e.Framework.readV1(d) })
		case "framework_removed":
			removed := Framework{}
			err := inside(d, "framework_info", func() error { return removed.readInfo(d) })
			e.RemovedID = removed.ID
			return err
		}
		return pass(d)
	})
}

// whole reports whether a record has what its type announces.
func (e *StreamEvent) whole() bool {
	switch e.Type {
	case StreamSubscribed:
		return e.Subscribed != nil
	case StreamTaskAdded:
		return e.Task != nil && e.Task.ID != ""
	case StreamTaskUpdated:
		return e.Update != nil && e.Update.Status.TaskID != ""
	case StreamAgentAdded:
		return e.Agent != nil && e.Agent.ID != ""
	case StreamFrameworkAdded, StreamFrameworkUpdated:
		return e.Framework != nil && e.Framework.ID != ""
	case StreamAgentRemoved, StreamFrameworkRemoved:
		return e.RemovedID != ""
	}
	return e.Type != ""
}

// inside reads an object of which one member matters.
func inside(d *source, name string, read func() error) error {
	return members(d, reflect.TypeFor[struct{}](), func(key []byte) error {
		if string(key) == name {
			return read()
		}
		return pass(d)
	})
}

func (s *Subscribed) read(d *source) error {
	return members(d, reflect.TypeFor[Subscribed](), func(key []byte) error {
		switch string(key) {
		case "heartbeat_interval_seconds":
			var seconds float64
			err := readNumber(d, &seconds)
			if seconds > 0 && seconds < time.Hour.Seconds() {
				s.Heartbeat = time.Duration(seconds * float64(time.Second))
			}
			return err
		case "get_state":
			return inside(d, "get_tasks", func() error { return s.readTasks(d) })
		}
		return pass(d)
	})
}

// readTasks reads the lists of tasks, of whatever state.
func (s *Subscribed) readTasks(d *source) error {
	last := &StreamTask{}
	return members(d, reflect.TypeFor[Subscribed](), func(key []byte) error {
		switch string(key) {
		case "tasks", "completed_tasks", "unreachable_tasks", "orphan_tasks":
			return elements(d, reflect.TypeFor[Tasks](), func() error {
				t := new(StreamTask)
				s.Tasks = append(s.Tasks, t)
				err := t.readV1(d, last)
				last = t
				return err
			})
		}
		return pass(d)
	})
}

func (t *StreamTask) readV1(d *source, last *StreamTask) error {
	t.Resources = unknown
	return members(d, reflect.TypeFor[StreamTask](), func(key []byte) error {
		switch string(key) {
		case "task_id":
			return readID(d, &t.ID, "")
		case "name":
			return readText(d, &t.Name, last.Name)
		case "framework_id":
			return readID(d, &t.FrameworkID, last.FrameworkID)
		case "executor_id":
			return readID(d, &t.ExecutorID, last.ExecutorID)
		case "agent_id":
			return readID(d, &t.SlaveID, last.SlaveID)
		case "state":
			return readText(d, &t.State, last.State)
		case "resources":
			var list v1Resources
			err := list.read(d)
			t.Resources = list.sum
			if t.Role = list.allocatedTo; t.Role == last.Role {
				t.Role = last.Role // its memory is shared
			}
			return err
		case "labels":
			return inside(d, "labels", func() error { return t.readLabels(d, last.Labels) })
		case "limits":
			return t.readLimitsV1(d)
		case "user":
			return readText(d, &t.User, last.User)
		case "container":
			return t.readImage(d, last.Image)
		case "statuses":
			return t.readStatusesV1(d, last)
		}
		return pass(d)
	})
}

// readLimitsV1 reads limits, of which each is a Scalar.
func (t *StreamTask) readLimitsV1(d *source) error {
	t.Limits = &QuotaResources{}
	return members(d, reflect.TypeFor[StreamTask](), func(key []byte) error {
		into := map[string]**float64{"cpus": &t.Limits.CPUs, "mem": &t.Limits.Mem}[string(key)]
		if into == nil {
			return pass(d)
		}
		return inside(d, "value", func() error { return d.unmarshal(into) })
	})
}

func (t *StreamTask) readStatusesV1(d *source, last *StreamTask) error {
	var few [8]StreamStatus
	statuses := few[:0]
	err := elements(d, reflect.TypeFor[[]StreamStatus](), func() error {
		var s, like StreamStatus
		if n := len(statuses); n < len(last.Statuses) {
			like = last.Statuses[n]
		}
		like.TaskID, like.SlaveID, like.ExecutorID = t.ID, t.SlaveID, t.ExecutorID // which come before
		err := s.readV1(d, &like)
		statuses = append(statuses, s)
		return err
	})
	t.Statuses = append([]StreamStatus(nil), statuses...)
	t.Task.Statuses = make([]TaskStatus, len(statuses))
	for i := range statuses {
		t.Task.Statuses[i] = statuses[i].TaskStatus
		if c := statuses[i].Container; c != (TaskContainer{}) {
			t.Container = c
		}
	}
	return err
}

func (s *StreamStatus) readV1(d *source, like *StreamStatus) error {
	return members(d, reflect.TypeFor[StreamStatus](), func(key []byte) error {
		switch string(key) {
		case "task_id":
			return readID(d, &s.TaskID, like.TaskID)
		case "agent_id":
			return readID(d, &s.SlaveID, like.SlaveID)
		case "executor_id":
			return readID(d, &s.ExecutorID, like.ExecutorID)
		case "state":
			return readText(d, &s.State, like.State)
		case "source":
			return readText(d, &s.Source, like.Source)
		case "reason":
			return readText(d, &s.Reason, like.Reason)
		case "message":
			return readText(d, &s.Message, like.Message)
		case "uuid":
			return readText(d, &s.UUID, "")
		case "timestamp":
			return readNumber(d, &s.Timestamp)
		case "healthy":
			return d.unmarshal(&s.Healthy)
		case "container_status":
			return s.Container.read(d)
		}
		return pass(d)
	})
}

func (u *StreamUpdate) read(d *source) error {
	return members(d, reflect.TypeFor[StreamUpdate](), func(key []byte) error {
		switch string(key) {
		case "framework_id":
			return readID(d, &u.FrameworkID, "")
		case "state":
			return readText(d, &u.State, "")
		case "status":
			return u.Status.readV1(d, &StreamStatus{})
		}
		return pass(d)
	})
}

func (s *Slave) readV1(d *source) error {
	s.Resources, s.Used, s.Offered = unknown, unknown, unknown
	s.Lacks.Active, s.Lacks.Reserved = true, true
	resources := func(into *Resources) error {
		var list v1Resources
		err := list.read(d)
		*into = list.sum
		return err
	}
	return members(d, reflect.TypeFor[Slave](), func(key []byte) error {
		switch string(key) {
		case "agent_info":
			return s.readInfo(d)
		case "active":
			s.Lacks.Active = false
			return d.unmarshal(&s.Active)
		case "deactivated":
			return d.unmarshal(&s.Deactivated)
		case "version":
			return readText(d, &s.Version, "")
		case "pid":
			return readText(d, &s.PID, "")
		case "registered_time":
			return readNanoseconds(d, &s.RegisteredTime)
		case "reregistered_time":
			s.ReregisteredTime = new(float64)
			return readNanoseconds(d, s.ReregisteredTime)
		case "total_resources":
			list := v1Resources{reserved: map[string]Resources{}}
			err := list.read(d)
			s.Resources, s.Reserved, s.Lacks.Reserved = list.sum, list.reserved, false
			if s.Used.Unknown == AllKinds { // an empty list is left out
				s.Used = Resources{}
			}
			if s.Offered.Unknown == AllKinds {
				s.Offered = Resources{}
			}
			return err
		case "allocated_resources":
			return resources(&s.Used)
		case "offered_resources":
			return resources(&s.Offered)
		case "drain_info":
			s.DrainInfo = new(DrainInfo)
			return d.unmarshal(s.DrainInfo)
		}
		return pass(d)
	})
}

// readInfo reads an AgentInfo.
func (s *Slave) readInfo(d *source) error {
	return members(d, reflect.TypeFor[Slave](), func(key []byte) error {
		switch string(key) {
		case "id":
			return readID(d, &s.ID, "")
		case "hostname":
			return readText(d, &s.Hostname, "")
		case "port":
			return d.unmarshal(&s.Port)
		case "domain":
			return d.unmarshal(&s.Domain)
		case "attributes":
			s.Attributes = map[string]Attribute{}
			return elements(d, reflect.TypeFor[[]v1Attribute](), func() error {
				var a v1Attribute
				if err := d.unmarshal(&a); err != nil {
					return err
				}
				s.Attributes[a.Name] = a.value()
				return nil
			})
		}
		return pass(d)
	})
}

// v1Attribute is an attribute of an agent (Attribute in include/mesos/v1/mesos.proto).
type v1Attribute struct {
	Name string `json:"name"`
	Text *struct {
		Value string `json:"value"`
	} `json:"text"`
	Scalar *struct {
		Value float64 `json:"value"`
	} `json:"scalar"`
	Ranges *struct {
		Range []struct {
			Begin uint64 `json:"begin"`
			End   uint64 `json:"end"`
		} `json:"range"`
	} `json:"ranges"`
	Set *struct {
		Item []string `json:"item"`
	} `json:"set"`
}

// value returns the attribute as /state writes it.
func (a *v1Attribute) value() Attribute {
	switch {
	case a.Text != nil:
		return Attribute(a.Text.Value)
	case a.Scalar != nil:
		return Attribute(numberText(a.Scalar.Value))
	case a.Ranges != nil:
		var parts []string
		for _, r := range a.Ranges.Range {
			parts = append(parts, numberText(float64(r.Begin))+"-"+numberText(float64(r.End)))
		}
		return Attribute("[" + strings.Join(parts, ", ") + "]")
	case a.Set != nil:
		return Attribute("{" + strings.Join(a.Set.Item, ", ") + "}")
	}
	return ""
}

func (f *Framework) readV1(d *source) error {
	f.Held, f.Used, f.Offered = unknown, unknown, unknown
	f.Lacks.Active, f.Lacks.Connected, f.Lacks.Recovered = true, true, true
	f.Lacks.Tasks, f.Lacks.UnreachableTasks, f.Lacks.Executors, f.Lacks.Offers = true, true, true, true
	flag := func(into, lacks *bool) error {
		*lacks = false
		return d.unmarshal(into)
	}
	return members(d, reflect.TypeFor[Framework](), func(key []byte) error {
		switch string(key) {
		case "framework_info":
			return f.readInfo(d)
		case "active":
			return flag(&f.Active, &f.Lacks.Active)
		case "connected":
			return flag(&f.Connected, &f.Lacks.Connected)
		case "recovered":
			return flag(&f.Recovered, &f.Lacks.Recovered)
		case "registered_time":
			return readNanoseconds(d, &f.RegisteredTime)
		case "reregistered_time":
			return readNanoseconds(d, &f.ReregisteredTime)
		}
		return pass(d)
	})
}

// readInfo reads a FrameworkInfo.
func (f *Framework) readInfo(d *source) error {
	return members(d, reflect.TypeFor[Framework](), func(key []byte) error {
		switch string(key) {
		case "id":
			return readID(d, &f.ID, "")
		case "name":
			return readText(d, &f.Name, "")
		case "user":
			return readText(d, &f.User, "")
		case "principal":
			return readText(d, &f.Principal, "")
		case "hostname":
			return readText(d, &f.Hostname, "")
		case "webui_url":
			err := readText(d, &f.WebUIURL, "")
			f.WebUIURL = safeLink(f.WebUIURL)
			return err
		case "role":
			return readText(d, &f.Role, "")
		case "roles":
			return d.unmarshal(&f.Roles)
		case "failover_timeout":
			return d.unmarshal(&f.FailoverTimeout)
		case "checkpoint":
			return d.unmarshal(&f.Checkpoint)
		case "capabilities":
			return elements(d, reflect.TypeFor[[]string](), func() error {
				return inside(d, "type", func() error {
					var capability string
					err := readText(d, &capability, "")
					f.Capabilities = append(f.Capabilities, capability)
					return err
				})
			})
		case "labels":
			return inside(d, "labels", func() error { return d.unmarshal(&f.Labels) })
		}
		return pass(d)
	})
}

// readNanoseconds reads a TimeInfo as Unix seconds.
func readNanoseconds(d *source, into *float64) error {
	return inside(d, "nanoseconds", func() error {
		err := readNumber(d, into)
		*into /= 1e9
		return err
	})
}

// v1Resources is a list of resources, added up as /state adds them up: revocable ones
// apart, and with reserved by the role that they are reserved for.
type v1Resources struct {
	sum         Resources
	reserved    map[string]Resources // nil: not wanted
	allocatedTo string               // the role of the first that is allocated
}

// v1Resource is one resource (Resource in include/mesos/v1/mesos.proto).
type v1Resource struct {
	name, role, allocatedTo, reservedFor string
	amount                               float64
	told                                 bool // the amount; that of an infinite one is not
	revocable                            bool
}

func (l *v1Resources) read(d *source) error {
	if d.PeekKind() == 'n' {
		l.sum = unknown
		return pass(d)
	}
	return elements(d, reflect.TypeFor[[]v1Resource](), func() error {
		var r v1Resource
		if err := r.read(d); err != nil {
			return err
		}
		if l.allocatedTo == "" {
			l.allocatedTo = r.allocatedTo
		}
		r.addTo(&l.sum)
		if r.reservedFor == "" && r.role != "*" { // before reservation refinement
			r.reservedFor = r.role
		}
		if l.reserved != nil && r.reservedFor != "" {
			sum := l.reserved[r.reservedFor]
			r.addTo(&sum)
			l.reserved[r.reservedFor] = sum
		}
		return nil
	})
}

func (r *v1Resource) read(d *source) error {
	return members(d, reflect.TypeFor[v1Resource](), func(key []byte) error {
		switch string(key) {
		case "name":
			return readText(d, &r.name, "")
		case "role":
			return readText(d, &r.role, "*")
		case "scalar":
			return inside(d, "value", func() error {
				r.told = d.PeekKind() != 'n'
				return readNumber(d, &r.amount)
			})
		case "allocation_info":
			return inside(d, "role", func() error { return readText(d, &r.allocatedTo, "*") })
		case "reservations":
			return elements(d, reflect.TypeFor[[]v1Resource](), func() error { // the last one counts
				return inside(d, "role", func() error { return readText(d, &r.reservedFor, "") })
			})
		case "revocable":
			r.revocable = true
		}
		return pass(d)
	})
}

func (r *v1Resource) addTo(sum *Resources) {
	var plain, revocable *float64
	var kind ResourceKinds
	switch r.name {
	case "cpus":
		plain, revocable, kind = &sum.CPUs, &sum.CPUsRevocable, KindCPUs
	case "gpus":
		plain, revocable, kind = &sum.GPUs, &sum.GPUsRevocable, KindGPUs
	case "mem":
		plain, revocable, kind = &sum.Mem, &sum.MemRevocable, KindMem
	case "disk":
		plain, revocable, kind = &sum.Disk, &sum.DiskRevocable, KindDisk
	default: // ports and others
		return
	}
	if !r.told {
		sum.Unknown |= kind
	}
	if r.revocable {
		*revocable += r.amount
	} else {
		*plain += r.amount
	}
}
