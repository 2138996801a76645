package collector_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/events/sqlite"
	"community-mesos-datasource/pkg/mesos"
)

// A life is what a task of the fake does.
type life struct {
	n        int
	left     []string // states to come; "" is that the end is acknowledged
	next     time.Time
	statuses []mesos.TaskStatus
	ahead    time.Duration // of its agent's clock
	agent    string
}

func (l *life) task() mesos.Task {
	one := task(l.n)
	one.SlaveID, one.Resources, one.Statuses = l.agent, mesos.Resources{CPUs: 0.01, Mem: 1}, slices.Clone(l.statuses)
	one.State = "TASK_STAGING"
	if n := len(l.statuses); n > 0 {
		one.State = l.statuses[n-1].State
	}
	return one
}

// A listing is a stream whose SUBSCRIBED has the tasks of /state, those that have ended too.
type listing struct {
	*fake
	st *streaming
	// over closes when the latest stream has ended.
	over chan struct{}
	// meanwhile is called while /state is requested.
	meanwhile func()
}

func (s *listing) Subscribe(ctx context.Context, handle func(mesos.StreamEvent) error) error {
	over := make(chan struct{})
	defer close(over)
	s.set(func(*fake) { s.over = over })
	return s.st.Subscribe(ctx, func(e mesos.StreamEvent) error {
		if e.Type == mesos.StreamSubscribed {
			e.Subscribed = s.subscribed()
		}
		return handle(e)
	})
}

// State answers with what is there when it is half way: things happen before and afterwards.
func (s *listing) State(ctx context.Context) (*mesos.State, error) {
	s.meanwhile()
	defer s.meanwhile()
	return s.fake.State(ctx)
}

func (s *listing) subscribed() *mesos.Subscribed {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all mesos.Subscribed
	for _, one := range slices.Concat(s.state.Frameworks[0].Tasks, []mesos.Task(s.state.Frameworks[0].CompletedTasks)) {
		listed := &mesos.StreamTask{Task: one}
		for _, status := range one.Statuses {
			listed.Statuses = append(listed.Statuses, mesos.StreamStatus{TaskStatus: status, TaskID: one.ID, SlaveID: one.SlaveID})
		}
		all.Tasks = append(all.Tasks, listed)
	}
	return &all
}

// A plan is what happens to the cluster, each about once in so many seconds; 0: never.
type plan struct{ breaks, fails, edits, elects int }

// lives is a cluster whose tasks have random lives, and a collector of it.
type lives struct {
	*faked
	t      *testing.T
	random *rand.Rand
	plan   plan
	client *listing
	log    *sqlite.Log
	all    []*life
	// passes reports whether time passes: the collector works while the test waits for it.
	passes atomic.Bool
}

// meanwhile has something happen while /state is requested.
func (l *lives) meanwhile() {
	if !l.passes.Load() || l.random.IntN(4) > 0 {
		return
	}
	l.begins()
	l.pass()
	if l.plan.breaks > 0 && l.random.IntN(8) == 0 {
		l.breaks()
	}
}

func startLives(t *testing.T, seed uint64, plan plan) *lives {
	t.Helper()
	clock := clocktest.New(begin)
	l := &lives{t: t, plan: plan, random: rand.New(rand.NewPCG(seed, 7)), log: sqlite.New(sqlite.Options{Now: clock.Now})}
	t.Cleanup(func() { require.NoError(t, l.log.Close()) })
	l.faked = &faked{fake: newFake(clock), clock: clock, rec: newRecorder()}
	l.client = &listing{fake: l.fake, st: &streaming{fake: l.fake}, meanwhile: l.meanwhile}
	l.state.ElectedTime = float64(begin.Add(-time.Hour).Unix())
	l.state.Slaves = []mesos.Slave{agent(1), agent(2)}
	for i := range l.state.Slaves {
		l.state.Slaves[i].RegisteredTime = float64(begin.Add(-30 * time.Minute).Unix())
	}
	l.state.Frameworks[0].RegisteredTime = float64(begin.Add(-40 * time.Minute).Unix())
	l.state.Frameworks[0].Tasks = nil
	l.publish()
	l.Collector = collector.New(collector.Config{
		Client: l.client, Sink: l.rec, Clock: clock, Settings: collector.Settings{UID: "uid"}, Events: l.log, Jitter: func() float64 { return 0.5 },
		HistoryStart: func() time.Time { return begin }, LastCluster: func(context.Context) string { return "" },
	})
	l.Start()
	t.Cleanup(l.Stop)
	clock.Settle()
	return l
}

