package collector_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// streaming is a fake whose master has an event stream.
type streaming struct {
	*fake
	handle  func(mesos.StreamEvent) error
	end     chan error
	asked   int
	streams int                 // that are open
	during  []mesos.StreamEvent // what the stream tells while the next snapshot is read
	takes   time.Duration       // how long a snapshot takes
	started time.Time           // when the master that answers started; zero: values has its uptime
	pushes  func()              // is called when a stream begins
}

func (s *streaming) Snapshot(ctx context.Context) (*mesos.Metrics, error) {
	m, err := s.fake.Snapshot(ctx)
	s.mu.Lock()
	during, takes, started := s.during, s.takes, s.started
	s.during = nil
	s.mu.Unlock()
	if m != nil && !started.IsZero() {
		m.Values["master/uptime_secs"] = m.Sent.Sub(started).Seconds()
	}
	if takes > 0 {
		s.clock.Jump(takes)
	}
	for _, e := range during {
		err = errors.Join(err, s.sendAt(e, s.clock.Now().Add(time.Millisecond)))
	}
	return m, err
}

func (s *streaming) Subscribe(ctx context.Context, handle func(mesos.StreamEvent) error) error {
	s.mu.Lock()
	s.asked++
	if s.refused != nil {
		defer s.mu.Unlock()
		return s.refused
	}
	if s.panics["subscribe"] {
		s.mu.Unlock()
		panic("made up: subscribe")
	}
	end := make(chan error, 1)
	s.handle, s.end = handle, end
	s.streams++
	target, pushes := s.address, s.pushes
	s.mu.Unlock()
	defer s.set(func(*fake) { s.streams-- })
	if pushes != nil {
		pushes()
	}
	if err := handle(mesos.StreamEvent{Type: mesos.StreamSubscribed, Subscribed: &mesos.Subscribed{Target: target}, Received: s.clock.Now(), Bytes: 1000}); err != nil {
		return err
	}
	select {
	case err := <-end:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send sends a record.
func (s *streaming) send(e mesos.StreamEvent) error { return s.sendAt(e, s.clock.Now()) }

// sendAt sends a record that is received at a moment.
func (s *streaming) sendAt(e mesos.StreamEvent, at time.Time) error {
	s.mu.Lock()
	handle := s.handle
	s.mu.Unlock()
	e.Received, e.Bytes = at, 100
	return handle(e)
}

func (s *streaming) subscriptions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *streaming) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams
}

// settles waits until this many streams are open: one that is ended goes in its own time.
func (s *streaming) settles(t *testing.T, open int, why ...any) {
	t.Helper()
	require.Eventually(t, func() bool { return s.open() == open }, 10*time.Second, time.Millisecond, why...)
}

// breaks ends the stream and waits until the collector knows.
func (s *streaming) breaks(t *testing.T, f *faked, cause error) {
	t.Helper()
	before := streamFailures(f.Collector)
	s.mu.Lock()
	s.end <- cause
	s.mu.Unlock()
	require.Eventually(t, func() bool { return streamFailures(f.Collector) > before }, 5*time.Second, time.Millisecond)
}

// streamFailures returns how often a stream has failed or ended.
func streamFailures(c *collector.Collector) uint64 {
	for _, p := range c.Status().Polls {
		if p.Poll == series.PollSubscribe {
			return p.Failures
		}
	}
	return 0
}

// update is a TASK_UPDATED of a task of the fake.
func update(n int, state string, at time.Time) mesos.StreamEvent {
	return mesos.StreamEvent{Type: mesos.StreamTaskUpdated, Update: &mesos.StreamUpdate{
		FrameworkID: "F1", State: state,
		Status: mesos.StreamStatus{
			TaskStatus: mesos.TaskStatus{State: state, Timestamp: float64(at.UnixMilli()) / 1000},
			TaskID:     fmt.Sprintf("t%d", n), SlaveID: "S1", UUID: fmt.Sprintf("%d/%s", n, state),
			Source: "SOURCE_EXECUTOR", Reason: "REASON_COMMAND_EXECUTOR_FAILED", Message: "Command exited with status 1",
		},
	}}
}

// added is a TASK_ADDED of a task of the fake, which is staging.
func added(n int) mesos.StreamEvent {
	t := task(n)
	t.State, t.Statuses = "TASK_STAGING", nil
	return mesos.StreamEvent{Type: mesos.StreamTaskAdded, Task: &mesos.StreamTask{Task: t}}
}

