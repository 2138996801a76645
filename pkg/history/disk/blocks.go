package disk

import (
	"context"
	"fmt"

	"community-mesos-datasource/pkg/history/chunks"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// This file reads what is in blocks. The TSDB's own querier has an iterator for
// each block a series is in, and another that finds at each step which of them
// is next. But blocks follow one after the other, and so do their chunks: given as
// a list, they are read as those in memory are. BenchmarkPanel prints both:
// half of the time for 24 hours in five blocks.
//
// What is not in blocks yet, the head, is read by the TSDB's querier: only that
// one sees a commit wholly or not at all.

// A blockQuerier is a storage.Querier of what is older than the head.
type blockQuerier struct {
	storage.ChunkQuerier
	mint, maxt int64
}

// Select implements storage.Querier.
func (q blockQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	own := storage.SelectHints{}
	if hints != nil {
		own = *hints
		mint, maxt = max(mint, hints.Start), min(maxt, hints.End)
	}
	if mint > maxt {
		return storage.EmptySeriesSet()
	}
	own.Start, own.End = mint, maxt
	own.DisableTrimming = true // the iterator does it, without writing the chunk again
	return &blockSeriesSet{q.ChunkQuerier.Select(ctx, sorted, &own, matchers...), mint, maxt}
}

type blockSeriesSet struct {
	storage.ChunkSeriesSet
	mint, maxt int64
}

func (s *blockSeriesSet) At() storage.Series {
	return &blockSeries{s.ChunkSeriesSet.At(), s.mint, s.maxt}
}

func (s *blockSeriesSet) Warnings() annotations.Annotations { return s.ChunkSeriesSet.Warnings() }

// A blockSeries is the part of a series that is in blocks.
type blockSeries struct {
	storage.ChunkSeries
	mint, maxt int64
}

// Iterator implements storage.Series. it is used again if it came from here.
func (s *blockSeries) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	c, ok := it.(*chunks.Iterator)
	if !ok {
		c = &chunks.Iterator{}
	}
	c.Between(s.mint, s.maxt)
	list := s.ChunkSeries.Iterator(nil)
	for list.Next() {
		meta := list.At()
		if meta.Chunk.Encoding() != chunkenc.EncXOR {
			c.Fail(fmt.Errorf("a chunk of %s is encoded as %s: a history has %s only", s.Labels(), meta.Chunk.Encoding(), chunkenc.EncXOR))
			return c
		}
		c.Add(chunks.Chunk{Mint: meta.MinTime, Maxt: meta.MaxTime, Data: meta.Chunk.Bytes()})
	}
	if err := list.Err(); err != nil {
		c.Fail(err)
	}
	return c
}

// joined makes one series of the part in blocks and the part in the head.
func joined(parts ...storage.Series) storage.Series {
	for i, part := range parts {
		if older, ok := part.(*blockSeries); ok && len(parts) == 2 {
			return &joinedSeries{older, parts[1-i]}
		}
	}
	return storage.ChainedSeriesMerge(parts...)
}

type joinedSeries struct{ older, newer storage.Series }

func (s *joinedSeries) Labels() labels.Labels { return s.older.Labels() }

// Iterator implements storage.Series. it is used again if it came from here.
func (s *joinedSeries) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	j, ok := it.(*joinedIterator)
	if !ok {
		j = &joinedIterator{}
	}
	j.older, j.newer = s.older.Iterator(j.older), s.newer.Iterator(j.newer)
	j.Iterator = j.older
	return j
}

// A joinedIterator walks over one iterator and then over another, whose samples
// are all newer.
type joinedIterator struct {
	chunkenc.Iterator // the one that is at a sample
	older, newer      chunkenc.Iterator
}

// Next implements chunkenc.Iterator.
func (j *joinedIterator) Next() chunkenc.ValueType {
	kind := j.Iterator.Next()
	if kind == chunkenc.ValNone && j.advance() {
		kind = j.Iterator.Next()
	}
	return kind
}

// Seek implements chunkenc.Iterator.
func (j *joinedIterator) Seek(t chunks.Millis) chunkenc.ValueType {
	kind := j.Iterator.Seek(t)
	if kind == chunkenc.ValNone && j.advance() {
		kind = j.Iterator.Seek(t)
	}
	return kind
}

// advance goes on to the newer samples; false where there are none left.
func (j *joinedIterator) advance() bool {
	if j.Iterator == j.newer || j.older.Err() != nil {
		return false
	}
	j.Iterator = j.newer
	return true
}
