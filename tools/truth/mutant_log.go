package main

import (
	"context"
	"slices"
	"sync"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
)

// mutantLogs falsify what is kept of events, by name.
var mutantLogs = map[string]func(events.Log) events.Log{
	// Every 1000th end of a task is lost.
	"loses-events": func(l events.Log) events.Log { return loses(l, 1000, isEnd) },
	// Every 1000th task that runs is not told of.
	"loses-running": func(l events.Log) events.Log {
		return loses(l, 1000, func(e events.Event) bool {
			return e.Kind == events.KindTask && e.What == events.What(cluster.Running)
		})
	},
	// No agent that disconnects is told of.
	"loses-disconnected": func(l events.Log) events.Log {
		return loses(l, 1, func(e events.Event) bool { return e.Kind == events.KindAgent && e.What == events.Disconnected })
	},
	// No new leader is told of.
	"loses-leader": func(l events.Log) events.Log {
		return loses(l, 1, func(e events.Event) bool { return e.Kind == events.KindMaster })
	},
	// Every tenth end of a task is taken as new twice, so that it is counted twice.
	"counts-twice": func(l events.Log) events.Log { return &countsTwice{Log: l, every: 10} },
	// Every 1000th end of a task is kept twice.
	"doubles-events": func(l events.Log) events.Log { return &doublesEvents{Log: l, every: 1000, seen: map[string]bool{}} },
}

// mutantLog returns the log that the mutant of a name keeps, or the log itself.
func mutantLog(name string, l events.Log) events.Log {
	if mutate, known := mutantLogs[name]; known {
		return mutate(l)
	}
	return l
}

// loses returns a log that loses every so many of some events.
func loses(l events.Log, every int, which func(events.Event) bool) events.Log {
	return &losesEvents{Log: l, every: every, which: which, seen: map[string]bool{}}
}

type losesEvents struct {
	events.Log
	every int
	which func(events.Event) bool

	mu   sync.Mutex
	seen map[string]bool // by ID: whether it is lost, also when it is told again
}

// Append implements events.Log.
func (m *losesEvents) Append(ctx context.Context, all []events.Event) ([]events.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(all), func(e events.Event) bool {
		if !m.which(e) {
			return false
		}
		if _, known := m.seen[e.ID]; !known {
			m.seen[e.ID] = (len(m.seen)+1)%m.every == 0
		}
		return m.seen[e.ID]
	})
	return m.Log.Append(ctx, kept)
}

type countsTwice struct {
	events.Log
	every int

	mu    sync.Mutex
	ended int
}

// Append implements events.Log.
func (m *countsTwice) Append(ctx context.Context, all []events.Event) ([]events.Event, error) {
	added, err := m.Log.Append(ctx, all)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range slices.Clone(added) {
		if !isEnd(e) {
			continue
		}
		if m.ended++; m.ended%m.every == 0 {
			added = append(added, e)
		}
	}
	return added, err
}

type doublesEvents struct {
	events.Log
	every int

	mu   sync.Mutex
	seen map[string]bool // by ID
}

// Append implements events.Log.
func (m *doublesEvents) Append(ctx context.Context, all []events.Event) ([]events.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	more := slices.Clone(all)
	for _, e := range all {
		if !isEnd(e) || m.seen[e.ID] {
			continue
		}
		m.seen[e.ID] = true
		if len(m.seen)%m.every == 0 {
			e.ID += " again"
			more = append(more, e)
		}
	}
	return m.Log.Append(ctx, more)
}