// A task whose end is told before the task itself is no task that vanished.
func TestAnEndBeforeItsTaskIsToldOnce(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(20 * time.Second)
	require.NoError(t, st.send(update(2, "TASK_FAILED", f.clock.Now())))
	require.NoError(t, st.send(added(2)))
	require.NoError(t, st.send(update(3, "", f.clock.Now())))
	f.clock.Advance(4 * interval)
	require.Equal(t, "failed", f.events.told("t2"))
	require.Empty(t, f.events.told("t3"))
	require.Equal(t, 1, f.Cluster().TaskCounts.Total())
}

// follow starts a collector of a fake with an event stream and this many agents.
func follow(t *testing.T, agents int, s collector.Settings, change ...func(*fake)) (*faked, *streaming) {
	t.Helper()
	st := &streaming{started: begin.Add(-time.Hour)}
	f := start(t, s, append(change, func(f *fake) {
		f.state.Slaves = nil
		for n := range agents {
			a := agent(n + 1)
			a.Used = mesos.Resources{}
			f.state.Slaves = append(f.state.Slaves, a)
		}
		f.state.Slaves[0].Used = mesos.Resources{CPUs: 1, Mem: 32}
		f.agree()
		st.fake, f.streaming = f, st
	})...)
	return f, st
}

// agree makes the snapshot that of the /state.
func (f *fake) agree() {
	tasks, cpus, mem := map[string]float64{}, 0.0, 0.0
	for _, t := range f.state.Frameworks[0].Tasks {
		tasks[t.State]++
	}
	for _, s := range f.state.Slaves {
		cpus += s.Used.CPUs
		mem += s.Used.Mem
	}
	n := float64(len(f.state.Slaves))
	for k, v := range map[string]float64{
		"master/slaves_active": n, "master/slaves_connected": n, "master/slaves_inactive": 0, "master/slaves_disconnected": 0, "master/slaves_unreachable": 0,
		"master/frameworks_active": 1, "master/frameworks_connected": 1, "master/frameworks_inactive": 0, "master/frameworks_disconnected": 0,
		"master/tasks_running": tasks["TASK_RUNNING"], "master/tasks_staging": tasks["TASK_STAGING"], "master/tasks_starting": 0, "master/tasks_killing": 0, "master/tasks_unreachable": 0,
		"master/cpus_used": cpus, "master/mem_used": mem, "master/gpus_used": 0, "master/disk_used": 0,
		"master/cpus_total": 4 * n, "master/mem_total": 1024 * n, "master/gpus_total": 0, "master/disk_total": 0,
	} {
		f.values[k] = v
	}
}

// ends makes a running task of the cluster end, in /state and in the snapshot.
func (f *fake) ends(n int) {
	for i, t := range f.state.Frameworks[0].Tasks {
		if t.ID == fmt.Sprintf("t%d", n) {
			f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks[:i:i], f.state.Frameworks[0].Tasks[i+1:]...)
			break
		}
	}
	f.state.Slaves[0].Used, f.state.Frameworks[0].Used = mesos.Resources{}, mesos.Resources{}
	f.agree()
}

func TestTheStreamIsAKindOfPoll(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(2 * interval)
	require.Equal(t, 1, st.subscriptions())
	require.Equal(t, "0s 1, 15s 1, 30s 1", f.rec.one(t, "mesos_up", "poll=subscribe").text(begin))
	require.Equal(t, "0s 1000, 15s 0, 30s 0", f.rec.one(t, "mesos_poll_bytes", "poll=subscribe").text(begin))
	require.Empty(t, f.rec.find("mesos_poll_duration_seconds", "poll=subscribe"), "a stream takes no time")
	require.Equal(t, interval, f.Interval(series.PollSubscribe))
	polls := map[series.Poll]collector.PollStatus{}
	for _, p := range f.Status().Polls {
		polls[p.Poll] = p
	}
	require.Equal(t, f.clock.Now(), polls[series.PollSubscribe].LastSuccess)
	require.NoError(t, polls[series.PollSubscribe].Err)
}

