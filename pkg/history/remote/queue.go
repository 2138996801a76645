package remote

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/series"
)

// A chunk is one committed batch, or a window of time that was read from the local store.
type chunk struct {
	samples    []sample
	mint, maxt int64
	markers    bool // all of its samples are marks that end series
}

// A queue holds what the other engine has not taken. Batches are in memory, in the order
// of their commits, up to a number of samples. Beyond that they are known by their time
// alone, and are read from the local store: see behind.
type queue struct {
	chunks  []chunk
	samples int // in chunks
	onWay   int // so many of the first chunks are being sent

	behind *behind // nil while chunks are all there is

	acked int64 // the newest time that was taken or refused; NoTime before the first
	// again is up to when a process before may have sent what is sent again: when this one
	// began; NoTime if there was none.
	again int64
	// announced is the time of the oldest sample of a batch that is being committed;
	// MaxInt64 if none is.
	announced int64
	// unsent counts samples that are neither taken nor refused. It is exact once
	// everything that a process before left was read.
	unsent  int64
	exact   bool
	batches int   // commits that are not wholly taken
	whole   int64 // Acknowledged.Whole
	first   int64 // the time of the oldest sample that was committed; MaxInt64 for none
	over    bool  // nothing is committed any more
}

// A behind is what is read from the local store, window by window.
//
// Samples of batches do not come in the order of their times: a slow poll is committed
// after a quicker one that began later, and the first value of a counter brings a zero
// at the poll before. So two things are kept apart:
//   - what has a time up to sent may have been taken before: only series in late are due,
//     each from its time on;
//   - what is committed with a time before cursor was not there when its window was read:
//     add queues it as a chunk, which is sent before the next window.
//
// A series' samples are committed in the order of their times, so both keep that order.
type behind struct {
	cursor  int64
	newest  int64
	sent    int64
	late    map[uint64]int64 // by hash of labels
	resumed bool             // of a process before: what is due up to sent is not known
	all     bool             // the process before left nothing
	from    time.Time        // when it began
	batches int              // commits in it
}

// due reports whether a sample was not taken before.
func (b *behind) due(hash uint64, t int64) bool {
	if t > b.sent || b.resumed {
		return true
	}
	from, late := b.late[hash]
	return late && t >= from
}

// hold adds the samples of a batch.
func (b *behind) hold(samples []sample) {
	for _, s := range samples {
		b.newest = max(b.newest, s.t)
		b.cursor = min(b.cursor, s.t)
		if s.t <= b.sent && !b.resumed {
			hash := s.series.labels.Hash()
			if from, there := b.late[hash]; !there || s.t < from {
				b.late[hash] = s.t
			}
		}
	}
	b.batches++
}

// resume begins where a process before ended.
func (s *Store) resume() {
	q := &s.queue
	q.acked, q.again, q.announced, q.first, q.exact = history.NoTime, history.NoTime, math.MaxInt64, math.MaxInt64, true
	if s.opts.Mark == nil {
		return
	}
	mark, err := s.opts.Mark.Load()
	if err != nil {
		s.warn("What the remote engine has acknowledged is not known: what was collected before this start is not sent again", "error", err)
		return
	}
	q.whole = mark.Whole
	if mark.Until == 0 && mark.From == 0 {
		return
	}
	q.acked, q.exact = mark.Until, false
	q.behind = &behind{cursor: mark.Until + 1, newest: math.MaxInt64, sent: mark.Until, late: map[uint64]int64{}, all: mark.All, from: s.opts.Now()}
	if mark.From != 0 && mark.From <= mark.Until {
		q.behind.cursor, q.behind.resumed = mark.From, true
	}
	// One that was killed had not written yet that its latest requests were taken. The series
	// are this data source's alone, so an engine that has newer samples of them has these.
	q.again = s.opts.Now().UnixMilli()
	s.awake()
}

