package remote

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// reachQuery reports whether a request asks for the oldest sample, and within what time.
func reachQuery(r *http.Request) (within string, yes bool) {
	_, rest, yes := strings.Cut(r.Form.Get("query"), "min_over_time(timestamp(")
	_, rest, _ = strings.Cut(rest, "[")
	within, _, _ = strings.Cut(rest, ":")
	return within, yes
}

const nothing = `{"status":"success","data":{"resultType":"vector","result":[]}}`

// Many panels ask at once, and an engine may have nothing yet.
func TestTheReachIsAskedOnceForManyQueries(t *testing.T) {
	var asked atomic.Int64
	s, engine, now := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if _, yes := reachQuery(r); yes {
			time.Sleep(20 * time.Millisecond)
		}
		_, _ = w.Write([]byte(nothing))
	})
	s.stop() // it asks itself
	s.running.Wait()
	// Counted where they are sent: the server may learn late of one that the store has given up.
	watchAsked(s, func(one *http.Request) {
		if _, yes := reachQuery(one); yes {
			asked.Add(1)
		}
	})
	for _, want := range []int64{2, 0} { // one look at a year, and one at an hour
		s.mu.Lock()
		if want > 0 {
			s.reachAsked = time.Time{}
		}
		s.mu.Unlock()
		asked.Store(0)
		var all errgroup.Group
		for range 20 {
			all.Go(func() error {
				_, err := engine.Instant(t.Context(), promql.Request{Store: s, Expr: `mesos_test offset 2h`, End: now, Lookback: time.Minute})
				return err
			})
		}
		require.NoError(t, all.Wait())
		require.Equal(t, want, asked.Load())
	}
}

// What was found at the edge of what was looked at is not the beginning.
func TestTheReachIsNotInvented(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		oldest  time.Duration // before now
		refuses int           // status of what looks further than 29 days
		further bool
		asks    []string
	}{
		"whole":                  {oldest: 100 * day, asks: []string{"366d", "1h5m"}},
		"longer than a year":     {oldest: 366*day - 10*time.Minute, further: true, asks: []string{"366d", "1h5m"}},
		"limited":                {oldest: 10 * day, refuses: 422, asks: []string{"366d", "29d", "1h5m"}},
		"longer than the limit":  {oldest: 29*day - time.Minute, refuses: 400, further: true, asks: []string{"366d", "29d", "1h5m"}},
		"away, which says a lot": {refuses: 503, further: true, asks: []string{"366d"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, now := answering(t, func(w http.ResponseWriter, r *http.Request) {
				within, _ := reachQuery(r)
				if within == "366d" && c.refuses > 0 {
					http.Error(w, "the range is too long", c.refuses)
					return
				}
				_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"%d"]}]}}`, time.Now().Add(-c.oldest-time.Minute).Unix())
			})
			s.stop() // it asks itself
			s.running.Wait()
			var asks []string
			watchAsked(s, func(one *http.Request) {
				within, _ := reachQuery(one)
				asks = append(asks, within)
			})
			s.opts.Now = time.Now
			ok := s.askReach(t.Context())
			require.Equal(t, c.asks, asks)
			require.Equal(t, c.refuses != 503, ok)
			st := s.Stats()
			require.Equal(t, c.further, st.StartsBefore)
			if !ok {
				require.Contains(t, s.Remote().ReachError, "answered 503")
				return
			}
			require.WithinDuration(t, now.Add(-c.oldest), st.Start, 2*time.Hour)
			require.Equal(t, c.further, s.Remote().ReachesFurther)
		})
	}
}

// Labels that are added when writing are not there for who reads.
func TestAddedLabelsHaveNoValues(t *testing.T) {
	s, engine, now := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"success","data":["a"]}`))
	})
	with := *s.target.Load()
	with.Labels = map[string]string{"replica": "a"}
	s.Apply(with)
	for label, want := range map[string]int{"replica": 0, "agent": 1} {
		values, err := engine.LabelValues(t.Context(), label, promql.LookUp{Store: s, Start: now.Add(-time.Hour), End: now})
		require.NoError(t, err)
		require.Len(t, values.Values, want, label)
	}
}

// An answer of the engine before says nothing of the one that is asked now.
func TestTheReachIsThatOfTheTarget(t *testing.T) {
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	s, _, _ := answering(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1000"]}]}}`))
	})
	<-arrived
	s.Apply(Target{URL: "http://127.0.0.1:1", WriteURL: "http://127.0.0.1:1", HTTP: &http.Client{}})
	close(release)
	require.Eventually(t, func() bool { return s.Remote().ReachError != "" }, 5*time.Second, time.Millisecond)
	require.Zero(t, s.Remote().Reach)
}

