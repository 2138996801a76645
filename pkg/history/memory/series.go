package memory

import (
	"slices"
	"sort"
	"time"
	"unsafe"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/chunks"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
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

	// chunkHeader is the length of an empty XOR chunk: its number of samples in
	// two bytes (tsdb/docs/format/chunks.md).
	chunkHeader = 2
)

// chunkSize returns the bytes that a chunk takes.
func chunkSize(c chunks.Chunk) int64 { return int64(unsafe.Sizeof(c)) + int64(cap(c.Data)) }

// A memSeries is one series: full chunks and the one being written. Only
// labels, ref and hash never change; Store.mu guards all else.
type memSeries struct {
	ref    storage.SeriesRef
	hash   uint64
	labels labels.Labels
	next   *memSeries // another series of the same hash
	stored bool       // it is in the store; false while it is a batch's, and once forgotten

	done     []chunks.Chunk // oldest first
	head     chunkenc.XORChunk
	app      chunkenc.Appender // writes to head; nil before the first sample
	headMint int64
	lastT    int64 // time and value of the newest sample
	lastV    float64

	undo []undo
}

// An undo holds how far the series reached before a commit, for queries that
// began before it. There are none unless a query runs during commits.
type undo struct {
	commit uint64
	before int64 // time of the newest sample before that commit, or history.NoTime
}

func newSeries(ref storage.SeriesRef, hash uint64, l labels.Labels) *memSeries {
	return &memSeries{ref: ref, hash: hash, labels: l, lastT: history.NoTime}
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
	if s.app == nil || s.full(t) {
		grown += s.cut(t)
	}
	before := cap(s.head.Bytes())
	s.app.Append(0, t, v)
	s.lastT, s.lastV = t, v
	return grown + int64(cap(s.head.Bytes())-before)
}

// full reports whether the chunk being written takes no sample at t any more.
func (s *memSeries) full(t int64) bool {
	return s.head.NumSamples() >= samplesPerChunk && (len(s.head.Bytes()) >= longChunk || t-s.headMint >= longSpan.Milliseconds())
}

// cut closes the chunk being written, if there is one, and begins one at t.
func (s *memSeries) cut(t int64) (grown int64) {
	if s.app != nil {
		before := s.sliceSize() + int64(cap(s.head.Bytes()))
		full := chunks.Chunk{Mint: s.headMint, Maxt: s.lastT, Data: slices.Clone(s.head.Bytes())}
		s.done = append(s.done, full)
		grown = s.sliceSize() + int64(cap(full.Data)) - before
	}
	s.head.Reset(make([]byte, chunkHeader, chunkCapacity))
	// An empty XOR chunk has nothing to decode, so this cannot fail.
	s.app, _ = s.head.Appender()
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

// fixedSize estimates what a series costs without its samples: the struct, its
// appender, its labels, its places in the store's map and table, and in the index a
// posting and the share of a map entry for each label. The figures were fitted
// against runtime.MemStats (BenchmarkMemoryAccounting prints both sides).
func (s *memSeries) fixedSize() int64 {
	const (
		appender    = 48     // chunkenc.xorAppender, rounded up to its size class
		maps        = 36 + 9 // byHash: 16 bytes at the usual load of a map; byRef: a pointer in a page
		perLabel    = 12     // one posting in a list that grows by doubling
		allPostings = 12
		unique      = 150 // a label value nobody else has: list, map entry, list of values
	)
	return int64(unsafe.Sizeof(*s)) + appender + int64(s.labels.ByteSize()) + maps +
		int64(s.labels.Len())*perLabel + allPostings + unique
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
	if n := len(s.undo); n > 0 && s.undo[n-1].commit == commit {
		return
	}
	keep := s.undo[:0]
	for _, u := range s.undo {
		if u.commit > oldest {
			keep = append(keep, u)
		}
	}
	s.undo = append(keep, undo{commit: commit, before: s.lastT})
}

// visible is the time of the newest sample that a query sees which began right
// after the given commit; history.NoTime when it sees none.
func (s *memSeries) visible(commit uint64) int64 {
	for _, u := range s.undo {
		if u.commit > commit {
			return u.before
		}
	}
	return s.lastT
}
