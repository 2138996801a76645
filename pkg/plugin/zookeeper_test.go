package plugin

import (
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// Masters found through ZooKeeper, as a user sees it: what Save & test says,
// also of wrong or missing credentials, and that no secret leaves.
func TestMastersFoundThroughZooKeeper(t *testing.T) {
	const digest = "mesos:hunter2"
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Protect(digest)
	s := newFixture(t, map[string]any{"masters": []string{zooKeeper.URL("/mesos")}},
		mesostest.Scene{Name: "14-ha", Prefix: []string{"leader-", "nonleader-"}})
	zooKeeper.Elect(s.cluster, "/mesos", mesostest.Master, mesostest.Master2, mesostest.Master3)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{"zkDigest": "mesos:wr0ng"}
	})
	s.start()
	response := s.ask(cpusByAgent)
	health, _ := s.check()
	for _, said := range []string{response.Error.Error(), health.Message} {
		require.Contains(t, said, "ZooKeeper at "+zooKeeper.Address()+" does not let the user of zkDigest read /mesos")
		require.Contains(t, said, "zkDigest")
	}

	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{"zkDigest": digest}
	})
	s.start()
	s.clock.Advance(every)
	health, details := s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status, health.Message)
	require.Contains(t, details, "Master "+s.cluster.Address(mesostest.Master)+": leader")
	require.Contains(t, details, "Master "+s.cluster.Address(mesostest.Master2)+": follower")
	require.Contains(t, details, "Master "+s.cluster.Address(mesostest.Master3)+": follower")
	require.Len(t, s.latest(cpusByAgent), 3)

	zooKeeper.Kill()
	s.clock.Advance(4 * every)
	health, _ = s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status, "the leader answers: %s", health.Message)
	for _, secret := range []string{"hunter2", "wr0ng"} {
		require.NotContains(t, s.heard(), secret)
	}
	require.Zero(t, s.cluster.Count("", "/redirect"))
}
