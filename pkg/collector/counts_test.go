package collector_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
)

// containersRead returns how many containers were read and how many expected.
func containersRead(a *collector.AgentPolls) [2]int {
	return [2]int{a.Containers.Read, a.Containers.Expected}
}

// tenTasks puts ten tasks on the one agent, whose answers have a container of each.
func tenTasks(f *fake, a *fakeAgents) {
	for i := 2; i <= 10; i++ {
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, task(i))
		a.more = append(a.more, fmt.Sprintf("t%d", i))
	}
}

func TestAnEmptyListOfAnAgentWithTasksIsTold(t *testing.T) {
	f, agents := startAgents(t, 2, collector.Settings{}, func(f *fake, a *fakeAgents) {
		a.none = map[string]bool{"S1": true}
		for i := 3; i <= 11; i++ {
			f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, task(i))
		}
	})
	f.clock.Advance(interval - time.Second)
	lacks := "The agents' answers lack 10 of 11 containers that are running, most on agent agent1: what they use is unknown. An agent leaves out what it cannot read: its log says why."
	require.Equal(t, []string{lacks}, f.Status().AgentPolls.Containers.Lacking(), "in its first answer already")
	f.clock.Advance(3 * interval)
	require.Equal(t, []string{lacks}, f.Status().AgentPolls.Containers.Lacking())
	require.Equal(t, [2]int{1, 11}, containersRead(f.Status().AgentPolls))
	require.Empty(t, f.rec.find("mesos_agent_memory_used_bytes", "agent=agent1"), "unknown is no 0")
	used, _ := f.rec.one(t, "mesos_cluster_cpus_measured").at(f.clock.Now())
	require.Equal(t, 1.0, used, "efficiency is that of the other agent")

	agents.set(func(a *fakeAgents) { a.none = nil; a.more = nil })
	f.set(func(f *fake) { f.state.Frameworks[0].Tasks = f.state.Frameworks[0].Tasks[:2] })
	f.clock.Advance(interval)
	require.Empty(t, f.Status().AgentPolls.Containers.Lacking())
	require.Equal(t, [2]int{2, 2}, containersRead(f.Status().AgentPolls))
}

func TestOneContainerOfTenIsTold(t *testing.T) {
	f, agents := startAgents(t, 1, collector.Settings{}, tenTasks)
	f.clock.Advance(interval - time.Second)
	require.Equal(t, [2]int{10, 10}, containersRead(f.Status().AgentPolls))
	agents.set(func(a *fakeAgents) { a.more = nil })
	f.clock.Advance(interval)
	require.Equal(t, [2]int{1, 1}, containersRead(f.Status().AgentPolls), "the others may have ended since /state")
	f.clock.Advance(interval)
	require.Equal(t, [2]int{1, 10}, containersRead(f.Status().AgentPolls), "the next /state still lists them")
	require.Len(t, f.Status().AgentPolls.Containers.Lacking(), 1)
}

func TestWhatBeginsAndEndsIsNotMissing(t *testing.T) {
	staging := func(n int) mesos.Task {
		one := task(n)
		one.State, one.Statuses = "TASK_STAGING", nil
		return one
	}
	f, agents := startAgents(t, 1, collector.Settings{}, tenTasks, func(f *fake, _ *fakeAgents) {
		killing := task(12)
		killing.State = "TASK_KILLING"
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, staging(11), killing)
	})
	expect := func(want int) {
		t.Helper()
		f.clock.Advance(interval)
		require.Empty(t, f.Status().AgentPolls.Containers.Lacking())
		require.Equal(t, [2]int{want, want}, containersRead(f.Status().AgentPolls))
	}
	f.clock.Advance(-time.Second + interval)
	expect(10)
	for i := range 5 { // in each interval all tasks end after /state, and others begin
		agents.set(func(a *fakeAgents) { a.container = map[string]string{"S1": fmt.Sprintf("new%d", i)}; a.more = nil })
		expect(0)
		agents.set(func(a *fakeAgents) { a.container = nil; a.more = nil })
		f.set(func(f *fake) { f.state.Frameworks[0].Tasks = []mesos.Task{task(1), staging(20 + i)} })
		expect(1)
		f.set(func(f *fake) { tenTasks(f, &fakeAgents{}) })
		agents.set(func(a *fakeAgents) { tenTasks(&fake{state: mesos.State{Frameworks: make([]mesos.Framework, 1)}}, a) })
		expect(10)
	}
	require.Equal(t, 0, f.Status().AgentPolls.Containers.Unknown)
}

