package collector_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// fakeAgents answer what a test makes up: each has one container, that of the
// task t<n> of the fake cluster.
type fakeAgents struct {
	clock *clocktest.Clock

	mu         sync.Mutex
	listed     map[string]bool
	asked      map[string][]time.Time // by agent
	running    map[string]int         // requests in flight, by agent
	most       int                    // of all agents at a time
	twice      bool                   // an agent was asked while it was being asked
	metrics    int                    // requests for /metrics/snapshot
	err        map[string]error
	use        func(id string, at time.Time) mesos.Readings
	hold       chan struct{}                                   // where not nil, answers wait for it
	container  map[string]string                               // the executor ID of an agent's container, where it is not t<n>
	more       []string                                        // executor IDs of more containers of each agent
	none       map[string]bool                                 // agents that answer an empty list
	answer     func(id string, at time.Time) []mesos.Container // instead of all of these
	panics     string                                          // the agent whose answer makes the client panic
	takes      time.Duration                                   // how much time goes by while one is asked
	noSnapshot error                                           // the answer for agents' own metrics
	own        map[string]float64                              // agents' own metrics, beside the uptime
}

func (f *fakeAgents) Know(agents []mesos.AgentAddress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = map[string]bool{}
	for _, a := range agents {
		f.listed[a.ID] = true
	}
}

func (f *fakeAgents) Statistics(ctx context.Context, id string) (*mesos.Statistics, error) {
	f.mu.Lock()
	now := f.clock.Now()
	f.asked[id] = append(f.asked[id], now)
	f.twice = f.twice || f.running[id] > 0
	f.running[id]++
	n := 0
	for _, r := range f.running {
		n += r
	}
	f.most = max(f.most, n)
	hold, err := f.hold, f.err[id]
	takes := f.takes
	f.mu.Unlock()
	if takes > 0 {
		f.clock.Jump(takes)
	}
	if f.panics == id {
		f.mu.Lock()
		f.running[id]--
		f.mu.Unlock()
		panic("made up: " + id)
	}
	defer func() {
		f.mu.Lock()
		f.running[id]--
		f.mu.Unlock()
	}()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	s := &mesos.Statistics{Answer: mesos.Answer{Sent: now, Bytes: 100}}
	executor := "t" + id[1:]
	if other := f.container[id]; other != "" {
		executor = other
	}
	switch {
	case f.none[id]:
		return s, nil
	case f.answer != nil:
		s.Containers = f.answer(id, now)
		return s, nil
	}
	for _, executor := range append([]string{executor}, f.more...) {
		s.Containers = append(s.Containers, mesos.Container{FrameworkID: "F1", ExecutorID: executor, Readings: f.use(id, now)})
	}
	return s, nil
}

func (f *fakeAgents) Snapshot(_ context.Context, id string) (*mesos.Metrics, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.metrics++
	if f.noSnapshot != nil {
		return nil, f.noSnapshot
	}
	values := map[string]float64{"slave/uptime_secs": 5}
	maps.Copy(values, f.own)
	return &mesos.Metrics{Answer: mesos.Answer{Sent: f.clock.Now(), Bytes: 100}, Values: values}, nil
}

