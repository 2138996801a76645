package lease

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/zookeeper"
	"community-mesos-datasource/pkg/zookeeper/zookeepertest"
)

// The time-out of sessions in tests, and the shortest and longest that their server grants.
const (
	usual    = 5 * zookeepertest.Tick
	shortest = 2 * zookeepertest.Tick
	longest  = 20 * zookeepertest.Tick
)

// long is for tests of what a holder keeps or gives up by itself: one that a busy machine stops for half a second
// loses the lease of a shorter session.
func long(o *Options) { o.timeout = longest }

// A process is one of the contenders, with what a test does to it.
type process struct {
	*Lease
	cut    atomic.Bool  // its connections carry nothing any more
	asleep atomic.Int64 // for how long the machine was suspended: the monotonic clock has not seen it
}

func contendFor(t *testing.T, server, host string, change ...func(*Options)) *process {
	t.Helper()
	e, err := zookeeper.Form{}.Parse("zk://" + server + "/a/b")
	require.NoError(t, err)
	p := &process{}
	o := Options{
		Ensemble: e, Name: "1-mesos", Host: host, timeout: usual,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &severed{Conn: conn, cut: &p.cut, closed: make(chan struct{})}, nil
		},
		clock: func() instant {
			at := now()
			at.wall = at.wall.Add(time.Duration(p.asleep.Load()))
			return at
		},
	}
	for _, c := range change {
		c(&o)
	}
	p.Lease = New(o)
	t.Cleanup(p.Close)
	return p
}

// severed is a connection that carries nothing once cut, not even its end.
type severed struct {
	net.Conn
	cut    *atomic.Bool
	closed chan struct{}
	once   sync.Once
}

// SetReadDeadline does nothing: else the library notices first, before two thirds of the
// time-out, and hides what the lease does by itself.
func (s *severed) SetReadDeadline(time.Time) error { return nil }

func (s *severed) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

func (s *severed) Write(p []byte) (int, error) {
	if s.cut.Load() {
		return len(p), nil
	}
	return s.Conn.Write(p)
}

func (s *severed) Read(p []byte) (int, error) {
	for {
		n, err := s.Conn.Read(p)
		if s.cut.Load() && err != nil {
			<-s.closed
		}
		if err != nil || !s.cut.Load() {
			return n, err
		}
	}
}

// kill ends it as a killed process ends: the server hears nothing of it.
func (p *process) kill() {
	p.cut.Store(true)
	p.abandon.Store(true)
	p.stop()
	p.running.Wait()
}

func (p *process) held() bool { _, _, ok := p.Held(); return ok }

func (p *process) waitFor(t *testing.T, what string, is func(State) bool) State {
	t.Helper()
	require.Eventually(t, func() bool { return is(p.State()) }, 20*time.Second, 2*time.Millisecond, what)
	return p.State()
}

func isHeld(s State) bool { return s.Held }

// heldBy reports whether another holds it.
func heldBy(host string) func(State) bool {
	return func(s State) bool { return !s.Held && s.Holder != nil && s.Holder.Host == host }
}

func TestOneHoldsItAndHandsItOverWhenClosed(t *testing.T) {
	server := zookeepertest.Start(t)
	a := contendFor(t, server.Address, "a", long, func(o *Options) {
		o.Note = func() json.RawMessage { return json.RawMessage(`{"cluster":"c"}`) }
	})
	<-a.Decided()
	require.True(t, a.held())
	b := contendFor(t, server.Address, "b", long)
	<-b.Decided()
	st := b.waitFor(t, "the note comes with the next confirmation", func(s State) bool { return s.Holder != nil && s.Holder.Note != nil })
	require.Equal(t, "a", st.Holder.Host)
	require.JSONEq(t, `{"cluster":"c"}`, string(st.Holder.Note))
	since, until, _ := a.Held()
	require.Equal(t, since, st.Holder.Since)
	require.WithinRange(t, until, time.Now(), time.Now().Add(longest*3/5))
	require.Eventually(t, func() bool { // it stays, however long
		_, later, ok := a.Held()
		return !ok || later.After(until.Add(longest))
	}, 3*longest, 10*time.Millisecond)
	require.True(t, a.held())
	require.False(t, b.held())
	require.EqualValues(t, 1, a.State().Term)

	changed, closed := b.Changed(), time.Now()
	a.Close()
	require.False(t, a.held())
	<-changed
	require.True(t, b.held())
	require.Less(t, time.Since(closed), longest, "without waiting for the session to end")
}

