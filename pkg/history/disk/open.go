package disk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/disk/files"
	"community-mesos-datasource/pkg/series"
)

// A handle is a TSDB while it is open. Queries and batches acquire it, so that
// it is not closed under them.
type handle struct {
	db     *tsdb.DB
	cancel context.CancelFunc // ends a compaction that runs
	// files are what must stay in place while it is open.
	files map[string]files.ID

	failure error // of a write; guarded by Store.mu

	// reading is held for reading by queries, and for writing by who changes
	// blocks in place. Only by TryLock: a query may come while it has another.
	reading sync.RWMutex

	lateMu sync.Mutex
	window int64 // how late samples may be, milliseconds
	late   bool  // there may be late samples that are not in blocks

	// lateLog is held for writing while the TSDB gets its log of late samples, and for reading by what
	// looks at that log: the TSDB itself guards it by nothing (tsdb: Head.wbl).
	lateLog sync.RWMutex

	// Guarded by Store.maintaining. Times by the clock of the options.
	maintained, measured, lateCompacted time.Time
	retryAt                             time.Time // no compaction before
	searchAt                            time.Time // no search for damage before

	mu      sync.Mutex
	closing bool
	users   sync.WaitGroup
}

func (h *handle) acquire() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.users.Add(1)
	return true
}

func (h *handle) release() { h.users.Done() }

// close waits for the users and closes the TSDB. Where the disk is full that
// may panic: then its log stays open, a goroutine and a file, and the lock is
// given back all the same.
func (h *handle) close() error {
	h.mu.Lock()
	h.closing = true
	h.mu.Unlock()
	h.cancel()
	h.users.Wait()
	return recovered(h.db.Close)
}

// never is when the TSDB's own goroutine does its work. Its work is to map
// chunks that are full and to compact, and where the file system is full or the
// directory is gone it panics over the former. The keeper does both.
const never = 100 * 365 * 24 * time.Hour

// options are those measured to suit clusters of 1,000 to 100,000 tasks.
func (d *Store) options(ctx context.Context) *tsdb.Options {
	o := tsdb.DefaultOptions()
	d.mu.RLock()
	retention := d.retention
	d.mu.RUnlock()
	o.MinBlockDuration = d.opts.BlockRange.Milliseconds()
	// The default never merges blocks, and a query opens all of them.
	o.MaxBlockDuration = max(d.widest(retention), d.opts.BlockRange).Milliseconds()
	o.StripeSize = 1024                    // 4 MB less than the default in an empty head
	o.HeadChunksWriteBufferSize = 64 << 10 // 4 MB less
	o.WALCompression, o.WALSegmentSize = compression.Snappy, 16<<20
	o.MaxBlockChunkSegmentSize = d.segmentSize()
	o.RetentionDuration = 0 // see toDelete
	o.BlocksToDelete = d.toDelete
	o.BlockReloadInterval = never
	// The context given here ends only when the database is closed, which it
	// may not be while the keeper compacts.
	o.NewCompactorFunc = func(_ context.Context, r prometheus.Registerer, l *slog.Logger, ranges []int64, pool chunkenc.Pool, opts *tsdb.Options) (tsdb.Compactor, error) {
		return tsdb.NewLeveledCompactorWithOptions(ctx, r, l, ranges, pool, tsdb.LeveledCompactorOptions{
			MaxBlockChunkSegmentSize:    opts.MaxBlockChunkSegmentSize,
			EnableOverlappingCompaction: opts.EnableOverlappingCompaction,
			PD:                          opts.PostingsDecoderFactory,
		})
	}
	return o
}

// widest is how much time a block may span: a tenth of retention, as Prometheus
// has it. Where bytes bound the history too, less: it is cut a block at a time.
func (d *Store) widest(retention time.Duration) time.Duration {
	if d.opts.Limit > 0 && (retention <= 0 || retention/10 > widestLimited) {
		return widestLimited
	}
	return retention / 10
}

const widestLimited = 12 * time.Hour

// segmentSize is the size of the files with chunks in a block. A TSDB asks the
// file system for all of it when it begins one, 512 MiB by default: as much as
// is kept free.
func (d *Store) segmentSize() int64 { return min(64<<20, max(d.opts.Reserve/8, 1<<20)) }

// toDelete chooses the blocks to be deleted: those that are too old, and the
// oldest ones beyond Limit.
//
// A block is too old when it ends before retention begins, by the clock or by
// the newest block, whichever is earlier. So history of before a long outage
// stays until there is some of after it, and a clock that is set wrong does no
// harm for the first hour.
func (d *Store) toDelete(blocks []*tsdb.Block) map[ulid.ULID]struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.opts.Now()
	newest := int64(math.MinInt64)
	for _, b := range blocks {
		newest = max(newest, b.Meta().MaxTime)
	}
	cut := min(now.UnixMilli(), newest) - d.retention.Milliseconds()
	gone := map[ulid.ULID]struct{}{}
	for _, b := range blocks {
		meta := b.Meta()
		expired := d.retention > 0 && meta.MaxTime <= cut && !now.Before(d.holdUntil)
		if expired || meta.Compaction.Deletable {
			gone[meta.ULID] = struct{}{}
		}
	}
	if d.opts.Limit > 0 {
		for _, id := range beyond(d.opts.Limit-d.logSize(), blocks, gone) {
			gone[id] = struct{}{}
			d.bySize = true
		}
	}
	return gone
}