func (f *fakeAgents) set(change func(*fakeAgents)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// times returns when an agent was queried, since the beginning.
func (f *fakeAgents) times(id string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := ""
	for _, t := range f.asked[id] {
		text += fmt.Sprint(" ", t.Sub(begin))
	}
	return text
}

// reading is what a container has used so far: CPU seconds, and 1 MiB.
func reading(at time.Time, cpu float64) mesos.Readings {
	var r mesos.Readings
	r.Set(mesos.StatisticOf("timestamp"), float64(at.UnixMilli())/1000)
	r.Set(mesos.StatisticOf("cpus_user_time_secs"), cpu)
	r.Set(mesos.StatisticOf("cpus_system_time_secs"), 0)
	r.Set(mesos.StatisticOf("mem_rss_bytes"), 1<<20)
	return r
}

// half is a container that uses half a CPU.
func half(_ string, at time.Time) mesos.Readings { return reading(at, at.Sub(begin).Seconds()/2+100) }

// Close implements collector.Agents.
func (f *fakeAgents) Close() {}

// startAgents is a collector over a fake cluster of agents S1 to Sn with the
// task t<n> on Sn.
func startAgents(t *testing.T, n int, s collector.Settings, change ...func(*fake, *fakeAgents)) (*faked, *fakeAgents) {
	t.Helper()
	clock := clocktest.New(begin)
	agents := &fakeAgents{clock: clock, asked: map[string][]time.Time{}, running: map[string]int{}, err: map[string]error{}, use: half}
	f := &faked{fake: newFake(clock), clock: clock, rec: newRecorder()}
	f.state.Slaves, f.state.Frameworks[0].Tasks = nil, nil
	for i := 1; i <= n; i++ {
		a, one := agent(i), task(i)
		a.PID = fmt.Sprintf("slave(1)@10.0.0.%d:5051", i)
		one.SlaveID = a.ID
		f.state.Slaves = append(f.state.Slaves, a)
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, one)
	}
	for _, c := range change {
		c(f.fake, agents)
	}
	s.UID, s.AgentStatistics = "uid", true
	f.Collector = collector.New(collector.Config{Client: &collector.Both{Client: f.fake, Of: agents}, Sink: f.rec, Clock: clock, Settings: s, Jitter: func() float64 { return 0.5 }})
	f.Start()
	t.Cleanup(f.Stop)
	if agents.hold == nil {
		clock.Settle()
	}
	return f, agents
}

func TestAgentsAreAskedOncePerIntervalEachAtItsMoment(t *testing.T) {
	f, agents := startAgents(t, 3, collector.Settings{})
	f.clock.Advance(2*interval + interval - time.Second)
	// 1.5 s after /state, then spread over half of the interval.
	require.Equal(t, " 1.5s 16.5s 31.5s", agents.times("S1"))
	require.Equal(t, " 4s 19s 34s", agents.times("S2"))
	require.Equal(t, " 6.5s 21.5s 36.5s", agents.times("S3"))
	require.Equal(t, interval, f.Interval(series.PollAgents))

	require.Equal(t, "4s 1.048576e+06, 19s 1.048576e+06, 34s 1.048576e+06", f.rec.one(t, "mesos_agent_memory_used_bytes", "agent=agent2").text(begin), "with the time its request was sent")
	require.Equal(t, "19s 0.5, 34s 0.5", f.rec.one(t, "mesos_task_cpus_used", "task_id=t2").text(begin))
	require.Equal(t, "21.5s 1.5, 36.5s 1.5", f.rec.one(t, "mesos_cluster_cpus_used").text(begin))
	require.Equal(t, "21.5s 3, 36.5s 3", f.rec.one(t, "mesos_cluster_cpus_measured").text(begin))
	require.Equal(t, "6.5s 1, 21.5s 1, 36.5s 1", f.rec.one(t, "mesos_up", "poll=agents").text(begin))
	require.Equal(t, "6.5s 600, 21.5s 600, 36.5s 600", f.rec.one(t, "mesos_poll_bytes", "poll=agents").text(begin))
}

func TestWithoutTheSettingAgentsAreNotAsked(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(time.Hour)
	require.Empty(t, f.rec.find("mesos_up", "poll=agents"))
	require.Zero(t, f.Interval(series.PollAgents))
	for _, p := range f.Status().Polls {
		require.NotEqual(t, series.PollAgents, p.Poll)
	}
}

func TestTurnedOffMeasuredUseEnds(t *testing.T) {
	f, _ := startAgents(t, 2, collector.Settings{})
	f.clock.Advance(interval)
	require.NotNil(t, f.Status().AgentPolls)
	f.Apply(collector.Settings{UID: "uid"}, f.fake)
	f.clock.Settle()
	f.clock.Advance(2 * interval)
	now := f.clock.Now()
	for _, name := range []string{"mesos_cluster_memory_used_bytes", "mesos_agent_memory_used_bytes", "mesos_executor_memory_rss_bytes", "mesos_agent_uptime_seconds"} {
		require.NotEmpty(t, f.rec.find(name))
		require.Zero(t, f.rec.open(now, name), name)
	}
	require.Zero(t, f.rec.open(now, "mesos_up", "poll=agents"))
	require.Equal(t, 2, f.rec.open(now, "mesos_agent_cpus_capacity"), "all else goes on")
	require.Nil(t, f.Status().AgentPolls)
}

