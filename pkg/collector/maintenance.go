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

// maintenancePoll queries the leader's maintenance schedule for events. No series are made
// of it, so that a master that does not tell it costs nothing else. It has no status.
type maintenancePoll struct {
	*Collector
	when schedule

	latest *mesos.Maintenance // nil before the first
	failed bool               // the latest did

	lookedBack bool // at what the log has of before the start
}

func newMaintenancePoll(c *Collector) *maintenancePoll { return &maintenancePoll{Collector: c} }

// Maintenance returns the latest maintenance schedule; nil where it is not known, as after
// an answer that failed.
func (c *Collector) Maintenance() *mesos.Maintenance {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.planned.failed {
		return nil
	}
	return c.planned.latest
}

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
	first, back := err != nil && !m.failed, err == nil && m.failed
	m.failed = err != nil
	before, start := m.latest, false
	if err == nil {
		start = !m.lookedBack // later the log may be of another cluster
		m.latest, m.lookedBack = now, true
	}
	m.mu.Unlock()
	if back {
		m.log.Info("The maintenance schedule can be read again")
	}
	if err != nil {
		if first && !errors.Is(err, context.Canceled) {
			m.log.Warn("The maintenance schedule cannot be read, so there are no events of maintenance", "error", err)
		}
		return false
	}
	happened := cluster.Maintained(before, now)
	if start {
		open := m.goingOn(p.ctx, events.Filter{Kinds: []events.Kind{events.KindMaintenance}, Where: opening(events.WindowBegan)})
		happened = append(cluster.MaintenanceOver(open, now), cluster.MaintenanceGoesOn(open, happened)...)
	}
	m.note(p.run, happened)
	return true
}