func TestNoStreamIsOpenedWhereTheSettingsSayNever(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{Subscribe: collector.SubscribeNever})
	f.clock.Advance(2 * interval)
	require.Zero(t, st.subscriptions())
	require.Empty(t, f.rec.find("mesos_up", "poll=subscribe"))
	require.Zero(t, f.Interval(series.PollSubscribe))
	for _, p := range f.Status().Polls {
		require.NotEqual(t, series.PollSubscribe, p.Poll)
	}

	f.Apply(collector.Settings{UID: "uid"}, f.client())
	f.clock.Advance(interval)
	require.Equal(t, 1, st.subscriptions())
	f.Apply(collector.Settings{UID: "uid", Subscribe: collector.SubscribeNever}, f.client())
	f.clock.Advance(interval)
	require.Contains(t, f.rec.one(t, "mesos_up", "poll=subscribe").text(begin), "1, 1m0s end")
	st.settles(t, 0, "it was ended")
}

func TestAMasterThatHasNoStreamIsNotAskedForIt(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{}, func(f *fake) { f.state.Version = "0.28.2" })
	f.clock.Advance(20 * interval)
	require.Zero(t, st.subscriptions())
	require.Empty(t, f.rec.find("mesos_up", "poll=subscribe"))
	require.Empty(t, f.rec.find("mesos_poll_failures_total", "poll=subscribe"))
	for _, p := range f.Status().Polls {
		require.NotEqual(t, series.PollSubscribe, p.Poll)
	}

	f.state.Version = "1.1.0" // it was upgraded
	f.clock.Advance(2 * interval)
	require.Equal(t, 1, st.subscriptions())
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=subscribe"))
}

func TestARefusedStreamIsSaidAndSeldomTriedAgain(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{}, func(f *fake) { f.refused = failure(mesos.Forbidden) })
	f.clock.Advance(20 * interval)
	require.InDelta(t, 2, st.subscriptions(), 1, "every five minutes")
	up := f.rec.one(t, "mesos_up", "poll=subscribe")
	for i, x := range up.samples {
		require.Zero(t, x.v)
		if i > 0 {
			require.LessOrEqual(t, time.Duration(x.t-up.samples[i-1].t)*time.Millisecond, 5*interval/2)
		}
	}
	require.Equal(t, float64(st.subscriptions()), f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=subscribe", "category=forbidden"))
	require.Equal(t, 21, f.count("state"), "polling goes on as without it")
	require.Equal(t, interval, f.Interval(series.PollModel))
}

func TestAPanicWhileTheStreamIsReadIsItsError(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{}, func(f *fake) { f.panics["subscribe"] = true })
	f.clock.Advance(2 * interval)
	require.ErrorContains(t, errorOf(f, series.PollSubscribe), "The plugin failed while reading the event stream (made up: subscribe)")
	f.set(func(f *fake) { f.panics = map[string]bool{} })
	f.clock.Advance(10 * time.Minute)
	require.NoError(t, errorOf(f, series.PollSubscribe))
	st.settles(t, 1)
}

func TestAStreamOfAMasterThatDoesNotLeadAnyMoreIsOpenedAnew(t *testing.T) {
	f, st := follow(t, 1000, collector.Settings{})
	f.clock.Advance(5 * time.Minute)
	require.Equal(t, 1, st.subscriptions())
	f.set(func(f *fake) { f.address, f.state.PID, f.state.ElectedTime = "master2:5050", "master@10.0.0.2:5050", 2 })
	f.clock.Advance(2 * interval)
	require.Eventually(t, func() bool { f.clock.Advance(interval); return st.subscriptions() == 2 }, 5*time.Second, time.Millisecond)
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=subscribe", "category=no_leader"))
	require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_model_drift_total"), "two masters are not compared")
	require.Len(t, f.events.of(events.KindMaster), 1)
}

func TestEventsOfTheStreamAreNotedWithinASecond(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(20 * time.Second)
	require.NoError(t, st.send(update(1, "TASK_FAILED", f.clock.Now())))
	f.set(func(f *fake) { f.ends(1) })
	f.clock.Advance(time.Second)
	tasks := f.events.of(events.KindTask)
	require.Len(t, tasks, 1)
	require.Equal(t, events.What("failed"), tasks[0].What)
	require.Equal(t, "task 1", tasks[0].Task)
	require.Equal(t, "prod", tasks[0].Role)
	require.Equal(t, "command_executor_failed", tasks[0].Reason)
	f.clock.Advance(2 * interval)
	require.Len(t, f.events.of(events.KindTask), 1, "the next /state tells it again")
	require.Equal(t, "0s 0, 15s 0, 30s 1, 45s 1", f.rec.one(t, "mesos_agent_tasks_ended_total", "state=failed").text(begin))
}

