package disk

import (
	"fmt"
	"math"

	"community-mesos-datasource/pkg/history"
)

// Settled implements history.Settler. Finished blocks do not change but by name: the TSDB
// takes no sample that is older than the newest of them, unless it is set to take late ones.
func (d *Store) Settled() (history.Settled, bool) {
	d.mu.RLock()
	h, waiting, horizon, gen := d.open, d.memory != nil, d.horizon(), d.gen
	d.mu.RUnlock()
	// What waits in memory is written to blocks later, and so are late samples.
	if h == nil || waiting || h.hasLate() || !h.acquire() {
		return history.Settled{}, false
	}
	defer h.release()
	h.reading.RLock() // blocks are not changed in place meanwhile
	defer h.reading.RUnlock()
	settled := history.Settled{From: math.MaxInt64, Until: math.MinInt64}
	for _, b := range h.db.Blocks() {
		meta := b.Meta()
		settled.Parts = append(settled.Parts, history.Part{
			// A directory that was opened again may have other blocks of the same name, and
			// samples may be left out of one.
			ID:   fmt.Sprintf("%d %s %d", gen, meta.ULID, meta.Stats.NumTombstones),
			From: meta.MinTime, Until: meta.MaxTime,
		})
		settled.From = min(settled.From, meta.MinTime)
		if !meta.Compaction.FromOutOfOrder() {
			settled.Until = max(settled.Until, meta.MaxTime)
		}
	}
	settled.From = max(settled.From, horizon)
	// While a block is made of it, the head has its samples, too.
	settled.Until = min(settled.Until, h.db.Head().MinTime())
	return settled, settled.From < settled.Until
}

// Answers implements history.Settler.
func (d *Store) Answers() *history.Answers { return &d.answers }