// A container's CPU counter is reset when its executor is started again under
// its ID: that interval has no rate, and the next has a right one.
func TestARestartedExecutorGivesNoWrongRate(t *testing.T) {
	for name, c := range map[string]struct {
		use  func(n int, at time.Time) mesos.Readings // of the n-th answer
		want string                                   // of the agent's cpus_used
	}{
		"its counter is reset": {func(n int, at time.Time) mesos.Readings {
			if n < 2 {
				return reading(at, 1000+float64(n)*7.5)
			}
			return reading(at, float64(n-1)*7.5)
		}, "16.5s 0.5, 31.5s end, 46.5s 0.5"},
		"no time passed for the agent": {func(n int, at time.Time) mesos.Readings {
			if n == 2 {
				return reading(at.Add(-interval), 100+7.5)
			}
			return reading(at, 100+float64(n)*7.5)
		}, "16.5s 0.5, 31.5s end"},
		"the agent's clock is set back": {func(n int, at time.Time) mesos.Readings {
			if n >= 2 {
				at = at.Add(-10 * time.Second)
			}
			return reading(at, 100+float64(n)*7.5)
		}, "16.5s 0.5, 31.5s end, 46.5s 0.5"},
		"an answer has no CPU time": {func(n int, at time.Time) mesos.Readings {
			if n == 2 {
				return mesos.Readings{}
			}
			return reading(at, 100+float64(n)*7.5)
		}, "16.5s 0.5, 31.5s end"},
	} {
		t.Run(name, func(t *testing.T) {
			n := -1
			f, _ := startAgents(t, 1, collector.Settings{}, func(_ *fake, a *fakeAgents) {
				a.use = func(_ string, at time.Time) mesos.Readings { n++; return c.use(n, at) }
			})
			f.clock.Advance(4*interval - time.Second)
			for _, name := range []string{"mesos_agent_cpus_used", "mesos_executor_cpus_used", "mesos_task_cpus_used"} {
				require.Equal(t, c.want, f.rec.one(t, name).text(begin), name)
			}
		})
	}
}

func TestAnAgentThatFailsIsAskedLessOften(t *testing.T) {
	f, agents := startAgents(t, 3, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.err["S2"] = failure(mesos.Timeout) })
	f.clock.Advance(40*interval - time.Second)
	require.Len(t, agents.asked["S1"], 40)
	require.Len(t, agents.asked["S3"], 40)
	// With every poll at first, then every second, fourth, eighth.
	require.Equal(t, " 4s 19s 49s 1m49s 3m49s 5m49s 7m49s 9m49s", agents.times("S2"))

	t.Run("it costs its own gap", func(t *testing.T) {
		require.Empty(t, f.rec.find("mesos_agent_memory_used_bytes", "agent=agent2"))
		require.Len(t, f.rec.one(t, "mesos_agent_memory_used_bytes", "agent=agent1").samples, 40)
		used, _ := f.rec.one(t, "mesos_cluster_cpus_used").at(f.clock.Now())
		measured, _ := f.rec.one(t, "mesos_cluster_cpus_measured").at(f.clock.Now())
		require.Equal(t, []float64{1, 2}, []float64{used, measured}, "efficiency is that of those who answered")
	})
	t.Run("one of three is no failure of the poll, and it is counted", func(t *testing.T) {
		v, _ := f.rec.one(t, "mesos_up", "poll=agents").at(f.clock.Now())
		require.Equal(t, 1.0, v)
		v, _ = f.rec.one(t, "mesos_poll_failures_total", "poll=agents", "category=timeout").at(f.clock.Now())
		require.Equal(t, 8.0, v)
	})
	t.Run("when it answers again it is asked as before", func(t *testing.T) {
		agents.set(func(a *fakeAgents) { a.err = map[string]error{}; a.asked = map[string][]time.Time{} })
		f.clock.Advance(20 * interval)
		require.Greater(t, len(agents.asked["S2"]), 12)
		require.Equal(t, 1, f.rec.open(f.clock.Now(), "mesos_agent_memory_used_bytes", "agent=agent2"))
	})
}

