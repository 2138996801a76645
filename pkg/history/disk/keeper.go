package disk

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/disk/files"

	"github.com/prometheus/prometheus/tsdb/fileutil"
)

// The keeper is the one goroutine of a Store. It opens the directory, moves what
// memory took to disk when it can, and does in the open the work that a TSDB
// would do in the background.

const (
	// maintainEvery is how often full chunks are mapped and compaction is
	// considered, as the TSDB itself would.
	maintainEvery = time.Minute
	// measureEvery is how often the files are measured, which walks them.
	measureEvery = 5 * time.Minute
	// retryCompaction is how long to wait after a compaction that failed.
	retryCompaction = 5 * time.Minute
	// lockedEvery is how often to try a locked directory while wait lasts.
	lockedEvery = 250 * time.Millisecond
)

func (d *Store) keep() {
	defer close(d.done)
	defer d.isReady.Do(func() { close(d.ready) })
	for d.ctx.Err() == nil {
		wait := d.opts.every
		if again := d.tendOrTell(); again > 0 {
			wait = min(wait, again)
		}
		timer := time.NewTimer(wait)
		select {
		case <-d.ctx.Done():
		case <-timer.C:
		case <-d.kick:
		}
		timer.Stop()
	}
	// The last chance of what memory holds.
	d.orTell(func() {
		if h, waiting := d.current(); h != nil && waiting && d.inspect(h).kind == none {
			d.moveBack(h)
		}
	})
}

// orTell runs work of the keeper. A panic of it, which is a bug here or in the
// TSDB, does not end the process: it is logged and reported in Stats.Note.
func (d *Store) orTell(work func()) {
	d.tending.Lock()
	defer d.tending.Unlock()
	defer func() {
		if p := recover(); p != nil {
			d.log.Warn("The goroutine that keeps the history failed and continues", "dir", d.opts.Dir, "panic", p, "stack", string(debug.Stack()))
			d.remember(fmt.Sprintf("work on the history in %s failed (%v) and is tried again every %s: please report it, with the plugin's log", d.opts.Dir, p, d.opts.every))
		}
	}()
	work()
}

func (d *Store) tendOrTell() (again time.Duration) {
	d.orTell(func() { again = d.tend() })
	return again
}

func (d *Store) current() (h *handle, waiting bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.open, d.memory != nil
}

// tend does what there is to do now. It returns after which time at the latest
// it must be called again; 0 is as usual.
func (d *Store) tend() (again time.Duration) {
	h, waiting := d.current()
	if h != nil {
		switch t := d.inspect(h); t.kind {
		case none:
			if waiting {
				d.moveBack(h)
			}
			d.leaveOutDamage(h)
			d.maintain(h)
			return 0
		case gone:
			d.takeOver(t)
			d.remember(t.text)
			d.drop(h)
		case broken:
			d.takeOver(t)
			if d.space(d.opts.Dir, d.opts.Reserve).kind != none {
				return 0 // readable as it is; to close it is to write
			}
			d.drop(h)
		default:
			d.takeOver(t)
			return 0
		}
	}
	h, t := d.openDir()
	if h == nil {
		d.takeOver(t)
		if t.kind == opening {
			return lockedEvery
		}
		d.isReady.Do(func() { close(d.ready) })
		return 0
	}
	d.mu.Lock()
	d.open, d.opened = h, true
	d.mu.Unlock()
	d.isReady.Do(func() { close(d.ready) })
	if t := d.inspect(h); t.kind != none {
		d.takeOver(t)
		return 0
	}
	d.moveBack(h)
	return 0
}

// drop closes a TSDB that is of no use any more.
func (d *Store) drop(h *handle) {
	d.mu.Lock()
	d.open = nil
	d.mu.Unlock()
	if err := h.close(); err != nil {
		d.log.Warn("Closing the history failed; what was committed is kept", "dir", d.opts.Dir, "error", err)
	}
}

