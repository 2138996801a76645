package plugin

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

func (s *fixture) report() (report Report, details string) {
	s.t.Helper()
	answer, details := s.check()
	var all struct{ Report *Report }
	require.NoError(s.t, json.Unmarshal(answer.JSONDetails, &all))
	require.NotNil(s.t, all.Report)
	return *all.Report, details
}

// What Save & test draws and what it lists are the same.
func TestHealthReport(t *testing.T) {
	s := newFixture(t, map[string]any{"agentStatistic": true}, workload)
	got, details := s.report()
	state := readState(t, "03-workload/master-get_state")
	leader := s.cluster.Address(mesostest.Master)
	require.Equal(t, leader, got.Leader)
	require.Equal(t, "1.12.0", got.Version)
	require.Equal(t, len(state.Slaves), got.Agents)
	require.Equal(t, len(state.Frameworks), got.Frameworks)
	require.Equal(t, []MasterReport{{Address: leader, Leading: true}}, got.Masters)
	require.Len(t, got.Polls, 3)
	for _, p := range got.Polls {
		require.Empty(t, p.Error+p.Result, p.Page)
		require.Contains(t, details, p.Page+": every "+p.Every+", "+p.Size+", took "+p.Took+" ("+p.Master+" of it the master's work)")
	}
	require.Contains(t, details, "History: "+got.History)
	require.Contains(t, details, "Events: "+got.Events)
	require.Len(t, got.Warnings, 1)
	require.Contains(t, details, "Warning: "+got.Warnings[0])
	require.Empty(t, got.Missing)
}

// A test that fails says as well which poll failed, and which master does not answer.
func TestHealthReportOfAnOutage(t *testing.T) {
	s := newFixture(t, nil, workload)
	s.cluster.Kill(mesostest.Master)
	s.start()
	got, _ := s.report()
	require.NotEmpty(t, got.Polls[0].Error)
	require.Empty(t, got.Polls[0].Took)
}
