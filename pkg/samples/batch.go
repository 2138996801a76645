package samples

import (
	"context"
	"errors"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/pkg/series"
)

// everyPoll as a batch's poll ends series whoever wrote them.
const everyPoll series.Poll = ""

// A batch is the samples of one poll.
type batch struct {
	into   series.Batch
	poll   series.Poll
	number uint64
	t      int64 // Unix milliseconds
	events bool  // of the model kept by events: columns that only /state has are left out
	// doubted: what the model kept by events has allocated is contradicted by a snapshot.
	doubted bool

	taken   int   // samples that the sink took
	dropped int   // samples that it refused
	why     error // the first refusal

	// What lset builds labels of: one function for all samples, set before each.
	lset    func() labels.Labels
	current labeled
	cell    int
	add     func(name, value string)
	builder labels.ScratchBuilder
}

// begin starts the batch of a poll; cluster is a label of everything in it.
func begin(ctx context.Context, sink series.Sink, poll series.Poll, number uint64, cluster string, t int64) *batch {
	b := &batch{into: sink.Batch(ctx), poll: poll, number: number, t: t, builder: labels.NewScratchBuilder(12)}
	b.add = adder(&b.builder)
	b.lset = func() labels.Labels {
		b.builder.Reset()
		b.add("cluster", cluster)
		b.current.lset(b.cell, b.add)
		b.builder.Sort()
		return b.builder.Labels()
	}
	return b
}

type labeled interface {
	lset(cell int, add func(name, value string))
}

// offeredAgain is after how many batches of the model kept by events a series is offered again
// that the sink refused. Of 35,000 agents the series that memory has no room for took more than half
// of the time of such a batch, and these batches are seconds apart; /state offers all of them.
const offeredAgain = 8

// append adds a sample and returns how many series this opened, 1 or 0.
func (b *batch) append(of labeled, i int, c *cell, t int64, value float64) int {
	if b.events && c.wait > 0 {
		c.wait--
		b.drop(1, series.ErrFull)
		return 0
	}
	b.current, b.cell = of, i
	ref, err := b.into.Append(c.ref, b.lset, t, value)
	switch {
	case err == nil:
		b.taken++
		c.ref, c.wait = ref, 0
		if !c.open {
			c.open = true
			return 1
		}
	case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		// The sink has a newer sample: a clock went back. The sink's sample stays.
	default:
		if errors.Is(err, series.ErrFull) {
			c.wait = offeredAgain - 1
		}
		b.drop(1, err)
	}
	return 0
}

// errTwice is why something is left out that has the labels of something else.
var errTwice = errors.New("the response has two things of the same name and ID, of which the first counts")

// drop counts series that are left out.
func (b *batch) drop(n int, why error) {
	b.dropped += n
	if b.why == nil {
		b.why = why
	}
}

// dropTwice counts things that a response had twice.
func (b *batch) dropTwice(n int) {
	if n > 0 {
		b.drop(n, errTwice)
	}
}

// end writes the staleness marker of an open series and returns how many
// series this closed, 1 or 0.
func (b *batch) end(of labeled, i int, c *cell) int {
	if !c.open {
		return 0
	}
	b.current, b.cell = of, i
	// Where the sink refuses it, it has a newer sample or has forgotten the
	// series: there is nothing to end.
	_, _ = b.into.Append(c.ref, b.lset, b.t, series.Stale)
	c.open = false
	return 1
}
