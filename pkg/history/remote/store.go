package remote

import (
	"cmp"
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/series"
)

// A Local is the store in front of the other engine.
type Local interface {
	history.Store
	history.Counter
	SetLimits(retention time.Duration, memoryLimit int64)
}

// A Logger takes what happens to the other engine.
type Logger interface {
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
}

// Options holds what a Store is made of.
type Options struct {
	Local  Local
	Target Target
	// Cluster is the value of the label cluster before the first batch says it; may be "".
	Cluster string
	// Mark keeps what was acknowledged beyond the end of the process; nil where the
	// local store ends with it, too.
	Mark Mark
	// Lease says whether this process is the one of several that collects; nil where it is
	// the only one.
	Lease Lease
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	Log Logger // may be nil

	// For tests. What is 0 has the default named.
	backOff time.Duration // the first wait after a failure; 1 s
	queued  int           // samples in the queue; 500,000
	opening time.Duration // how long to wait for a local directory; 1 min
	splits  int           // refused requests that are split within splitsEvery; 2000

	splitsEvery time.Duration // 1 min
}

// A Mark keeps an Acknowledged in a place that outlives the process.
type Mark interface {
	Load() (Acknowledged, error)
	Save(Acknowledged) error
}

// Acknowledged is up to where the other engine has what the local store has.
type Acknowledged struct {
	// Until is the time of the newest sample that it has taken, Unix milliseconds.
	Until int64 `json:"until"`
	// From is the time of the oldest sample that it has not taken; 0 if that is after Until.
	From int64 `json:"from,omitempty"`
	// All: it has taken everything that was committed before the process ended.
	All bool `json:"all,omitempty"`
	// Whole is from when on the local store has all that the other engine has; 0: from its beginning.
	Whole int64 `json:"whole,omitempty"`
}

// A Store is a history in another engine, with a local store in front of it. Samples are
// committed to the local one and forwarded by a goroutine. A query whose whole reach is
// local is answered by the local one, the others by the other engine.
type Store struct {
	Local
	opts   Options
	began  time.Time // the store, by Options.Now
	target atomic.Pointer[Target]

	cluster atomic.Pointer[string] // the value of the label cluster of the newest series

	known known

	sealed atomic.Bool // no batch is committed any more

	// order is held from the commit of a batch to the local store until it is known to
	// the queue, so that both have the same order.
	order sync.Mutex

	mu    sync.Mutex // of what follows
	queue queue
	stats Stats
	// failing is since when requests fail; zero while they do not.
	failing    time.Time
	proven     bool // the target has taken a request
	reach      time.Time
	reachError string
	reachAsked time.Time // the latest time
	// reachesFurther: there may be samples before reach.
	reachesFurther bool

	refusals refusals // of the goroutine that sends

	saving     sync.Mutex // of what follows
	saved      Acknowledged
	saveFailed error

	wake    chan struct{} // receives when there is something to send
	taken   chan struct{} // receives when a target takes its first request
	looking chan struct{} // holds one while somebody asks for the reach at once
	renewed chan struct{} // receives when there is another target
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	stopped sync.Once
}

var (
	_ history.Store     = (*Store)(nil)
	_ history.Counter   = (*Store)(nil)
	_ history.Evaluator = (*Store)(nil)
)

// New returns a store that goes on where Mark says that it ended.
func New(o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.backOff = cmp.Or(o.backOff, time.Second)
	o.queued = cmp.Or(o.queued, 500_000)
	o.opening = cmp.Or(o.opening, time.Minute)
	o.splits, o.splitsEvery = cmp.Or(o.splits, splitsAtOnce), cmp.Or(o.splitsEvery, splitsEvery)
	s := &Store{Local: o.Local, opts: o, began: o.Now(), wake: make(chan struct{}, 1), renewed: make(chan struct{}, 1), taken: make(chan struct{}, 1), looking: make(chan struct{}, 1)}
	s.known = newKnown()
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.setCluster(o.Cluster)
	s.setTarget(o.Target)
	s.stats.Refused = map[string]int64{}
	s.resume()
	s.running.Go(func() { s.guarded("forwarding samples", s.forward) })
	s.running.Go(func() { s.guarded("asking how far the remote engine reaches", s.watchReach) })
	return s
}

// guarded is for goroutines that read what others send: a panic would end all data
// sources of the process.
func (s *Store) guarded(what string, work func()) {
	for s.ctx.Err() == nil {
		func() {
			defer func() {
				if cause := recover(); cause != nil {
					s.warn("A fault while "+what, "panic", cause)
					s.pause(time.Minute)
				}
			}()
			work()
		}()
	}
}

func (s *Store) warn(text string, args ...any) {
	if s.opts.Log != nil {
		s.opts.Log.Warn(text, args...)
	}
}

func (s *Store) info(text string, args ...any) {
	if s.opts.Log != nil {
		s.opts.Log.Info(text, args...)
	}
}