// add queues a committed batch. order is held.
func (s *Store) add(staged []sample) {
	kept := make([]sample, 0, len(staged))
	for _, x := range staged {
		x.series.used = s.known.round
		if x.t == x.series.lastT { // the same sample again
			continue
		}
		x.series.lastT = max(x.t, x.series.lastT)
		kept = append(kept, x)
	}
	s.known.sweep()
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	for _, x := range kept {
		q.first = min(q.first, x.t)
	}
	q.announced = math.MaxInt64
	if len(kept) == 0 {
		return
	}
	q.unsent += int64(len(kept))
	if q.behind == nil {
		q.push(kept)
		q.batches++
		if q.samples > s.opts.queued && len(q.chunks) > max(1, q.onWay) {
			s.fallBehind()
		}
	} else {
		held := kept[:0:0]
		before := held
		for _, x := range kept {
			if x.t < q.behind.cursor {
				before = append(before, x)
			} else {
				held = append(held, x)
			}
		}
		if len(before) > 0 {
			q.push(before)
		}
		q.behind.hold(held)
	}
	s.awake()
}

func (q *queue) push(samples []sample) {
	c := chunk{samples: samples, mint: math.MaxInt64, maxt: math.MinInt64}
	c.markers = !slices.ContainsFunc(samples, func(x sample) bool { return !series.IsStale(x.v) })
	for _, x := range samples {
		c.mint, c.maxt = min(c.mint, x.t), max(c.maxt, x.t)
	}
	q.chunks = append(q.chunks, c)
	q.samples += len(samples)
}

// fallBehind gives up all chunks but the first, and those that may be on their way. mu is held.
func (s *Store) fallBehind() {
	q := &s.queue
	kept := slices.Clone(q.chunks[:max(1, q.onWay)])
	b := &behind{cursor: math.MaxInt64, newest: history.NoTime, sent: q.acked, late: map[uint64]int64{}, from: s.opts.Now()}
	n := 0
	for _, c := range kept {
		b.sent = max(b.sent, c.maxt)
		n += len(c.samples)
	}
	for _, c := range q.chunks[len(kept):] {
		b.hold(c.samples)
	}
	q.behind, q.chunks, q.samples = b, kept, n
	q.batches = len(kept)
	s.info("The remote engine is behind: what it has not taken is read from the local history later", "since", history.Moment(b.cursor))
}

func (s *Store) awake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next returns the samples to send: those of the first chunk in memory, and of as many of the
// next as fit into a request beside it. Each agent's answer is a batch of its own, and an
// engine that answers after a second would get one of them a second. It returns none where
// there is none in memory.
func (s *Store) next() []sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	if q.onWay = 0; len(q.chunks) == 0 {
		return nil
	}
	n := 0
	for q.onWay < len(q.chunks) && (q.onWay == 0 || n+len(q.chunks[q.onWay].samples) <= maxRequestSamples) {
		n += len(q.chunks[q.onWay].samples)
		q.onWay++
	}
	if q.onWay == 1 {
		return q.chunks[0].samples
	}
	return together(q.chunks[:q.onWay])
}

// together returns the samples of chunks by series, each in the order that they had: a series is
// in a request once, also where another collector went on with it.
func together(chunks []chunk) (all []sample) {
	byEntry, byHash, of := map[*entry]int{}, map[uint64]int{}, [][]sample(nil)
	group := func(e *entry) int {
		if i, there := byEntry[e]; there {
			return i
		}
		hash := e.labels.Hash()
		i, there := byHash[hash]
		if !there || !labels.Equal(of[i][0].series.labels, e.labels) {
			i = len(of)
			of = append(of, nil)
			byHash[hash] = i
		}
		byEntry[e] = i
		return i
	}
	for _, c := range chunks {
		for _, x := range c.samples {
			i := group(x.series)
			if len(of[i]) > 0 {
				x.series = of[i][0].series
			}
			of[i] = append(of[i], x)
		}
	}
	return slices.Concat(of...)
}