// send sends a record; without a stream it is lost.
func (l *lives) send(e mesos.StreamEvent) {
	if l.client.st.open() > 0 {
		_ = l.client.st.send(e) // what is sent to a stream that is being ended is lost as well
	}
}

// begins adds a task.
func (l *lives) begins() {
	left := [][]string{
		{"TASK_RUNNING", "TASK_FAILED", ""}, {"TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED", ""}, {"TASK_RUNNING", "TASK_KILLING", "TASK_KILLED", ""},
		{"TASK_FAILED", ""}, {"TASK_STARTING", "TASK_KILLING", "TASK_KILLED", ""},
	}[l.random.IntN(5)]
	one := &life{
		n: len(l.all) + 1, left: left, next: l.clock.Now().Add(l.within(20 * time.Second)), agent: fmt.Sprint("S", 1+l.random.IntN(2)),
		ahead: l.within(2*time.Second) - time.Second,
	}
	l.all = append(l.all, one)
	l.send(mesos.StreamEvent{Type: mesos.StreamTaskAdded, Task: &mesos.StreamTask{Task: one.task()}})
}

func (l *lives) within(d time.Duration) time.Duration {
	return time.Duration(l.random.Int64N(int64(d)))
}

// pass has what is due happen, and sets what the master answers.
func (l *lives) pass() {
	now := l.clock.Now()
	for _, one := range l.all {
		if len(one.left) == 0 || now.Before(one.next) {
			continue
		}
		state := one.left[0]
		one.left, one.next = one.left[1:], now.Add(l.within(25*time.Second))
		if state == "" {
			continue
		}
		status := mesos.TaskStatus{State: state, Timestamp: float64(now.Add(one.ahead).UnixMicro()) / 1e6}
		one.statuses = append(one.statuses, status)
		e := update(one.n, state, now)
		e.Update.Status.TaskStatus, e.Update.Status.SlaveID = status, one.agent
		l.send(e)
	}
	l.publish()
}

func (l *lives) publish() {
	l.set(func(f *fake) {
		own := &f.state.Frameworks[0]
		own.Tasks, own.CompletedTasks, own.Used = nil, nil, mesos.Resources{}
		for i := range f.state.Slaves {
			f.state.Slaves[i].Used = mesos.Resources{}
		}
		for _, one := range l.all {
			if len(one.left) == 0 {
				own.CompletedTasks = append(own.CompletedTasks, one.task())
				continue
			}
			own.Tasks = append(own.Tasks, one.task())
			if len(one.left) > 1 {
				used := &f.state.Slaves[one.agent[1]-'1'].Used
				used.CPUs, used.Mem = used.CPUs+0.01, used.Mem+1
			}
		}
		f.agree()
	})
}

// breaks ends the stream, where there is one.
func (l *lives) breaks() {
	if l.client.st.open() > 0 {
		l.client.st.breaks(l.t, l.faked, failure(mesos.Network))
	}
}

// edits edits the settings, and waits until the stream before is over.
func (l *lives) edits() {
	var over chan struct{}
	l.set(func(*fake) { over = l.client.over })
	l.Apply(collector.Settings{UID: "uid", TaskLabels: []string{fmt.Sprint("x", l.random.IntN(1000))}}, l.client)
	if over != nil {
		<-over
	}
	l.clock.Settle()
}

