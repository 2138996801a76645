package collector

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/pkg/series"
)

// This file is the book of what is written: which series are open, by which
// poll, and under which reference of the sink. With it a poll of 100,000 tasks
// builds no labels for series it wrote before, and ends those it does not write
// again.
//
// A page holds the entries of one kind of thing: all agents, say. An entry is
// one thing with a slot per column: one agent with its capacity of cpus, and so
// on. An entry belongs to the poll that wrote it last: when a follower becomes
// the leader, its series go on, and the followers poll does not end them.

// A page is what the book knows of one kind of thing.
type page interface {
	// sweep ends what belongs to the batch's poll and was not written in it.
	sweep(*batch)
	// open is the number of series that go on.
	open() int
}

// A slot is one series.
type slot struct {
	ref  series.Ref
	open bool // it has a sample that is not a staleness marker
}

// A column is one series of each entry of a page.
type column[E any] struct {
	name string // of the series
	// label and value are one more label of the series; "" for none.
	label, value string
	// read is the number at a moment; false where there is none: no series.
	read func(*view, *E) (float64, bool)
}

// entries are a page of things E that are told apart by K: all that becomes a
// label.
type entries[K comparable, E any] struct {
	columns []column[E]
	// label adds the labels of a thing.
	label func(k K, add func(name, value string))
	all   map[K]*entry[K, E]
	count int // of open slots
}

type entry[K comparable, E any] struct {
	of    *entries[K, E]
	key   K
	owner series.Poll
	turn  uint64 // of the batch that wrote it last
	slots []slot
}

func newEntries[K comparable, E any](columns []column[E], label func(K, func(name, value string))) *entries[K, E] {
	return &entries[K, E]{columns: columns, label: label, all: map[K]*entry[K, E]{}}
}

func (p *entries[K, E]) open() int { return p.count }

// entry finds or makes the entry of a key and notes that the batch writes it.
func (p *entries[K, E]) entry(b *batch, k K) *entry[K, E] {
	e := p.all[k]
	if e == nil {
		e = &entry[K, E]{of: p, key: k, slots: make([]slot, len(p.columns))}
		p.all[k] = e
	}
	e.owner, e.turn = b.poll, b.turn
	return e
}

// write appends the samples of one thing.
func (p *entries[K, E]) write(b *batch, v *view, k K, thing *E) {
	e := p.entry(b, k)
	for i := range p.columns {
		value, ok := p.columns[i].read(v, thing)
		if ok {
			p.count += b.append(e, i, &e.slots[i], b.t, value)
		} else {
			p.count -= b.end(e, i, &e.slots[i])
		}
	}
}

// size is the number of series a thing has.
func (p *entries[K, E]) size(v *view, thing *E) int {
	n := 0
	for i := range p.columns {
		if _, ok := p.columns[i].read(v, thing); ok {
			n++
		}
	}
	return n
}

func (p *entries[K, E]) sweep(b *batch) {
	for k, e := range p.all {
		if (e.owner != b.poll && b.poll != everyPoll) || e.turn == b.turn {
			continue
		}
		for i := range e.slots {
			p.count -= b.end(e, i, &e.slots[i])
		}
		delete(p.all, k)
	}
}

// lset adds the labels of the series in a slot.
func (e *entry[K, E]) lset(slot int, add func(name, value string)) {
	c := &e.of.columns[slot]
	if c.name != "" {
		add(labels.MetricName, c.name)
	}
	if c.label != "" {
		add(c.label, c.value)
	}
	e.of.label(e.key, add)
}

// everyPoll as a batch's poll ends series whoever wrote them.
const everyPoll series.Poll = ""

// A batch is the samples of one poll.
type batch struct {
	into series.Batch
	poll series.Poll
	turn uint64
	t    int64 // Unix milliseconds

	dropped int   // samples that the sink refused
	why     error // the first refusal

	// What lset builds labels of: one function for all samples, set before each.
	lset    func() labels.Labels
	current labelled
	slot    int
	add     func(name, value string)
	builder labels.ScratchBuilder
}

// begin starts the batch of a poll; cluster is a label of everything in it.
func begin(ctx context.Context, sink series.Sink, poll series.Poll, turn uint64, cluster string, t int64) *batch {
	b := &batch{into: sink.Batch(ctx), poll: poll, turn: turn, t: t, builder: labels.NewScratchBuilder(12)}
	b.add = func(name, value string) {
		if value == "" { // an empty label is no label
			return
		}
		if !utf8.ValidString(value) {
			value = strings.ToValidUTF8(value, "\uFFFD")
		}
		b.builder.Add(name, value)
	}
	b.lset = func() labels.Labels {
		b.builder.Reset()
		b.add("cluster", cluster)
		b.current.lset(b.slot, b.add)
		b.builder.Sort()
		return b.builder.Labels()
	}
	return b
}

type labelled interface {
	lset(slot int, add func(name, value string))
}

// append adds a sample and returns how many series this opened, 1 or 0.
func (b *batch) append(of labelled, i int, s *slot, t int64, value float64) int {
	b.current, b.slot = of, i
	ref, err := b.into.Append(s.ref, b.lset, t, value)
	switch {
	case err == nil:
		s.ref = ref
		if !s.open {
			s.open = true
			return 1
		}
	case errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		// The sink has something newer: two things of one name in one answer,
		// or a clock that went back. What it has stays.
	default:
		b.dropped++
		if b.why == nil {
			b.why = err
		}
	}
	return 0
}

// end writes the staleness marker of an open series and returns how many
// series this closed, 1 or 0.
func (b *batch) end(of labelled, i int, s *slot) int {
	if !s.open {
		return 0
	}
	b.current, b.slot = of, i
	// Where the sink refuses it, it has something newer or has forgotten the
	// series: there is nothing to end.
	_, _ = b.into.Append(s.ref, b.lset, b.t, series.Stale)
	s.open = false
	return 1
}
