package repair

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"community-mesos-datasource/pkg/history/disk/files"
)

// blocks rewrites each block that does not open or is a suspect. A block of
// which nothing can be read is moved to the quarantine.
func (r *repair) blocks(ctx context.Context) error {
	dirs, err := filepath.Glob(filepath.Join(r.Dir, "*"))
	if err != nil {
		return err
	}
	broken := map[string]error{}
	merged := map[string]bool{} // into another block: the TSDB deletes them
	for _, dir := range dirs {
		if _, err := ulid.ParseStrict(filepath.Base(dir)); err != nil {
			continue
		}
		b, err := tsdb.OpenBlock(r.Log, dir, chunkenc.NewPool(), nil)
		if err != nil {
			if errors.Is(err, fs.ErrPermission) {
				return err
			}
			broken[dir] = err
			continue
		}
		r.newest = max(r.newest, b.Meta().MaxTime)
		for _, parent := range b.Meta().Compaction.Parents {
			merged[filepath.Join(r.Dir, parent.ULID.String())] = true
		}
		if err := b.Close(); err != nil {
			return err
		}
		if cause := r.Suspects[dir]; cause != nil {
			broken[dir] = cause
		}
	}
	for dir, cause := range broken {
		if merged[dir] {
			continue
		}
		if err := r.block(ctx, dir, cause); err != nil {
			return err
		}
	}
	return nil
}

// block rewrites a block from what can be read, and moves the old one to the
// quarantine. cause is what is known to be damaged.
func (r *repair) block(ctx context.Context, dir string, cause error) error {
	size, err := fileutil.DirSize(dir)
	if err != nil {
		return err
	}
	if err := r.Space(size); err != nil {
		return err
	}
	left, made, err := r.rewriteBlock(ctx, dir)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*fs.PathError)), files.OutOfSpace(err):
		return err // the file system's, not the block's
	}
	to, aside := r.setAside(dir)
	if aside != nil {
		return errors.Join(err, aside)
	}
	r.gone = r.gone || !made
	switch {
	case err != nil:
		r.Found(fmt.Sprintf("a block of history could not be read (%v) and was moved to %s: restore it from a backup while Grafana is stopped, or delete it", err, to), true)
	case !made:
		r.Found(fmt.Sprintf("a block of history was damaged (%v), nothing in it could be read, and it was moved to %s: restore it from a backup while Grafana is stopped, or delete it", cause, to), true)
	case left.series == 0 && left.chunks == 0:
		r.Found(fmt.Sprintf("a block of history was damaged (%v) and was written again: nothing is lost, and %s may be deleted", cause, to), false)
	default:
		r.Found(fmt.Sprintf("a block of history was damaged (%v) and was written again without %d series and %d chunks of others that could not be read: restore %s from a backup while Grafana is stopped, or delete it; check the disk", cause, left.series, left.chunks, to), true)
	}
	return nil
}

