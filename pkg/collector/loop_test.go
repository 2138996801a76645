package collector_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

const interval = 15 * time.Second // the default

func TestPollsRunOnTheirScheduleForDays(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) { f.targets = []mesos.Target{{Address: "master2:5050"}}; f.follower = quiet })
	const day = 24 * time.Hour
	f.clock.Advance(2 * day)
	polls := int(2 * day / interval)
	require.Equal(t, 1+polls, f.count("snapshot"))
	require.Equal(t, 1+polls, f.count("state"))
	require.Equal(t, 1+polls, f.count("roles"))
	require.Equal(t, 1+polls/4, f.count("follower"))
	require.Zero(t, f.count("flags"), "/state says the cluster's name")
	require.Len(t, f.rec.one(t, "mesos_up", "poll=snapshot").samples, 1+polls)
}

func TestAPollWithManyAgentsRunsLessOften(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) {
		f.state.Slaves = nil
		for n := range 1000 {
			f.state.Slaves = append(f.state.Slaves, agent(n))
		}
		f.targets, f.follower = []mesos.Target{{Address: "master2:5050"}}, quiet
	})
	require.Equal(t, time.Minute, f.Interval(series.PollState))
	require.Equal(t, time.Minute, f.Interval(series.PollRoles))
	require.Equal(t, interval, f.Interval(series.PollSnapshot))
	require.Equal(t, 4*interval, f.Interval(series.PollFollowers))
	f.clock.Advance(time.Hour)
	require.Equal(t, 1+60, f.count("state"))
	require.Equal(t, 1+240, f.count("snapshot"))
	require.Zero(t, start(t, collector.Settings{}).Interval(series.PollFollowers), "there are none")
}

func TestAFailedPollIsTriedOnceMoreAndLeavesNoGap(t *testing.T) {
	f := start(t, collector.Settings{})
	f.set(func(f *fake) { f.err["state"] = failure(mesos.Timeout) })
	f.clock.Advance(interval)
	f.set(func(f *fake) { delete(f.err, "state") })
	f.clock.Advance(interval)
	require.Equal(t, "0s 4, 16.5s 4, 30s 4", f.rec.one(t, "mesos_agent_cpus_capacity").text(begin))
	require.Equal(t, "0s 1, 16.5s 1, 30s 1", f.rec.one(t, "mesos_up", "poll=state").text(begin))
	require.Equal(t, 4, f.count("state"))
}

func TestAFailedPollEndsItsSeriesAtItsScheduledTime(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(interval)
	f.set(func(f *fake) { f.err["state"] = failure(mesos.Network) })
	f.clock.Advance(2*interval + 2*time.Second) // the second one's second try included
	f.set(func(f *fake) { delete(f.err, "state") })
	f.clock.Advance(2 * interval)
	// Failed at 30 s and 45 s; after the second the poll backs off to 1.5
	// intervals.
	for name, want := range map[string]string{
		"mesos_agent_cpus_capacity": "0s 4, 15s 4, 30s end, 1m7.5s 4",
		"mesos_role_cpus_allocated": "0s 1, 15s 1, 30s end, 1m7.5s 1",
		"mesos_task_state":          "0s 1, 15s 1, 30s end, 1m7.5s 1",
	} {
		require.Equal(t, want, f.rec.one(t, name).text(begin), name)
	}
	for _, poll := range []string{"state", "roles"} {
		require.Equal(t, "0s 1, 15s 1, 30s 0, 45s 0, 1m7.5s 1", f.rec.one(t, "mesos_up", "poll="+poll).text(begin))
		require.Equal(t, "0s 0.02, 15s 0.02, 30s end, 1m7.5s 0.02", f.rec.one(t, "mesos_poll_duration_seconds", "poll="+poll).text(begin))
		require.Equal(t, "0s 0, 15s 0, 30s 1, 45s 2, 1m7.5s 2", f.rec.one(t, "mesos_poll_failures_total", "poll="+poll, "category=network").text(begin))
	}
	require.Equal(t, "0s 1, 15s 1, 30s 1, 45s 1, 1m0s 1, 1m15s 1", f.rec.one(t, "mesos_up", "poll=snapshot").text(begin), "the snapshot goes on")
}