// What a large /state and SUBSCRIBED took is given back once the model is kept by events, and
// with each /state that is compared with it.
func TestMemoryOfALargeStateIsFreed(t *testing.T) {
	for _, c := range []struct {
		agents    int
		subscribe string
		freed     int
	}{
		{1000, "", 3}, // as often as /state was requested
		{1000, collector.SubscribeNever, 0},
		{10, "", 0},
	} {
		f, _ := follow(t, c.agents, collector.Settings{Subscribe: c.subscribe})
		f.clock.Advance(15 * time.Minute)
		require.Eventually(t, func() bool {
			freed := 0
			f.set(func(f *fake) { freed = f.freed })
			return freed == c.freed
		}, 10*time.Second, time.Millisecond, c)
	}
}

// While there are two models of very many agents, there is little garbage.
func TestMemoryIsSparedWhileAVeryLargeStateIsRead(t *testing.T) {
	for agents, want := range map[int][]bool{20_000: {false, true, true}, 1000: {false, false, false}} {
		f := start(t, collector.Settings{Subscribe: collector.SubscribeNever, TaskSeries: samples.TaskSeriesNever}, func(f *fake) {
			f.state.Slaves = nil
			for i := range agents {
				f.state.Slaves = append(f.state.Slaves, agent(i+1))
			}
		})
		for range 2 {
			f.clock.Advance(f.Interval(series.PollState))
		}
		f.mu.Lock()
		require.Equal(t, want, f.spared, "%d agents", agents)
		require.False(t, f.sparing, "/state is written")
		f.mu.Unlock()
	}
}

func TestSumsAreWrittenOfEventsWhileStateIsSeldomAsked(t *testing.T) {
	f, st := follow(t, 1000, collector.Settings{})
	f.clock.Advance(2 * time.Minute)
	require.Equal(t, interval, f.Interval(series.PollModel))
	require.Equal(t, 10*time.Minute, f.Interval(series.PollState))
	asked := f.count("state")
	require.Equal(t, 2, asked, "the second because the stream began after the first")
	require.NoError(t, st.send(added(2)))
	require.NoError(t, st.send(update(2, "TASK_RUNNING", f.clock.Now())))
	f.set(func(f *fake) {
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, task(2))
		f.state.Slaves[0].Used, f.state.Frameworks[0].Used = mesos.Resources{CPUs: 2, Mem: 64}, mesos.Resources{CPUs: 2, Mem: 64}
		f.agree()
	})
	f.clock.Advance(interval)
	now := f.clock.Now()
	require.Equal(t, asked, f.count("state"))
	for name, want := range map[string]float64{
		"mesos_cluster_cpus_allocated": 2, "mesos_framework_cpus_allocated": 2, "mesos_role_cpus_allocated": 2, "mesos_agent_cpus_allocated": 2,
		"mesos_cluster_tasks": 2, "mesos_framework_tasks": 2, "mesos_agent_tasks": 2, "mesos_role_tasks": 2,
		"mesos_task_cpus_allocated": 2,
	} {
		require.Equal(t, want, f.rec.sum(now, name), name)
	}
	one := f.rec.one(t, "mesos_cluster_cpus_allocated")
	require.Equal(t, now.UnixMilli(), one.samples[len(one.samples)-1].t)
	for _, s := range f.rec.find("mesos_task_state") {
		if s.labels.Get("task_id") == "t2" {
			require.Equal(t, "2m15s 1", s.text(begin), "a task that began in between")
		} else {
			require.Equal(t, asked, len(s.samples), "a task that did not change has a sample of each /state: %s", s.text(begin))
		}
	}
	require.Equal(t, asked, len(f.rec.one(t, "mesos_cluster_cpus_offered").samples), "only /state tells offers")
	require.Equal(t, 2, f.Cluster().TaskCounts.Total())

	require.NoError(t, st.send(update(2, "TASK_FINISHED", f.clock.Now())))
	f.set(func(f *fake) {
		f.ends(2)
		f.state.Slaves[0].Used, f.state.Frameworks[0].Used = mesos.Resources{CPUs: 1, Mem: 32}, mesos.Resources{CPUs: 1, Mem: 32}
		f.agree()
	})
	f.clock.Advance(interval)
	require.Equal(t, "2m15s 1, 2m30s end", f.rec.one(t, "mesos_task_state", "task_id=t2").text(begin))
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_cluster_cpus_allocated"))

	f.clock.Advance(10 * time.Minute)
	require.Equal(t, asked+1, f.count("state"))
	require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_model_drift_total"))
	require.Equal(t, 4, f.rec.open(f.clock.Now(), "mesos_model_drift_total"))
}

