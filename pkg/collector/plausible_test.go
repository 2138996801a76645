package collector_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// with sets statistics of a reading by their keys.
func with(r mesos.Readings, values map[string]float64) mesos.Readings {
	for key, n := range values {
		r.Set(mesos.StatisticOf(key), n)
	}
	return r
}

// eachAnswer makes an agent's container answer what of returns for the n-th answer.
func eachAnswer(of func(n int, at time.Time) mesos.Readings) func(*fake, *fakeAgents) {
	return func(_ *fake, a *fakeAgents) {
		n := -1
		a.use = func(_ string, at time.Time) mesos.Readings { n++; return of(n, at) }
	}
}

// leftOut returns what was left out of a kind of poll.
func (f *faked) leftOut(poll series.Poll) samples.LeftOut {
	for _, l := range f.Status().LeftOut {
		if l.Poll == poll {
			return l
		}
	}
	return samples.LeftOut{}
}

// The fake agents offer 4 CPUs, 1 GiB of memory and no disk; the container is
// allocated 1 CPU and 32 MiB.
func TestMoreCPUTimeThanAnAgentHasIsAGap(t *testing.T) {
	cpu := func(seconds ...float64) func(int, time.Time) mesos.Readings {
		return func(n int, at time.Time) mesos.Readings { return reading(at, seconds[min(n, len(seconds)-1)]) }
	}
	for name, c := range map[string]struct {
		of   func(int, time.Time) mesos.Readings
		own  map[string]float64
		want string // of cpus_used of the container and all its sums
		raw  string // of cpu_seconds_total
		left uint64
	}{
		"the CPU time of the host, once": {
			cpu(10, 11.5, 8450000, 13, 14.5), nil,
			"16.5s 0.1, 31.5s end, 1m1.5s 0.1", "1.5s 10, 16.5s 11.5, 31.5s end, 46.5s 13, 1m1.5s 14.5", 1,
		},
		"all CPUs, where the limit is not enforced": {
			cpu(0, 60, 120, 180, 240), nil,
			"16.5s 4, 31.5s 4, 46.5s 4, 1m1.5s 4", "1.5s 0, 16.5s 60, 31.5s 120, 46.5s 180, 1m1.5s 240", 0,
		},
		"twice what the agent offers may be the machine's": {
			cpu(0, 120, 120), nil, "16.5s 8, 31.5s 0, 46.5s 0, 1m1.5s 0", "1.5s 0, 16.5s 120, 31.5s 120, 46.5s 120, 1m1.5s 120", 0,
		},
		"more than that may not": {
			cpu(0, 121, 121), nil, "31.5s 0, 46.5s 0, 1m1.5s 0", "1.5s 0, 16.5s end, 31.5s 121, 46.5s 121, 1m1.5s 121", 1,
		},
		"but on a machine of 32 CPUs, of which the agent offers 4": {
			cpu(0, 480, 480), map[string]float64{"system/cpus_total": 32, "system/mem_total_bytes": 64 << 30},
			"16.5s 32, 31.5s 0, 46.5s 0, 1m1.5s 0", "1.5s 0, 16.5s 480, 31.5s 480, 46.5s 480, 1m1.5s 480", 0,
		},
		"more than a machine of 4 CPUs": {
			cpu(0, 105, 105), map[string]float64{"system/cpus_total": 4, "system/mem_total_bytes": 64 << 30},
			"31.5s 0, 46.5s 0, 1m1.5s 0", "1.5s 0, 16.5s end, 31.5s 105, 46.5s 105, 1m1.5s 105", 1,
		},
		"many times the limit, which is enforced": {
			func(n int, at time.Time) mesos.Readings {
				return with(reading(at, []float64{0, 1500, 1500, 1500, 1500}[n]), map[string]float64{"cpus_limit": 1.1, "cpus_nr_periods": float64(100 * n)})
			},
			map[string]float64{"system/cpus_total": 128, "system/mem_total_bytes": 64 << 30},
			"31.5s 0, 46.5s 0, 1m1.5s 0", "1.5s 0, 16.5s end, 31.5s 1500, 46.5s 1500, 1m1.5s 1500", 1,
		},
		"the same where it is not": {
			func(n int, at time.Time) mesos.Readings {
				return with(reading(at, []float64{0, 1500, 1500, 1500, 1500}[n]), map[string]float64{"cpus_limit": 1.1})
			},
			map[string]float64{"system/cpus_total": 128, "system/mem_total_bytes": 64 << 30},
			"16.5s 100, 31.5s 0, 46.5s 0, 1m1.5s 0", "1.5s 0, 16.5s 1500, 31.5s 1500, 46.5s 1500, 1m1.5s 1500", 0,
		},
		"negative, and beyond 64 bits": {
			cpu(10, -1, 1<<63, math.Inf(1), 16), nil, "", "1.5s 10, 16.5s end, 1m1.5s 16", 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := startAgents(t, 1, collector.Settings{}, eachAnswer(c.of), func(_ *fake, a *fakeAgents) { a.own = c.own })
			f.clock.Advance(5*interval - time.Second)
			require.Equal(t, c.raw, f.rec.one(t, "mesos_executor_cpu_seconds_total", "mode=user").text(begin))
			for _, entity := range []string{"task", "executor", "agent", "framework", "role", "cluster"} {
				used, measured := f.rec.find("mesos_"+entity+"_cpus_used"), f.rec.find("mesos_"+entity+"_cpus_measured")
				if c.want == "" {
					require.Empty(t, used, entity)
					require.Empty(t, measured, entity)
					continue
				}
				require.Equal(t, c.want, used[0].text(begin), entity)
				for i, x := range measured[0].samples { // what is allocated to it has the same gaps
					require.Equal(t, used[0].samples[i].t, x.t, entity)
					require.Equal(t, series.IsStale(used[0].samples[i].v), series.IsStale(x.v), entity)
				}
				require.Len(t, f.rec.one(t, "mesos_"+entity+"_memory_used_bytes").samples, 5, "memory is known all the time")
			}
			require.Equal(t, c.left, f.leftOut(series.PollAgents).Values)
		})
	}
}