func TestAnAgentThatComesBackIsAskedAtOnce(t *testing.T) {
	f, agents := startAgents(t, 2, collector.Settings{}, func(f *fake, a *fakeAgents) {
		a.err["S2"] = failure(mesos.Network)
		f.state.Slaves[1].Active = false
	})
	f.clock.Advance(10 * interval)
	before := len(agents.asked["S2"])
	agents.set(func(a *fakeAgents) { a.err = map[string]error{} })
	f.set(func(f *fake) { f.state.Slaves[1].Active = true })
	f.clock.Advance(interval + interval/2) // the next /state, and the poll of agents after it
	require.Len(t, agents.asked["S2"], before+1)
	for _, s := range f.rec.one(t, "mesos_up", "poll=agents").samples {
		require.Equal(t, 1.0, s.v, "an agent that the leader knows to be away is none that should answer")
	}
}

func TestAnAgentThatBrokeOffIsTriedOnceMore(t *testing.T) {
	f, agents := startAgents(t, 1, collector.Settings{})
	f.clock.Advance(interval)
	agents.set(func(a *fakeAgents) { a.err["S1"] = failure(mesos.Network) })
	f.clock.Advance(2 * time.Second)
	agents.set(func(a *fakeAgents) { a.err = map[string]error{} })
	f.clock.Advance(interval)
	require.Equal(t, " 1.5s 16.5s 18s 31.5s", agents.times("S1"))
	require.Equal(t, "1.5s 1.048576e+06, 18s 1.048576e+06, 31.5s 1.048576e+06", f.rec.one(t, "mesos_agent_memory_used_bytes").text(begin), "no gap")
}

// An agent that fails is asked less and less often. Why stays in the status while it
// is not asked, and is not counted again.
func TestTheReasonStaysWhileAnAgentIsNotAsked(t *testing.T) {
	f, agents := startAgents(t, 3, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.err["S1"] = failure(mesos.Auth) })
	resting := 0
	for range 20 {
		f.clock.Advance(interval)
		asked := f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=agents")
		require.Equal(t, float64(strings.Count(agents.times("S1"), " ")), asked, "only requests are counted")
		problems := f.Status().AgentPolls.Problems
		require.Len(t, problems, 1)
		require.Equal(t, "made up: auth", problems[0].Example)
		require.Equal(t, 1, problems[0].Agents+problems[0].Resting)
		resting += problems[0].Resting
	}
	require.Greater(t, resting, 10)
	agents.set(func(a *fakeAgents) { a.err = map[string]error{} })
	f.clock.Advance(12 * interval)
	require.Empty(t, f.Status().AgentPolls.Problems)
}

func TestThePollOfAgentsFailsWhenMostDoNotAnswer(t *testing.T) {
	f, _ := startAgents(t, 3, collector.Settings{}, func(_ *fake, a *fakeAgents) {
		a.err["S1"], a.err["S2"] = failure(mesos.Auth), failure(mesos.Auth)
	})
	f.clock.Advance(interval - time.Second)
	v, _ := f.rec.one(t, "mesos_up", "poll=agents").at(f.clock.Now())
	require.Zero(t, v)
	status := f.Status()
	require.Equal(t, [2]int{1, 1}, containersRead(status.AgentPolls), "of the one that answered")
	require.Equal(t, &collector.AgentPolls{Listed: 3, Asked: 3, Answered: 1, Silent: 2, OwnMetrics: true, Containers: status.AgentPolls.Containers,
		Problems: []collector.AgentProblem{{Category: mesos.Auth, Agents: 2, Example: "made up: auth"}}}, status.AgentPolls)
	for _, p := range status.Polls {
		if p.Poll == series.PollAgents {
			require.ErrorContains(t, p.Err, "2 of 3 agents gave no statistics. One of them: made up: auth")
			require.Equal(t, mesos.Auth, mesos.CategoryOf(p.Err))
		}
	}
	require.NoError(t, f.Check(t.Context()), "the masters are well")
}

