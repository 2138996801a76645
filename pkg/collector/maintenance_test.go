package collector_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// planning is a fake whose master has a maintenance schedule.
type planning struct {
	*fake
	planned mesos.Maintenance
}

func (p *planning) Maintenance(ctx context.Context) (*mesos.Maintenance, error) {
	a, err := p.ask(ctx, "maintenance")
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.planned
	m.Answer = a
	return &m, nil
}

// plan changes the schedule.
func (p *planning) plan(windows ...mesos.MaintenanceWindow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.planned.Windows = windows
}

func maintain(t *testing.T, log *eventLog, windows ...mesos.MaintenanceWindow) (*planning, *clocktest.Clock, *recorder) {
	t.Helper()
	clock := clocktest.New(begin)
	client := &planning{fake: newFake(clock), planned: mesos.Maintenance{Windows: windows}}
	rec := newRecorder()
	c := collector.New(collector.Config{
		Client: client, Sink: rec, Clock: clock, Settings: collector.Settings{UID: "uid"}, Events: log, Jitter: func() float64 { return 0.5 },
	})
	c.Start()
	t.Cleanup(c.Stop)
	clock.Settle()
	return client, clock, rec
}

func TestMaintenanceIsAnEventWithItsPlannedTimes(t *testing.T) {
	machine := mesos.Machine{Hostname: "agent1", IP: "10.0.0.1"}
	window := mesos.MaintenanceWindow{Machines: []mesos.Machine{machine}, Start: begin.Add(70 * time.Second), Duration: 3 * time.Minute}
	log := &eventLog{}
	client, clock, rec := maintain(t, log, window)
	require.Empty(t, log.all)
	clock.Advance(6 * time.Minute)
	require.Equal(t, 7, client.count("maintenance"), "every fourth pollInterval")
	told := log.of(events.KindMaintenance)
	require.Len(t, told, 2)
	require.Equal(t, []any{events.WindowBegan, window.Start, "agent1"}, []any{told[0].What, told[0].Time, told[0].Agent})
	require.Equal(t, []any{events.WindowEnded, window.Start.Add(window.Duration), "agent1"}, []any{told[1].What, told[1].Time, told[1].Agent})
	require.Equal(t, []string{told[0].Opens}, told[1].Closes)
	require.Equal(t, 2.0, rec.sum(clock.Now(), "mesos_events_total", "kind=maintenance"))
}

func TestMaintenanceThatEndedWhileThePluginWasStoppedIsEnded(t *testing.T) {
	machine := mesos.Machine{Hostname: "agent1"}
	var before mesos.Maintenance
	before.Windows = []mesos.MaintenanceWindow{{Machines: []mesos.Machine{machine}, Start: begin.Add(-time.Hour)}}
	before.Sent = begin.Add(-30 * time.Minute)
	log := &eventLog{}
	log.all = cluster.Maintained(nil, &before)
	require.Len(t, log.all, 1)

	maintain(t, log)
	told := log.of(events.KindMaintenance)
	require.Len(t, told, 2)
	require.Equal(t, events.WindowEnded, told[1].What)
	require.Equal(t, begin, told[1].Time)
	require.Equal(t, begin.Add(-time.Hour), told[1].NotBefore)
}

// A machine that was declared down before its window is in one maintenance, over a restart too.
func TestMaintenanceThatGoesOnOverARestartIsOne(t *testing.T) {
	window := mesos.MaintenanceWindow{Machines: []mesos.Machine{{Hostname: "agent1"}}, Start: begin.Add(-10 * time.Minute)}
	var planned, down mesos.Maintenance
	planned.Windows, planned.Sent = []mesos.MaintenanceWindow{window}, begin.Add(-time.Hour)
	down.Windows, down.Down, down.Sent = planned.Windows, window.Machines, begin.Add(-30*time.Minute)
	log := &eventLog{}
	log.all = cluster.Maintained(&planned, &down)
	require.Len(t, log.all, 1)
	_, clock, _ := maintain(t, log, window)
	clock.Advance(4 * time.Minute)
	require.Len(t, log.of(events.KindMaintenance), 1)
}

func TestAScheduleThatCannotBeReadCostsNothingElse(t *testing.T) {
	machine := mesos.Machine{IP: "10.0.0.1"}
	log := &eventLog{}
	client, clock, rec := maintain(t, log)
	client.set(func(f *fake) { f.err["maintenance"] = errors.New("made up") })
	client.plan(mesos.MaintenanceWindow{Machines: []mesos.Machine{machine}, Start: begin.Add(90 * time.Second)})
	clock.Advance(4 * time.Minute)
	require.Empty(t, log.of(events.KindMaintenance))
	require.Equal(t, 3.0, rec.sum(clock.Now(), "mesos_up"), "snapshot, state and roles")
	client.set(func(f *fake) { delete(f.err, "maintenance") })
	clock.Advance(4 * time.Minute)
	told := log.of(events.KindMaintenance)
	require.Len(t, told, 1)
	require.Equal(t, begin.Add(90*time.Second), told[0].Time, "it was planned for then")

	client.set(func(f *fake) { f.panics["maintenance"] = true })
	clock.Advance(4 * time.Minute)
	require.Equal(t, 3.0, rec.sum(clock.Now(), "mesos_up"))
	require.Empty(t, rec.find("mesos_up", "poll=maintenance"))
}
