package repair

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/encoding"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"community-mesos-datasource/pkg/history"
)

// damageTexts are in the errors of a TSDB about parts of a block that it cannot
// read (tsdb/querier.go), which have no types: a chunk, and a series of the
// index.
var damageTexts = []string{"cannot populate chunk ", "get series "}

// IsDamage reports whether an error of an open TSDB is about a block that
// cannot be read in part.
func IsDamage(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, encoding.ErrInvalidChecksum) || errors.Is(err, encoding.ErrInvalidSize) {
		return true
	}
	text := err.Error()
	return slices.ContainsFunc(damageTexts, func(part string) bool { return strings.Contains(text, part) })
}

// Damage holds what cannot be read of a block.
type Damage struct {
	Series     int   // with chunks that cannot be read
	Mint, Maxt int64 // of these chunks, Unix milliseconds
	First      error // about the first chunk or series
	// Index is the number of series whose own entry cannot be read, so that
	// their labels are not known. Only a new block can leave them out.
	Index int

	chunks []lostChunk
}

// Chunks returns the number of chunks that cannot be read.
func (f *Damage) Chunks() int { return len(f.chunks) }

// lostChunk is a chunk that cannot be read: whose, and from when to when.
type lostChunk struct {
	labels     labels.Labels
	mint, maxt int64
}

// FindDamage reads every chunk of a block, a second or so for each 500 MB.
// Chunks that are marked as deleted do not count.
func FindDamage(ctx context.Context, b *tsdb.Block) (found *Damage, err error) {
	ir, err := b.Index()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ir.Close()) }()
	cr, err := b.Chunks()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cr.Close()) }()
	deleted, err := b.Tombstones()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, deleted.Close()) }()
	p, err := tsdb.PostingsForMatchers(ctx, ir, history.EverySeries)
	if err != nil {
		return nil, err
	}
	found = &Damage{Mint: math.MaxInt64, Maxt: math.MinInt64}
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for p.Next() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := ir.Series(p.At(), &builder, &metas); err != nil {
			found.first(err)
			found.Index++
			continue
		}
		known, err := deleted.Get(p.At())
		if err != nil {
			return nil, err
		}
		if found.addUnreadable(cr, &builder, metas, known) {
			found.Series++
		}
	}
	return found, p.Err()
}

func (f *Damage) first(err error) {
	if f.First == nil {
		f.First = err
	}
}

// addUnreadable adds the chunks of a series that cannot be read, and reports
// whether there are any.
func (f *Damage) addUnreadable(cr tsdb.ChunkReader, of *labels.ScratchBuilder, metas []chunks.Meta, known tombstones.Intervals) (any bool) {
	for _, meta := range metas {
		if (tombstones.Interval{Mint: meta.MinTime, Maxt: meta.MaxTime}).IsSubrange(known) {
			continue
		}
		_, _, err := cr.ChunkOrIterable(meta)
		if err == nil {
			continue
		}
		f.first(err)
		any = true
		f.chunks = append(f.chunks, lostChunk{of.Labels(), meta.MinTime, meta.MaxTime})
		f.Mint, f.Maxt = min(f.Mint, meta.MinTime), max(f.Maxt, meta.MaxTime)
	}
	return any
}

// LeaveOut marks the chunks as deleted, so that a gap is left of them. The
// block's own files stay as they are. No query may read the block meanwhile.
func (f *Damage) LeaveOut(ctx context.Context, b *tsdb.Block) error {
	names, err := b.LabelNames(ctx)
	if err != nil {
		return err
	}
	for _, lost := range f.chunks {
		// All of its labels and no others: else series with more labels lose the
		// same time.
		matchers := make([]*labels.Matcher, 0, len(names))
		for _, name := range names {
			matchers = append(matchers, labels.MustNewMatcher(labels.MatchEqual, name, lost.labels.Get(name)))
		}
		if err := b.Delete(ctx, lost.mint, lost.maxt, matchers...); err != nil {
			return err
		}
	}
	return nil
}
