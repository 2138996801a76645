package collector_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// fake is a client whose answers a test makes up.
type fake struct {
	clock   *clocktest.Clock
	address string

	mu        sync.Mutex
	counts    map[string]int
	closed    int
	freed     int
	spared    []bool // as /state was asked for: whether memory was spared
	sparing   bool
	state     mesos.State
	roles     mesos.Roles
	values    map[string]float64
	flags     map[string]string
	targets   []mesos.Target
	start     time.Time // of the history; zero: there is none
	opened    time.Time // start from the second time on that it is asked for; zero: the same
	last      string    // the cluster that the history was written for last
	recalls   int       // how often it was asked for
	follower  func(mesos.Target) (map[string]float64, error)
	err       map[string]error         // by what is asked: state, roles, snapshot, flags
	late      map[string]time.Duration // how much later than now a request went out
	panics    map[string]bool          // by what is asked
	hold      chan struct{}            // where not nil, snapshots wait for it
	holdState chan struct{}            // where not nil, /state waits for it
	noEvents  bool                     // there is no event log
	watched   time.Time                // when the log was used last before
	before    []events.Event           // that the log has at the start
	known     []byte                   // what the log has remembered at the start
	// streaming is the fake with an event stream; nil: it has none. refused is the answer
	// to SUBSCRIBE, where not nil.
	streaming *streaming
	refused   error
	// counted is what another process has counted; nil: there is none.
	counted func(context.Context) collector.CountedBefore
}

func newFake(clock *clocktest.Clock) *fake {
	name := "fixture"
	return &fake{
		clock: clock, address: "master1:5050", start: begin, counts: map[string]int{}, err: map[string]error{}, late: map[string]time.Duration{}, panics: map[string]bool{},
		values: map[string]float64{"master/elected": 1, "master/uptime_secs": 100, "master/cpus_total": 4},
		state: mesos.State{
			Version: "1.12.0", PID: "master@10.0.0.1:5050", ElectedTime: 1, Cluster: &name, Flags: map[string]string{},
			Slaves: []mesos.Slave{agent(1)},
			Frameworks: []mesos.Framework{{
				ID: "F1", Name: "marathon", Active: true, Connected: true, Roles: []string{"prod"},
				Tasks: []mesos.Task{task(1)},
			}},
		},
		roles: mesos.Roles{Roles: []mesos.Role{{Name: "prod", Weight: 1}}},
	}
}

func agent(n int) mesos.Slave {
	return mesos.Slave{
		ID: fmt.Sprintf("S%d", n), Hostname: fmt.Sprintf("agent%d", n), Active: true, Version: "1.12.0",
		Resources: mesos.Resources{CPUs: 4, Mem: 1024},
	}
}

func task(n int) mesos.Task {
	return mesos.Task{
		ID: fmt.Sprintf("t%d", n), Name: fmt.Sprintf("task %d", n), FrameworkID: "F1", SlaveID: "S1", State: "TASK_RUNNING", Role: "prod",
		Resources: mesos.Resources{CPUs: 1, Mem: 32}, Statuses: []mesos.TaskStatus{{State: "TASK_RUNNING", Timestamp: 1.7e9}},
	}
}

// set changes what is answered.
func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fake) count(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[what]
}

// closings is how often it was closed.
func (f *fake) closings() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

// ask counts a request and answers its error.
func (f *fake) ask(ctx context.Context, what string) (mesos.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[what]++
	if f.panics[what] {
		panic("made up: " + what)
	}
	if err := ctx.Err(); err != nil {
		return mesos.Answer{}, err
	}
	return mesos.Answer{Target: f.address, Sent: f.clock.Now().Add(f.late[what]), Took: 20 * time.Millisecond, Head: 10 * time.Millisecond, Bytes: 1000}, f.err[what]
}

func (f *fake) Snapshot(ctx context.Context) (*mesos.Metrics, error) {
	a, err := f.ask(ctx, "snapshot")
	f.mu.Lock()
	hold := f.hold
	f.mu.Unlock()
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
	f.mu.Lock()
	defer f.mu.Unlock()
	values := map[string]float64{}
	for k, v := range f.values {
		values[k] = v
	}
	return &mesos.Metrics{Answer: a, Values: values}, nil
}

func (f *fake) State(ctx context.Context) (*mesos.State, error) {
	a, err := f.ask(ctx, "state")
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	hold := f.holdState
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spared = append(f.spared, f.sparing)
	s := f.state
	s.Answer = a
	account(&s)
	return &s, nil
}

