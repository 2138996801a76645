package collector_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

func TestRolesThatAreRefusedOrMissingCostRolesOnly(t *testing.T) {
	for name, err := range map[string]error{
		"403":          failure(mesos.Forbidden),
		"404":          failure(mesos.NotMesos),
		"501":          failure(mesos.Protocol),
		"garbage":      errors.New("made up: not JSON"),
		"unreachable":  failure(mesos.Network),
		"slow":         failure(mesos.Timeout),
		"unauthorized": failure(mesos.Auth),
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, collector.Settings{}, func(f *fake) { f.err["roles"] = err })
			f.clock.Advance(10 * time.Minute)
			now := f.clock.Now()

			require.Equal(t, 1+40, f.count("state"), "/state is asked for as often as ever")
			require.NoError(t, f.Ready(t.Context()))
			require.NoError(t, f.Check(t.Context()))
			for i, s := range f.rec.one(t, "mesos_cluster_cpus_capacity").samples {
				require.Equal(t, begin.Add(time.Duration(i)*interval).UnixMilli(), s.t, "no sample is late")
				require.Equal(t, 4.0, s.v)
			}
			require.Equal(t, 1.0, f.rec.sum(now, "mesos_role_cpus_allocated", "role=prod"), "it needs no /roles")
			require.Equal(t, 1.0, f.rec.sum(now, "mesos_role_tasks", "role=prod"))
			require.Zero(t, f.rec.open(now, "mesos_role_weight"))

			up := f.rec.one(t, "mesos_up", "poll=roles")
			for i, s := range up.samples {
				require.Zero(t, s.v)
				if i > 0 {
					require.LessOrEqual(t, s.t-up.samples[i-1].t, int64(2*interval/time.Millisecond), "it stays within a query's look-back")
				}
			}
			require.Less(t, len(up.samples), 25, "it backs off")
			require.Equal(t, float64(len(up.samples)), f.rec.sum(now, "mesos_poll_failures_total", "poll=roles"))
			require.Zero(t, f.rec.sum(now, "mesos_poll_failures_total", "poll=state"))
			for _, p := range f.Status().Polls {
				if p.Poll == series.PollRoles {
					require.ErrorIs(t, p.Err, err)
				} else {
					require.NoError(t, p.Err, p.Poll)
				}
			}

			f.set(func(f *fake) { delete(f.err, "roles") })
			f.clock.Advance(2 * interval)
			require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_role_weight"), "back with the second /state at the latest")
			require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=roles"))
		})
	}
}

func TestSamplesOfARoleCarryTheTimeOfTheRequestTheyAreFrom(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) {
		f.roles.Roles = append(f.roles.Roles, mesos.Role{Name: "idle", Weight: 2})
		f.late["roles"] = 300 * time.Millisecond // reading /state took that long
	})
	f.clock.Advance(interval)
	f.set(func(f *fake) { f.late["roles"] = 15 * time.Millisecond })
	f.clock.Advance(interval)
	for role, want := range map[string][2]string{
		"prod": {"0s 1, 15s 1, 30s 1", "300ms 1, 15.3s 1, 30s 1"},
		"idle": {"0s 0, 15s 0, 30s 0", "300ms 2, 15.3s 2, 30s 2"}, // only /roles names it
	} {
		require.Equal(t, want[0], f.rec.one(t, "mesos_role_cpus_allocated", "role="+role).text(begin), role)
		require.Equal(t, want[1], f.rec.one(t, "mesos_role_weight", "role="+role).text(begin), role)
	}
}

func TestABatchThatAnotherGrafanaTookOverFromIsNoFault(t *testing.T) {
	f := start(t, collector.Settings{})
	f.rec.set(func(r *recorder) { r.broken = fmt.Errorf("a batch: %w", series.ErrNotCollecting) })
	f.clock.Advance(10 * interval)
	require.Equal(t, 11, f.count("snapshot"))
	require.Zero(t, f.Status().Storage)
}

func TestABatchThatCannotBeStoredIsAFaultOfTheStorage(t *testing.T) {
	f := start(t, collector.Settings{})
	require.Zero(t, f.Status().Storage)
	full := errors.New("made up: no space left on device")
	f.rec.set(func(r *recorder) { r.broken = full })
	f.clock.Advance(10 * interval)

	status := f.Status()
	require.ErrorIs(t, status.Storage.Err, full)
	require.Equal(t, uint64(30), status.Storage.Failures, "snapshot, state and roles, ten times each")
	require.Equal(t, f.clock.Now(), status.Storage.LastFailure)
	require.Positive(t, status.SeriesDropped)
	require.Contains(t, status.SeriesDroppedWhy, "no space left")
	for _, p := range status.Polls {
		require.NoError(t, p.Err, "the master answered %s", p.Poll)
		require.Equal(t, f.clock.Now(), p.LastSuccess.UTC(), p.Poll)
		require.Zero(t, p.Failures)
	}
	require.NoError(t, f.Check(t.Context()))
	require.Equal(t, 11, f.count("snapshot"), "nothing is asked for twice, and nothing backs off")

	f.rec.set(func(r *recorder) { r.broken = nil })
	f.clock.Advance(2 * interval) // with the first, what was dropped before is written
	require.NoError(t, f.Status().Storage.Err)
	require.Zero(t, f.Status().SeriesDropped)
	now := f.clock.Now()
	require.Equal(t, 1.0, f.rec.sum(now, "mesos_up", "poll=snapshot"))
	require.Zero(t, f.rec.sum(now, "mesos_poll_failures_total"))
	require.Zero(t, f.rec.sum(now, "mesos_series_dropped"))
	require.Equal(t, 4.0, f.rec.sum(now, "mesos_cluster_cpus_capacity"))
}