// rewriteBlock writes to the directory of the history a block with all that can
// be read of another, and returns what it left out. made is false where nothing
// could be read.
func (r *repair) rewriteBlock(ctx context.Context, dir string) (left leftOut, made bool, err error) {
	defer func() {
		if p := recover(); p != nil { // a bug of the reader about damage it does not expect
			err = fmt.Errorf("reading it failed: %v", p)
		}
	}()
	b, err := openReadable(dir)
	if err != nil {
		return leftOut{}, false, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.measure(ctx); err != nil {
		return leftOut{}, false, err
	}
	if b.meta.MinTime > b.meta.MaxTime {
		return b.left, false, nil
	}
	r.newest = max(r.newest, b.meta.MaxTime)
	span := b.meta.MaxTime - b.meta.MinTime
	c, err := tsdb.NewLeveledCompactor(ctx, nil, r.Log, []int64{max(1, span)}, chunkenc.NewPool(), nil)
	if err != nil {
		return leftOut{}, false, err
	}
	ids, err := c.Write(r.Dir, b, b.meta.MinTime, b.meta.MaxTime, nil)
	return b.left, len(ids) > 0, err
}

// leftOut counts what could not be read of a block.
type leftOut struct{ series, chunks int }

// A readable is a block as far as it can be read: it needs no meta.json, takes
// unreadable tombstones for none, and leaves out series and chunks that cannot
// be read. It implements tsdb.BlockReader, tsdb.IndexReader and
// tsdb.ChunkReader.
type readable struct {
	*index.Reader
	chunks  *chunks.Reader
	deleted tombstones.Reader
	meta    tsdb.BlockMeta
	left    leftOut
	count   bool // what is left out is counted in the second reading only
}

func openReadable(dir string) (*readable, error) {
	ir, err := index.NewFileReader(filepath.Join(dir, "index"), index.DecodePostingsRaw)
	if err != nil {
		return nil, err
	}
	cr, err := chunks.NewDirReader(filepath.Join(dir, "chunks"), chunkenc.NewPool())
	if err != nil {
		return nil, errors.Join(err, ir.Close())
	}
	deleted, _, err := tombstones.ReadTombstones(dir)
	if err != nil {
		deleted = tombstones.NewMemTombstones()
	}
	return &readable{Reader: ir, chunks: cr, deleted: deleted}, nil
}

func (b *readable) close() error {
	return errors.Join(b.Reader.Close(), b.chunks.Close(), b.deleted.Close())
}

// measure finds out between which times there are samples. Samples at the end
// of a block belong to the next one.
func (b *readable) measure(ctx context.Context) error {
	name, value := index.AllPostingsKey()
	p, err := b.Reader.Postings(ctx, name, value)
	if err != nil {
		return err
	}
	b.meta.MinTime, b.meta.MaxTime = math.MaxInt64, math.MinInt64
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for p.Next() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if b.Series(p.At(), &builder, &metas) != nil {
			continue
		}
		for _, meta := range metas {
			b.meta.MinTime, b.meta.MaxTime = min(b.meta.MinTime, meta.MinTime), max(b.meta.MaxTime, meta.MaxTime+1)
		}
	}
	b.count = true
	return p.Err()
}

// Index implements tsdb.BlockReader.
func (b *readable) Index() (tsdb.IndexReader, error) { return b, nil }

// Chunks implements tsdb.BlockReader.
func (b *readable) Chunks() (tsdb.ChunkReader, error) { return b, nil }

// Tombstones implements tsdb.BlockReader.
func (b *readable) Tombstones() (tombstones.Reader, error) { return unclosed{b.deleted}, nil }

// Meta implements tsdb.BlockReader.
func (b *readable) Meta() tsdb.BlockMeta { return b.meta }

// Size implements tsdb.BlockReader. Nobody asks.
func (b *readable) Size() int64 { return 0 }

// Close implements tsdb.IndexReader and tsdb.ChunkReader. The files stay open
// until close.
func (b *readable) Close() error { return nil }

// unclosed are tombstones that stay open until close.
type unclosed struct{ tombstones.Reader }

func (unclosed) Close() error { return nil }

// Symbols implements tsdb.IndexReader.
func (b *readable) Symbols() index.StringIter { return b.Reader.Symbols() }

// ChunkOrIterable implements tsdb.ChunkReader.
func (b *readable) ChunkOrIterable(meta chunks.Meta) (chunkenc.Chunk, chunkenc.Iterable, error) {
	return b.chunks.ChunkOrIterable(meta)
}

// Series implements tsdb.IndexReader. It returns storage.ErrNotFound for a
// series that cannot be read, which a compaction leaves out, and no chunks that
// cannot be read.
func (b *readable) Series(ref storage.SeriesRef, builder *labels.ScratchBuilder, metas *[]chunks.Meta) error {
	if err := b.Reader.Series(ref, builder, metas); err != nil {
		if b.count {
			b.left.series++
		}
		return storage.ErrNotFound
	}
	if !b.count {
		return nil
	}
	gone, err := b.deleted.Get(ref)
	if err != nil {
		return err
	}
	*metas = slices.DeleteFunc(*metas, func(meta chunks.Meta) bool {
		if (tombstones.Interval{Mint: meta.MinTime, Maxt: meta.MaxTime}).IsSubrange(gone) {
			return false // left out anyway
		}
		_, _, err := b.chunks.ChunkOrIterable(meta)
		if err != nil {
			b.left.chunks++
		}
		return err != nil
	})
	return nil
}