func TestAgentsAreAskedOnlyWhileTheLeaderSaysWhichThereAre(t *testing.T) {
	f, agents := startAgents(t, 2, collector.Settings{})
	f.clock.Advance(2 * interval)
	require.Equal(t, map[string]bool{"S1": true, "S2": true}, agents.listed)
	f.set(func(f *fake) { f.err["state"] = failure(mesos.NoLeader) })
	f.clock.Advance(3 * interval)
	n := len(agents.asked["S1"])
	require.LessOrEqual(t, n, 4)
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_agent_memory_used_bytes"))
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_cluster_memory_used_bytes"))
	v, _ := f.rec.one(t, "mesos_up", "poll=agents").at(f.clock.Now())
	require.Zero(t, v)

	f.set(func(f *fake) { delete(f.err, "state"); f.state.Slaves = f.state.Slaves[:1] })
	f.clock.Advance(4 * interval)
	require.Equal(t, map[string]bool{"S1": true}, agents.listed, "the other has left")
	require.Greater(t, len(agents.asked["S1"]), n)
	require.Equal(t, 1, f.rec.open(f.clock.Now(), "mesos_agent_memory_used_bytes"))
}

func TestTwoAgentsAtOneAddressAreOneProcess(t *testing.T) {
	f, agents := startAgents(t, 2, collector.Settings{}, func(f *fake, _ *fakeAgents) {
		f.state.Slaves[0].PID = f.state.Slaves[1].PID
		f.state.Slaves[0].Active = false // it came back as S2
	})
	f.clock.Advance(2 * interval)
	require.Equal(t, map[string]bool{"S2": true}, agents.listed)
}

func TestAContainerThatStateDoesNotHaveIsLeftOut(t *testing.T) {
	f, _ := startAgents(t, 2, collector.Settings{}, func(f *fake, _ *fakeAgents) { f.state.Frameworks[0].Tasks = f.state.Frameworks[0].Tasks[:1] })
	f.clock.Advance(2 * interval)
	v, _ := f.rec.one(t, "mesos_cluster_memory_used_bytes").at(f.clock.Now())
	require.Equal(t, 1048576.0, v, "what was allocated to the other is not known")
	require.Empty(t, f.rec.find("mesos_agent_memory_used_bytes", "agent=agent2"), "nor what its agent's containers use")
}

func TestAnAgentWithoutContainersUsesNothing(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, func(f *fake, _ *fakeAgents) { f.state.Frameworks[0].Tasks = nil })
	f.Apply(collector.Settings{UID: "uid", AgentStatistics: true}, &collector.Both{Client: f.fake, Of: nobody{&fakeAgents{
		clock: f.clock, asked: map[string][]time.Time{}, running: map[string]int{}}}})
	f.clock.Settle()
	f.clock.Advance(2 * interval)
	for _, name := range []string{"mesos_cluster_cpus_used", "mesos_agent_cpus_used", "mesos_agent_memory_used_bytes", "mesos_agent_cpus_measured"} {
		v, ok := f.rec.one(t, name).at(f.clock.Now())
		require.True(t, ok, name)
		require.Zero(t, v, name)
	}
}

// nobody are agents without containers.
type nobody struct{ *fakeAgents }

func (n nobody) Statistics(context.Context, string) (*mesos.Statistics, error) {
	return &mesos.Statistics{Answer: mesos.Answer{Sent: n.clock.Now()}}, nil
}