func TestAnOutageIsAGapOfItsLength(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(10 * time.Minute)
	f.set(func(f *fake) { f.err["snapshot"] = failure(mesos.Network) })
	f.clock.Advance(30 * time.Minute)
	f.set(func(f *fake) { delete(f.err, "snapshot") })
	f.clock.Advance(10 * time.Minute)

	up := f.rec.one(t, "mesos_up", "poll=snapshot")
	cpus := f.rec.one(t, "mesos_master_cpus_capacity")
	var ended, again time.Time
	for i, s := range cpus.samples {
		if series.IsStale(s.v) {
			require.Zero(t, ended, "it ends once")
			ended, again = time.UnixMilli(s.t), time.UnixMilli(cpus.samples[i+1].t)
		}
	}
	require.Equal(t, begin.Add(10*time.Minute+interval), ended.UTC(), "the first poll of the outage")
	late := again.Sub(begin.Add(40 * time.Minute))
	require.LessOrEqual(t, late, 2*interval, "back-off is at most twice the interval")
	for i := 1; i < len(up.samples); i++ {
		gap := time.Duration(up.samples[i].t-up.samples[i-1].t) * time.Millisecond
		require.LessOrEqual(t, gap, 5*interval/2, "mesos_up stays within a query's look-back")
	}
	for _, s := range up.samples {
		down := s.t >= ended.UnixMilli() && s.t < again.UnixMilli()
		require.Equal(t, !down, s.v == 1, time.UnixMilli(s.t))
	}
	require.NoError(t, f.Ready(t.Context()), "history answers")
}

func TestARefusedSnapshotCostsNothingElse(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) { f.err["snapshot"] = failure(mesos.Forbidden) })
	f.clock.Advance(interval)
	require.NoError(t, f.Ready(t.Context()))
	require.NoError(t, f.Check(t.Context()))
	now := f.clock.Now()
	v, _ := f.rec.one(t, "mesos_up", "poll=snapshot").at(now)
	require.Zero(t, v)
	v, _ = f.rec.one(t, "mesos_up", "poll=state").at(now)
	require.Equal(t, 1.0, v)
	v, _ = f.rec.one(t, "mesos_poll_failures_total", "poll=snapshot", "category=forbidden").at(now)
	require.Positive(t, v)
	require.Zero(t, f.rec.sum(now, "mesos_poll_failures_total", "poll=state"))
	require.Equal(t, 4.0, f.rec.sum(now, "mesos_cluster_cpus_capacity"))
}

func TestColdStartAsksOnceHoweverManyWait(t *testing.T) {
	total := func(viewers int) map[string]int {
		f := start(t, collector.Settings{}, func(f *fake) { f.hold = make(chan struct{}) })
		var wait sync.WaitGroup
		errs := make(chan error, viewers+1)
		for range viewers {
			wait.Go(func() {
				f.Touch()
				errs <- f.Ready(t.Context())
			})
		}
		time.Sleep(20 * time.Millisecond) // most of them wait by now
		close(f.hold)
		wait.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		f.clock.Settle()
		for range 3 {
			f.clock.Advance(interval)
			for range viewers {
				f.Touch()
				require.NoError(t, f.Ready(t.Context()))
				f.Status()
			}
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.counts
	}
	alone := total(0)
	require.Equal(t, map[string]int{"state": 4, "roles": 4, "snapshot": 4}, alone)
	require.Equal(t, alone, total(100))
}

func TestReadyWaitsTenSeconds(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) {
		f.start = time.Time{}
		f.hold = make(chan struct{})
		f.err["state"] = failure(mesos.Timeout)
	})
	defer close(f.hold)
	answer := make(chan error, 1)
	go func() { answer <- f.Ready(t.Context()) }()
	time.Sleep(20 * time.Millisecond) // it waits by now
	// The clock cannot move while a poll is under way: move it by hand.
	f.clock.Jump(9 * time.Second)
	select {
	case err := <-answer:
		t.Fatal("too early", err)
	case <-time.After(20 * time.Millisecond):
	}
	f.clock.Jump(2 * time.Second)
	require.ErrorIs(t, <-answer, collector.ErrFirstPoll)
}

// readyWithin returns what Ready returns when the clock has moved this far, while
// polls are under way.
func readyWithin(t *testing.T, f *faked, d time.Duration) error {
	t.Helper()
	answer := make(chan error, 1)
	go func() { answer <- f.Ready(t.Context()) }()
	deadline := time.After(10 * time.Second)
	for moved := time.Duration(0); ; moved += d / 10 {
		select {
		case err := <-answer:
			return err
		case <-deadline:
			t.Fatal("Ready does not return")
		case <-time.After(5 * time.Millisecond):
			// The clock cannot move by itself while a poll is under way. Ready may begin to wait
			// late on a loaded machine.
			if moved < 20*d {
				f.clock.Jump(d / 10)
			}
		}
	}
}