func TestSumsThatEventsKeepAreNeverOlderThanAnInterval(t *testing.T) {
	f, st := follow(t, 1000, collector.Settings{})
	f.clock.Advance(2 * time.Minute)
	f.set(func(*fake) { st.takes = 600 * time.Millisecond })
	f.clock.Advance(2 * interval) // one poll tells how long they take
	asked := f.count("snapshot")
	from := len(f.rec.one(t, "mesos_cluster_cpus_allocated").samples) - 1
	f.clock.Advance(20 * time.Minute)
	require.GreaterOrEqual(t, f.count("state"), 3, "the moment of a /state is among them")
	samples := f.rec.one(t, "mesos_cluster_cpus_allocated").samples[from:]
	require.Greater(t, len(samples), 80)
	for i, one := range samples {
		if i > 0 {
			apart := time.Duration(one.t-samples[i-1].t) * time.Millisecond
			require.LessOrEqual(t, apart+600*time.Millisecond, interval, "the sample at %s", time.UnixMilli(one.t).Sub(begin))
		}
	}
	require.LessOrEqual(t, f.count("snapshot")-asked, 91, "80 in 20 minutes, each a tenth sooner")
}

func TestTheSumsOfAMomentDoNotWaitForItsState(t *testing.T) {
	f, _ := follow(t, 1000, collector.Settings{})
	f.clock.Advance(2 * time.Minute)
	require.Equal(t, 10*time.Minute, f.Interval(series.PollState))
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	f.set(func(f *fake) { f.holdState = hold })
	asked := f.count("state")
	advanced := make(chan struct{})
	go func() {
		defer close(advanced)
		f.clock.Advance(10 * time.Minute)
	}()
	require.Eventually(t, func() bool { return f.count("state") > asked }, 10*time.Second, time.Millisecond)
	now := f.clock.Now()
	f.clock.Jump(0) // what else is due at this moment does not wait for /state
	require.Eventually(t, func() bool {
		return f.rec.newest("mesos_cluster_tasks") == now.UnixMilli() && f.rec.newest("mesos_framework_tasks") == now.UnixMilli()
	}, 10*time.Second, time.Millisecond)
	require.Less(t, f.rec.newest("mesos_agent_cpus_allocated"), now.UnixMilli(), "what /state brings is of /state")
	release()
	<-advanced
	require.GreaterOrEqual(t, f.rec.newest("mesos_agent_cpus_allocated"), now.UnixMilli())
	require.Equal(t, 1000, f.rec.open(f.clock.Now(), "mesos_agent_cpus_allocated"))
	require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_model_drift_total"))
}

func TestWhatIsToldWhileASnapshotIsReadIsNoContradiction(t *testing.T) {
	for name, counted := range map[string]bool{"the snapshot counts it": true, "the snapshot is from before": false} {
		t.Run(name, func(t *testing.T) {
			f, st := follow(t, 1000, collector.Settings{})
			f.clock.Advance(2 * time.Minute)
			asked := f.count("state")
			two := func(f *fake) {
				f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, task(2))
				f.state.Slaves[0].Used, f.state.Frameworks[0].Used = mesos.Resources{CPUs: 2, Mem: 64}, mesos.Resources{CPUs: 2, Mem: 64}
				f.agree()
			}
			f.set(func(f *fake) {
				st.during = []mesos.StreamEvent{added(2), update(2, "TASK_RUNNING", f.clock.Now())}
				if counted {
					two(f)
				}
			})
			f.clock.Advance(interval)
			require.Equal(t, asked, f.count("state"))
			require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_cluster_tasks"), "what was when the snapshot was asked for")
			if !counted {
				f.set(two)
			}
			f.clock.Advance(interval)
			require.Equal(t, asked, f.count("state"))
			require.Equal(t, 2.0, f.rec.sum(f.clock.Now(), "mesos_cluster_tasks"))
			require.Equal(t, 2.0, f.rec.sum(f.clock.Now(), "mesos_cluster_cpus_allocated"))
		})
	}
}