// Agents that hang hold the few slots there are. Time that passes meanwhile
// starts no second poll.
func TestFewAgentsAreAskedAtOnceAndPollsDoNotOverlap(t *testing.T) {
	f, agents := startAgents(t, 100, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.hold = make(chan struct{}) })
	inFlight := func() int {
		agents.mu.Lock()
		defer agents.mu.Unlock()
		n := 0
		for _, r := range agents.running {
			n += r
		}
		return n
	}
	// Agents are asked within seconds of this clock: it waits for those whose moment has come, on a busy machine too.
	require.Eventually(t, func() bool { f.clock.Jump(time.Second / 10); return inFlight() == 16 }, 30*time.Second, 50*time.Millisecond)
	for range 50 { // five minutes, in which several polls would be due
		f.clock.Jump(6 * time.Second)
		time.Sleep(time.Millisecond)
		require.LessOrEqual(t, inFlight(), 16)
	}
	hold := agents.hold
	agents.set(func(a *fakeAgents) { a.hold = nil })
	close(hold)
	f.clock.Settle()
	agents.mu.Lock()
	most, twice, asked := agents.most, agents.twice, len(agents.asked)
	agents.mu.Unlock()
	require.Equal(t, 16, most)
	require.False(t, twice)
	require.LessOrEqual(t, asked, 17, "those whose time was used up were not asked")
	polls := f.Status().AgentPolls
	require.Equal(t, 100-asked, polls.NotReached)
	require.Contains(t, polls.NotReachedWhy, fmt.Sprintf("%d of 100 agents were not asked this time", polls.NotReached))
	f.clock.Advance(2 * interval)
	require.Len(t, agents.asked, 100, "the next poll asks them all")
	require.False(t, agents.twice)
	require.Equal(t, 100, f.rec.open(f.clock.Now(), "mesos_agent_memory_used_bytes"))
}

func TestStoppingDoesNotWaitForAgents(t *testing.T) {
	f, agents := startAgents(t, 5, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.hold = make(chan struct{}) })
	require.Eventually(t, func() bool {
		f.clock.Jump(time.Second / 10)
		agents.mu.Lock()
		defer agents.mu.Unlock()
		return len(agents.running) > 0
	}, 10*time.Second, time.Millisecond)
	done := make(chan struct{})
	go func() { f.Stop(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the collector did not stop")
	}
	require.Empty(t, f.rec.find("mesos_up", "poll=agents"))
}

func TestAgentsOwnMetricsGoFirstWhenSeriesDoNotFit(t *testing.T) {
	f, agents := startAgents(t, 20, collector.Settings{MaxSeries: 1800})
	f.clock.Advance(interval - time.Second)
	require.Zero(t, agents.metrics, "they are not asked for")
	status := f.Status()
	require.True(t, status.TaskSeries)
	require.False(t, status.AgentPolls.OwnMetrics)
	require.Contains(t, status.AgentPolls.OwnMetricsWhy, "Agents' own metrics (/metrics/snapshot) are not kept: they take 1400 series")
	require.Equal(t, 1400, status.SeriesDropped)
	require.Equal(t, 20, f.rec.open(f.clock.Now(), "mesos_agent_memory_used_bytes"))
	require.Equal(t, 20, f.rec.open(f.clock.Now(), "mesos_task_memory_used_bytes"))
}

func TestWithoutTaskHistorySumsAreKept(t *testing.T) {
	f, _ := startAgents(t, 3, collector.Settings{TaskSeries: collector.TaskSeriesNever})
	f.clock.Advance(2 * interval)
	now := f.clock.Now()
	require.Empty(t, f.rec.find("mesos_task_memory_used_bytes"))
	require.Empty(t, f.rec.find("mesos_executor_memory_rss_bytes"))
	require.Equal(t, 3, f.rec.open(now, "mesos_agent_memory_used_bytes"))
	require.Equal(t, 1.5, f.rec.sum(now, "mesos_framework_cpus_used"))
	require.Equal(t, 1.5, f.rec.sum(now, "mesos_role_cpus_used", "role=prod"))

	current := map[string]float64{}
	for _, name := range f.CurrentTasks().Names() {
		if !strings.HasSuffix(name, "_used") {
			continue
		}
		for _, s := range f.CurrentTasks().Series(name) {
			current[name+" "+s.Labels.Get("task_id")+s.Labels.Get("executor_id")] = s.Value
		}
	}
	require.Equal(t, map[string]float64{
		"mesos_task_cpus_used t1": 0.5, "mesos_task_cpus_used t2": 0.5, "mesos_task_cpus_used t3": 0.5,
		"mesos_executor_cpus_used t1": 0.5, "mesos_executor_cpus_used t2": 0.5, "mesos_executor_cpus_used t3": 0.5,
	}, current, "the latest is known all the same")
}