func TestNoQueryWaitsLongWhileThereIsHistory(t *testing.T) {
	hang := func(f *fake) { f.hold = make(chan struct{}) }
	release := func(f *faked) {
		f.set(func(f *fake) { close(f.hold); f.hold = nil })
		f.clock.Settle()
	}
	t.Run("after a start", func(t *testing.T) {
		f := start(t, collector.Settings{}, hang, func(f *fake) { f.err["state"] = failure(mesos.Timeout) })
		defer release(f)
		require.ErrorIs(t, readyWithin(t, f, 2*time.Second), collector.ErrFirstPoll)
		require.Error(t, f.Ready(t.Context()), "and the next does not wait at all")
	})
	t.Run("after a start, where it is known only once the directory is open", func(t *testing.T) {
		f := start(t, collector.Settings{}, hang, func(f *fake) {
			f.err["state"] = failure(mesos.Timeout)
			f.start, f.opened = time.Time{}, begin
		})
		defer release(f)
		require.ErrorIs(t, readyWithin(t, f, 2*time.Second), collector.ErrFirstPoll)
		require.Error(t, f.Ready(t.Context()), "and the next does not wait at all")
	})
	t.Run("after idling, and after an edit", func(t *testing.T) {
		f := start(t, collector.Settings{IdleTimeout: time.Hour})
		f.clock.Advance(2 * time.Hour)
		f.set(hang)
		f.Touch()
		require.NoError(t, readyWithin(t, f, 2*time.Second))
		require.NoError(t, f.Ready(t.Context()))
		next := newFake(f.clock)
		next.hold = f.hold
		f.Apply(collector.Settings{IdleTimeout: time.Hour, UID: "uid"}, next)
		require.NoError(t, f.Ready(t.Context()), "an edit makes nobody wait")
		release(f)
	})
	t.Run("after idling the first query has fresh values where they come at once", func(t *testing.T) {
		f := start(t, collector.Settings{IdleTimeout: time.Hour})
		f.clock.Advance(2 * time.Hour)
		require.Zero(t, f.rec.open(f.clock.Now(), "mesos_cluster_cpus_capacity"))
		f.Touch()
		require.NoError(t, f.Ready(t.Context()))
		require.Equal(t, 1, f.rec.open(f.clock.Now(), "mesos_cluster_cpus_capacity"))
	})
}

func TestReadyRemembersWhyThereIsNothing(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) {
		for _, what := range []string{"state", "snapshot", "flags"} {
			f.err[what] = failure(mesos.Auth)
		}
	})
	f.clock.Advance(5 * time.Second)
	asked := f.count("state")
	for range 3 { // as a failing alert rule does
		require.ErrorContains(t, f.Ready(t.Context()), "made up: auth")
		require.ErrorContains(t, f.Check(t.Context()), "made up: auth")
	}
	require.Equal(t, asked, f.count("state"))
	require.Empty(t, f.rec.names(), "nothing is written before the cluster's name is known")

	f.set(func(f *fake) { f.err = map[string]error{} })
	f.clock.Advance(time.Minute)
	require.NoError(t, f.Ready(t.Context()))
	require.Positive(t, f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "poll=state", "category=auth"), "failures of before are counted")
}

func TestARecoveringMasterIsAFailedPoll(t *testing.T) {
	f := start(t, collector.Settings{})
	f.set(func(f *fake) { f.err["state"] = failure(mesos.Recovering) })
	f.clock.Advance(2 * interval)
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_agent_cpus_capacity"))
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_cluster_agents"), "not an empty cluster")
	require.Positive(t, f.rec.sum(f.clock.Now(), "mesos_poll_failures_total", "category=recovering"))
}

func TestAHundredSettingsAreOneCollectorWithTheNewest(t *testing.T) {
	f := start(t, collector.Settings{})
	clients := []*fake{f.fake}
	for n := range 100 {
		next := newFake(f.clock)
		next.address = "other:5050"
		clients = append(clients, next)
		f.Apply(collector.Settings{PollInterval: time.Duration(20+n) * time.Second, UID: "uid"}, next)
		if n == 50 {
			f.clock.Advance(500 * time.Millisecond)
		}
	}
	f.clock.Settle()
	f.clock.Advance(time.Hour)
	newest := clients[100]
	require.Equal(t, 119*time.Second, f.Interval(series.PollSnapshot))
	require.Equal(t, "other:5050", f.Status().Leader)
	for n, c := range clients[:100] {
		// The clock does not wait for the closing of a client that nobody uses.
		require.Eventually(t, func() bool { return c.closings() == 1 }, 10*time.Second, time.Millisecond, "client %d", n)
		require.LessOrEqual(t, c.count("snapshot"), 1, "client %d", n)
	}
	require.Zero(t, newest.closings())
	sum := 0
	for _, c := range clients[:100] {
		sum += c.count("snapshot")
	}
	require.LessOrEqual(t, sum, 2, "polls between the edits keep a second apart")
	require.InDelta(t, 3600/119, newest.count("snapshot"), 1.5)
	up := f.rec.one(t, "mesos_up", "poll=snapshot")
	require.Equal(t, "0s 1, ", up.text(begin)[:6], "history goes on")
	require.Greater(t, len(up.samples), 30)
	f.Stop()
	require.Equal(t, 1, newest.closings())
}

