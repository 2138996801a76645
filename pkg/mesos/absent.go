package mesos

import (
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// What a version of Mesos does not tell is unknown, and not false, 0 or none. Here
// it is noted while an answer is decoded: of lists by their absence (Mesos writes
// empty ones), of true and false and of numbers by a pointer beside them, of
// resources by Resources.Unknown.

// ResourceKinds are some of the kinds of Resources.
type ResourceKinds uint8

// The kinds. The revocable part of a kind belongs to it.
const (
	KindCPUs ResourceKinds = 1 << iota
	KindGPUs
	KindMem
	KindDisk
	AllKinds = KindCPUs | KindGPUs | KindMem | KindDisk
)

// unknown are resources that an answer does not tell.
var unknown = Resources{Unknown: AllKinds}

// UnmarshalJSONFrom reads a /state.
func (s *State) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain State
	var read struct {
		plain
		Activated   *float64 `json:"activated_slaves"`
		Unreachable *float64 `json:"unreachable_slaves"`
	}
	since := s.EndedSince
	if err := json.UnmarshalDecode(d, &read, readers(s.body, since)); err != nil {
		return err
	}
	*s = State(read.plain)
	s.EndedSince = since
	s.ActivatedSlaves, s.Lacks.ActivatedSlaves = value(read.Activated)
	s.UnreachableSlaves, s.Lacks.UnreachableSlaves = value(read.Unreachable)
	s.Lacks.RecoveredSlaves = s.RecoveredSlaves == nil
	s.Lacks.UnregisteredFrameworks = s.UnregisteredFrameworks == nil
	return nil
}

// readSlaves reads a list of agents from a decoder, and what can be read ahead of it from its body.
func readSlaves(d *jsontext.Decoder, body *finite, list *[]Slave) error {
	if *list = nil; d.PeekKind() == '[' {
		*list = []Slave{} // an empty list is not an absent one
	}
	return body.elements(d, reflect.TypeFor[[]Slave](), func(from *source) error {
		var s Slave
		err := s.read(from)
		if err == nil {
			*list = append(*list, s)
		}
		return err
	})
}

// UnmarshalJSONFrom reads an agent.
func (s *Slave) UnmarshalJSONFrom(d *jsontext.Decoder) error { return s.read(from(d)) }

func (s *Slave) read(d *source) error {
	*s = Slave{Resources: unknown, Used: unknown, Offered: unknown}
	var active, deactivated *bool
	err := members(d, reflect.TypeFor[Slave](), func(key []byte) error {
		switch string(key) {
		case "id":
			return readText(d, &s.ID, "")
		case "hostname":
			return readText(d, &s.Hostname, "")
		case "port":
			return d.unmarshal(&s.Port)
		case "pid":
			return readText(d, &s.PID, "")
		case "version":
			return readText(d, &s.Version, "")
		case "active":
			return readBool(d, &active)
		case "deactivated":
			return readBool(d, &deactivated)
		case "registered_time":
			return readNumber(d, &s.RegisteredTime)
		case "reregistered_time":
			return d.unmarshal(&s.ReregisteredTime)
		case "attributes":
			return readMap(d, &s.Attributes, (*Attribute).read)
		case "domain":
			return d.unmarshal(&s.Domain)
		case "drain_info":
			return d.unmarshal(&s.DrainInfo)
		case "estimated_drain_start_time_seconds":
			return d.unmarshal(&s.DrainStart)
		case "resources":
			return s.Resources.read(d)
		case "used_resources":
			return s.Used.read(d)
		case "offered_resources":
			return s.Offered.read(d)
		case "reserved_resources":
			return readMap(d, &s.Reserved, (*Resources).read)
		}
		return pass(d)
	})
	s.Active, s.Lacks.Active = value(active)
	s.Deactivated, s.Lacks.Deactivated = value(deactivated)
	s.Lacks.Reserved = s.Reserved == nil
	return err
}

// UnmarshalJSONFrom reads a framework.
func (f *Framework) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain Framework
	read := struct {
		plain
		Active    *bool `json:"active"`
		Connected *bool `json:"connected"`
		Recovered *bool `json:"recovered"`
	}{plain: plain{Held: unknown, Used: unknown, Offered: unknown}}
	if err := json.UnmarshalDecode(d, &read); err != nil {
		return err
	}
	*f = Framework(read.plain)
	f.Active, f.Lacks.Active = value(read.Active)
	f.Connected, f.Lacks.Connected = value(read.Connected)
	f.Recovered, f.Lacks.Recovered = value(read.Recovered)
	f.Lacks.Tasks = f.Tasks == nil
	f.Lacks.UnreachableTasks = f.UnreachableTasks == nil
	f.Lacks.Executors = f.Executors == nil
	f.Lacks.Offers = f.Offers == nil
	return nil
}

// UnmarshalJSONFrom reads an executor.
func (e *Executor) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain Executor
	*e = Executor{Resources: unknown}
	return json.UnmarshalDecode(d, (*plain)(e))
}

// UnmarshalJSONFrom reads an offer.
func (o *Offer) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain Offer
	*o = Offer{Resources: unknown}
	return json.UnmarshalDecode(d, (*plain)(o))
}

// UnmarshalJSONFrom reads a role.
func (r *Role) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain Role
	read := struct {
		plain
		Weight   *float64   `json:"weight"`
		Reserved quantities `json:"reserved"`
	}{Reserved: quantities(unknown)}
	if err := json.UnmarshalDecode(d, &read); err != nil {
		return err
	}
	*r = Role(read.plain)
	r.Reserved = Resources(read.Reserved)
	r.Weight, r.Lacks.Weight = value(read.Weight)
	r.Lacks.Frameworks = r.Frameworks == nil
	return nil
}

// value returns the value of what may be absent, and whether it is.
func value[T any](read *T) (v T, absent bool) {
	if read == nil {
		return v, true
	}
	return *read, false
}