// The others hear of what the holder tells at once, and not with the next confirmation only.
func TestTheNoteIsToldAtOnce(t *testing.T) {
	zk := zookeepertest.Start(t)
	var noted atomic.Int64
	a := contendFor(t, zk.Address, "grafana-a", long, func(o *Options) {
		o.Note = func() json.RawMessage { return json.RawMessage(fmt.Sprint(noted.Add(1))) }
	})
	a.waitFor(t, "it holds the lease", func(s State) bool { return s.Held })
	begun := time.Now()
	const times = 30
	for range times {
		before := noted.Load()
		a.Tell()
		require.Eventually(t, func() bool { return noted.Load() > before }, 20*time.Second, time.Millisecond)
	}
	require.Less(t, time.Since(begun), times*longest/5/2, "without Tell each takes a fifth of the time-out")
	b := contendFor(t, zk.Address, "grafana-b")
	st := b.waitFor(t, "another one reads it", func(s State) bool { return s.Holder != nil && s.Holder.Note != nil })
	require.NotEqual(t, "0", string(st.Holder.Note))
	b.Tell() // it has nothing to tell
	a.Close()
	b.waitFor(t, "it holds the lease", func(s State) bool { return s.Held })
}

// A holder tells nothing before its first poll, and nothing while it ends: what was told before stays known to who
// is next.
func TestWhatWasToldLastIsKnownWhileAHolderTellsNothing(t *testing.T) {
	l := &Lease{opts: Options{clock: now}, changed: make(chan struct{}), decided: make(chan struct{})}
	require.Nil(t, l.State().Before)
	silent := Holder{Host: "a"}
	l.sees(&silent, nil)
	require.Equal(t, "a", l.State().Before.Host)
	for _, note := range []string{`{"counted":1}`, `{"counted":2}`} {
		l.sees(&Holder{Host: "a", Note: json.RawMessage(note)}, nil)
		for _, host := range []string{"a", "b"} {
			l.sees(&Holder{Host: host}, nil)
			st := l.State()
			require.Equal(t, host, st.Holder.Host)
			require.JSONEq(t, note, string(st.Before.Note))
		}
	}
}

// A process may be stopped for a while anywhere, also while it asks until when it holds the lease.
func TestTheEndOfATermIsNotLaterBecauseTheProcessStoodStill(t *testing.T) {
	const lasts = time.Second
	l := &Lease{held: true, lasts: lasts, opts: Options{clock: func() instant {
		at := now()
		time.Sleep(lasts / 4)
		return at
	}}}
	l.confirmed = now()
	begun := time.Now()
	_, until, ok := l.Held()
	require.True(t, ok)
	require.False(t, until.After(begun.Add(lasts)), "%s", until.Sub(begun))
}

func TestAKilledHolderIsWaitedOut(t *testing.T) {
	server := zookeepertest.Start(t)
	a := contendFor(t, server.Address, "a")
	a.waitFor(t, "a", isHeld)
	b := contendFor(t, server.Address, "b")
	b.waitFor(t, "b looks", heldBy("a"))
	killed := time.Now()
	a.kill()
	b.waitFor(t, "b takes over", isHeld)
	require.Greater(t, time.Since(killed), usual*3/5, "not before a would have stopped")
}

// A holder that is cut off stops by itself, before ZooKeeper gives the lease to the next.
func TestAHolderThatIsCutOffStopsBeforeTheNextBegins(t *testing.T) {
	server := zookeepertest.Start(t)
	a, b := contendFor(t, server.Address, "a"), (*process)(nil)
	a.waitFor(t, "a", isHeld)
	b = contendFor(t, server.Address, "b")
	b.waitFor(t, "b looks", heldBy("a"))
	lost := a.Changed()
	a.cut.Store(true)
	select {
	case <-b.Changed():
		t.Fatal("b began before a stopped")
	case <-lost:
	}
	require.False(t, a.held())
	b.waitFor(t, "b takes over", isHeld)
	require.ErrorContains(t, a.waitFor(t, "a says why", func(s State) bool { return s.Err != nil }).Err, "no answer from ZooKeeper, which knows which Grafana polls the cluster, at "+server.Address+" (no answer in time)")
	a.cut.Store(false)
	a.waitFor(t, "a follows", heldBy("b"))
}