// elects makes another master lead, with which everything registers at once.
func (l *lives) elects() {
	l.breaks()
	l.set(func(f *fake) {
		at := float64(l.clock.Now().UnixMilli()) / 1000
		n := l.random.IntN(200)
		f.state.PID, f.state.ElectedTime, f.address = fmt.Sprintf("master@10.0.0.%d:5050", n), at, fmt.Sprintf("master%d:5050", n)
		f.state.Slaves = slices.Clone(f.state.Slaves)
		for i := range f.state.Slaves {
			again := at + 1
			f.state.Slaves[i].RegisteredTime, f.state.Slaves[i].ReregisteredTime = at+1, &again
		}
		f.state.Frameworks = slices.Clone(f.state.Frameworks)
		f.state.Frameworks[0].RegisteredTime, f.state.Frameworks[0].ReregisteredTime = at+2, at+2
	})
}

// wrong returns, by task, what of it the log has otherwise than it was.
func (l *lives) wrong() map[string]string {
	found, more, err := l.log.Select(l.t.Context(), events.Filter{Limit: 10_000, Kinds: []events.Kind{events.KindTask}})
	require.NoError(l.t, err)
	require.Zero(l.t, more)
	told := map[string][]string{}
	for _, e := range slices.Backward(found) {
		told[e.TaskID] = append(told[e.TaskID], string(e.What))
	}
	wrong := map[string]string{}
	for _, one := range l.all {
		var was []string
		for _, status := range one.statuses {
			was = append(was, strings.ToLower(strings.TrimPrefix(status.State, "TASK_")))
		}
		got := told[fmt.Sprint("t", one.n)]
		if without := slices.Clone(got); len(without) > 0 && without[0] == "staging" { // polls may miss it
			got = without[1:]
		}
		if !slices.Equal(was, got) {
			wrong[fmt.Sprint("t", one.n)] = fmt.Sprintf("was %s, told %s", was, told[fmt.Sprint("t", one.n)])
		}
	}
	return wrong
}

// Whatever happens to the stream, to /state, to the settings and to the leader, each state of each
// task is told once, and nothing else is.
func TestRandomLivesAreToldOnce(t *testing.T) {
	for name, plan := range map[string]plan{
		"calm":         {},
		"/state fails": {fails: 90},
		"breaks":       {breaks: 40},
		"edits":        {edits: 100},
		"leaders":      {elects: 200},
		"all of it":    {breaks: 60, fails: 90, edits: 150},
		"often":        {breaks: 7},
		"leaders too":  {breaks: 60, elects: 200},
	} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				t.Parallel()
				l := startLives(t, seed, plan)
				sometimes := func(seconds int) bool { return seconds > 0 && l.random.IntN(seconds) == 0 }
				var down time.Time
				for range 900 {
					if l.random.IntN(3) == 0 {
						l.begins()
					}
					l.pass()
					if sometimes(plan.breaks) {
						l.breaks()
					}
					if sometimes(plan.fails) {
						down = l.clock.Now().Add(l.within(2 * time.Minute))
						l.set(func(f *fake) { f.err["state"] = failure(mesos.Network) })
					}
					if l.clock.Now().After(down) {
						l.set(func(f *fake) { delete(f.err, "state") })
					}
					if sometimes(plan.edits) {
						l.edits()
					}
					if sometimes(plan.elects) {
						l.elects()
					}
					l.passes.Store(true)
					l.clock.Advance(time.Second)
					l.passes.Store(false)
				}
				l.set(func(f *fake) { delete(f.err, "state") })
				l.clock.Advance(3 * time.Minute)
				require.Empty(t, l.wrong())
				for _, of := range []string{"agent", "framework", "task", "role"} {
					require.Zero(t, l.rec.sum(l.clock.Now(), "mesos_model_drift_total", "entity="+of), of)
				}
			})
		}
	}
}
