package plugin

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// Grafana is restarted while the cluster is away.
func TestAfterARestartDuringAnOutageTheHistoryAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	before := newFixture(t, nil, workload).onDisk(path).start()
	before.engine("disk")
	before.clock.Advance(5 * every)
	up := before.latest(`{"expr": "mesos_up{poll=\"state\"}", "legendFormat": "{{cluster}}"}`)
	require.Len(t, up, 1)
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	before.registry.Close(ctx)

	s := newFixture(t, nil, workload).onDisk(path)
	s.cluster = before.cluster // others would be another one's
	s.configure(nil)
	s.clock.Advance(10 * every)
	s.cluster.Kill(mesostest.Master)
	began := time.Now()
	s.start().engine("disk")
	s.clock.Advance(4 * every)
	for name := range up {
		require.Equal(t, map[string]float64{name: 0}, s.latest(`{"expr": "mesos_up{poll=\"state\"}", "legendFormat": "{{cluster}}"}`), "down, and not absent")
	}
	for _, resource := range []string{"label-values?label=agent", "labels", "label-values?label=__name__&match[]=mesos_agent_info"} {
		code, body := s.call("GET "+resource, "")
		require.Equal(t, http.StatusOK, code, "%s: %s", resource, body)
		var list struct{ Data []string }
		require.NoError(t, json.Unmarshal(body, &list))
		require.NotEmpty(t, list.Data, resource)
	}
	require.Less(t, time.Since(began), 10*time.Second)
}

func TestWithoutHistoryLabelValuesAreTheError(t *testing.T) {
	s := newFixture(t, nil, workload)
	s.cluster.Kill(mesostest.Master)
	s.start()
	code, body := s.call("GET label-values?label=agent", "")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, string(body), "No answer from the master")
}