// done removes the chunks that were on their way: each of their samples was taken or refused.
func (s *Store) done() {
	s.mu.Lock()
	q := &s.queue
	for i := range q.onWay {
		q.samples -= len(q.chunks[i].samples)
		q.acked = max(q.acked, q.chunks[i].maxt)
		q.chunks[i] = chunk{}
	}
	q.chunks = q.chunks[q.onWay:]
	q.batches = max(0, q.batches-q.onWay)
	q.onWay = 0
	s.mu.Unlock()
	s.saveMark()
}

// readsOn reports whether the local history is to be read further before what is read is sent: another process collects, so
// that nothing is sent, and all that was found of a process before are the marks that end its series, which the next
// one to open the history has written. Whether it left samples shows behind them.
func (s *Store) readsOn() bool {
	_, collects := s.collects()
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	return !collects && q.behind != nil && !slices.ContainsFunc(q.chunks, func(c chunk) bool { return !c.markers })
}

// almostDone reports whether all that is left are chunks, and requests succeed.
func (s *Store) almostDone() bool {
	if _, ok := s.collects(); !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.behind == nil && len(s.queue.chunks) > 0 && s.failing.IsZero()
}

// mark returns what to keep beyond the end of the process. mu is held.
func (q *queue) mark() (mark Acknowledged, known bool) {
	defer func() { mark.Whole = q.whole }()
	oldest := q.announced
	for _, c := range q.chunks {
		oldest = min(oldest, c.mint)
	}
	if q.behind != nil {
		oldest = min(oldest, q.behind.cursor)
	}
	switch {
	case q.acked == history.NoTime && oldest == math.MaxInt64:
		return Acknowledged{}, false
	case q.acked == history.NoTime:
		return Acknowledged{Until: oldest - 1}, true
	case oldest <= q.acked:
		return Acknowledged{Until: q.acked, From: oldest}, true
	default:
		return Acknowledged{Until: q.acked, All: q.over && oldest == math.MaxInt64}, true
	}
}

// saveMark writes what was acknowledged, where that changed.
func (s *Store) saveMark() {
	if s.opts.Mark == nil {
		return
	}
	s.saving.Lock() // before the mark is made, so that an older one does not replace it
	defer s.saving.Unlock()
	since, collects := s.collects()
	s.mu.Lock()
	if s.opts.Lease != nil && collects { // what is of before may be others'
		s.queue.whole = since.UnixMilli()
	}
	s.wholeFrom() // it is kept beyond the end of the process
	mark, known := s.queue.mark()
	s.mu.Unlock()
	if !known || mark == s.saved {
		return
	}
	err := s.opts.Mark.Save(mark)
	if err == nil {
		s.saved = mark
	} else if s.saveFailed == nil && !errors.Is(err, fs.ErrNotExist) { // the directory is made when it is opened
		s.warn("What the remote engine has acknowledged could not be written: after a restart some samples are sent again", "error", err)
	}
	s.saveFailed = err
}

// announce notes that samples are about to be committed, and writes it where they are older
// than what was acknowledged, or the first: a process that ends after their commit finds
// them by it. order is held until add or forget ends it.
func (s *Store) announce(staged []sample) {
	if s.opts.Mark == nil || len(staged) == 0 {
		return
	}
	oldest := int64(math.MaxInt64)
	for _, x := range staged {
		oldest = min(oldest, x.t)
	}
	s.mu.Lock()
	s.queue.announced = oldest
	s.mu.Unlock()
	s.saveMark() // what is newer is found after Until, and changes nothing
}

// forget ends what announce began.
func (s *Store) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.announced = math.MaxInt64
}

// Windows of time that are read from the local store.
const (
	window      = 5 * time.Minute
	leastWindow = time.Second
)

