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

// Admitted returns when the agent registered with this leader the first time, in Unix seconds;
// 0: unknown.
func (a *Agent) Admitted() float64 { return a.admitted }

// Drain returns how the agent drains, or drained; nil where it does not, and where the master
// does not tell how.
func (a *Agent) Drain() *Drain { return a.drain }

// Draining returns since when the agent drains or is drained, in Unix seconds; 0: unknown, or
// it is not.
func (a *Agent) Draining() float64 { return a.draining }

// Registered returns when the framework's scheduler registered with this leader, the latest
// time, in Unix seconds; 0: unknown.
func (f *Framework) Registered() float64 { return f.registered }

// Subscribed returns when the framework's scheduler registered with this leader the first time,
// in Unix seconds; 0: unknown.
func (f *Framework) Subscribed() float64 { return f.subscribed }

// Revocable returns what the task has been given besides, nil for nothing.
func (t *Task) Revocable() *Resources { return t.revocable }

// Details returns what only tables show of the task.
func (t *Task) Details() Details {
	if t.details == (unique.Handle[Details]{}) {
		return Details{}
	}
	return t.details.Value()
}

// detailsOf returns what only tables show of a task.
func (b *builder) detailsOf(s *mesos.Task) Details {
	details := Details{User: b.name(s.User), Image: b.name(s.Image)}
	if s.Limits != nil {
		details.Limits = limitsOf(*s.Limits)
	}
	return details
}

// Latest returns the time of the task's latest status in Unix seconds; 0: unknown.
func (t *Task) Latest() float64 { return t.latest }

// leaderOf returns what /state tells of the leader.
func leaderOf(s *mesos.State) Leader {
	return Leader{
		Hostname: series.CutName(s.Hostname), GitSHA: series.CutName(s.GitSHA), BuildUser: series.CutName(s.BuildUser),
		Built: s.BuildTime, Started: s.StartTime,
	}
}

// drainOf returns how an agent drains.
func drainOf(s *mesos.DrainInfo) *Drain {
	d := &Drain{MarksGone: s.Config.MarkGone}
	if most := s.Config.MaxGracePeriod; most != nil {
		seconds := most.Nanoseconds / 1e9
		d.Grace = &seconds
	}
	return d
}

// removedOf returns a framework that was removed.
func (b *builder) removedOf(s *mesos.CompletedFramework) RemovedFramework {
	cut := b.NamesCut // of what is listed
	f := b.frameworkOf(&mesos.Framework{
		ID: s.ID, Name: s.Name, Principal: s.Principal, User: s.User, Hostname: s.Hostname, WebUIURL: s.WebUIURL, Role: s.Role, Roles: s.Roles,
		RegisteredTime: s.RegisteredTime, ReregisteredTime: s.ReregisteredTime,
	})
	f.Listed, f.State, b.NamesCut = false, "", cut
	return RemovedFramework{Framework: *f, Unregistered: s.UnregisteredTime}
}

// executorType returns the type of an executor in the spelling of labels.
func executorType(told string) string {
	if told == "" {
		return ""
	}
	return shared(spelled(series.CutName(told), ""))
}

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
