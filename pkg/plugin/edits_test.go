package plugin

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/series"
)

// inForce requires that there is one collector and one history, those of before,
// that the newest settings are in force, and that polling goes on by them with
// no history lost.
func (s *fixture) inForce(collecting *collector.Collector, pollInterval, retention time.Duration) {
	s.t.Helper()
	require.NoError(s.t, s.ask(cpusByFramework).Error) // a request brings the settings
	src := s.source()
	require.Same(s.t, collecting, src.collector)
	require.Equal(s.t, pollInterval, src.settings.PollInterval)
	require.Equal(s.t, retention, src.settings.Retention)
	require.Equal(s.t, pollInterval, src.collector.Interval(series.PollSnapshot))

	before := s.cluster.Count(mesostest.Master, "/state")
	s.clock.Advance(10 * pollInterval)
	polls := s.cluster.Count(mesostest.Master, "/state") - before
	require.GreaterOrEqual(s.t, polls, 10)
	require.LessOrEqual(s.t, polls, 11, "one collector polls; new settings are tried at once")
	s.works()
	for name, points := range pointsOf(s.t, s.ask(`{"expr": "mesos_framework_cpus_allocated"}`)) {
		// The points of a slow poll are on its schedule, not on the range's start.
		require.Less(s.t, points[0].at, 2*time.Minute, "%s: history from before the edits", name)
	}
}

func edited(n int) map[string]any {
	return map[string]any{"pollInterval": fmt.Sprintf("%ds", 20+n), "retention": fmt.Sprintf("%dh", 24+n)}
}

// A dashboard of a hundred queries is open during edits of a hundred
// times. Some of its queries still carry the settings of the edit before.
func TestAHundredEditsKeepOneCollectorAndOneHistory(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.works()
	collecting, store := s.source().collector, s.source().store

	var wait sync.WaitGroup
	errs := make(chan error, 1000)
	asks := func(from backend.PluginContext) {
		wait.Go(func() {
			answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
				PluginContext: from, Queries: []backend.DataQuery{s.asked(cpusByFramework)},
			})
			if err == nil {
				err = answer.Responses["A"].Error
			}
			errs <- err
		})
	}
	const edits = 100
	for n := range edits {
		old := s.context()
		s.configure(edited(n))
		asks(old)
		asks(s.context())
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	s.inForce(collecting, (20+edits-1)*time.Second, (24+edits-1)*time.Hour)
	require.Same(t, store, s.source().store)
}

// Grafana sends the time of an edit in whole seconds.
func TestTheSecondEditWithinASecondCounts(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	collecting := s.source().collector
	s.configure(edited(1))
	require.NoError(t, s.ask(cpusByFramework).Error)
	updated := s.ds.Updated
	s.configure(edited(2))
	s.edit(func(ds *backend.DataSourceInstanceSettings) { ds.Updated = updated })
	s.inForce(collecting, 22*time.Second, 26*time.Hour)
}

// A request that was on its way during an edit is answered, and changes
// nothing.
func TestAnOlderRequestDoesNotBringOldSettingsBack(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	collecting := s.source().collector
	old := s.context()
	s.configure(edited(1))
	require.NoError(t, s.ask(cpusByFramework).Error)
	require.NoError(t, s.askFrom(old, cpusByFramework).Error)
	require.Equal(t, 21*time.Second, s.source().settings.PollInterval)
	s.inForce(collecting, 21*time.Second, 25*time.Hour)
}

// Grafana does not notify a plugin of a deleted data source. One that is made again
// under the UID of before, with a new numeric id, is the same to dashboards.
func TestADataSourceMadeAgainUnderItsUIDGoesOn(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.works()
	collecting := s.source().collector
	s.configure(edited(1))
	s.edit(func(ds *backend.DataSourceInstanceSettings) { ds.ID, ds.Name = 77, "Mesos, made again" })
	s.inForce(collecting, 21*time.Second, 25*time.Hour)
}

// UIDs are per organization.
func TestTheSameUIDInAnotherOrgIsAnotherDataSource(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.clock.Advance(every)
	other := s.context()
	other.OrgID = 2
	for _, points := range pointsOf(t, s.askFrom(other, `{"expr": "mesos_framework_cpus_allocated"}`)) {
		require.GreaterOrEqual(t, points[0].at, every, "nothing of the first org's history")
	}
	require.Len(t, s.registry.sources, 2)
}

// Settings that cannot be used stop the polling and keep the history.
func TestUnusableSettingsStopPollingAndKeepHistory(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.works()
	store := s.source().store
	s.configure(map[string]any{"masters": []string{"master1"}})
	require.ErrorContains(t, s.ask(cpusByFramework).Error, "has no scheme")
	before := s.cluster.Count("", "")
	s.clock.Advance(10 * every)
	require.Equal(t, before, s.cluster.Count("", ""))

	s.configure(nil)
	s.start().works()
	require.Same(t, store, s.source().store)
	for name, points := range pointsOf(t, s.ask(`{"expr": "mesos_framework_cpus_allocated"}`)) {
		require.Zero(t, points[0].at, name)
		for _, p := range points {
			require.False(t, p.at > every && p.at < 10*every, "%s at %s: nobody asked", name, p.at)
		}
	}
}

// A poll that failed at an address that was removed is no news of the masters in the settings.
func TestSaveAndTestNamesNoAddressThatWasRemoved(t *testing.T) {
	const typo = "127.0.0.1:9"
	for name, c := range map[string]struct{ before, beside, outage bool }{
		"the first address is wrong":         {},
		"a right one was there before":       {before: true},
		"a wrong one is beside the right":    {beside: true},
		"a wrong one was added to the right": {before: true, beside: true},
		"nobody answered, and one was wrong": {before: true, beside: true, outage: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t, nil, workload)
			if c.before {
				s.start().works()
			}
			masters := []string{"http://" + typo}
			if c.beside {
				masters = append(s.cluster.Masters(), masters...)
			}
			s.configure(map[string]any{"masters": masters})
			s.start().clock.Advance(20 * every)
			if c.outage {
				s.cluster.Kill(mesostest.Master)
				s.clock.Advance(5 * every)
				s.cluster.Revive(mesostest.Master)
				s.clock.Advance(5 * every)
			}
			result, details := s.check()
			require.Equal(t, c.beside, result.Status == backend.HealthStatusOk)
			require.Contains(t, result.Message+details, typo)

			s.configure(nil)
			s.start()
			for range 3 {
				result, details = s.check()
				require.Equal(t, backend.HealthStatusOk, result.Status, result.Message)
				require.NotContains(t, result.Message+details+string(result.JSONDetails), typo)
				for _, notice := range s.ask(cpusByFramework).Frames[0].Meta.Notices {
					require.NotContains(t, notice.Text, typo)
				}
				s.clock.Advance(every)
			}
		})
	}
}