// catchUp reads the next window of the local store and queues it. It reports whether
// there was one.
func (s *Store) catchUp() (bool, error) {
	s.mu.Lock()
	b := s.queue.behind
	s.mu.Unlock()
	if b == nil {
		return false, nil
	}
	s.awaitLocal(b)
	s.order.Lock() // a commit meanwhile would be neither in the window nor queued
	defer s.order.Unlock()
	newest := min(b.newest, s.opts.Now().Add(history.FutureLimit).UnixMilli())
	start := s.Local.Stats().Start
	if s.ctx.Err() != nil {
		return false, s.ctx.Err()
	}
	if !start.IsZero() && b.cursor < start.UnixMilli() {
		s.skipTo(b, start.UnixMilli())
	}
	if start.IsZero() || b.cursor > newest {
		s.caughtUp(b)
		return false, nil
	}
	for width := window; ; width /= 2 {
		end := b.cursor + width.Milliseconds() - 1
		samples, whole, err := s.readLocal(b, b.cursor, min(end, newest), width/2 >= leastWindow)
		if err != nil {
			return false, err
		}
		if !whole {
			continue
		}
		s.mu.Lock()
		if len(samples) > 0 {
			if s.queue.push(samples); !s.queue.exact {
				s.queue.unsent += int64(s.unknownOf(b, samples))
			}
		}
		b.cursor = end + 1
		s.mu.Unlock()
		return true, nil
	}
}

// unknownOf counts the samples of a window that a process before committed: this one has
// counted its own.
func (s *Store) unknownOf(b *behind, samples []sample) (n int) {
	began := b.from.UnixMilli()
	for _, x := range samples {
		if x.t < began {
			n++
		}
	}
	return n
}

// readLocal returns the samples between two times that are due. whole is false where there
// are more than fit and the window can be made smaller.
func (s *Store) readLocal(b *behind, from, to int64, smaller bool) (samples []sample, whole bool, err error) {
	q, err := s.Local.Querier(from, to)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = q.Close() }() // nothing to lose: it only reads
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	set := q.Select(ctx, false, nil, history.EverySeries)
	var it chunkenc.Iterator
	for set.Next() {
		at := set.At()
		l := at.Labels()
		hash := l.Hash()
		var e *entry
		it = at.Iterator(it)
		for it.Next() != chunkenc.ValNone {
			t, v := it.At()
			if t < from || t > to || !b.due(hash, t) {
				continue
			}
			if e == nil {
				e = &entry{labels: l.Copy()} // those of a block are part of a file
			}
			samples = append(samples, sample{e, t, v})
		}
		if err := it.Err(); err != nil {
			return nil, false, err
		}
		if smaller && len(samples) > s.opts.queued {
			return nil, false, nil
		}
	}
	return samples, true, set.Err()
}

// awaitLocal waits until the local store's directory is open: before, it has nothing of
// what a process before left. One that cannot be opened is not waited for much longer.
func (s *Store) awaitLocal(b *behind) {
	opens, ok := s.Local.(interface{ Opened() bool })
	if !ok || s.queue.exact {
		return
	}
	for end := time.Now().Add(s.opts.opening); !opens.Opened() && time.Now().Before(end) && s.ctx.Err() == nil; {
		time.Sleep(20 * time.Millisecond)
	}
}

// skipTo moves the cursor behind what the local store dropped before it was taken.
func (s *Store) skipTo(b *behind, start int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.newest < start {
		start = b.newest + 1
	}
	from := b.cursor
	if b.all { // there is nothing before what this process committed
		from = max(from, s.queue.first)
	}
	if from < start {
		s.stats.lose(from, start)
	}
	b.cursor = start
}

// caughtUp ends the reading: chunks are all there is. order is held.
func (s *Store) caughtUp(b *behind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	// What is left in unsent and not in chunks is not in the local store any more.
	if missing := q.unsent - int64(q.samples); missing > 0 && q.exact {
		s.stats.Dropped += missing
	}
	q.unsent, q.exact = int64(q.samples), true
	q.behind = nil
	q.batches = len(q.chunks)
	s.info("The remote engine has everything that the local history has", "since", b.from)
}