// Apply replaces the target. What is not acknowledged goes to the new one.
func (s *Store) Apply(t Target) {
	old := s.target.Load()
	s.setTarget(t)
	if old.Close != nil {
		old.Close()
	}
	s.mu.Lock()
	s.proven, s.stats.Protocol = false, ""
	if t.URL != old.URL || !maps.Equal(t.Labels, old.Labels) {
		s.reach, s.reachesFurther, s.reachError, s.reachAsked = time.Time{}, false, "", time.Time{}
		s.stats.Foreign = nil
	}
	s.mu.Unlock()
	select {
	case s.renewed <- struct{}{}:
	default:
	}
}

func (s *Store) setTarget(t Target) {
	t.labels, t.most = sorted(t.Labels), cmp.Or(t.most, maxAnswer)
	client := *t.HTTP
	client.CheckRedirect, client.Timeout = noRedirects, cmp.Or(client.Timeout, defaultTimeout)
	t.HTTP = &client
	s.target.Store(&t)
}

// defaultTimeout is that of a request where the settings bound it by nothing. Forwarding has one at a time.
const defaultTimeout = 30 * time.Second

func (s *Store) setCluster(name string) {
	if name != "" {
		s.cluster.Store(&name)
	}
}

// closesWithin is how long Close waits for what is queued, if requests succeed.
const closesWithin = 700 * time.Millisecond

// Release ends the forwarding and returns the local store, which stays open.
func (s *Store) Release() Local {
	s.stopped.Do(func() {
		for end := time.Now().Add(closesWithin); time.Now().Before(end) && s.almostDone(); {
			time.Sleep(5 * time.Millisecond)
		}
		s.stop()
		s.running.Wait()
		s.mu.Lock()
		s.queue.over = true
		s.mu.Unlock()
		s.saveMark()
		if t := s.target.Load(); t.Close != nil {
			t.Close()
		}
	})
	return s.Local
}

// Close implements history.Store.
func (s *Store) Close() error { return s.Release().Close() }

// Batch implements series.Sink.
func (s *Store) Batch(ctx context.Context) series.Batch {
	return &batch{s: s, local: s.Local.Batch(ctx)}
}

// A batch is a batch of the local store whose samples are forwarded after its commit.
type batch struct {
	s      *Store
	local  series.Batch
	staged []sample
}

// A sample is one of a series on its way.
type sample struct {
	series *entry
	t      int64
	v      float64
}

// Append implements series.Batch.
func (b *batch) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	e := b.s.known.get(ref)
	if e == nil {
		l := lset()
		given, err := b.local.Append(0, func() labels.Labels { return l }, t, v)
		if err != nil {
			return 0, err
		}
		ref, e = b.s.known.add(l.WithoutEmpty(), given)
		b.s.setCluster(l.Get(clusterLabel))
	} else {
		given, err := b.local.Append(series.Ref(e.local.Load()), func() labels.Labels { return e.labels }, t, v)
		if err != nil {
			return ref, err
		}
		e.local.Store(uint64(given))
	}
	b.staged = append(b.staged, sample{e, t, v})
	return ref, nil
}

// Commit implements series.Batch.
func (b *batch) Commit() error {
	b.s.order.Lock()
	defer b.s.order.Unlock()
	staged := b.staged
	b.staged = nil
	if err := b.s.writable(); err != nil {
		_ = b.local.Rollback() // nothing to do about it
		return err
	}
	b.s.announce(staged)
	if err := b.local.Commit(); err != nil {
		b.s.forget()
		return err
	}
	b.s.add(staged)
	return nil
}

// Rollback implements series.Batch.
func (b *batch) Rollback() error {
	b.staged = nil
	return b.local.Rollback()
}

// clusterLabel is the label that every series has, and that queries are bound to.
const clusterLabel = "cluster"

// An entry is a series that batches brought.
type entry struct {
	labels labels.Labels
	local  atomic.Uint64 // the local store's reference
	lastT  int64         // of the newest committed sample; Store.order is held
	used   int64         // the sweep of known that saw it last; Store.order is held
}

// known holds the series of batches by the references that the Store gives out.
type known struct {
	mu    *sync.RWMutex
	byRef map[series.Ref]*entry
	last  series.Ref
	swept time.Time
	round int64
}

// forgottenAfter is after how many sweeps a series is forgotten that no batch had.
const (
	sweepEvery     = 20 * time.Minute
	forgottenAfter = 3
)

func newKnown() known {
	return known{mu: &sync.RWMutex{}, byRef: map[series.Ref]*entry{}, swept: time.Now()}
}

func (k *known) get(ref series.Ref) *entry {
	if ref == 0 {
		return nil
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.byRef[ref]
}

func (k *known) add(l labels.Labels, local series.Ref) (series.Ref, *entry) {
	e := &entry{labels: l, lastT: history.NoTime}
	e.local.Store(uint64(local))
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last++
	e.used = k.round
	k.byRef[k.last] = e
	return k.last, e
}

// sweep forgets series that no batch had for some time. Store.order is held.
func (k *known) sweep() {
	if time.Since(k.swept) < sweepEvery {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.swept = time.Now()
	k.round++
	for ref, e := range k.byRef {
		if e.used < k.round-forgottenAfter {
			delete(k.byRef, ref)
		}
	}
}