// Agents answer so slowly that the time of a poll is enough for a few of them.
func TestSlowAgentsShareTheTimeOfAPollFairly(t *testing.T) {
	const n = 60
	f, agents := startAgents(t, n, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.takes = 500 * time.Millisecond })
	f.clock.Advance(30 * interval)
	agents.mu.Lock()
	least, most := len(agents.asked["S1"]), 0
	for i := range n {
		times := len(agents.asked[fmt.Sprintf("S%d", i+1)])
		least, most = min(least, times), max(most, times)
	}
	agents.mu.Unlock()
	require.Less(t, most, 30, "there is not time for all of them in each poll")
	require.Positive(t, least)
	require.LessOrEqual(t, most-least, 1, "no agent is asked twice before another is asked")
	require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=agents"), "that an agent was not reached is no failure of it")

	polls := f.Status().AgentPolls
	require.Positive(t, polls.NotReached)
	require.Equal(t, n, polls.Asked+polls.NotReached)
	require.Equal(t, polls.Asked, polls.Answered)
	require.Empty(t, polls.Problems)
}

func TestNothingIsDroppedWhenItsCauseIsGone(t *testing.T) {
	settings := collector.Settings{MaxSeries: 1800}
	dropped := func(f *faked) float64 { return f.rec.sum(f.clock.Now(), "mesos_series_dropped") }
	t.Run("agents are not asked any more", func(t *testing.T) {
		f, agents := startAgents(t, 20, settings)
		f.clock.Advance(2*interval - time.Second)
		require.Equal(t, 1400.0, dropped(f))
		off := settings
		off.UID = "uid"
		f.Apply(off, &collector.Both{Client: f.fake, Of: agents})
		f.clock.Advance(2 * interval)
		require.Zero(t, dropped(f))
		require.Zero(t, f.Status().SeriesDropped)
		require.Empty(t, f.Status().SeriesDroppedWhy)
	})
	t.Run("agents are not asked any more before the first of them answered", func(t *testing.T) {
		f, agents := startAgents(t, 20, settings)
		f.clock.Advance(2 * time.Second)
		require.Nil(t, f.Status().AgentPolls, "the first poll is still running")
		off := settings
		off.UID = "uid"
		f.Apply(off, &collector.Both{Client: f.fake, Of: agents})
		f.clock.Advance(2 * interval)
		require.Zero(t, dropped(f))
	})
	t.Run("there is room for more", func(t *testing.T) {
		f, agents := startAgents(t, 20, settings)
		f.clock.Advance(2*interval - time.Second)
		require.Equal(t, 1400.0, dropped(f))
		more := settings
		more.UID, more.AgentStatistics, more.MaxSeries = "uid", true, 100_000
		f.Apply(more, &collector.Both{Client: f.fake, Of: agents})
		f.clock.Advance(2*interval - time.Second)
		require.Zero(t, dropped(f))
		require.True(t, f.Status().AgentPolls.OwnMetrics)
	})
}

func TestADiskThatFailsBetweenTwoPollsCostsTaskSeriesAndNoRandomPart(t *testing.T) {
	f, _ := startAgents(t, 3, collector.Settings{})
	f.clock.Advance(2*interval + 2*time.Second) // the second agent is still to be asked
	require.Equal(t, 3, f.rec.open(f.clock.Now(), "mesos_task_cpus_used"))
	f.rec.set(func(r *recorder) { r.room = 200 })
	f.clock.Advance(interval - 3*time.Second)
	now := f.clock.Now()
	require.Equal(t, 1, f.rec.open(now, "mesos_task_cpus_used"), "that of the agent that was asked before")
	require.Equal(t, 3, f.rec.open(now, "mesos_agent_memory_used_bytes"))
	require.False(t, f.Status().TaskSeries)
	require.Contains(t, f.Status().TaskSeriesWhy, "memoryLimit has room for 200")
	f.clock.Advance(interval)
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_task_cpus_used"))
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_task_cpus_allocated"))
}