// A roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A panel that is closed while the store asks how far the engine reaches says nothing of the engine.
func TestAQueryThatIsCancelledSaysNothingOfTheReach(t *testing.T) {
	var blocks atomic.Bool
	arrived := make(chan struct{}, 10)
	s, _, _ := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if blocks.Load() {
			arrived <- struct{}{}
			<-r.Context().Done()
		}
		_, _ = w.Write([]byte(nothing))
	})
	require.Eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.reachAsked.IsZero() }, 5*time.Second, time.Millisecond)
	s.stop() // it asks itself
	s.running.Wait()
	blocks.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan bool)
	go func() { asked <- s.askReach(ctx) }()
	<-arrived
	cancel()
	require.False(t, <-asked)
	require.Empty(t, s.Remote().ReachError)
}

// A local history that was restored from a backup, or whose newest part was lost with its disk, lacks what the engine has
// of the time until this process began. Queries that reach it are the engine's, also after the next start.
func TestWhatTheLocalHistoryLacksIsAskedElsewhere(t *testing.T) {
	clock := historytest.NewClockAt(time.Now().Add(-time.Hour).Truncate(time.Second))
	up := func(s series.Sink, polls int) {
		for range polls {
			historytest.Commit(t, s, historytest.Sample(clock.Now(), 1, "__name__", "mesos_up", "cluster", "c", "poll", "state"))
			clock.Advance(15 * time.Second)
		}
	}
	for name, lacks := range map[string]bool{"restored": true, "a restart": false} {
		t.Run(name, func(t *testing.T) {
			local, mark := &leftOpen{memory.New(memory.Options{Now: clock.Now})}, &memoryMark{}
			began := clock.Now()
			up(local, 20)
			newest := clock.Now().Add(-15 * time.Second)
			clock.Advance(10 * time.Minute) // of which the backup has nothing
			if lacks {
				newest = clock.Now().Add(-time.Minute)
			}
			var away atomic.Bool
			away.Store(true)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch _ = r.ParseForm(); {
				case strings.HasSuffix(r.URL.Path, "/write"):
					w.WriteHeader(http.StatusNoContent)
				case away.Load():
					http.Error(w, "", http.StatusServiceUnavailable)
				case strings.Contains(r.Form.Get("query"), "max_over_time(timestamp(mesos_up"):
					_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"%d"]}]}}`, newest.Unix())
				default:
					_, _ = w.Write([]byte(nothing))
				}
			}))
			defer server.Close()
			for range 2 { // the second one knows it from the mark
				start := clock.Now()
				s, _ := open(t, Target{URL: server.URL, WriteURL: server.URL + "/write", HTTP: &http.Client{}}, func(o *Options) { o.Now, o.Local, o.Mark = clock.Now, local, mark })
				up(s, 4)
				settled(t, s)
				if away.Load() {
					require.True(t, s.Holds(began.UnixMilli()), "the local history answers until more is known")
					away.Store(false)
					require.True(t, s.lookForHole(t.Context()))
					require.True(t, s.Holds(start.UnixMilli()))
				}
				require.Equal(t, !lacks, s.Holds(began.UnixMilli()))
				s.Release()
				away.Store(false)
			}
		})
	}
}

// heldSince is a lease that this process holds since a moment.
type heldSince struct {
	held
	at time.Time
}

func (h heldSince) Held() (since, until time.Time, ok bool) {
	return h.at, time.Now().Add(time.Hour), true
}

// Where the setting replicas is removed, what others collected between the terms of this process is not local.
func TestATermBoundsWhatIsLocalAlsoWithoutALease(t *testing.T) {
	f, mark := newFake(t), &memoryMark{}
	clock := historytest.NewClockAt(time.Now().Add(-time.Hour).Truncate(time.Second))
	local := &leftOpen{memory.New(memory.Options{Now: clock.Now})}
	poll(t, local, clock, 5) // of an earlier term
	clock.Advance(10 * time.Minute)
	since := clock.Now()
	for _, lease := range []Lease{heldSince{at: since}, nil} {
		s, _ := open(t, f.target(), func(o *Options) { o.Local, o.Now, o.Mark, o.Lease = local, clock.Now, mark, lease })
		poll(t, s, clock, 5)
		settled(t, s)
		require.True(t, s.Holds(since.UnixMilli()))
		require.False(t, s.Holds(since.UnixMilli()-1))
		s.Release()
	}
}

// watchAsked calls asked with a copy of each request, its form read, before it is sent.
func watchAsked(s *Store, asked func(*http.Request)) {
	s.target.Load().HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		copied := r.Clone(r.Context())
		copied.Body = body
		if err := copied.ParseForm(); err != nil {
			return nil, err
		}
		asked(copied)
		return http.DefaultTransport.RoundTrip(r)
	})}
}

// damagedLocal is a local store some of whose samples turn out to be damaged.
type damagedLocal struct {
	leftOpen
	until atomic.Int64
}

func (d *damagedLocal) LacksUntil() int64 { return d.until.Load() }

// A block that is damaged leaves a hole in the local history, of which the other engine has everything.
func TestWhatIsDamagedLocallyTheEngineAnswers(t *testing.T) {
	f, mark := newFake(t), &memoryMark{}
	clock := historytest.NewClockAt(time.Now().Add(-time.Hour).Truncate(time.Second))
	began := clock.Now()
	local := &damagedLocal{leftOpen: leftOpen{memory.New(memory.Options{Now: clock.Now})}}
	s, _ := open(t, f.target(), func(o *Options) { o.Local, o.Now, o.Mark = local, clock.Now, mark })
	poll(t, s, clock, 5)
	settled(t, s)
	require.True(t, s.Holds(began.UnixMilli()))
	found := clock.Now().UnixMilli() + 1
	local.until.Store(found)
	require.False(t, s.Holds(found-1))
	require.True(t, s.Holds(found))
	poll(t, s, clock, 1)
	settled(t, s)
	s.Release()
	local.until.Store(0) // the next process has found nothing
	s, _ = open(t, f.target(), func(o *Options) { o.Local, o.Now, o.Mark = local, clock.Now, mark })
	require.False(t, s.Holds(found-1), "it is known from the mark")
	require.True(t, s.Holds(found))
}

// follows is a lease that another process holds until this one does.
type follows struct{ holds atomic.Bool }

func (f *follows) Held() (since, until time.Time, ok bool) {
	return time.Now().Add(-time.Second), time.Now().Add(time.Hour), f.holds.Load()
}
func (f *follows) Changed() <-chan struct{} { return nil }

// A Grafana that was killed while it polled, and does not when it is back, warns of samples that it has alone. The marks
// that end its series are none: another one goes on with them.
func TestMarksThatEndSeriesAreNoSamplesThatTheEngineLacks(t *testing.T) {
	for name, samples := range map[string]int{"marks alone": 0, "samples, too": 3} {
		t.Run(name, func(t *testing.T) {
			f, mark, lease := newFake(t), &memoryMark{}, &follows{}
			clock := historytest.NewClockAt(time.Now().Add(-6 * time.Hour).Truncate(time.Second))
			local := &leftOpen{memory.New(memory.Options{Now: clock.Now})}
			lease.holds.Store(true)
			s, _ := open(t, f.target(), func(o *Options) { o.Local, o.Now, o.Mark, o.Lease = local, clock.Now, mark, lease })
			poll(t, s, clock, 20)
			settled(t, s)
			s.Release()
			for range samples { // committed, and killed before they were sent
				poll(t, local, clock, 20)
				clock.Advance(time.Hour)
			}
			for i := range 20 { // as a directory does that is opened again
				historytest.Commit(t, local, historytest.Sample(clock.Now(), series.Stale, "__name__", "mesos_test", "cluster", "c", "i", strconv.Itoa(i)))
			}
			clock.Advance(time.Hour)
			lease.holds.Store(false)
			s, _ = open(t, f.target(), func(o *Options) { o.Local, o.Now, o.Mark, o.Lease = local, clock.Now, mark, lease })
			if samples > 0 {
				require.Eventually(t, func() bool { return !s.Remote().Oldest.IsZero() }, 10*time.Second, time.Millisecond)
				require.Contains(t, s.Stats().Note, "that this Grafana collected are not in the remote engine")
			} else {
				require.Eventually(t, func() bool { return s.Remote().UnsentKnown }, 10*time.Second, time.Millisecond)
				require.Zero(t, s.Remote().Oldest)
				require.Empty(t, s.Stats().Note)
			}
			lease.holds.Store(true)
			poll(t, s, clock, 20)
			settled(t, s)
			require.Equal(t, 20*(3+samples), f.count(), "what was left is sent with the next term, and the marks")
		})
	}
}

// Whoever may query may look at Save & test, as often and as many at once as they like. The engine is asked once meanwhile.
func TestThoseWhoLookAtOnceShareTheAnswer(t *testing.T) {
	f := newFake(t)
	s, _ := open(t, f.target())
	require.Eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.reachAsked.IsZero() }, 5*time.Second, time.Millisecond)
	s.mu.Lock()
	s.reachAsked = time.Time{}
	s.mu.Unlock()
	var asked atomic.Int64
	watchAsked(s, func(r *http.Request) {
		if strings.Contains(r.Form.Get("query"), "min_over_time") {
			asked.Add(1)
		}
	})
	s.LookReach(t.Context(), true)
	once := asked.Load()
	require.Positive(t, once)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { s.LookReach(t.Context(), true) })
	}
	all.Wait()
	require.Equal(t, once, asked.Load())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.looking <- struct{}{} // somebody who asks for long holds up nobody who leaves
	s.LookReach(gone, true)
	<-s.looking
}