// account sets what frameworks and agents use to what is listed, as a master does, where
// the test has not set it.
func account(s *mesos.State) {
	s.Slaves, s.Frameworks = slices.Clone(s.Slaves), slices.Clone(s.Frameworks)
	onAgent := map[string]mesos.Resources{}
	for i := range s.Frameworks {
		var held mesos.Resources
		use := func(agent string, r mesos.Resources) {
			on := onAgent[agent]
			for _, sum := range []*mesos.Resources{&held, &on} {
				sum.CPUs, sum.GPUs, sum.Mem, sum.Disk = sum.CPUs+r.CPUs, sum.GPUs+r.GPUs, sum.Mem+r.Mem, sum.Disk+r.Disk
			}
			onAgent[agent] = on
		}
		for _, one := range s.Frameworks[i].Tasks {
			if !cluster.ParseTaskState(one.State).Live() {
				continue
			}
			use(one.SlaveID, one.Resources)
		}
		for _, one := range s.Frameworks[i].Executors {
			use(one.SlaveID, one.Resources)
		}
		if f := &s.Frameworks[i]; f.Used == (mesos.Resources{}) {
			f.Used = held
		}
	}
	for i := range s.Slaves {
		if a := &s.Slaves[i]; a.Used == (mesos.Resources{}) {
			a.Used = onAgent[a.ID]
		}
	}
}

func (f *fake) Roles(ctx context.Context) (*mesos.Roles, error) {
	a, err := f.ask(ctx, "roles")
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.roles
	r.Answer = a
	return &r, nil
}

func (f *fake) Flags(ctx context.Context) (*mesos.Flags, error) {
	a, err := f.ask(ctx, "flags")
	if err != nil {
		return nil, err
	}
	return &mesos.Flags{Answer: a, Flags: f.flags}, nil
}

func (f *fake) Followers(context.Context) []mesos.Target {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.targets
}

func (f *fake) SnapshotOf(ctx context.Context, target mesos.Target) (*mesos.Metrics, error) {
	a, err := f.ask(ctx, "follower")
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	values, err := f.follower(target)
	if err != nil {
		return nil, err
	}
	a.Target = target.Address
	return &mesos.Metrics{Answer: a, Values: values}, nil
}

func (f *fake) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	if f.panics["close"] {
		panic("made up: close")
	}
}

// faked is a collector over a fake client.
type faked struct {
	*collector.Collector
	*fake
	clock  *clocktest.Clock
	rec    *recorder
	events *eventLog
}

func start(t *testing.T, s collector.Settings, change ...func(*fake)) *faked {
	t.Helper()
	clock := clocktest.New(begin)
	f := &faked{fake: newFake(clock), clock: clock, rec: newRecorder(), events: &eventLog{}}
	for _, c := range change {
		c(f.fake)
	}
	if s.UID == "" {
		s.UID = "uid"
	}
	f.events.stats.Watched = f.watched
	f.events.all, f.events.remembered = f.fake.before, f.fake.known
	var log events.Log
	if !f.noEvents {
		log = f.events
	}
	f.Collector = collector.New(collector.Config{Client: f.client(), Sink: f.rec, Clock: clock, Settings: s, Events: log, CountedBefore: f.fake.counted,
		FreeMemory: func() { f.set(func(f *fake) { f.freed++ }) },
		SpareMemory: func() func() {
			f.set(func(f *fake) { f.sparing = true })
			return func() { f.set(func(f *fake) { f.sparing = false }) }
		},
		Jitter: func() float64 { return 0.5 }, HistoryStart: func() time.Time {
			f.mu.Lock()
			defer f.mu.Unlock()
			before := f.start
			if !f.opened.IsZero() {
				f.start = f.opened
			}
			return before
		},
		LastCluster: func(context.Context) string {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.recalls++
			return f.last
		}})
	f.Start()
	t.Cleanup(f.Stop)
	if f.hold == nil {
		clock.Settle()
	}
	return f
}

// client returns what the collector asks.
func (f *fake) client() collector.Client {
	if f.streaming != nil {
		return f.streaming
	}
	return f
}

func failure(c mesos.Category) error {
	return &mesos.Error{Category: c, Target: "master1:5050", Sentence: "made up: " + string(c)}
}

// slowClient is a fake whose master works long on /state and /roles.
type slowClient struct {
	*fake
	head time.Duration
}

func (s *slowClient) State(ctx context.Context) (*mesos.State, error) {
	state, err := s.fake.State(ctx)
	if err == nil {
		state.Head = s.head
	}
	return state, err
}

func (s *slowClient) Roles(ctx context.Context) (*mesos.Roles, error) {
	roles, err := s.fake.Roles(ctx)
	if err == nil {
		roles.Head = s.head + 100*time.Millisecond
	}
	return roles, err
}

func quiet(mesos.Target) (map[string]float64, error) {
	return map[string]float64{"master/elected": 0, "master/uptime_secs": 7, "master/cpus_total": 0}, nil
}
