package memory

import (
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// leastHistory is the time that a limit in bytes never cuts into: current values and
// the look-back of the slowest poll must survive. A store that cannot keep to
// its limit with so little takes no new series instead.
const leastHistory = time.Hour

const (
	// bytesAfter is the part of the limit that is left after forgetting by
	// bytes, so that the next time comes only when the rest is full again.
	bytesAfter = 0.95
	// fullRetry is how long to wait before trying again to get below the limit.
	fullRetry = 30 * time.Second
)

// truncation is the state of forgetting. Store.mu guards it. Times are Unix
// milliseconds.
type truncation struct {
	oldest    int64 // the oldest sample ever written since the store was empty, or history.NoTime
	floor     int64 // everything from here on is there, or history.NoTime: nothing was forgotten
	byBytes   bool  // floor moved because of bytes
	full      bool  // the limit is exceeded and nothing more may be forgotten
	nextAge   int64 // when to forget by age again
	nextBytes int64 // when to forget by bytes again
}

// horizon is the time before which queries see nothing: some series may still
// have samples there, in chunks that reach beyond it, but a sum over part of
// the series would be wrong. mu must be held.
func (m *Store) horizon() int64 {
	if m.retention <= 0 {
		return m.floor
	}
	return max(m.floor, m.now().Add(-m.retention).UnixMilli())
}

// truncate forgets what is too old or too much. It runs within a commit, but
// looks at all series only once per ageInterval or when a twentieth of the
// limit was written since it last did. mu must be held for writing.
func (m *Store) truncate(now int64) {
	if m.retention > 0 && now >= m.nextAge {
		m.nextAge = now + ageInterval(m.retention).Milliseconds()
		if cut := now - m.retention.Milliseconds(); cut > m.oldest {
			m.forget(cut, false)
		}
	}
	if m.limit <= 0 || m.bytes <= m.limit {
		m.full, m.nextBytes = false, 0
		return
	}
	if now < m.nextBytes {
		return
	}
	if cut, ok := m.cutFor(m.bytes-int64(float64(m.limit)*bytesAfter), now-leastHistory.Milliseconds()); ok {
		m.forget(cut, true)
	}
	if m.full = m.bytes > m.limit; m.full {
		m.nextBytes = now + fullRetry.Milliseconds()
	}
}

// ageInterval is how often to forget by age: often enough that what is kept
// too long is a fiftieth, rarely enough to cost nothing.
func ageInterval(retention time.Duration) time.Duration {
	return min(max(retention/50, time.Second), 5*time.Minute)
}

// cutFor returns the earliest time before which at least need bytes can be
// forgotten; at most before the time latest, and then all that ends before it.
// It adds up what can go in slices of time instead of sorting all chunks.
func (m *Store) cutFor(need, latest int64) (cut int64, ok bool) {
	first := m.oldest
	if m.floor > first {
		first = m.floor // a chunk that ends before it would be gone already
	}
	if latest <= first {
		return 0, false
	}
	const slices = 1024
	var freed [slices]int64
	width := (latest-first)/slices + 1
	add := func(maxt, bytes int64) {
		if maxt < latest {
			freed[max(0, maxt-first)/width] += bytes
		}
	}
	for s := range m.byRef.all() {
		for _, c := range s.done {
			add(c.Maxt, chunkSize(c))
		}
		if s.lastT < latest { // ended: all of it can go
			add(s.lastT, s.fixedSize()+int64(cap(s.head.Bytes())))
		}
	}
	sum := int64(0)
	for i, n := range freed {
		sum += n
		if n > 0 {
			cut, ok = min(first+int64(i+1)*width, latest), true
		}
		if sum >= need {
			break
		}
	}
	return cut, ok
}

// forget drops chunks and series that end before cut.
func (m *Store) forget(cut int64, byBytes bool) {
	var gone map[storage.SeriesRef]struct{}
	affected := map[labels.Label]struct{}{}
	for s := range m.byRef.all() {
		if s.lastT >= cut {
			m.bytes -= s.dropBefore(cut)
			continue
		}
		if gone == nil {
			gone = map[storage.SeriesRef]struct{}{}
		}
		gone[s.ref] = struct{}{}
		s.labels.each(func(l labels.Label) { affected[l] = struct{}{} })
		m.remove(s)
	}
	if cut >= m.floor {
		m.floor, m.byBytes = cut, byBytes
	}
	if m.byRef.len() == 0 {
		m.reset()
		return
	}
	if gone != nil {
		m.postings.Delete(gone, affected)
	}
}

// beginQuery notes a query that sees everything up to the last commit.
// mu must be held for reading.
func (m *Store) beginQuery() (commit uint64) {
	m.queriesMu.Lock()
	defer m.queriesMu.Unlock()
	m.queries[m.commits]++
	return m.commits
}

// endQuery takes back what beginQuery noted.
func (m *Store) endQuery(commit uint64) {
	m.queriesMu.Lock()
	defer m.queriesMu.Unlock()
	if m.queries[commit]--; m.queries[commit] == 0 {
		delete(m.queries, commit)
	}
}

// OpenQueriers returns how many queriers are not closed yet.
func (m *Store) OpenQueriers() int {
	m.queriesMu.Lock()
	defer m.queriesMu.Unlock()
	n := 0
	for _, open := range m.queries {
		n += open
	}
	return n
}

// oldestQuery is the earliest last commit any running query sees.
func (m *Store) oldestQuery() (commit uint64, running bool) {
	m.queriesMu.Lock()
	defer m.queriesMu.Unlock()
	commit = math.MaxUint64
	for c := range m.queries {
		commit = min(commit, c)
	}
	return commit, len(m.queries) > 0
}