func TestWhatIsLeftOutIsToldWithAnExample(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, eachAnswer(func(n int, at time.Time) mesos.Readings {
		return reading(at, []float64{10, 11.5, 8450000, 13}[min(n, 3)])
	}))
	f.clock.Advance(4*interval - time.Second)
	at := begin.Add(31*time.Second + 500*time.Millisecond)
	left := f.leftOut(series.PollAgents)
	require.True(t, left.First.Equal(at) && left.Last.Equal(at), left)
	require.Equal(t, "1 value of the poll agents cannot be true and was left out, at 2026-11-21 08:00:31 UTC: a gap is shown instead. "+
		"Executor t1 on agent agent1: the CPU time rose by 8449988.5 s in 15 s. The agent offers 4 CPUs, 1 GiB of memory, 0 bytes of disk.", left.String())
}

func TestAmountsAndCountersOfAContainerThatCannotBe(t *testing.T) {
	const gib = 1 << 30
	for name, c := range map[string]struct {
		key    string
		values [3]float64
		series string
		want   string // of the series
		own    map[string]float64
	}{
		"memory above the agent's": {"mem_rss_bytes", [3]float64{gib, 2*gib + 1, gib}, "mesos_executor_memory_rss_bytes", "1.5s 1.073741824e+09, 16.5s end, 31.5s 1.073741824e+09", nil},
		"memory above the machine's": {"mem_rss_bytes", [3]float64{8 * gib, 9 * gib, 8 * gib}, "mesos_executor_memory_used_bytes", "1.5s 8.589934592e+09, 16.5s end, 31.5s 8.589934592e+09",
			map[string]float64{"system/cpus_total": 4, "system/mem_total_bytes": 8 * gib}},
		"a machine that cannot be":   {"mem_rss_bytes", [3]float64{gib, 3 * gib, gib}, "mesos_executor_memory_used_bytes", "1.5s 1.073741824e+09, 16.5s end, 31.5s 1.073741824e+09", map[string]float64{"system/mem_total_bytes": 1e300}},
		"memory of -1 bytes":         {"mem_cache_bytes", [3]float64{1, -1, 1}, "mesos_executor_memory_cache_bytes", "1.5s 1, 16.5s end, 31.5s 1", nil},
		"-1 without a sign":          {"mem_rss_bytes", [3]float64{1, 1<<64 - 1, 1}, "mesos_agent_memory_used_bytes", "1.5s 1, 16.5s end, 31.5s 1", nil},
		"no limit is none":           {"mem_limit_bytes", [3]float64{1, 1<<63 - 4096, 1}, "mesos_executor_memory_limit_bytes", "1.5s 1, 16.5s end, 31.5s 1", nil},
		"disk without a known size":  {"disk_used_bytes", [3]float64{1, 1 << 61, 1}, "mesos_executor_disk_used_bytes", "1.5s 1, 16.5s end, 31.5s 1", nil},
		"processes":                  {"processes", [3]float64{1, 1 << 23, 1}, "mesos_executor_processes", "1.5s 1, 16.5s end, 31.5s 1", nil},
		"bytes of the network":       {"net_rx_bytes", [3]float64{1, 1e16, 2}, "mesos_executor_network_receive_bytes_total", "1.5s 1, 16.5s end, 31.5s 2", nil},
		"a fast network":             {"net_tx_bytes", [3]float64{0, 1e12, 2e12}, "mesos_executor_network_transmit_bytes_total", "1.5s 0, 16.5s 1e+12, 31.5s 2e+12", nil},
		"throttled time":             {"cpus_throttled_time_secs", [3]float64{1, 1e6, 2}, "mesos_executor_cpu_throttled_seconds_total", "1.5s 1, 16.5s end, 31.5s 2", nil},
		"a counter that fell":        {"cpus_throttled_time_secs", [3]float64{10, 1, 2}, "mesos_executor_cpu_throttled_seconds_total", "1.5s 10, 16.5s 1, 31.5s 2", nil},
		"periods":                    {"cpus_nr_periods", [3]float64{1, 1e6, 2}, "mesos_executor_cpu_periods_total", "1.5s 1, 16.5s end, 31.5s 2", nil},
		"a counter beyond 64 bits":   {"mem_low_pressure_counter", [3]float64{1, 1e300, 2}, "mesos_executor_memory_pressure_events_total", "1.5s 1, 16.5s end, 31.5s 2", nil},
		"a counter that begins huge": {"net_rx_bytes", [3]float64{1e16, 1e16 + 1, 1e16 + 2}, "mesos_executor_network_receive_bytes_total", "1.5s 1e+16, 16.5s 1.0000000000000001e+16, 31.5s 1.0000000000000002e+16", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := startAgents(t, 1, collector.Settings{}, eachAnswer(func(n int, at time.Time) mesos.Readings {
				return with(reading(at, 10), map[string]float64{c.key: c.values[n]})
			}), func(_ *fake, a *fakeAgents) { a.own = c.own })
			f.clock.Advance(3*interval - time.Second)
			got := f.rec.find(c.series)[0].text(begin)
			require.Equal(t, strings.ReplaceAll(c.want, "1.0000000000000001e+16", "1e+16"), strings.ReplaceAll(got, "1.0000000000000001e+16", "1e+16"))
			isLeft := strings.Contains(c.want, "end") && c.key != "mem_limit_bytes"
			require.Equal(t, isLeft, f.leftOut(series.PollAgents).Values > 0)
		})
	}
}

