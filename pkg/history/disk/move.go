package disk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/series"
)

// This file moves samples from memory to disk.

const (
	// moveWindow is how much time is moved in one batch.
	moveWindow = 10 * time.Minute
	// moveOverlap is by how much a batch may be committed later than one with
	// newer samples: the longest a poll takes. Samples that are moved twice do
	// no harm.
	moveOverlap = 15 * time.Minute
)

// moveBack moves what memory holds to disk and makes disk the place where
// samples go. While it moves, batches go on to memory; at the end they wait for
// the rest to be moved.
func (d *Store) moveBack(h *handle) {
	if !h.acquire() {
		return
	}
	defer h.release()
	d.mu.RLock()
	m := d.memory
	d.mu.RUnlock()
	if m == nil {
		return
	}
	if oldest, _, ok := m.Span(); ok {
		if _, newest, ok := h.span(); ok && newest >= oldest {
			if err := h.takeLate(time.Duration(newest-oldest) * time.Millisecond); err != nil {
				d.failed(h, err)
				return
			}
		}
	}
	moved, refused := int64(history.NoTime), 0
	rest := func() error {
		oldest, newest, ok := m.Span()
		if !ok {
			return nil
		}
		from := oldest
		if moved != history.NoTime {
			from = max(oldest, moved-moveOverlap.Milliseconds())
		}
		n, err := d.move(m, h, from, newest, moved)
		moved, refused = newest, refused+n
		if err != nil && !errors.Is(err, errMoveLater) {
			d.failed(h, err)
		}
		return err
	}
	for {
		if rest() != nil {
			return
		}
		if d.switching.TryLock() {
			break
		}
		if d.ctx.Err() != nil {
			return // the batch that is under way will not find the store open
		}
		time.Sleep(5 * time.Millisecond) // a batch takes some
	}
	defer d.switching.Unlock()
	if rest() != nil {
		return
	}
	d.mu.Lock()
	before := d.fault
	d.memory, d.newest, d.fault = nil, history.NoTime, fault{}
	d.gen++
	d.mu.Unlock()
	if before.text != "" {
		d.log.Info("The history is on disk again", "after", before.text)
	}
	if refused > 0 {
		d.lose(fmt.Sprintf("%d samples that were kept in memory did not fit behind what is in %s: the clock was set, or the directory changed meanwhile", refused, d.opts.Dir))
	}
}

var errMoveLater = errors.New("something came between")

// move appends what m holds between two times to the TSDB, window by window,
// and returns how many samples it did not take of those after moved, up to
// which there was a move before.
func (d *Store) move(m *memory.Store, h *handle, from, to, moved int64) (refused int, err error) {
	for ; from <= to; from += moveWindow.Milliseconds() {
		if t := d.inspect(h); t.kind != none {
			d.takeOver(t)
			return refused, errMoveLater
		}
		n, err := moveSamples(m, tsdbBatch{h.db.AppenderV2(context.Background())}, from, min(to, from+moveWindow.Milliseconds()-1), moved)
		if refused += n; err != nil {
			return refused, fmt.Errorf("move samples to disk: %w", err)
		}
		if h.behind(d.opts.BlockRange) {
			d.maintain(h)
		}
	}
	return refused, nil
}

// moveSamples appends what m holds between two times, both included, in one
// batch, and counts what is not taken after moved.
func moveSamples(m *memory.Store, into series.Batch, from, to, moved int64) (refused int, err error) {
	q, err := m.Querier(from, to)
	if err != nil {
		return 0, errors.Join(err, into.Rollback())
	}
	defer q.Close()
	set := q.Select(context.Background(), false, nil, history.EverySeries)
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		l, ref := s.Labels(), storage.SeriesRef(0)
		it = s.Iterator(it)
		for it.Next() != chunkenc.ValNone {
			t, v := it.At()
			given, err := into.Append(ref, func() labels.Labels { return l }, t, v)
			switch {
			case err == nil:
				ref = given
			case t > moved:
				refused++
			}
		}
		if err := it.Err(); err != nil {
			return refused, errors.Join(err, into.Rollback())
		}
	}
	if err := set.Err(); err != nil {
		return refused, errors.Join(err, into.Rollback())
	}
	return refused, into.Commit()
}

// commitToMemory commits a batch, unless memory was replaced meanwhile.
func (d *Store) commitToMemory(b *diskBatch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.memory != b.of {
		return errors.Join(errClockSetBack, b.memory.Rollback())
	}
	if err := b.memory.Commit(); err != nil {
		return err
	}
	d.newest = max(d.newest, b.newest)
	return nil
}

var errClockSetBack = errors.New("the clock was set back meanwhile")

// dropFuture drops samples in memory that are in the future since the clock
// was set back: they would refuse every sample until that time comes.
func (d *Store) dropFuture() {
	now := d.opts.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.memory == nil || d.newest <= now.Add(history.FutureLimit).UnixMilli() {
		return
	}
	kept := d.newMemory()
	oldest, _, _ := d.memory.Span()
	for from := oldest; from <= now.UnixMilli(); from += moveWindow.Milliseconds() {
		if _, err := moveSamples(d.memory, kept.Batch(context.Background()), from, min(now.UnixMilli(), from+moveWindow.Milliseconds()-1), from); err != nil {
			d.log.Warn("Samples in memory could not be kept when the clock was set back", "error", err)
			break
		}
	}
	text := fmt.Sprintf("the clock was set back from %s to %s: what was collected after that time was in memory and is gone; check the clock", history.Moment(d.newest), history.Moment(now.UnixMilli()))
	d.memory, d.newest = kept, now.UnixMilli()
	d.gen++
	d.lasting = append(d.lasting, text)
}

// A tsdbBatch is a batch of the TSDB that knows no references but its own.
type tsdbBatch struct{ storage.AppenderV2 }

func (b tsdbBatch) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	return b.AppenderV2.Append(ref, lset(), 0, t, v, nil, nil, storage.AOptions{})
}

func (b tsdbBatch) Commit() error { return recovered(b.AppenderV2.Commit) }
