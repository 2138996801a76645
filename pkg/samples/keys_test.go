package samples

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

func TestResourcesOfASnapshotAreRoundedAsMesosRoundsThem(t *testing.T) {
	const dust = 5.551115123e-17
	type numbers = map[string]float64
	for _, c := range []struct {
		origin catalogue.Origin
		key    string
		values numbers
		want   any // nil: no series
	}{
		{catalogue.Master, "master/cpus_used", numbers{"master/cpus_used": dust}, 0.0},
		{catalogue.Master, "master/cpus_used", numbers{"master/cpus_used": -dust}, 0.0},
		{catalogue.Master, "master/cpus_used", numbers{"master/cpus_used": 14.5500000000001}, 14.55},
		{catalogue.Master, "master/mem_used", numbers{"master/mem_used": 0.30000000000000004}, 0.3},
		{catalogue.Master, "master/cpus_revocable_used", numbers{"master/cpus_revocable_used": dust}, 0.0},
		{catalogue.Master, "allocator/mesos/resources/cpus/offered_or_allocated", numbers{"allocator/mesos/resources/cpus/offered_or_allocated": dust}, 0.0},
		{catalogue.Master, "allocator/mesos/quota/roles/a/resources/cpus/guarantee", numbers{"allocator/mesos/quota/roles/a/resources/cpus/guarantee": 0.30000000000000004}, 0.3},
		{catalogue.Master, "allocator/mesos/quota/roles/a/resources/licenses/guarantee", numbers{"allocator/mesos/quota/roles/a/resources/licenses/guarantee": dust}, 0.0},
		{catalogue.Master, "allocator/mesos/roles/a/shares/dominant", numbers{"allocator/mesos/roles/a/shares/dominant": 2.775557561e-17}, 0.0},
		{catalogue.Master, "allocator/mesos/roles/a/shares/dominant", numbers{"allocator/mesos/roles/a/shares/dominant": 1e-10}, 1e-10},
		{catalogue.Agent, "slave/cpus_used", numbers{"slave/cpus_used": dust}, 0.0},
		// What is no resource stays as it is.
		{catalogue.Master, "master/uptime_secs", numbers{"master/uptime_secs": 1.23456789}, 1.23456789},
		{catalogue.Master, "system/load_1min", numbers{"system/load_1min": 0.12345}, 0.12345},
		{catalogue.Master, "fork/cpus_share", numbers{"fork/cpus_share": 37.5}, 37.5},

		{catalogue.Master, "master/cpus_percent", numbers{"master/cpus_percent": 2.775557561e-17, "master/cpus_used": dust, "master/cpus_total": 4}, 0.0},
		{catalogue.Master, "master/cpus_percent", numbers{"master/cpus_percent": 0.454687500000005, "master/cpus_used": 14.5500000000001, "master/cpus_total": 32}, 0.4546875},
		{catalogue.Master, "master/mem_percent", numbers{"master/mem_percent": 37.5, "master/mem_used": 3, "master/mem_total": 8}, 0.375},
		{catalogue.Master, "master/mem_percent", numbers{"master/mem_percent": 37.5}, nil},
		{catalogue.Master, "master/mem_percent", numbers{"master/mem_percent": 37.5, "master/mem_used": 3}, nil},
		{catalogue.Master, "master/gpus_percent", numbers{"master/gpus_percent": 0, "master/gpus_used": 0, "master/gpus_total": 0}, 0.0},
		{catalogue.Agent, "slave/cpus_percent", numbers{"slave/cpus_percent": 1.1, "slave/cpus_used": 1.1, "slave/cpus_total": 1}, 1.1},
		{catalogue.Agent, "slave/cpus_revocable_percent", numbers{"slave/cpus_revocable_percent": 50, "slave/cpus_revocable_used": 1, "slave/cpus_revocable_total": 2}, 0.5},
	} {
		keys := keyCache{}
		keys.learn(c.origin, c.values)
		got, known := keys[c.key].number(c.key, c.values)
		if c.want == nil {
			require.False(t, known, "%s of %v", c.key, c.values)
			continue
		}
		require.True(t, known, "%s of %v", c.key, c.values)
		require.Equal(t, c.want, got, "%s of %v", c.key, c.values)
	}
}

// The cluster's sums of a principal that sees a part come from the snapshot.
func TestTheClustersFiguresOfASnapshotHaveNoDust(t *testing.T) {
	f, _ := figuresFrom(&mesos.Metrics{Values: map[string]float64{"master/cpus_used": 5.551115123e-17, "master/mem_used": 0.30000000000000004, "master/cpus_total": 4}})
	require.Equal(t, map[cluster.Kind]float64{cluster.CPUs: 0, cluster.Memory: 0.3 * 1048576}, f.resources["allocated"])
	require.Equal(t, map[cluster.Kind]float64{cluster.CPUs: 4}, f.resources["capacity"])
}

// The limit of a container is the sum of its resources, as an agent adds doubles.
func TestLimitsOfContainersHaveNoDust(t *testing.T) {
	var r mesos.Readings
	r.Set(mesos.StatisticOf("cpus_limit"), 0.30000000000000004)
	for _, c := range readingColumns() {
		n, known := c.read(nil, &r)
		require.Equal(t, c.name == "mesos_executor_cpus_limit", known, c.name)
		if known {
			require.Equal(t, 0.3, n)
		}
	}
}

// A snapshot is compared with the one before, for which the model as of then must not be kept:
// its tasks take more memory than all else.
func TestASnapshotKeepsNoModel(t *testing.T) {
	w := NewWriter(newWritten())
	require.NoError(t, w.Rename(t.Context(), "test", time.Unix(1, 0)))
	freed := make(chan struct{})
	func() {
		m := cluster.Build(&mesos.State{PID: "master@10.0.0.1:5050", Frameworks: []mesos.Framework{{ID: "F1"}}}, nil)
		runtime.SetFinalizer(m, func(*cluster.Cluster) { close(freed) })
		require.NoError(t, w.Snapshot(t.Context(), &mesos.Metrics{Values: map[string]float64{"master/uptime_secs": 1}}, m, time.Time{}, Health{Poll: series.PollSnapshot}))
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		select {
		case <-freed:
			return true
		default:
			return false
		}
	}, 30*time.Second, 10*time.Millisecond)
	require.True(t, w.before.frameworks["F1"])
}