// What an idle executor held may lie between the numbers of before and after a change of a task during the
// request: then its agent, framework and role have no sample, and where that goes on, /state tells.
func TestAnExecutorThatMayHaveExitedUnseenHasNoSample(t *testing.T) {
	own := mesos.Resources{CPUs: 0.1, Mem: 16}
	f, st := follow(t, 1000, collector.Settings{}, func(f *fake) {
		f.state.Frameworks[0].Executors = []mesos.Executor{{ID: "e1", SlaveID: "S2", Role: "prod", Resources: own}}
	})
	f.set(func(f *fake) {
		f.state.Slaves[1].Used = own
		f.agree()
	})
	f.clock.Advance(3 * time.Minute)
	samples := func(name string, with ...string) int { return len(f.rec.one(t, name, with...).samples) }
	of := func() []int {
		return []int{
			samples("mesos_agent_cpus_allocated", "agent=agent2"), samples("mesos_framework_cpus_allocated"), samples("mesos_role_cpus_allocated", "role=prod"),
			samples("mesos_agent_cpus_allocated", "agent=agent1"), samples("mesos_cluster_cpus_allocated"),
		}
	}
	next := func(before []int, waits int) (after []int) {
		for i, n := range before {
			if i < 3 {
				n -= waits
			}
			after = append(after, n+1)
		}
		return after
	}
	asked, written := f.count("state"), of()
	f.clock.Advance(interval)
	require.Equal(t, next(written, 0), of(), "while nothing changes, the snapshot tells that it is there")

	// A task comes and goes during each request, of which the snapshot knows nothing.
	for n := range 8 {
		f.set(func(f *fake) {
			st.during = []mesos.StreamEvent{added(n + 2), update(n+2, "TASK_FINISHED", f.clock.Now())}
		})
		written = of()
		f.clock.Advance(interval)
		if n == 0 {
			require.Equal(t, next(written, 1), of())
			require.Equal(t, asked, f.count("state"))
		}
	}
	require.InDelta(t, 2, f.count("state")-asked, 1, "the ladder of 1,000 agents: each minute")
	asked = f.count("state")
	f.clock.Advance(5 * time.Minute)
	require.LessOrEqual(t, f.count("state"), asked+1, "and no longer, once nothing may be hidden")

	// It exits while a task begins, of which the snapshot knows.
	f.set(func(f *fake) {
		st.during = []mesos.StreamEvent{added(20), update(20, "TASK_RUNNING", f.clock.Now())}
		f.state.Frameworks[0].Executors = nil
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, task(20))
		f.state.Slaves[0].Used, f.state.Slaves[1].Used = mesos.Resources{CPUs: 2, Mem: 64}, mesos.Resources{}
		f.agree()
	})
	written = of()
	f.clock.Advance(interval)
	require.Equal(t, next(written, 1), of())
	f.clock.Advance(interval)
	require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_agent_cpus_allocated", "agent=agent2"))
	require.Equal(t, 2.0, f.rec.sum(f.clock.Now(), "mesos_framework_cpus_allocated"))
	require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_model_drift_total"))
}

func TestWhatTheSnapshotContradictsWaitsForState(t *testing.T) {
	f, _ := follow(t, 1000, collector.Settings{})
	f.clock.Advance(2 * time.Minute)
	asked := f.count("state")
	written := len(f.rec.one(t, "mesos_cluster_cpus_allocated").samples)
	// An agent disconnects, which the stream does not tell.
	f.set(func(f *fake) {
		f.state.Slaves[7].Active = false
		f.agree()
		f.values["master/slaves_active"], f.values["master/slaves_connected"] = 999, 999
		f.values["master/slaves_inactive"], f.values["master/slaves_disconnected"] = 1, 1
	})
	f.clock.Advance(interval)
	require.Equal(t, asked+1, f.count("state"), "asked early")
	s := f.rec.one(t, "mesos_cluster_agents", "state=disconnected")
	require.Contains(t, s.text(begin), "2m15s 1")
	require.LessOrEqual(t, len(f.rec.one(t, "mesos_cluster_cpus_allocated").samples), written+1, "nothing else is written meanwhile")
	f.clock.Advance(4 * interval)
	require.Equal(t, asked+1, f.count("state"), "and not again")
	require.Equal(t, interval, f.Interval(series.PollModel))
}

