package disk

import (
	"fmt"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/storage"
)

// A TSDB takes samples in the order of time only. After the clock was set back,
// or when memory moves to a directory that another process wrote to meanwhile,
// they follow newer ones. For as long as that lasts it is set to take
// late samples; they go to a log of their own and into blocks beside the others
// (tsdb: OutOfOrderTimeWindow).

const (
	// lateMargin is added to how late samples come, so that the TSDB is not set
	// again with every batch.
	lateMargin = time.Hour
	// slack is by how much the newest sample may be after the clock without
	// the clock having been set back.
	slack = time.Second
)

// followClock lets the TSDB take samples of now, whatever it has.
func (d *Store) followClock(h *handle) error {
	_, newest, ok := h.span()
	lag := time.Duration(newest-d.opts.Now().UnixMilli()) * time.Millisecond
	if !ok || lag <= slack {
		return h.takeLate(0)
	}
	return h.takeLate(lag)
}

// takeLate lets the TSDB take samples that are so much older than its newest; 0
// for none.
func (h *handle) takeLate(by time.Duration) error {
	window := int64(0)
	if by > 0 {
		window = (by + lateMargin).Truncate(lateMargin).Milliseconds()
	}
	h.lateMu.Lock()
	defer h.lateMu.Unlock()
	if window == h.window {
		return nil
	}
	var c config.Config
	c.StorageConfig.TSDBConfig = &config.TSDBConfig{OutOfOrderTimeWindow: window}
	h.lateLog.Lock()
	err := recovered(func() error { return h.db.ApplyConfig(&c) })
	h.lateLog.Unlock()
	if err != nil {
		return fmt.Errorf("take late samples: %w", err)
	}
	h.window = window
	if window > 0 {
		h.late = true
	}
	return nil
}

// commit commits what a TSDB's appender took. A panic is an error.
func (h *handle) commit(app storage.AppenderV2) error {
	h.lateLog.RLock()
	defer h.lateLog.RUnlock()
	return recovered(app.Commit)
}

// headSize is the size of the files of samples that are not in blocks, in bytes.
func (h *handle) headSize() int64 {
	h.lateLog.RLock()
	defer h.lateLog.RUnlock()
	return h.db.Head().Size()
}

// hasLate reports whether there may be late samples that are not in blocks.
func (h *handle) hasLate() bool {
	h.lateMu.Lock()
	defer h.lateMu.Unlock()
	return h.late
}

// compactLate writes late samples into blocks. maintaining is held.
func (d *Store) compactLate(h *handle, now time.Time) error {
	h.lateMu.Lock()
	late, open := h.late, h.window > 0
	h.lateMu.Unlock()
	since := now.Sub(h.lateCompacted)
	if !late || open && since >= 0 && since < d.opts.BlockRange {
		return nil
	}
	if err := recovered(func() error { return h.db.CompactOOOHead(d.ctx) }); err != nil {
		return err
	}
	h.lateCompacted = now
	h.lateMu.Lock()
	defer h.lateMu.Unlock()
	h.late = h.window > 0
	return nil
}

// clockNote returns a sentence where the clock was set back, or "". mu must be
// held.
func (d *Store) clockNote() string {
	if d.open == nil {
		return ""
	}
	now := d.opts.Now()
	_, newest, ok := d.open.span()
	if !ok || newest <= now.Add(jump).UnixMilli() {
		return ""
	}
	return fmt.Sprintf("the newest samples in %s are of %s, and the clock says %s: it was set back, or was wrong before; new samples are kept as usual, beside those of the time to come; check the clock",
		d.opts.Dir, history.Moment(newest), history.Moment(now.UnixMilli()))
}
