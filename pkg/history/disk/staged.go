package disk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/series"
)

// staged holds the samples of a batch that the TSDB has taken and not yet
// committed. The TSDB forgets them when its commit fails; from here they go to
// memory instead.
type staged struct {
	samples []stagedSample
	fresh   []freshSeries // series that were not appended to by reference
	buffer  *[]stagedSample
}

type stagedSample struct {
	ref storage.SeriesRef
	t   int64
	v   float64
}

type freshSeries struct {
	ref    storage.SeriesRef
	labels labels.Labels
}

// stagedBuffers holds buffers for samples: each poll needs one as large as that
// of the poll before.
var stagedBuffers = sync.Pool{New: func() any { return new([]stagedSample) }}

func newStaged() staged {
	buffer := stagedBuffers.Get().(*[]stagedSample)
	return staged{samples: (*buffer)[:0], buffer: buffer}
}

// free gives the buffer back.
func (s *staged) free() {
	*s.buffer = s.samples
	stagedBuffers.Put(s.buffer)
	*s = staged{}
}

func (s *staged) add(ref storage.SeriesRef, t int64, v float64) {
	s.samples = append(s.samples, stagedSample{ref, t, v})
}

func (s *staged) addNew(ref storage.SeriesRef, l labels.Labels, t int64, v float64) {
	s.fresh = append(s.fresh, freshSeries{ref, l})
	s.add(ref, t, v)
}

// keepInMemory commits to memory what the TSDB could not commit. Part of it may
// be on disk nevertheless: queries see a sample once that is in both, and so
// does the TSDB when it moves there.
func (b *diskBatch) keepInMemory(cause error) error {
	all := b.labels()
	err := b.stagedToMemory(all)
	if errors.Is(err, errClockSetBack) { // memory was replaced at that moment
		err = b.stagedToMemory(all)
	}
	if err != nil {
		return errors.Join(err, cause)
	}
	return nil
}

// labels returns the labels of all series of the batch, by the TSDB's
// references. Those it created with the batch are gone from it after the next
// compaction; so are series without recent samples, unless there is none
// meanwhile.
func (b *diskBatch) labels() map[storage.SeriesRef]labels.Labels {
	all := make(map[storage.SeriesRef]labels.Labels, len(b.staged.samples))
	for _, s := range b.staged.fresh {
		all[s.ref] = s.labels
	}
	b.d.maintaining.Lock()
	defer b.d.maintaining.Unlock()
	ir, err := b.h.db.Head().Index()
	if err != nil {
		return all
	}
	defer ir.Close()
	var builder labels.ScratchBuilder
	for _, s := range b.staged.samples {
		if _, ok := all[s.ref]; !ok && ir.Series(s.ref, &builder, nil) == nil {
			all[s.ref] = builder.Labels()
		}
	}
	return all
}

// stagedToMemory commits the staged samples to the store in memory.
func (b *diskBatch) stagedToMemory(of map[storage.SeriesRef]labels.Labels) error {
	d := b.d
	d.mu.RLock()
	m := d.memory
	d.mu.RUnlock()
	if m == nil { // the store is being closed
		return history.ErrClosed
	}
	b.memory, b.of = m.Batch(context.Background()), m
	refs := make(map[storage.SeriesRef]series.Ref, len(of))
	refused, why := 0, error(nil)
	for _, s := range b.staged.samples {
		l, ok := of[s.ref]
		err := errForgotten
		if ok {
			refs[s.ref], err = b.memory.Append(refs[s.ref], func() labels.Labels { return l }, s.t, s.v)
		}
		switch {
		case err == nil:
			b.newest = max(b.newest, s.t)
		case why == nil:
			why = err
			fallthrough
		default:
			refused++
		}
	}
	if err := d.commitToMemory(b); err != nil {
		return err
	}
	if refused > 0 {
		d.lose(fmt.Sprintf("%d samples up to %s could be written neither to %s nor to memory (%v)", refused, history.Moment(b.newest), d.opts.Dir, why))
	}
	return nil
}

// errForgotten means that the TSDB does not know a series any more.
var errForgotten = errors.New("the series was forgotten meanwhile")