func TestAModelThatIsAlwaysContradictedIsPolledAsWithoutAStream(t *testing.T) {
	f, _ := follow(t, 1000, collector.Settings{}, func(f *fake) {})
	f.set(func(f *fake) { f.values["master/tasks_running"] = 77 })
	f.clock.Advance(time.Hour)
	require.InDelta(t, 60, f.count("state"), 6, "the ladder of 1,000 agents: each minute")
	require.Equal(t, time.Minute, f.Interval(series.PollModel))
	require.Equal(t, time.Minute, f.Interval(series.PollState))
}

func TestAModelThatNoSnapshotConfirmsIsPolledAsWithoutAStream(t *testing.T) {
	f, st := follow(t, 1000, collector.Settings{})
	f.clock.Advance(5 * time.Minute)
	f.set(func(f *fake) { f.err["snapshot"] = failure(mesos.Forbidden) })
	asked := f.count("state")
	require.NoError(t, st.send(update(1, "TASK_KILLING", f.clock.Now())))
	f.clock.Advance(30 * time.Minute)
	require.InDelta(t, 30, f.count("state")-asked, 6, "the ladder of 1,000 agents: each minute")
	st.settles(t, 1)
}

func TestABrokenStreamIsOpenedAgainAndStateAskedAsBefore(t *testing.T) {
	f, st := follow(t, 1000, collector.Settings{})
	f.clock.Advance(5 * time.Minute)
	require.Equal(t, 10*time.Minute, f.Interval(series.PollState))
	st.breaks(t, f, failure(mesos.Network))
	require.Equal(t, time.Minute, f.Interval(series.PollState))
	require.Equal(t, time.Minute, f.Interval(series.PollModel))
	asked := f.count("state")
	f.clock.Advance(2 * time.Second)
	require.Equal(t, 2, st.subscriptions(), "at once, since it had lasted")
	require.Equal(t, asked+1, f.count("state"), "due since a minute after the last")
	f.clock.Advance(2 * time.Minute)
	require.Equal(t, 10*time.Minute, f.Interval(series.PollState))
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=subscribe", "category=network"))
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=subscribe"))

	// One that never lasts is opened less and less often.
	before := st.subscriptions()
	for range 240 {
		if st.open() > 0 {
			st.breaks(t, f, failure(mesos.Network))
		}
		f.clock.Advance(15 * time.Second)
	}
	require.Less(t, st.subscriptions()-before, 30)
	require.Greater(t, st.subscriptions()-before, 10)
}

// closedInOrder is how the stream ends that a master closes because it has more subscribers than
// it allows.
var closedInOrder = &mesos.Error{Category: mesos.Network, Target: "master1:5050", Sentence: "made up: too many subscribers", Err: io.EOF}

// Two plugins of which a master allows one do not close each other's stream for ever.
func TestPluginsThatPushEachOtherOutYield(t *testing.T) {
	settings := collector.Settings{PollInterval: time.Minute}
	one, first := follow(t, 1, settings)
	two, second := follow(t, 1, settings)
	both := []*streaming{first, second}
	for i, st := range both {
		rival := both[1-i]
		st.set(func(*fake) {
			st.pushes = func() {
				rival.mu.Lock()
				defer rival.mu.Unlock()
				if rival.streams > 0 {
					select {
					case rival.end <- closedInOrder:
					default:
					}
				}
			}
		})
	}
	pass := func(d time.Duration) (subscriptions int) {
		before := first.subscriptions() + second.subscriptions()
		for range int(d / (15 * time.Second)) {
			one.clock.Advance(15 * time.Second)
			two.clock.Advance(15 * time.Second)
		}
		return first.subscriptions() + second.subscriptions() - before
	}
	second.breaks(t, two, closedInOrder) // the two streams that are open are both the oldest
	pass(4 * time.Hour)
	subscriptions := pass(12 * time.Hour)
	require.LessOrEqual(t, subscriptions, 2*24+4, "one of each in half an hour")
	require.GreaterOrEqual(t, subscriptions, 12, "they do not give up")
	for _, f := range []*faked{one, two} {
		require.Greater(t, f.count("state"), 16*60-20, "polling goes on")
		require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=state"))
	}
	require.LessOrEqual(t, first.open()+second.open(), 1)
	for i, f := range []*faked{one, two} {
		if both[i].open() == 0 {
			require.ErrorContains(t, errorOf(f, series.PollSubscribe), "too many subscribers", "status says why")
			require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_up", "poll=subscribe"))
		}
	}
}

