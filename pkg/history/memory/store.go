package memory

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/index"
)

// Options bounds a Store.
type Options struct {
	// Retention is how long samples are kept. 0 or less: as long as they fit.
	Retention time.Duration
	// Limit is how many bytes samples, labels and index may take. When they take
	// more, the oldest samples of all series go first. 0 or less: no limit.
	Limit int64
	// Now is the clock against which samples are old or from the future;
	// time.Now if nil.
	Now func() time.Time
}

// A Store is a history in memory: XOR chunks and postings, as Prometheus' head
// has them, without files, goroutines or timers. What it keeps is gone with
// the process.
//
// One lock guards all of it. A commit holds it while it adds its samples
// (some 200 ns each), a query while it looks up series and, once per series,
// while it takes hold of its chunks; decoding and evaluating run without it.
//
// A query sees the commits that were complete when it began and no part of a
// later one, however long it runs: see memSeries.visible.
type Store struct {
	now func() time.Time

	mu        sync.RWMutex
	retention time.Duration
	limit     int64
	byRef     table
	byHash    map[uint64]*memSeries // chained by memSeries.next
	postings  *index.MemPostings
	commits   uint64 // the number of commits so far
	bytes     int64  // of everything
	fixed     int64  // the part of bytes that series take without their samples
	closed    bool

	truncation

	names names // its lock is taken last

	// lastRef is the newest reference given out. References are never used for
	// another series, so one that was rolled back or forgotten stays unknown.
	lastRef atomic.Uint64

	// queries counts the running queries by the last commit they see. Its lock
	// is taken after mu.
	queriesMu sync.Mutex
	queries   map[uint64]int
}

var (
	_ history.Store   = (*Store)(nil)
	_ history.Counter = (*Store)(nil)
)

// New returns an empty store.
func New(o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Store{now: o.Now, retention: o.Retention, limit: o.Limit, queries: map[uint64]int{}}
	m.reset()
	return m
}

// reset makes the store empty.
func (m *Store) reset() {
	m.byRef = newTable()
	m.byHash = map[uint64]*memSeries{}
	m.postings = index.NewMemPostings()
	m.bytes, m.fixed = 0, 0
	m.truncation = truncation{oldest: history.NoTime, floor: history.NoTime}
}

// SetLimits changes the bounds and applies them at once.
func (m *Store) SetLimits(retention time.Duration, limit int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retention, m.limit = retention, limit
	m.nextAge, m.nextBytes = 0, 0
	m.truncate(m.now().UnixMilli())
}

// Stats implements history.Store.
func (m *Store) Stats() history.Stats {
	m.mu.RLock()
	defer m.mu.RUnlock()
	st := history.Stats{Engine: "memory", Series: m.byRef.len(), Bytes: m.bytes}
	if m.byRef.len() > 0 {
		st.Start = time.UnixMilli(max(m.oldest, m.horizon()))
		if m.byBytes && m.floor >= m.horizon() {
			st.TruncatedBy = "memoryLimit"
		}
	}
	if m.full {
		st.Note = fmt.Sprintf("the last %s of %d series need %s of memory and memoryLimit is %s: history is short and no new series are kept; raise memoryLimit or lower maxSeries",
			leastHistory, m.byRef.len(), history.Mebibytes(m.bytes), history.Mebibytes(m.limit))
	}
	return st
}

// Room implements series.Sink: it estimates how many series with the labels of a
// task the limit in bytes holds together with an hour of their history. The
// figures are measured (BenchmarkMemoryAccounting).
func (m *Store) Room(interval time.Duration) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return roomWithin(m.limit, interval)
}

func roomWithin(limit int64, interval time.Duration) int {
	const (
		bytesPerSeries = 600 // of five of a task: labels, index, the chunk being written
		bytesPerSample = 4.2
	)
	if limit <= 0 {
		return 0 // any number
	}
	samples := float64(leastHistory) / float64(max(interval, time.Second))
	return max(1, int(float64(limit)/(bytesPerSeries+bytesPerSample*samples)))
}

// Span returns the times of the oldest and newest samples, Unix milliseconds;
// false where there are none.
func (m *Store) Span() (oldest, newest int64, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	newest = history.NoTime
	for s := range m.byRef.all() {
		newest = max(newest, s.lastT)
	}
	return max(m.oldest, m.horizon()), newest, newest != history.NoTime
}

// Close implements history.Store. Batches and queries that are under way end with
// history.ErrClosed or with what they already hold.
func (m *Store) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.reset()
	return nil
}

// find returns the series with these labels, whose nameOf is name, or nil. mu must be held.
func (m *Store) find(hash uint64, name string, l labels.Labels) *memSeries {
	for s := m.byHash[hash]; s != nil; s = s.next {
		if s.labels.are(name, l) {
			return s
		}
	}
	return nil
}

// like returns the series with the labels of another one, or nil. mu must be held.
func (m *Store) like(other *memSeries) *memSeries {
	for s := m.byHash[other.hash]; s != nil; s = s.next {
		if s.labels.compare(other.labels) == 0 {
			return s
		}
	}
	return nil
}

// insert makes a series part of the store. mu must be held for writing.
func (m *Store) insert(s *memSeries) {
	s.stored = true
	m.byRef.add(s)
	s.next, m.byHash[s.hash] = m.byHash[s.hash], s
	m.postings.Add(s.ref, s.labels.all())
	n := s.fixedSize()
	m.bytes += n
	m.fixed += n
}

// knows reports whether a series has a label with a value. mu must be held.
func (m *Store) knows(l labels.Label) bool {
	return !index.IsEmptyPostingsType(m.postings.Postings(context.Background(), l.Name, l.Value))
}

// remove takes a series out of the maps; its postings are the caller's. mu must
// be held for writing.
func (m *Store) remove(s *memSeries) {
	s.stored = false
	m.bytes -= s.size()
	m.fixed -= s.fixedSize()
	m.byRef.remove(s)
	first := m.byHash[s.hash]
	switch {
	case first == s && s.next == nil:
		delete(m.byHash, s.hash)
	case first == s:
		m.byHash[s.hash] = s.next
	default:
		for first.next != s {
			first = first.next
		}
		first.next = s.next
	}
}
