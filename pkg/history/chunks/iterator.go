// Package chunks iterates over the samples of one series, chunk by chunk: XOR
// chunks of Prometheus' tsdb/chunkenc, in memory or in the files of blocks.
package chunks

import (
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Millis is a time in Unix milliseconds. (An alias: chunkenc.Iterator asks for
// an int64, while go vet takes every Seek(int64) for io.Seeker's.)
type Millis = int64

// A Chunk is a run of samples of one series that does not change any more.
type Chunk struct {
	Mint, Maxt int64  // time of the first and last sample, Unix milliseconds
	Data       []byte // XOR encoded (tsdb/chunkenc)
}

// Overlapping returns the chunks of list, which are in order of time, that have
// samples between mint and maxt. The result shares list's memory.
func Overlapping(list []Chunk, mint, maxt int64) []Chunk {
	i := sort.Search(len(list), func(i int) bool { return list[i].Maxt >= mint })
	j := sort.Search(len(list), func(i int) bool { return list[i].Mint > maxt })
	if i >= j {
		return nil
	}
	return list[i:j]
}

// An Iterator walks over the samples of one series between two times, from
// chunk to chunk. It implements chunkenc.Iterator. Between, then Add for every
// chunk in order of time, make it ready.
//
// It reads the chunks in place: they must not change while it is used. Chunks
// of blocks lie in files that stay mapped until the querier is closed.
type Iterator struct {
	// Head is a buffer for the caller's copy of a chunk that is still written.
	// It is kept when the iterator is used again.
	Head []byte

	mint, maxt int64
	chunks     []Chunk
	next       int // the chunk after the current one

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

// Between resets c, without chunks, for the samples from mint to maxt
// (Unix milliseconds, both included).
func (c *Iterator) Between(mint, maxt int64) {
	c.mint, c.maxt, c.next, c.state, c.err = mint, maxt, 0, iterBefore, nil
	c.chunks = c.chunks[:0]
}

// Add appends chunks that are newer than those added before.
func (c *Iterator) Add(list ...Chunk) { c.chunks = append(c.chunks, list...) }

// Fail makes c an iterator without samples that ends with err.
func (c *Iterator) Fail(err error) { c.state, c.err = iterAfter, err }

// open makes the next chunk the current one.
func (c *Iterator) open() bool {
	if c.next >= len(c.chunks) {
		return false
	}
	c.xor.Reset(c.chunks[c.next].Data)
	c.cur = c.xor.Iterator(c.cur)
	c.next++
	return true
}

// Next implements chunkenc.Iterator.
func (c *Iterator) Next() chunkenc.ValueType {
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
func (c *Iterator) Seek(t Millis) chunkenc.ValueType {
	t = max(t, c.mint)
	if c.state == iterBefore {
		c.skipTo(t)
	}
	for c.state == iterAt {
		if c.chunks[c.next-1].Maxt >= t && c.cur.Seek(t) != chunkenc.ValNone {
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
func (c *Iterator) skipTo(t int64) {
	rest := c.chunks[c.next:]
	c.next += sort.Search(len(rest), func(i int) bool { return rest[i].Maxt >= t })
	if c.state = iterAfter; c.open() {
		c.state = iterAt
	}
}

// leave goes on to the next chunk when the current one has no more samples.
func (c *Iterator) leave() {
	if c.err = c.cur.Err(); c.err != nil || !c.open() {
		c.state = iterAfter
	}
}

// found ends the iteration where the sample is beyond its end.
func (c *Iterator) found() chunkenc.ValueType {
	if c.cur.AtT() > c.maxt {
		c.state = iterAfter
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

// At implements chunkenc.Iterator.
func (c *Iterator) At() (int64, float64) { return c.cur.At() }

// AtT implements chunkenc.Iterator.
func (c *Iterator) AtT() int64 { return c.cur.AtT() }

// AtST implements chunkenc.Iterator: start timestamps are not kept.
func (c *Iterator) AtST() int64 { return 0 }

// Err implements chunkenc.Iterator.
func (c *Iterator) Err() error { return c.err }

// AtHistogram implements chunkenc.Iterator. Nobody calls it where Next and Seek
// answer ValFloat only.
func (c *Iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	panic("chunks: a history keeps no histograms")
}

// AtFloatHistogram implements chunkenc.Iterator, as AtHistogram.
func (c *Iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	panic("chunks: a history keeps no histograms")
}