// beyond are the oldest of the blocks, without those that go anyway, which have
// to go so that the rest takes no more than limit.
func beyond(limit int64, blocks []*tsdb.Block, gone map[ulid.ULID]struct{}) (more []ulid.ULID) {
	left := slices.DeleteFunc(slices.Clone(blocks), func(b *tsdb.Block) bool {
		_, goes := gone[b.Meta().ULID]
		return goes
	})
	slices.SortFunc(left, func(a, b *tsdb.Block) int { return cmp.Compare(b.Meta().MaxTime, a.Meta().MaxTime) })
	for _, b := range left {
		if limit -= b.Size(); limit < 0 {
			more = append(more, b.Meta().ULID)
		}
	}
	return more
}

// logSize is what the log of recent samples and their chunks take. What cannot
// be measured counts as nothing: then blocks stay a little longer.
func (d *Store) logSize() (total int64) {
	for _, name := range []string{"wal", "chunks_head"} {
		if size, err := fileutil.DirSize(filepath.Join(d.opts.Dir, name)); err == nil {
			total += size
		}
	}
	return total
}

// openDir repairs the directory and opens it. It writes staleness for series
// that are open at the end of what is there.
func (d *Store) openDir() (*handle, fault) {
	dir := d.opts.Dir
	d.mu.RLock()
	again := d.opened
	d.mu.RUnlock()
	existing, err := nearest(dir)
	switch {
	case err != nil:
		return nil, fault{refused, fmt.Sprintf("%s cannot be opened (%v): %s", dir, err, inMemory)}
	case again && existing != dir && existing != filepath.Dir(dir):
		// It is not made again below what may be the empty place of a disk that
		// is not mounted now.
		return nil, fault{gone, fmt.Sprintf("%s has gone since it was opened: %s until it is back; look whether a disk is missing", filepath.Dir(dir), inMemory)}
	}
	// To read its log again a TSDB writes chunks, in goroutines of its own which
	// panic where there is no space.
	need := d.opts.Reserve
	late := filepath.Join(dir, wlog.WblDirName)
	sizes := map[string]int64{}
	for _, log := range []string{filepath.Join(dir, "wal"), late} {
		size, err := fileutil.DirSize(log)
		if err != nil {
			return nil, d.openingFault(err)
		}
		sizes[log] = size
		need += 2 * size
	}
	if t := d.space(existing, need); t.kind != none {
		return nil, t
	}
	if existing == dir {
		if t := d.repairDir(d.ctx, existing, need); t.kind != none {
			return nil, t
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var db *tsdb.DB
	err = recovered(func() (err error) {
		db, err = tsdb.Open(dir, d.log, nil, d.options(ctx), nil)
		return err
	})
	if err != nil {
		cancel()
		return nil, d.openingFault(err)
	}
	db.DisableCompactions() // in its own goroutine
	h := &handle{db: db, cancel: cancel, files: map[string]files.ID{}, late: sizes[late] > 0}
	if err := d.finishOpening(h, !again); err != nil {
		d.log.Warn("Closing after a failed opening", "error", err, "closing", h.close())
		return nil, d.openingFault(err)
	}
	return h, fault{}
}

// finishOpening does what is left to do with an open TSDB before it is used.
func (d *Store) finishOpening(h *handle, first bool) error {
	for _, name := range []string{"", "wal", "chunks_head"} {
		path := filepath.Join(d.opts.Dir, name)
		id, err := files.Identify(path)
		if err != nil {
			return err
		}
		h.files[path] = id
	}
	if first { // else memory has taken over from where the directory ends
		if err := endOpen(d.ctx, h); err != nil {
			return fmt.Errorf("end the series that were open: %w", err)
		}
	}
	d.measure(h)
	return nil
}

// nearest is the path itself or what exists of it.
func nearest(path string) (string, error) {
	for {
		_, err := files.Identify(path)
		up := filepath.Dir(path)
		if err == nil || up == path || !files.Missing(err) {
			return path, err
		}
		path = up
	}
}

// endOpen writes staleness for series whose newest sample is none: nobody saw
// how they went on. Only what was written in the last hour counts, which is as
// far back as the TSDB takes samples; no poll has a longer interval.
func endOpen(ctx context.Context, h *handle) error {
	_, newest, ok := h.span()
	head := h.db.Head()
	if !ok || (head.NumSeries() > 0 && head.NumSeries() == head.NumStaleSeries()) {
		return nil
	}
	since := newest - time.Hour.Milliseconds()
	q, err := h.db.Querier(since, newest)
	if err != nil {
		return err
	}
	defer q.Close()
	app := h.db.AppenderV2(ctx)
	set := q.Select(ctx, false, &storage.SelectHints{Start: since, End: newest}, history.EverySeries)
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		last := 0.0
		it = s.Iterator(it)
		for it.Next() != chunkenc.ValNone {
			_, last = it.At()
		}
		if err := it.Err(); err != nil {
			return errors.Join(err, app.Rollback())
		}
		if series.IsStale(last) {
			continue
		}
		if _, err := app.Append(0, s.Labels(), 0, newest+1, series.Stale, nil, nil, storage.AOptions{}); err != nil {
			return errors.Join(err, app.Rollback())
		}
	}
	if err := set.Err(); err != nil {
		return errors.Join(err, app.Rollback())
	}
	return app.Commit()
}