// An executor is one container with all its tasks, and goes on without any. A pod's
// nested containers are in it.
func TestContainersOfExecutors(t *testing.T) {
	f, agents := startAgents(t, 1, collector.Settings{}, func(f *fake, a *fakeAgents) {
		own := &f.state.Frameworks[0]
		own.Executors = []mesos.Executor{{ID: "e1", SlaveID: "S1"}, {ID: "idle", SlaveID: "S1"}}
		for i := 2; i <= 4; i++ {
			in := task(i)
			in.ExecutorID = "e1"
			own.Tasks = append(own.Tasks, in)
		}
		a.more = []string{"e1", "idle", "orphan"}
	})
	f.clock.Advance(interval - time.Second)
	require.Equal(t, [2]int{3, 3}, containersRead(f.Status().AgentPolls))
	require.Equal(t, 1, f.Status().AgentPolls.Containers.Unknown)
	require.Empty(t, f.Status().AgentPolls.Containers.Lacking(), "what the leader does not list may have begun since")
	agents.set(func(a *fakeAgents) { a.more = []string{"e1"} })
	f.clock.Advance(2 * interval)
	require.Equal(t, [2]int{2, 3}, containersRead(f.Status().AgentPolls))
}

func TestContainersOfAClusterThatThePrincipalDoesNotSee(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, func(f *fake, _ *fakeAgents) { f.state.Frameworks = nil })
	f.clock.Advance(interval - time.Second)
	require.Empty(t, f.Status().AgentPolls.Containers.Lacking(), "it may have begun since /state")
	f.clock.Advance(interval)
	require.Equal(t, []string{"The agents' answers have 1 container, of which the leader lists none: what it uses belongs to no framework that is known. Check what the principal may see."},
		f.Status().AgentPolls.Containers.Lacking())
}

func TestAContainerWithoutSomeStatisticsCostsOnlyThose(t *testing.T) {
	only := func(at time.Time, keys ...string) mesos.Readings {
		var all, r mesos.Readings
		all = reading(at, at.Sub(begin).Seconds()/2)
		for _, key := range keys {
			if n, known := all.Of(mesos.StatisticOf(key)); known {
				r.Set(mesos.StatisticOf(key), n)
			} else {
				r.Set(mesos.StatisticOf(key), 7)
			}
		}
		return r
	}
	const noCPUs = "1 of 1 containers have no CPU time in the agents' answers, most on agent agent1, or a timestamp that does not go on: what CPUs they use is unknown. Look at the agent's --isolation."
	const noMemory = "1 of 1 containers have no memory (mem_rss_bytes) in the agents' answers, most on agent agent1: what they use of it is unknown. Look at the agent's --isolation."
	for name, c := range map[string]struct {
		of           func(at time.Time) mesos.Readings
		cpus, memory string
		lacks        []string
	}{
		"no timestamp: by our own clock": {
			func(at time.Time) mesos.Readings {
				return only(at, "cpus_user_time_secs", "cpus_system_time_secs", "mem_rss_bytes")
			}, "16.5s 0.5, 31.5s 0.5", "1.5s 1.048576e+06, 16.5s 1.048576e+06, 31.5s 1.048576e+06", nil,
		},
		"a timestamp of 0": {
			func(at time.Time) mesos.Readings {
				return with(reading(at, at.Sub(begin).Seconds()/2), map[string]float64{"timestamp": 0})
			}, "16.5s 0.5, 31.5s 0.5", "1.5s 1.048576e+06, 16.5s 1.048576e+06, 31.5s 1.048576e+06", nil,
		},
		"a timestamp that stands still": {
			func(at time.Time) mesos.Readings {
				return with(reading(at, at.Sub(begin).Seconds()/2), map[string]float64{"timestamp": 1.7e9})
			}, "", "1.5s 1.048576e+06, 16.5s 1.048576e+06, 31.5s 1.048576e+06", []string{noCPUs},
		},
		"no user time": {
			func(at time.Time) mesos.Readings {
				return only(at, "timestamp", "cpus_system_time_secs", "mem_rss_bytes")
			}, "", "1.5s 1.048576e+06, 16.5s 1.048576e+06, 31.5s 1.048576e+06", []string{noCPUs},
		},
		"no memory": {
			func(at time.Time) mesos.Readings {
				return only(at, "timestamp", "cpus_user_time_secs", "cpus_system_time_secs")
			}, "16.5s 0.5, 31.5s 0.5", "", []string{noMemory},
		},
		"before 0.23, with cgroups": {
			func(at time.Time) mesos.Readings {
				return with(reading(at, at.Sub(begin).Seconds()/2), map[string]float64{"mem_anon_bytes": 4096, "mem_cache_bytes": 1<<20 - 4096})
			}, "16.5s 0.5, 31.5s 0.5", "1.5s 4096, 16.5s 4096, 31.5s 4096", nil,
		},
		"since 0.23": {
			func(at time.Time) mesos.Readings {
				return with(reading(at, at.Sub(begin).Seconds()/2), map[string]float64{"mem_anon_bytes": 4096, "mem_total_bytes": 8192})
			}, "16.5s 0.5, 31.5s 0.5", "1.5s 1.048576e+06, 16.5s 1.048576e+06, 31.5s 1.048576e+06", nil,
		},
		"nothing at all": {
			func(time.Time) mesos.Readings { return mesos.Readings{} }, "", "",
			[]string{"The agents' answers lack 1 of 1 containers that are running, most on agent agent1: what they use is unknown. An agent leaves out what it cannot read: its log says why."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := startAgents(t, 1, collector.Settings{}, func(_ *fake, a *fakeAgents) {
				a.use = func(_ string, at time.Time) mesos.Readings { return c.of(at) }
			})
			f.clock.Advance(3*interval - time.Second)
			for name, want := range map[string]string{"cpus_used": c.cpus, "memory_used_bytes": c.memory} {
				for _, entity := range []string{"task", "executor", "agent", "framework", "role", "cluster"} {
					got := ""
					if found := f.rec.find("mesos_" + entity + "_" + name); len(found) > 0 {
						got = found[0].text(begin)
					}
					require.Equal(t, want, got, "%s of %s", name, entity)
				}
			}
			require.Equal(t, c.lacks, f.Status().AgentPolls.Containers.Lacking())
		})
	}
}

