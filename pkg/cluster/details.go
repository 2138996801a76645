package cluster

import (
	"cmp"
	"maps"
	"slices"
	"time"
	"unique"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file is what only the tables of SQL show, and what /state does not tell of tasks.

// Registered returns when the agent registered with this leader, the latest time, in Unix
// seconds; 0: unknown. again reports whether it had been registered before.
func (a *Agent) Registered() (at float64, again bool) { return a.registered, a.reregistered }

// Draining returns since when the agent drains or is drained, in Unix seconds; 0: unknown, or
// it is not.
func (a *Agent) Draining() float64 { return a.draining }

// Registered returns when the framework's scheduler registered with this leader, the latest
// time, in Unix seconds; 0: unknown.
func (f *Framework) Registered() float64 { return f.registered }

// Revocable returns what the task has been given besides, nil for nothing.
func (t *Task) Revocable() *Resources { return t.revocable }

// Latest returns the time of the task's latest status in Unix seconds; 0: unknown.
func (t *Task) Latest() float64 { return t.latest }

// reservations returns what is reserved by role, sorted.
func (b *builder) reservations(reserved map[string]mesos.Resources) []Reservation {
	if len(reserved) == 0 {
		return nil
	}
	all := make([]Reservation, 0, len(reserved))
	for _, role := range slices.Sorted(maps.Keys(reserved)) {
		all = append(all, Reservation{b.name(role), regular(reserved[role])})
	}
	return all
}

// addOffers adds the offers of a framework. role is that of offers that do not name one.
func (b *builder) addOffers(f *Framework, s *mesos.Framework, role string) {
	b.OffersListed = b.OffersListed && !s.Lacks.Offers
	for i := range s.Offers {
		o := &s.Offers[i]
		b.Offers = append(b.Offers, Offer{
			ID: b.name(o.ID), Role: cmp.Or(b.name(o.AllocationInfo.Role), role),
			Framework: f, Agent: b.agent(o.SlaveID), Resources: regular(o.Resources),
		})
	}
}

// keepTold takes from the model before what /state does not tell: what the event stream told of
// the same latest status, and when a task was staging first.
func (b *builder) keepTold() {
	now := unixSeconds(b.Time)
	told := map[taskKey]*Task{}
	if b.previous != nil {
		for t := range b.previous.tasks.each() {
			if t.Told != nil || t.staged > now-stagedFor.Seconds() {
				told[t.key()] = t
			}
		}
	}
	for i := range b.listed {
		t := &b.listed[i]
		if t.State == Staging && t.latest == 0 {
			t.staged = now
		}
		if len(told) == 0 {
			continue
		}
		was := told[t.key()]
		if was == nil {
			continue
		}
		if was.staged > 0 {
			t.staged = was.staged
		}
		if micros(was.latest) == micros(t.latest) && was.told == t.told {
			t.Told = was.Told
		}
	}
}

// stagedFor is how long it is known after a task began when it did: clocks of agents are not
// farther behind.
const stagedFor = 5 * time.Minute

// hear notes what a status of the event stream tells besides its state.
func (t *Task) hear(s *mesos.StreamStatus) {
	t.Told = nil
	if tells(s) {
		// Texts that many tasks have take memory once.
		t.Told = &Told{shared(spelled(s.Reason, "REASON_")), shared(spelled(s.Source, "SOURCE_")), shared(s.Message)}
	}
	if s.Container.ID != "" {
		t.ContainerID = series.CutName(s.Container.ID)
	}
	if s.Container.Addresses != "" {
		t.Addresses = s.Container.Addresses
	}
}

// shared returns a text in the memory of an equal one that is in use.
func shared(text string) string { return unique.Make(text).Value() }

// tells reports whether a status tells anything besides its state.
func tells(s *mesos.StreamStatus) bool { return s.Reason != "" || s.Source != "" || s.Message != "" }