func TestEqualSettingsChangeNothing(t *testing.T) {
	f := start(t, collector.Settings{TaskLabels: []string{"team"}})
	f.clock.Advance(interval)
	for range 10 {
		f.Apply(collector.Settings{TaskLabels: []string{"team"}, UID: "uid"}, f.fake)
	}
	f.clock.Settle()
	require.Equal(t, 2, f.count("snapshot"))
	require.Zero(t, f.closings())
}

func TestSettingsApplyAtOnceAndKeepTheSchedule(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(interval)
	f.Apply(collector.Settings{PollInterval: 20 * time.Second, UID: "uid"}, f.fake)
	f.clock.Settle()
	require.Equal(t, 2, f.count("snapshot"), "the same masters are not asked before their time")
	f.clock.Advance(20 * time.Second)
	require.Equal(t, "0s 1, 15s 1, 35s 1", f.rec.one(t, "mesos_up", "poll=snapshot").text(begin))
}

func TestACollectorNobodyAsksStopsAndComesBack(t *testing.T) {
	f := start(t, collector.Settings{IdleTimeout: time.Hour})
	f.clock.Advance(30 * time.Minute)
	f.Touch()
	f.clock.Advance(59 * time.Minute)
	asked := f.count("snapshot")
	require.Equal(t, 1+89*4, asked)
	f.clock.Advance(24 * time.Hour)
	require.InDelta(t, asked, f.count("snapshot"), 4)
	asked = f.count("snapshot")
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_up"), "unknown, not down")
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_agent_cpus_capacity"))
	ended := f.rec.one(t, "mesos_agent_cpus_capacity").samples
	require.Equal(t, begin.Add(90*time.Minute).UnixMilli(), ended[len(ended)-1].t)

	f.Touch()
	require.NoError(t, f.Ready(t.Context()))
	f.clock.Settle()
	require.Equal(t, asked+1, f.count("snapshot"), "the first query polls")
	require.Equal(t, 1, f.rec.open(f.clock.Now(), "mesos_agent_cpus_capacity"))
	f.clock.Advance(interval)
	require.Equal(t, asked+2, f.count("snapshot"))
}

func TestStopEndsEverything(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(interval)
	f.Stop()
	f.Stop()
	require.Zero(t, f.rec.open(f.clock.Now().Add(time.Millisecond), "mesos_up"))
	require.Equal(t, 1, f.closings())
	f.Touch()
	f.clock.Advance(time.Hour)
	require.Equal(t, 2, f.count("snapshot"))
	require.ErrorIs(t, f.Check(t.Context()), collector.ErrStopped)
}

func TestASlowMasterIsAskedLessOften(t *testing.T) {
	f := start(t, collector.Settings{})
	slow := &slowClient{fake: f.fake, head: 2 * time.Second}
	f.Apply(collector.Settings{UID: "uid"}, slow)
	f.clock.Settle()
	f.clock.Advance(time.Minute)
	require.Equal(t, 82*time.Second, f.Interval(series.PollState), "twenty times 4.1 s of /state and /roles")
	require.Equal(t, interval, f.Interval(series.PollSnapshot))
}

func TestStatusSaysWhatPollsCost(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(interval)
	s := f.Status()
	require.Equal(t, "fixture", s.Cluster)
	require.Equal(t, "master1:5050", s.Leader)
	require.Equal(t, "1.12.0", s.Version)
	require.Equal(t, []collector.MasterStatus{{Address: "master1:5050", Leading: true}}, s.Masters)
	require.Equal(t, [3]int{1, 1, 1}, [3]int{s.Agents, s.Frameworks, s.Tasks})
	require.True(t, s.TaskSeries)
	require.Empty(t, s.TaskSeriesWhy)
	require.Len(t, s.Polls, 3)
	at := begin.Add(interval)
	require.Equal(t, collector.PollStatus{
		Poll: series.PollSnapshot, Interval: interval, LastAttempt: at, LastSuccess: at, Next: at.Add(interval),
		Took: 20 * time.Millisecond, Head: 10 * time.Millisecond, Bytes: 1000, Recent: []collector.Result{{At: begin}, {At: at}},
	}, s.Polls[2])
}
