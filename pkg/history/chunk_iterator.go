package history

import (
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// millis is a time in Unix milliseconds. (An alias: chunkenc.Iterator asks for
// an int64, while go vet takes every Seek(int64) for io.Seeker's.)
type millis = int64

// A chunkIterator walks over the samples of one series between two times, from
// chunk to chunk. Of a Memory it owns what it reads: full chunks never change,
// and the chunk being written is copied. Chunks of blocks lie in files that stay
// mapped until the querier is closed.
type chunkIterator struct {
	mint, maxt int64
	chunks     []chunk
	next       int // the chunk after the current one
	head       []byte

	xor   chunkenc.XORChunk // the current chunk
	cur   chunkenc.Iterator // over xor; reused from chunk to chunk
	state iteratorState
	err   error
}

type iteratorState uint8

const (
	iterBefore iteratorState = iota // no sample was asked for
	iterAt                          // cur is at a sample
	iterAfter                       // there are no more
)

// between makes c begin anew, without chunks.
func (c *chunkIterator) between(mint, maxt int64) {
	c.mint, c.maxt, c.next, c.state, c.err = mint, maxt, 0, iterBefore, nil
	c.chunks = c.chunks[:0]
}

// reset makes c iterate over s from mint to maxt, both included. Memory.mu must
// be held.
func (c *chunkIterator) reset(s *selected, mint, maxt int64) {
	maxt = min(maxt, s.visible)
	c.between(mint, maxt)
	c.chunks = appendOverlapping(c.chunks, s.done, mint, maxt)
	if n := len(s.done); len(s.memSeries.done) > 0 {
		// The series may have lost chunks since, and gained some.
		since := int64(noTime)
		if n > 0 {
			since = s.done[n-1].maxt + 1
		}
		c.chunks = appendOverlapping(c.chunks, s.memSeries.done, max(mint, since), maxt)
	}
	if s.headMint <= maxt && s.lastT >= mint {
		c.head = append(c.head[:0], s.memSeries.head.Bytes()...)
		c.chunks = append(c.chunks, chunk{mint: s.headMint, maxt: s.lastT, data: c.head})
	}
}

// appendOverlapping appends the chunks of from that have samples between mint
// and maxt.
func appendOverlapping(to, from []chunk, mint, maxt int64) []chunk {
	i := sort.Search(len(from), func(i int) bool { return from[i].maxt >= mint })
	j := sort.Search(len(from), func(i int) bool { return from[i].mint > maxt })
	if i >= j {
		return to
	}
	return append(to, from[i:j]...)
}

// fail makes c one without samples.
func (c *chunkIterator) fail(err error) { c.state, c.err = iterAfter, err }

// open makes the next chunk the current one.
func (c *chunkIterator) open() bool {
	if c.next >= len(c.chunks) {
		return false
	}
	c.xor.Reset(c.chunks[c.next].data)
	c.cur = c.xor.Iterator(c.cur)
	c.next++
	return true
}

// Next implements chunkenc.Iterator.
func (c *chunkIterator) Next() chunkenc.ValueType {
	if c.state == iterBefore {
		return c.Seek(c.mint)
	}
	for c.state == iterAt {
		if c.cur.Next() != chunkenc.ValNone {
			return c.found()
		}
		c.leave()
	}
	return chunkenc.ValNone
}

// Seek implements chunkenc.Iterator.
func (c *chunkIterator) Seek(t millis) chunkenc.ValueType {
	t = max(t, c.mint)
	if c.state == iterBefore {
		c.skipTo(t)
	}
	for c.state == iterAt {
		if c.chunks[c.next-1].maxt >= t && c.cur.Seek(t) != chunkenc.ValNone {
			return c.found()
		}
		if c.err = c.cur.Err(); c.err != nil {
			c.state = iterAfter
			break
		}
		c.skipTo(t)
	}
	return chunkenc.ValNone
}

// skipTo opens the next chunk that reaches t.
func (c *chunkIterator) skipTo(t int64) {
	rest := c.chunks[c.next:]
	c.next += sort.Search(len(rest), func(i int) bool { return rest[i].maxt >= t })
	if c.state = iterAfter; c.open() {
		c.state = iterAt
	}
}

// leave goes on to the next chunk when the current one has no more samples.
func (c *chunkIterator) leave() {
	if c.err = c.cur.Err(); c.err != nil || !c.open() {
		c.state = iterAfter
	}
}

// found ends the iteration where the sample is beyond its end.
func (c *chunkIterator) found() chunkenc.ValueType {
	if c.cur.AtT() > c.maxt {
		c.state = iterAfter
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

// At implements chunkenc.Iterator.
func (c *chunkIterator) At() (int64, float64) { return c.cur.At() }

// AtT implements chunkenc.Iterator.
func (c *chunkIterator) AtT() int64 { return c.cur.AtT() }

// AtST implements chunkenc.Iterator: start timestamps are not kept.
func (c *chunkIterator) AtST() int64 { return 0 }

// Err implements chunkenc.Iterator.
func (c *chunkIterator) Err() error { return c.err }

// AtHistogram implements chunkenc.Iterator. Nobody calls it where Next and Seek
// answer ValFloat only.
func (c *chunkIterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	panic("history: a history keeps no histograms")
}

// AtFloatHistogram implements chunkenc.Iterator, as AtHistogram.
func (c *chunkIterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	panic("history: a history keeps no histograms")
}