// A container that begins may have no CPU time in one answer.
func TestAStatisticThatIsLateIsNotTold(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, eachAnswer(func(n int, at time.Time) mesos.Readings {
		if n == 1 {
			var r mesos.Readings
			r.Set(mesos.StatisticOf("threads"), 1)
			return r
		}
		return reading(at, 10)
	}))
	for range 3 {
		f.clock.Advance(interval)
		require.Empty(t, f.Status().AgentPolls.Containers.Lacking())
	}
}

// An agent that answers words instead of a list costs its own part, and of the
// others each number is right.
func TestAnAgentThatCannotSayCostsOnlyItself(t *testing.T) {
	f, _ := startAgents(t, 3, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.err["S2"] = failure(mesos.Protocol) })
	f.clock.Advance(4*interval - time.Second)
	now := f.clock.Now()
	for name, want := range map[string]float64{
		"mesos_cluster_cpus_used": 1, "mesos_cluster_cpus_measured": 2, "mesos_cluster_cpus_allocated": 3,
		"mesos_framework_cpus_used": 1, "mesos_role_memory_used_bytes": 2 << 20, "mesos_role_memory_measured_bytes": 64 << 20,
	} {
		require.Equal(t, want, f.rec.sum(now, name), name)
	}
	require.Equal(t, 1.0, f.rec.sum(now, "mesos_up", "poll=agents"))
	require.Zero(t, f.rec.open(now, "mesos_agent_cpus_used", "agent=agent2"))
	a := f.Status().AgentPolls
	require.Equal(t, [2]int{2, 2}, containersRead(a), "of those that answered")
	require.Equal(t, 1, a.Silent, "also while it is not asked")
	require.Empty(t, a.Containers.Lacking())
}

// Right after the start, too, a container that ended since /state is not missing.
func TestInTheFirstAnswerOneOfSeveralMayHaveEnded(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, func(f *fake, a *fakeAgents) {
		tenTasks(f, a)
		a.more = a.more[:7]
	})
	f.clock.Advance(interval - time.Second)
	require.Empty(t, f.Status().AgentPolls.Containers.Lacking())
	require.Equal(t, [2]int{8, 8}, containersRead(f.Status().AgentPolls))
	f.clock.Advance(interval)
	require.Equal(t, [2]int{8, 10}, containersRead(f.Status().AgentPolls))
}

func TestAnAgentWithoutMetricsOfItsOwnGivesStatistics(t *testing.T) {
	f, _ := startAgents(t, 2, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.noSnapshot = failure(mesos.NotMesos) })
	f.clock.Advance(2*interval - time.Second)
	a := f.Status().AgentPolls
	require.Empty(t, a.Problems)
	require.Equal(t, []collector.AgentProblem{{Category: mesos.NotMesos, Agents: 2, Example: "made up: not_mesos"}}, a.OwnMetricsProblems)
	require.Equal(t, [3]int{2, 2, 0}, [3]int{a.Answered, a.Containers.Read, a.Silent})
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=agents"))
	require.Equal(t, 4.0, f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=agents", "category=not_mesos"))
}
