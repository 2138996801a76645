package plugin

import (
	"sync"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// look has many look at once, each with a dashboard of three panels.
func (s *fixture) look(viewers int) {
	s.t.Helper()
	var wait sync.WaitGroup
	errs := make(chan error, 3*viewers)
	for range viewers {
		wait.Go(func() {
			request := &backend.QueryDataRequest{PluginContext: s.context()}
			for refID, query := range map[string]string{"A": cpusByFramework, "B": masterCPUs, "C": `{"expr": "mesos_up", "instant": true}`} {
				q := s.asked(query)
				q.RefID = refID
				request.Queries = append(request.Queries, q)
			}
			answer, err := s.plugin.QueryData(s.t.Context(), request)
			if err != nil {
				errs <- err
				return
			}
			for _, response := range answer.Responses {
				errs <- response.Error
			}
		})
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		require.NoError(s.t, err)
	}
}

// The cluster is asked as often for a hundred viewers as for none, also when
// all of them come at once before anything is known.
func TestTheLoadOnTheClusterDoesNotDependOnViewers(t *testing.T) {
	scenes := map[string]mesostest.Scene{
		"one master":    workload,
		"three masters": {Name: "14-ha", Prefix: []string{"leader-", "nonleader-"}},
	}
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			requests := func(first, later int) map[string]int {
				s := newFixture(t, nil, scene)
				s.look(first)
				s.clock.Settle()
				for range 3 {
					s.clock.Advance(every)
					s.look(later)
				}
				received := map[string]int{}
				for _, r := range s.cluster.Requests() {
					received[r.Host+r.Path]++
				}
				return received
			}
			none, hundred := requests(1, 0), requests(100, 100) // one viewer starts the polling
			require.Equal(t, none, hundred)
			for path, n := range map[string]int{"/redirect": 1, "/metrics/snapshot": 4, "/state": 4, "/roles": 4} {
				require.Equal(t, n, hundred[mesostest.Master+path], path)
			}
		})
	}
}
