package samples

import (
	"math"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/series"
)

// This file keeps track of the series that are open: which poll writes each of
// them, and under which reference of the sink. With it a poll of 100,000 tasks
// builds no labels for series it wrote before, and ends those it does not write
// again.
//
// A table holds the series of one kind of thing, for example of all agents: a
// row per agent, a column per series of an agent, a cell per series. A row
// belongs to the poll that wrote it last: when a follower becomes the leader,
// its series go on, and the followers poll does not end them.

// A seriesTable is a table whatever its rows are.
type seriesTable interface {
	// sweep ends the series of the batch's poll that the batch did not write.
	sweep(*batch)
	// goOn keeps the series of the batch's poll open without samples.
	goOn(*batch)
	// endPolled ends those of its series that only /state has.
	endPolled(*batch)
	// endTold ends the others of the batch's poll, which the model kept by events has, too.
	endTold(*batch)
	// open returns the number of series that have not ended.
	open() int
}

// A cell is one series.
type cell struct {
	ref  series.Ref
	open bool // its newest sample is not a staleness marker
	// wait is for how many batches of the model kept by events a series is not offered
	// that the sink refused.
	wait uint8
}

// A column is one series of each row.
type column[E any] struct {
	name string // of the series
	// label and value are one more label of the series; "" for none.
	label, value string
	// events: the model kept by events has it, too. Other columns of the model are
	// written by /state only.
	events bool
	// waits: between two /state a value may be unknown or doubted. Then the series has
	// no sample, and goes on with the next /state.
	waits bool
	// read returns the value at a moment; false where there is none: no series.
	read func(*traits, *E) (float64, bool)
}

// A table holds the series of things E whose labels are made from K.
type table[K comparable, E any] struct {
	columns []column[E]
	// label adds the labels of a thing.
	label func(k K, add func(name, value string))
	rows  map[K]*row[K, E] // nil for none: most of the tables of 35,000 agents have none
	count int              // of open cells
}

type row[K comparable, E any] struct {
	of    *table[K, E]
	key   K
	owner series.Poll
	batch uint64 // number of the batch that wrote it last
	whole uint64 // number of the batch that wrote all its cells last
	cells []cell
}

func newTable[K comparable, E any](columns []column[E], label func(K, func(name, value string))) *table[K, E] {
	return &table[K, E]{columns: columns, label: label}
}

func (t *table[K, E]) open() int { return t.count }

// row returns the row of a key, which it makes where there is none, and marks it
// as written by the batch.
func (t *table[K, E]) row(b *batch, k K) *row[K, E] {
	r := t.rows[k]
	if r == nil {
		if t.rows == nil {
			t.rows = map[K]*row[K, E]{}
		}
		r = &row[K, E]{of: t, key: k, cells: make([]cell, len(t.columns))}
		t.rows[k] = r
	}
	r.owner, r.batch = b.poll, b.number
	return r
}

// valueOf returns the value of a column, false where there is none. Whatever a column
// computes, there is no series of what is not a number.
func (c *column[E]) valueOf(v *traits, thing *E) (float64, bool) {
	value, ok := c.read(v, thing)
	return value, ok && !math.IsNaN(value) && !math.IsInf(value, 0)
}

// write appends the samples of one thing. Of two things of the same labels the
// first counts; the series of the other are counted as dropped.
func (t *table[K, E]) write(b *batch, v *traits, k K, thing *E) {
	r := t.row(b, k)
	if r.whole == b.number {
		b.drop(t.size(v, thing), errTwice)
		return
	}
	r.whole = b.number
	for i := range t.columns {
		if b.events && !t.columns[i].events {
			continue
		}
		value, ok := t.columns[i].valueOf(v, thing)
		if b.events && t.columns[i].waits && (b.doubted || !ok) {
			continue
		}
		if ok {
			t.count += b.append(r, i, &r.cells[i], b.t, value)
		} else {
			t.count -= b.end(r, i, &r.cells[i])
		}
	}
}

// reserve makes the series of a thing known to the sink before they have values, by the mark that ends a series: where
// there is no room for all series, it is theirs.
func (t *table[K, E]) reserve(b *batch, k K) {
	r := t.row(b, k)
	for i := range r.cells {
		if c := &r.cells[i]; c.ref == 0 {
			b.current, b.cell = r, i
			c.ref, _ = b.into.Append(0, b.lset, b.t, series.Stale) // refused, it is without a place as before
		}
	}
}

// goesOn keeps the series of a thing open without a sample, and reports whether there
// are any.
func (t *table[K, E]) goesOn(b *batch, k K) bool {
	r := t.rows[k]
	if r != nil {
		r.owner, r.batch = b.poll, b.number
	}
	return r != nil
}

func (t *table[K, E]) goOn(b *batch) { t.goOnWhere(b, func(K) bool { return true }) }

// goOnWhere keeps the series of the batch's poll open without samples where a function
// of the thing says so.
func (t *table[K, E]) goOnWhere(b *batch, where func(K) bool) {
	for k, r := range t.rows {
		if r.owner == b.poll && where(k) {
			r.batch = b.number
		}
	}
}

// writeAll is write for a batch of the model kept by events that has all there is of a
// thing.
func (t *table[K, E]) writeAll(b *batch, v *traits, k K, thing *E) {
	events := b.events
	b.events = false
	t.write(b, v, k, thing)
	b.events = events
}

// endPolled ends the series that only /state has.
func (t *table[K, E]) endPolled(b *batch) { t.endWhere(b, false) }

// endTold ends the series that the model kept by events has, too.
func (t *table[K, E]) endTold(b *batch) { t.endWhere(b, true) }

func (t *table[K, E]) endWhere(b *batch, events bool) {
	for _, r := range t.rows {
		for i := range r.cells {
			if r.owner == b.poll && t.columns[i].events == events {
				t.count -= b.end(r, i, &r.cells[i])
			}
		}
	}
}

// restart begins the open counters of a thing with 0, just before the sample that the
// batch writes of them: they are those of another thing of the same labels, and may be
// higher than what they were.
func (t *table[K, E]) restart(b *batch, k K) {
	r := t.rows[k]
	if r == nil {
		return
	}
	for i := range r.cells {
		if r.cells[i].open && strings.HasSuffix(t.columns[i].name, "_total") {
			b.append(r, i, &r.cells[i], b.t-1, 0)
		}
	}
}

// size returns the number of series a thing has.
func (t *table[K, E]) size(v *traits, thing *E) int {
	n := 0
	for i := range t.columns {
		if _, ok := t.columns[i].valueOf(v, thing); ok {
			n++
		}
	}
	return n
}

func (t *table[K, E]) sweep(b *batch) {
	for k, r := range t.rows {
		if (r.owner != b.poll && b.poll != everyPoll) || r.batch == b.number {
			continue
		}
		for i := range r.cells {
			t.count -= b.end(r, i, &r.cells[i])
		}
		delete(t.rows, k)
	}
}

// lset adds the labels of the series in a cell.
func (r *row[K, E]) lset(cell int, add func(name, value string)) {
	c := &r.of.columns[cell]
	if c.name != "" {
		add(labels.MetricName, c.name)
	}
	if c.label != "" {
		add(c.label, c.value)
	}
	r.of.label(r.key, add)
}