func TestBlockDevicesThatCannotBe(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, eachAnswer(func(n int, at time.Time) mesos.Readings {
		r := reading(at, 10)
		r.Devices = []mesos.DeviceReading{{Device: "8:0", Operation: "read", BytesKnown: true, Bytes: []float64{1, 1e16, 2}[n], OperationsKnown: true, Operations: []float64{1, -1, 2}[n]}}
		return r
	}))
	f.clock.Advance(3*interval - time.Second)
	require.Equal(t, "1.5s 1, 16.5s end, 31.5s 2", f.rec.one(t, "mesos_executor_blkio_bytes_total").text(begin))
	require.Equal(t, "1.5s 1, 16.5s end, 31.5s 2", f.rec.one(t, "mesos_executor_blkio_operations_total").text(begin))
	require.EqualValues(t, 2, f.leftOut(series.PollAgents).Values)
}

// One container cannot be told from another when all of them together used more
// than there is: the use of each is unknown, and so are the sums.
func TestContainersThatTogetherUseMoreThanTheAgentHas(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, func(f *fake, a *fakeAgents) {
		second := task(2)
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, second)
		a.more = []string{"t2"}
		n := -1
		a.use = func(_ string, at time.Time) mesos.Readings { // twice per answer
			n++
			return reading(at, []float64{0, 75, 76, 77}[n/2])
		}
	})
	f.clock.Advance(4*interval - time.Second)
	for _, entity := range []string{"agent", "framework", "role", "cluster"} {
		require.Equal(t, "31.5s 0.13333333333333333, 46.5s 0.13333333333333333", f.rec.one(t, "mesos_"+entity+"_cpus_used").text(begin), entity)
		require.Equal(t, "31.5s 2, 46.5s 2", f.rec.one(t, "mesos_"+entity+"_cpus_measured").text(begin), entity)
		require.Len(t, f.rec.one(t, "mesos_"+entity+"_memory_used_bytes").samples, 4, entity)
	}
	require.Equal(t, "31.5s 0.06666666666666667, 46.5s 0.06666666666666667", f.rec.one(t, "mesos_task_cpus_used", "task_id=t2").text(begin))
	require.Contains(t, f.leftOut(series.PollAgents).Example, "The containers of agent agent1 together used 10 CPUs. The agent offers 4 CPUs")
}

