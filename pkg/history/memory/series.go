package memory

import (
	"slices"
	"sort"
	"time"
	"unsafe"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/chunks"

	"github.com/prometheus/prometheus/storage"
)

const (
	// samplesPerChunk is Prometheus' own figure (tsdb: DefaultSamplesPerChunk):
	// long enough that 16 bytes for the first sample do not matter, short enough
	// that seeking, which decodes from the front, stays cheap.
	samplesPerChunk = 120

	// longChunk is what a chunk may go on to after samplesPerChunk. A series
	// that hardly changes, as most do, takes two bits for a sample, and then a
	// chunk costs more than what is in it. So such a chunk goes on, until it has
	// as many bytes as others or spans longSpan: whole chunks are forgotten, and
	// an instant query decodes the one being written from its front.
	longChunk = 320
	longSpan  = 4 * time.Hour

	// chunkCapacity is the first allocation of a chunk. chunkenc's own is 128
	// bytes; a constant series needs some 45 for a whole chunk.
	chunkCapacity = 32
)

// chunkSize returns the bytes that a chunk takes.
func chunkSize(c chunks.Chunk) int64 { return int64(unsafe.Sizeof(c)) + int64(cap(c.Data)) }

// A memSeries is one series: full chunks and the one being written. Only
// labels, ref and hash never change; Store.mu guards all else.
type memSeries struct {
	ref    storage.SeriesRef
	hash   uint64
	labels seriesLabels
	next   *memSeries // another series of the same hash

	done     []chunks.Chunk // oldest first
	head     chunks.Writer
	headMint int64
	lastT    int64 // time and value of the newest sample
	lastV    float64

	undo *[]undo // nil: none

	stored bool  // it is in the store; false while it is a batch's, and once forgotten
	shares bool  // labels.rest is another series' as well, which accounts for it
	brings uint8 // how many values of its labels the index had not before it
}

// An undo holds how far the series reached before a commit, for queries that
// began before it. There are none unless a query runs during commits.
type undo struct {
	commit uint64
	before int64 // time of the newest sample before that commit, or history.NoTime
}

func newSeries(ref storage.SeriesRef, hash uint64, l seriesLabels, shares bool) *memSeries {
	return &memSeries{ref: ref, hash: hash, labels: l, shares: shares, lastT: history.NoTime}
}

// empty reports whether no sample was ever written.
func (s *memSeries) empty() bool { return s.lastT == history.NoTime }

// mint is the time of the oldest sample; the series must not be empty.
func (s *memSeries) mint() int64 {
	if len(s.done) > 0 {
		return s.done[0].Mint
	}
	return s.headMint
}

// append adds a sample that is newer than all others, and returns by how many
// bytes the series grew.
func (s *memSeries) append(t int64, v float64) (grown int64) {
	if !s.head.Begun() || s.full(t) {
		grown += s.cut(t)
	}
	before := cap(s.head.Bytes())
	s.head.Append(t, v, s.lastT, s.lastV)
	s.lastT, s.lastV = t, v
	return grown + int64(cap(s.head.Bytes())-before)
}

// full reports whether the chunk being written takes no sample at t any more.
func (s *memSeries) full(t int64) bool {
	return s.head.Samples() >= samplesPerChunk && (len(s.head.Bytes()) >= longChunk || t-s.headMint >= longSpan.Milliseconds())
}

// cut closes the chunk being written, if there is one, and begins one at t.
func (s *memSeries) cut(t int64) (grown int64) {
	if s.head.Begun() {
		before := s.sliceSize() + int64(cap(s.head.Bytes()))
		full := chunks.Chunk{Mint: s.headMint, Maxt: s.lastT, Data: slices.Clone(s.head.Bytes())}
		s.done = append(s.done, full)
		grown = s.sliceSize() + int64(cap(full.Data)) - before
	}
	s.head.Begin(chunkCapacity)
	s.headMint = t
	return grown + chunkCapacity
}

// dropBefore forgets full chunks that end before t and returns the bytes freed.
// The slice is a new one: queries may still read the old.
func (s *memSeries) dropBefore(t int64) (freed int64) {
	n := sort.Search(len(s.done), func(i int) bool { return s.done[i].Maxt >= t })
	if n == 0 {
		return 0
	}
	before := s.sliceSize()
	for _, c := range s.done[:n] {
		freed += int64(cap(c.Data))
	}
	s.done = slices.Clone(s.done[n:])
	return freed + before - s.sliceSize()
}

// sliceSize is the size of the list of full chunks without their data.
func (s *memSeries) sliceSize() int64 {
	return int64(cap(s.done)) * int64(unsafe.Sizeof(chunks.Chunk{}))
}

const (
	ofMaps      = 36 + 9 // byHash: 16 bytes at the usual load of a map; byRef: a pointer in a page
	perLabel    = 12     // one posting in a list that grows by doubling
	allPostings = 12

	// leastSize is what a series costs at least: one that has only a name and shares its labels.
	leastSize = int64(unsafe.Sizeof(memSeries{})) + ofMaps + allPostings + chunkCapacity
)

// fixedSize estimates what a series costs without its samples: the struct, its
// labels, its places in the store's map and table, and in the index a posting and the
// share of a map entry for each label. Of series that share their labels but the name,
// the first accounts for them. The index keeps the labels of a series that brings a
// value once more. The figures were fitted against runtime.MemStats
// (BenchmarkMemoryAccounting and BenchmarkMemoryOfAgents print both sides).
func (s *memSeries) fixedSize() int64 {
	const value = 300 // list, map entry, list of values
	n := int64(unsafe.Sizeof(*s)) + ofMaps + int64(s.labels.len())*perLabel + allPostings
	if !s.shares {
		n += int64(s.labels.rest.ByteSize())
	}
	if s.brings > 0 {
		n += int64(s.labels.rest.ByteSize()) + int64(s.brings)*value
	}
	return n
}

// size returns what the series costs altogether.
func (s *memSeries) size() int64 {
	n := s.fixedSize() + s.sliceSize() + int64(cap(s.head.Bytes()))
	for _, c := range s.done {
		n += int64(cap(c.Data))
	}
	return n
}

// remember notes, before the first sample of a commit, how far the series
// reaches, for queries that see commits up to oldest only. Notes no running
// query needs are dropped.
func (s *memSeries) remember(commit, oldest uint64) {
	if s.undo == nil {
		s.undo = &[]undo{{commit: commit, before: s.lastT}}
		return
	}
	notes := *s.undo
	if n := len(notes); n > 0 && notes[n-1].commit == commit {
		return
	}
	keep := notes[:0]
	for _, u := range notes {
		if u.commit > oldest {
			keep = append(keep, u)
		}
	}
	*s.undo = append(keep, undo{commit: commit, before: s.lastT})
}

// visible is the time of the newest sample that a query sees which began right
// after the given commit; history.NoTime when it sees none.
func (s *memSeries) visible(commit uint64) int64 {
	if s.undo == nil {
		return s.lastT
	}
	for _, u := range *s.undo {
		if u.commit > commit {
			return u.before
		}
	}
	return s.lastT
}
