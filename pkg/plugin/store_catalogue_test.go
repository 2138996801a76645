package plugin

import (
	"path/filepath"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

// A build without the engine on disk answers nothing where grafana.ini asks for it: history in memory instead would be
// lost with the next restart, which nobody expects.
func TestHistoryOnDiskInABuildWithoutItIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	s := newFixture(t, nil, workload)
	s.registry.newDisk = nil
	s.onDisk(path)
	answer, _ := s.check()
	require.Equal(t, backend.HealthStatusError, answer.Status)
	require.Contains(t, answer.Message, "history_path is set, and this build of the plugin keeps history in memory only: remove history_path from grafana.ini, or install the full build")
	require.NotContains(t, answer.Message, path)
	require.ErrorContains(t, s.ask(`{"expr": "mesos_up"}`).Error, "keeps history in memory only")
	require.NoDirExists(t, path)

	s.configure(map[string]any{"engine": "memory"})
	s.start().engine("memory")
	answer, _ = s.check()
	require.Equal(t, backend.HealthStatusOk, answer.Status, answer.Message)
	require.NoDirExists(t, path)
}

// Without history_path there is no difference.
func TestABuildWithoutTheEngineOnDiskKeepsHistoryInMemory(t *testing.T) {
	s := newFixture(t, nil, workload)
	s.registry.newDisk = nil
	s.start().engine("memory")
	require.NotEmpty(t, s.latest(`{"expr": "mesos_up{poll=\"state\"}"}`))
}