func TestMetricsOfMastersAndAgentsThatCannotBe(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, func(f *fake, a *fakeAgents) {
		f.values = map[string]float64{
			"master/elected": 1, "master/uptime_secs": -3, "master/tasks_finished": 1e300, "master/cpus_total": 4, "master/mem_total": 1 << 63,
			"master/tasks_failed": 5, "some/module": -7, "some/broken_module": math.Inf(1),
		}
		a.own = map[string]float64{"slave/tasks_finished": -1, "slave/tasks_failed": 3}
	})
	f.clock.Advance(interval - time.Second)
	for name, want := range map[string]string{
		"mesos_master_cpus_capacity":     "0s 4",
		"mesos_some_module":              "0s -7",
		"mesos_agent_tasks_failed_total": "1.5s 3",
	} {
		require.Equal(t, want, f.rec.one(t, name).text(begin), name)
	}
	for _, name := range []string{"mesos_master_uptime_seconds", "mesos_master_memory_capacity_bytes", "mesos_some_broken_module", "mesos_agent_tasks_finished_total"} {
		require.Empty(t, f.rec.find(name), name)
	}
	require.EqualValues(t, 4, f.leftOut(series.PollSnapshot).Values)
	require.EqualValues(t, 1, f.leftOut(series.PollAgents).Values)
	require.Equal(t, "slave/tasks_finished of agent agent1 is -1.", f.leftOut(series.PollAgents).Example)

	t.Run("a counter that is back does not begin at 0", func(t *testing.T) {
		name, with := "mesos_cluster_tasks_ended_total", "state=finished"
		f.set(func(f *fake) { f.values["master/tasks_finished"], f.values["master/uptime_secs"] = 1000, 20 })
		f.clock.Advance(interval)
		require.Equal(t, "15s 1000", f.rec.one(t, name, with).text(begin))
	})
	t.Run("a counter that falls is written as it is", func(t *testing.T) {
		f.set(func(f *fake) { f.values["master/tasks_finished"], f.values["master/uptime_secs"] = 900, 35 })
		f.clock.Advance(interval)
		require.Equal(t, "15s 1000, 30s 900", f.rec.one(t, "mesos_cluster_tasks_ended_total", "state=finished").text(begin))
	})
}

func TestResourcesAndTimesOfStateThatCannotBe(t *testing.T) {
	f, _ := startAgents(t, 2, collector.Settings{}, func(f *fake, _ *fakeAgents) {
		f.state.Slaves[0].Resources.CPUs, f.state.Slaves[0].Resources.Mem = 1e300, -5
		f.state.Frameworks[0].Tasks[0].Statuses[0].Timestamp = 1e300
		limit := 1e300
		f.roles.Roles[0].Quota = &mesos.Quota{Limit: mesos.QuotaResources{CPUs: &limit}}
	})
	f.clock.Advance(interval - time.Second)
	now := f.clock.Now()
	for _, kind := range []string{"cpus_capacity", "memory_capacity_bytes"} {
		require.Empty(t, f.rec.find("mesos_agent_"+kind, "agent=agent1"), kind)
		require.Equal(t, 1, f.rec.open(now, "mesos_agent_"+kind, "agent=agent2"), kind)
		require.Empty(t, f.rec.find("mesos_cluster_"+kind), "of a sum one part is unknown")
	}
	require.Equal(t, 1, f.rec.open(now, "mesos_agent_disk_capacity_bytes", "agent=agent1"))
	require.Empty(t, f.rec.find("mesos_task_start_time_seconds", "task_id=t1"))
	require.Equal(t, 1, f.rec.open(now, "mesos_task_start_time_seconds", "task_id=t2"))
	require.Empty(t, f.rec.find("mesos_role_cpus_quota_limit"))
	for _, s := range f.rec.byRef {
		for _, x := range s.samples {
			require.False(t, math.IsInf(x.v, 0) || math.IsNaN(x.v) && !series.IsStale(x.v), "%s", s.labels)
		}
	}
}
