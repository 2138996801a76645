package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
)

// Mutants are clients that falsify responses. The comparison must detect each of
// them. They exist only here.

// mutants change a client, by name.
var mutants = map[string]func(*collector.Both, collector.Clock){
	// Every 100th task of a /state is lost.
	"loses-tasks": func(b *collector.Both, _ collector.Clock) { b.Client = &losesTasks{Client: b.Client, every: 100} },
	// While there is no leader, the last responses are repeated: a flat line.
	"repeats-itself": func(b *collector.Both, clock collector.Clock) {
		b.Client = &repeatsItself{Client: b.Client, clock: clock}
	},
	// A master that does not lead has an empty cluster.
	"believes-followers": func(b *collector.Both, clock collector.Clock) {
		b.Client = &believesFollowers{Client: b.Client, clock: clock}
	},
	// Agents that are deactivated, drain or are drained count as active.
	"counts-inactive": func(b *collector.Both, _ collector.Clock) { b.Client = &countsInactive{b.Client} },
	// There is one agent too many, on which nothing runs.
	"adds-agent": func(b *collector.Both, _ collector.Clock) { b.Client = &addsAgent{b.Client} },
	// Every 20th container of an agent's statistics is lost.
	"loses-containers": func(b *collector.Both, _ collector.Clock) { b.Of = &losesContainers{Agents: b.Of, every: 20} },
	// Containers' user time is a tenth more than the agent said.
	"inflates-use": func(b *collector.Both, _ collector.Clock) { b.Of = &inflatesUse{Agents: b.Of} },
}

// believesFollowers takes a master that does not lead for the leader of an empty
// cluster, as its /state of 200 has it before Mesos 1.0.
type believesFollowers struct {
	collector.Client
	clock collector.Clock
}

// State implements collector.Client.
func (m *believesFollowers) State(ctx context.Context) (*mesos.State, error) {
	state, err := m.Client.State(ctx)
	if mesos.CategoryOf(err) != mesos.NoLeader {
		return state, err
	}
	return &mesos.State{
		Answer: mesos.Answer{Sent: m.clock.Now()}, ID: "follower", Flags: map[string]string{},
		Slaves: []mesos.Slave{}, Frameworks: []mesos.Framework{},
	}, nil
}

func mutantNames() []string {
	return slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(mutants)), slices.Collect(maps.Keys(mutantLogs)))))
}

type losesTasks struct {
	collector.Client
	every int
}

// State implements collector.Client.
func (m *losesTasks) State(ctx context.Context) (*mesos.State, error) {
	state, err := m.Client.State(ctx)
	if state == nil {
		return state, err
	}
	n := 0
	for i := range state.Frameworks {
		framework := &state.Frameworks[i]
		framework.Tasks = slices.DeleteFunc(framework.Tasks, func(mesos.Task) bool {
			n++
			return n%m.every == 0
		})
	}
	return state, err
}

type countsInactive struct{ collector.Client }

// State implements collector.Client.
func (m *countsInactive) State(ctx context.Context) (*mesos.State, error) {
	state, err := m.Client.State(ctx)
	if state == nil {
		return state, err
	}
	for i := range state.Slaves {
		s := &state.Slaves[i]
		s.Active, s.Deactivated, s.DrainInfo, s.DrainStart = true, false, nil, nil
	}
	return state, err
}

type addsAgent struct{ collector.Client }

// State implements collector.Client.
func (m *addsAgent) State(ctx context.Context) (*mesos.State, error) {
	state, err := m.Client.State(ctx)
	if state == nil || len(state.Slaves) == 0 {
		return state, err
	}
	added := state.Slaves[0]
	added.ID, added.Hostname = added.ID+"-added", "added."+added.Hostname
	added.Used, added.Offered = mesos.Resources{}, mesos.Resources{}
	state.Slaves = append(state.Slaves, added)
	return state, err
}

type repeatsItself struct {
	collector.Client
	clock collector.Clock

	mu       sync.Mutex
	state    *mesos.State
	roles    *mesos.Roles
	snapshot *mesos.Metrics
}

// State implements collector.Client.
func (m *repeatsItself) State(ctx context.Context) (*mesos.State, error) {
	state, err := m.Client.State(ctx)
	return repeated(m, &m.state, state, err, func(s *mesos.State, now time.Time) { s.Sent = now })
}

// Roles implements collector.Client.
func (m *repeatsItself) Roles(ctx context.Context) (*mesos.Roles, error) {
	roles, err := m.Client.Roles(ctx)
	return repeated(m, &m.roles, roles, err, func(r *mesos.Roles, now time.Time) { r.Sent = now })
}

// Snapshot implements collector.Client.
func (m *repeatsItself) Snapshot(ctx context.Context) (*mesos.Metrics, error) {
	snapshot, err := m.Client.Snapshot(ctx)
	return repeated(m, &m.snapshot, snapshot, err, func(s *mesos.Metrics, now time.Time) { s.Sent = now })
}

// repeated keeps a response, or returns the kept one as a current one.
func repeated[T any](m *repeatsItself, kept **T, answer *T, err error, date func(*T, time.Time)) (*T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		*kept = answer
	}
	if *kept == nil {
		return answer, err
	}
	again := **kept
	date(&again, m.clock.Now())
	return &again, nil
}

type losesContainers struct {
	collector.Agents
	every int

	mu sync.Mutex
	n  int // containers seen
}

// Statistics implements collector.Agents.
func (m *losesContainers) Statistics(ctx context.Context, id string) (*mesos.Statistics, error) {
	answer, err := m.Agents.Statistics(ctx, id)
	if answer == nil {
		return answer, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	changed := *answer
	changed.Containers = slices.DeleteFunc(slices.Clone(answer.Containers), func(mesos.Container) bool {
		m.n++
		return m.n%m.every == 0
	})
	return &changed, err
}

var userTime = mesos.StatisticOf("cpus_user_time_secs")

type inflatesUse struct{ collector.Agents }

// Statistics implements collector.Agents.
func (m *inflatesUse) Statistics(ctx context.Context, id string) (*mesos.Statistics, error) {
	answer, err := m.Agents.Statistics(ctx, id)
	if answer == nil {
		return answer, err
	}
	changed := *answer
	changed.Containers = slices.Clone(answer.Containers)
	for i := range changed.Containers {
		readings := &changed.Containers[i].Readings
		if seconds, ok := readings.Of(userTime); ok {
			readings.Set(userTime, 1.1*seconds)
		}
	}
	return &changed, err
}
