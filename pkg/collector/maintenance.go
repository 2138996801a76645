package collector

import (
	"context"
	"errors"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// A Maintainer is a Client that can read the maintenance schedule: *mesos.Client.
type Maintainer interface {
	Maintenance(ctx context.Context) (*mesos.Maintenance, error)
}

func maintainerOf(c Client) Maintainer {
	if both, ok := c.(*Both); ok {
		c = both.Client
	}
	m, _ := c.(Maintainer)
	return m
}

// maxOpenWindows bounds the windows of the log that are looked at after a start.
const maxOpenWindows = 10_000

// maintenancePoll queries the leader's maintenance schedule for events. No series are made
// of it, so that a master that does not tell it costs nothing else. It has no status.
type maintenancePoll struct {
	*Collector
	when schedule

	latest *mesos.Maintenance // nil before the first
	failed bool               // the latest did
}

func newMaintenancePoll(c *Collector) *maintenancePoll { return &maintenancePoll{Collector: c} }

func (m *maintenancePoll) schedule() *schedule     { return &m.when }
func (m *maintenancePoll) outcomes() []*outcome    { return nil }
func (m *maintenancePoll) interval() time.Duration { return followerShare * m.settings.PollInterval }
func (m *maintenancePoll) runs() bool              { return true }
func (m *maintenancePoll) reported() bool          { return false }
func (m *maintenancePoll) forget()                 { m.latest, m.failed = nil, false }

func (m *maintenancePoll) perform(p *scheduledPoll) bool {
	asked := maintainerOf(p.client)
	if asked == nil {
		return true
	}
	if m.awaitState(p) != nil {
		return false
	}
	m.mu.Lock()
	known := m.label.value != "" && !m.others.pending
	m.mu.Unlock()
	if !known {
		return true // the leader's polls find the name, or fail
	}
	now, err := asked.Maintenance(p.ctx)
	m.mu.Lock()
	if m.run != p.run || m.others.pending {
		m.mu.Unlock()
		return true
	}
	first := err != nil && !m.failed
	m.failed = err != nil
	before := m.latest
	if err == nil {
		m.latest = now
	}
	m.mu.Unlock()
	if err != nil {
		if first && !errors.Is(err, context.Canceled) {
			m.log.Warn("The maintenance schedule cannot be read, so there are no events of maintenance", "error", err)
		}
		return false
	}
	happened := cluster.Maintained(before, now)
	if before == nil {
		happened = append(cluster.MaintenanceOver(m.openWindows(p.ctx), now), happened...)
	}
	m.note(p.run, happened)
	return true
}

// openWindows returns the events of the log that began maintenance which has not ended.
func (m *maintenancePoll) openWindows(ctx context.Context) (open []events.Event) {
	log, _ := m.keeper.log.(events.Log)
	if log == nil {
		return nil
	}
	found, _, err := log.Select(ctx, events.Filter{
		To:    m.clock.Now(),
		Kinds: []events.Kind{events.KindMaintenance},
		Where: []events.Condition{{Field: events.FieldEvent, Values: []string{string(events.WindowBegan)}}},
		Limit: maxOpenWindows,
	})
	if err != nil {
		m.log.Warn("Events of maintenance could not be read", "error", err)
	}
	for _, e := range found {
		if e.End.IsZero() {
			open = append(open, e)
		}
	}
	return open
}