// A master that has lost its leadership may keep its stream open, and tell nothing on it.
func TestAStreamOfAMasterThatDoesNotLeadIsEndedByASnapshot(t *testing.T) {
	for _, agents := range []int{1, 1000} {
		f, st := follow(t, agents, collector.Settings{})
		f.clock.Advance(5 * time.Minute)
		require.Equal(t, 1, st.subscriptions())
		asked := f.count("state")
		// No /state is answered, so that none tells who leads.
		f.set(func(f *fake) { f.address, f.err["state"] = "master2:5050", failure(mesos.Timeout) })
		f.clock.Advance(interval)
		require.Eventually(t, func() bool { f.clock.Advance(interval); return st.subscriptions() == 2 }, 10*time.Second, time.Millisecond)
		st.settles(t, 1, "the other one was ended")
		require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=subscribe", "category=no_leader"))
		require.LessOrEqual(t, f.count("state")-asked, 40)
	}
}

func TestBehindARouterAStreamOfAMasterThatDoesNotLeadIsEndedByASnapshot(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*streaming)
		streams int
	}{
		"a leader that started later":                       {func(st *streaming) { st.started = begin.Add(-time.Minute) }, 2},
		"a leader that started earlier":                     {func(st *streaming) { st.started = begin.Add(-24 * time.Hour) }, 2},
		"the same leader, a clock that was set by a second": {func(st *streaming) { st.started = st.started.Add(time.Second) }, 1},
		"the same leader":                                   {func(*streaming) {}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f, st := follow(t, 1000, collector.Settings{})
			f.clock.Advance(5 * time.Minute)
			require.Equal(t, 1, st.subscriptions())
			// The address is the router's, and no /state is answered that could tell who leads.
			f.set(func(f *fake) { f.err["state"] = failure(mesos.Timeout); c.change(st) })
			f.clock.Advance(2 * time.Minute)
			require.Eventually(t, func() bool {
				if st.subscriptions() < c.streams {
					f.clock.Advance(interval)
				}
				return st.subscriptions() == c.streams
			}, 10*time.Second, time.Millisecond)
			st.settles(t, 1)
			require.Equal(t, float64(c.streams-1), f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=subscribe", "category=no_leader"))
		})
	}
}

func TestAStateThatFailsCostsOnlyWhatEventsDoNotTell(t *testing.T) {
	f, _ := follow(t, 1000, collector.Settings{})
	f.clock.Advance(5 * time.Minute)
	f.set(func(f *fake) { f.err["state"] = failure(mesos.Timeout) })
	f.clock.Advance(15 * time.Minute)
	now := f.clock.Now()
	require.Zero(t, f.rec.open(now, "mesos_cluster_cpus_offered"))
	require.Zero(t, f.rec.open(now, "mesos_agent_cpus_reserved"))
	require.Zero(t, f.rec.sum(now, "mesos_up", "poll=state"))
	require.Equal(t, 1000, f.rec.open(now, "mesos_agent_cpus_allocated"))
	require.Equal(t, 1, f.rec.open(now, "mesos_task_state"))
	one := f.rec.one(t, "mesos_cluster_cpus_allocated")
	require.Equal(t, now.UnixMilli(), one.samples[len(one.samples)-1].t)
	require.Empty(t, f.events.of(events.KindCollection), "it was watched all the time")
	require.Greater(t, f.count("state"), 10, "it is asked as often as without a stream")
}

func TestAStreamThatTellsTooMuchIsDropped(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(time.Second)
	var err error
	e := update(1, "TASK_RUNNING", begin)
	for range 300_000 {
		if err = st.send(e); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "more than could be applied")
	require.Positive(t, f.Status().Stream.Dropped)
}
