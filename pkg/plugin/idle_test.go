package plugin

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// held returns how many sources the registry has.
func (s *fixture) held() int {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return len(s.registry.sources)
}

// Grafana does not tell a plugin that a data source was deleted: it is one for
// which nobody sends requests any more.
func TestADeletedDataSourceIsReleased(t *testing.T) {
	s := newFixture(t, map[string]any{"idleTimeout": "10m"}, workload).start()
	s.works()
	requested := s.clock.Now()
	collecting := weak.Make(s.source().collector)
	kept := weak.Make(s.source().store.(*memory.Store))

	s.clock.Advance(10*time.Minute - time.Second)
	require.Equal(t, 1, s.held())
	s.clock.Advance(time.Second)
	require.Equal(t, 10*time.Minute, s.clock.Now().Sub(requested))
	require.Zero(t, s.held())
	require.Contains(t, s.heard(), "Data source released: nobody has sent a request source 1-mesos for 10m0s")
	require.Eventually(t, func() bool { runtime.GC(); return kept.Value() == nil && collecting.Value() == nil }, 5*time.Second, time.Millisecond, "collector and history are garbage")
	polls := s.cluster.Count("", "")
	s.clock.Advance(time.Hour)
	require.Equal(t, polls, s.cluster.Count("", ""), "no request is sent any more")

	// It was not deleted after all.
	s.start().clock.Advance(2 * every)
	s.works()
	for name, points := range pointsOf(t, s.ask(`{"expr": "mesos_framework_cpus_allocated"}`)) {
		require.GreaterOrEqual(t, points[0].at, time.Hour, "%s: what was in memory is lost", name)
	}
}

// Every kind of request keeps a data source: rules and panels, lists, status,
// Save & test.
func TestEveryRequestKeepsADataSource(t *testing.T) {
	for name, request := range map[string]func(*fixture){
		"query":         func(s *fixture) { s.ask(cpusByFramework) },
		"list":          func(s *fixture) { s.call("GET labels", "") },
		"status":        func(s *fixture) { s.call("GET status", "") },
		"save and test": func(s *fixture) { s.check() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t, map[string]any{"idleTimeout": "5m"}, workload).start()
			for range 4 {
				s.clock.Advance(3 * time.Minute)
				request(s)
			}
			for name, points := range pointsOf(t, s.ask(`{"expr": "mesos_framework_cpus_allocated"}`)) {
				require.Zero(t, points[0].at, "%s: history from the beginning", name)
			}
		})
	}
}

// Settings that cannot be used never start a collector; their history is
// released all the same.
func TestADataSourceWithUnusableSettingsIsReleased(t *testing.T) {
	s := newFixture(t, map[string]any{"idleTimeout": "5m"}, workload).start()
	s.configure(map[string]any{"idleTimeout": "5m", "masters": []string{"master1"}})
	require.Error(t, s.ask(cpusByFramework).Error)
	require.Equal(t, 1, s.held())
	s.clock.Advance(5 * time.Minute)
	require.Zero(t, s.held())
}

func TestAShorterIdleTimeoutCountsAtOnce(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.configure(map[string]any{"idleTimeout": "1m"})
	s.ask(cpusByFramework)
	require.Eventually(t, func() bool { s.clock.Advance(time.Minute); return s.held() == 0 }, 5*time.Second, time.Millisecond)
}

// On disk nothing is lost: the next request opens the directory again, also while
// many come at once.
func TestAReleasedHistoryOnDiskIsOpenedAgain(t *testing.T) {
	path := t.TempDir()
	s := newFixture(t, map[string]any{"idleTimeout": "1m"}, workload).onDisk(path).start()
	s.engine("disk")
	for range 4 {
		s.clock.Advance(every)
	}
	points := countPoints(t, s.source().store)
	require.Positive(t, points)
	s.clock.Advance(time.Minute)
	require.Zero(t, s.held())
	require.NoFileExists(t, filepath.Join(path, "1-mesos", "lock"), "closed")

	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() { _, _ = s.registry.For(t.Context(), s.context()) })
	}
	wait.Wait()
	s.start().engine("disk")
	require.GreaterOrEqual(t, countPoints(t, s.source().store), points)
	var got StatusAnswer
	code, raw := s.call("GET status", "")
	require.Equal(t, http.StatusOK, code)
	require.NoError(t, json.Unmarshal(raw, &got))
	require.Empty(t, got.History.Note)
}

// Requests that come at the very moment of the release are answered.
func TestRequestsAtTheMomentOfTheReleaseAreAnswered(t *testing.T) {
	s := newFixture(t, map[string]any{"idleTimeout": "1m"}, workload).start()
	for range 20 {
		var wait sync.WaitGroup
		errs := make(chan error, 10)
		for range 10 {
			wait.Go(func() {
				_, err := s.registry.For(t.Context(), s.context())
				errs <- err
			})
		}
		s.clock.Advance(time.Minute)
		wait.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		require.LessOrEqual(t, s.held(), 1)
	}
	require.Positive(t, s.cluster.Count(mesostest.Master, "/state"))
}