// behind reports whether compaction cannot keep up, which happens only where a
// clock runs faster than time. Then batches wait for it.
func (h *handle) behind(BlockRange time.Duration) bool {
	head := h.db.Head()
	return head.NumSeries() > 0 && head.MaxTime()-head.MinTime() > 5*BlockRange.Milliseconds()/2
}

// maintain maps full chunks, and writes and merges blocks when it is time.
func (d *Store) maintain(h *handle) {
	d.maintaining.Lock()
	defer d.maintaining.Unlock()
	now := d.opts.Now()
	if since := now.Sub(h.maintained); since >= 0 && since < maintainEvery {
		return
	}
	if !h.acquire() {
		return
	}
	defer h.release()
	if t := d.inspect(h); t.kind != none {
		d.takeOver(t)
		return
	}
	h.maintained = now
	if err := recovered(func() error { h.db.ForceHeadMMap(); return nil }); err != nil {
		d.failed(h, err)
		return
	}
	d.compact(h, now)
	if since := now.Sub(h.measured); since < 0 || since >= measureEvery {
		d.measure(h)
	}
}

// compact writes the older part of the head as a block, merges blocks, and
// deletes what is older than retention.
func (d *Store) compact(h *handle, now time.Time) {
	head := h.db.Head()
	due := head.NumSeries() > 0 && head.MaxTime()-head.MinTime() > 3*d.opts.BlockRange.Milliseconds()/2
	if !due && !h.hasLate() {
		return
	}
	if now.Before(h.retryAt) && h.retryAt.Sub(now) <= retryCompaction {
		return
	}
	need := d.opts.Reserve + d.compactionNeeds(h)
	if free, err := files.FreeSpace(d.opts.Dir); err == nil && free < need {
		d.getStuck(h, now, fmt.Sprintf("the file system of %s has %s free and writing blocks needs %s: the log of recent samples grows until there is more; free some space, or shorten retention",
			d.opts.Dir, history.Mebibytes(free), history.Mebibytes(need)))
		return
	}
	var err error
	if due {
		err = recovered(func() error { return h.db.Compact(d.ctx) })
	}
	if err == nil {
		err = d.compactLate(h, now)
	}
	err = d.noticeDamage(err)
	switch {
	case d.ctx.Err() != nil: // cut off by Close
	case errors.Is(err, errPanic):
		d.failed(h, err)
	case errors.Is(err, history.ErrDamaged): // the keeper sees to it
		h.retryAt = now.Add(time.Minute)
	case files.OutOfSpace(err):
		d.getStuck(h, now, fmt.Sprintf("blocks in %s cannot be written (%v): the log of recent samples grows until there is more space; free some, or shorten retention", d.opts.Dir, err))
	case err != nil:
		d.getStuck(h, now, fmt.Sprintf("blocks in %s cannot be written (%v): samples are safe in the log, which grows; a block that the message names may be moved away while Grafana is stopped",
			d.opts.Dir, err))
	default:
		d.mu.Lock()
		d.stuck = ""
		d.mu.Unlock()
		d.measure(h)
	}
}

func (d *Store) getStuck(h *handle, now time.Time, why string) {
	h.retryAt = now.Add(retryCompaction)
	d.mu.Lock()
	first := d.stuck == ""
	d.stuck = why
	d.mu.Unlock()
	if first {
		d.log.Warn("Compaction fails", "error", why)
	}
}

// compactionNeeds is how many bytes writing and merging blocks may take for a
// while: the head once more, and the blocks that may still be merged.
func (d *Store) compactionNeeds(h *handle) int64 {
	need := h.headSize() + d.segmentSize()
	d.mu.RLock()
	widest := max(d.widest(d.retention), d.opts.BlockRange).Milliseconds()
	d.mu.RUnlock()
	for _, b := range h.db.Blocks() {
		if meta := b.Meta(); meta.MaxTime-meta.MinTime < widest {
			need += b.Size()
		}
	}
	return need
}

// measure determines the size of the files.
func (d *Store) measure(h *handle) {
	h.measured = d.opts.Now()
	size, err := fileutil.DirSize(d.opts.Dir)
	if err != nil {
		return // the figure of before stays
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.size = size
}