// A machine that was suspended does not know it by its monotonic clock.
func TestASuspendedHolderHoldsNothingWhenItWakes(t *testing.T) {
	server := zookeepertest.Start(t)
	a := contendFor(t, server.Address, "a", long)
	a.waitFor(t, "a", isHeld)
	a.asleep.Store(int64(longest * 3 / 5))
	require.False(t, a.held(), "at the first use, whatever the goroutines know")
	require.EqualValues(t, 2, a.waitFor(t, "its own znode is not waited out", isHeld).Term)
	a.asleep.Add(-int64(time.Minute))
	require.False(t, a.held(), "the clock was set back: a suspension would not be noticed")
	require.EqualValues(t, 3, a.waitFor(t, "it begins anew", isHeld).Term)
}

func TestZooKeeperThatIsAwayIsWaitedFor(t *testing.T) {
	server := zookeepertest.Start(t)
	a := contendFor(t, server.Address, "a")
	a.waitFor(t, "a", isHeld)
	server.Pause()
	begun := time.Now()
	_, until, _ := a.Held()
	require.False(t, until.After(begun.Add(usual*3/5)))
	a.waitFor(t, "an unsure holder is none", func(s State) bool { return !s.Held })
	server.Resume()
	a.waitFor(t, "it answers again", isHeld)
	server.Stop()
	st := a.waitFor(t, "the server is gone", func(s State) bool { return s.Err != nil })
	require.False(t, st.Held)
	require.Nil(t, st.Holder)
	require.ErrorContains(t, st.Err, server.Address+" (connection refused): check the address in replicas")
	server.Start()
	a.waitFor(t, "it is back", isHeld)
}

func TestServersAreTriedInTurn(t *testing.T) {
	server := zookeepertest.Start(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	a := contendFor(t, "127.0.0.1:1,"+silent.Addr().String()+","+server.Address, "a")
	a.waitFor(t, "a", isHeld)
}

// Whichever of three servers of ZooKeeper is lost, the one that leads them above all, one process holds
// the lease soon again, and never two. Without a majority none does.
func TestTheLeaseOutlivesTheLeaderOfTheServers(t *testing.T) {
	servers := zookeepertest.StartEnsemble(t, 3)
	both := []*process{contendFor(t, servers.Address(), "a"), contendFor(t, servers.Address(), "b")}
	done, twice := make(chan struct{}), atomic.Bool{}
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Microsecond):
			}
			if both[0].held() && both[1].held() && both[0].held() {
				twice.Store(true)
			}
		}
	})
	defer watching.Wait()
	defer close(done)
	holder := func() int { return slices.IndexFunc(both, (*process).held) }
	again := func() time.Duration {
		t.Helper()
		begun := time.Now()
		require.Eventually(t, func() bool { return holder() >= 0 }, 30*time.Second, time.Millisecond, "nobody holds it")
		return time.Since(begun)
	}
	again()
	for range 3 {
		leader := servers.Leader()
		before, held := both[holder()], both[holder()].Changed()
		leader.Stop()
		select {
		case <-held: // its connection broke, whichever server it talked to
		case <-time.After(2 * usual):
			require.True(t, before.held(), "its server stayed with the others")
		}
		took := again()
		require.NotEqual(t, leader, servers.Leader())
		t.Logf("the leader was lost: held again %s after that was noticed", took.Round(time.Millisecond))
		leader.Start()
		require.False(t, twice.Load())
	}
	// A majority is needed: one server alone lets nobody poll.
	again()
	lost := []*zookeepertest.Server{servers.Leader()}
	lost[0].Stop()
	lost = append(lost, servers.Leader())
	lost[1].Stop()
	require.Eventually(t, func() bool { return holder() < 0 }, 10*time.Second, time.Millisecond)
	for end := time.Now().Add(3 * usual); time.Now().Before(end); time.Sleep(time.Millisecond) {
		require.Negative(t, holder(), "without a majority")
	}
	st := both[0].waitFor(t, "it says so", func(s State) bool { return s.Err != nil })
	t.Log(st.Err)
	require.Nil(t, st.Holder)
	lost[0].Start() // two of three
	again()
	require.False(t, twice.Load())
}

func TestWhatKeepsAGrafanaOutIsSaid(t *testing.T) {
	server := zookeepertest.Start(t)
	s, err := zookeeper.Open(t.Context(), server.Address, zookeeper.Options{})
	require.NoError(t, err)
	defer s.Close()
	says := func(p *process, text string) {
		t.Helper()
		st := p.waitFor(t, text, func(s State) bool { return s.Err != nil })
		require.ErrorContains(t, st.Err, text)
		require.NotContains(t, st.Err.Error(), "s3cret")
		require.Nil(t, st.Holder)
		p.Close()
	}
	digest := func(d string) func(*Options) { return func(o *Options) { o.Digest = d } }

	a := contendFor(t, server.Address, "a", digest("grafana:s3cret"))
	a.waitFor(t, "a", isHeld)
	contendFor(t, server.Address, "b", digest("grafana:s3cret")).waitFor(t, "everybody may read", heldBy("a"))
	a.Close()
	other := func(o *Options) { o.Name = "2-mesos" }
	says(contendFor(t, server.Address, "b", other), "does not allow this data source to make or change /a/b/2-mesos: set zkDigest to the user:password")
	says(contendFor(t, server.Address, "b", other, digest("grafana:s3cret2")), "correct zkDigest (user:password), which is the same in all Grafanas")

	require.NoError(t, s.Create("/other", []byte("x"), false))
	says(contendFor(t, server.Address, "b", func(o *Options) { o.Ensemble.Path, o.Name = "/", "other" }), "/other in ZooKeeper at "+server.Address+" was not made by this plugin")

	http, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := http.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "HTTP/1.1 400 Bad Request\r\n\r\nwhat is this, it is not for me")
			conn.Close()
		}
	})
	says(contendFor(t, http.Addr().String(), "b"), http.Addr().String()+" (something else answers there")
	http.Close()
	serving.Wait()
}

// What is deleted by hand is noticed with the next confirmation.
func TestAZnodeThatIsDeletedIsLost(t *testing.T) {
	server := zookeepertest.Start(t)
	a := contendFor(t, server.Address, "a", long)
	a.waitFor(t, "a", isHeld)
	s, err := zookeeper.Open(t.Context(), server.Address, zookeeper.Options{})
	require.NoError(t, err)
	defer s.Close()
	changed := a.Changed()
	require.NoError(t, s.Delete("/a/b/1-mesos", -1))
	<-changed
	require.False(t, a.held())
	require.EqualValues(t, 2, a.waitFor(t, "it takes it again", isHeld).Term)
}

// Two contend, and one of them or ZooKeeper fails a hundred times, in any way: there are never
// two holders, and soon one again.
func TestNeverTwoHolders(t *testing.T) {
	server := zookeepertest.Start(t)
	quick := func(o *Options) { o.timeout = shortest }
	var mu sync.Mutex
	both := [2]*process{contendFor(t, server.Address, "a", quick), contendFor(t, server.Address, "b", quick)}
	pair := func() (a, b *process) {
		mu.Lock()
		defer mu.Unlock()
		return both[0], both[1]
	}
	done, looked, twice := make(chan struct{}), 0, atomic.Bool{}
	var watching sync.WaitGroup
	watching.Go(func() {
		for ; ; looked++ {
			select {
			case <-done:
				return
			default:
			}
			a, b := pair()
			if a.held() && b.held() && a.held() {
				twice.Store(true)
			}
			time.Sleep(50 * time.Microsecond)
		}
	})
	rounds := 100
	if os.Getenv("CI") == "" && testing.Short() {
		rounds = 10
	}
	longest, kinds := time.Duration(0), [5]int{}
	for round := range rounds {
		begun := time.Now()
		for a, b := pair(); !a.held() && !b.held(); time.Sleep(time.Millisecond) {
			require.Less(t, time.Since(begun), 20*time.Second, "somebody holds it again")
		}
		longest = max(longest, time.Since(begun))
		time.Sleep(rand.N(shortest / 2))
		at := 0
		if both[1].held() {
			at = 1
		}
		if rand.IntN(5) == 0 {
			at = 1 - at // the follower
		}
		p, again := both[at], true
		kind := rand.IntN(len(kinds))
		kinds[kind]++
		switch kind {
		case 0:
			p.kill()
		case 1:
			p.Close()
		case 2: // cut off for some time, and back
			p.cut.Store(true)
			time.Sleep(rand.N(2 * shortest))
			p.cut.Store(false)
			again = false
		case 3:
			p.asleep.Add(int64(shortest))
			again = false
		case 4:
			server.Pause()
			time.Sleep(rand.N(2 * shortest))
			server.Resume()
			again = false
		}
		if again {
			next := contendFor(t, server.Address, fmt.Sprint(round), quick)
			mu.Lock()
			both[at] = next
			mu.Unlock()
		}
		require.False(t, twice.Load(), "round %d, kind %d", round, kind)
	}
	close(done)
	watching.Wait()
	require.False(t, twice.Load())
	require.Greater(t, looked, 10*rounds)
	t.Logf("killed, closed, cut off, suspended, ZooKeeper paused: %v; looked %d times; at most %s without a holder", kinds, looked, longest.Round(time.Millisecond))
}
