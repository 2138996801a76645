package collector

import (
	"context"
	"errors"
	"time"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// The collector's own health as series, for alert rules: rules see no notices.

// health is how a poll went.
type health struct {
	poll     series.Poll
	ok       bool
	took     time.Duration // unknown when the poll failed
	bytes    int64         // over the wire; likewise
	failures map[mesos.Category]uint64
}

// categories are all of a failure. Each has a series from the first poll on,
// so that increase() counts the first failure.
var categories = []mesos.Category{
	mesos.Auth, mesos.Forbidden, mesos.Network, mesos.TLS, mesos.Timeout,
	mesos.NoLeader, mesos.Recovering, mesos.NotMesos, mesos.Protocol,
}

// categoryOf names the category of any error of a poll.
func categoryOf(err error) mesos.Category {
	if c := mesos.CategoryOf(err); c != "" {
		return c
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return mesos.Timeout
	}
	return mesos.Protocol
}

func healthColumns() []column[health] {
	return []column[health]{
		{name: "mesos_up", read: func(_ *view, h *health) (float64, bool) { return boolean(h.ok), true }},
		{name: "mesos_poll_duration_seconds", read: func(_ *view, h *health) (float64, bool) { return h.took.Seconds(), h.ok }},
		{name: "mesos_poll_bytes", read: func(_ *view, h *health) (float64, bool) { return float64(h.bytes), h.ok }},
	}
}

type failureKey struct {
	poll     series.Poll
	category mesos.Category
}

func (k failureKey) label(add func(name, value string)) {
	add("poll", string(k.poll))
	add("category", string(k.category))
}

func failureColumns() []column[float64] {
	return []column[float64]{{name: "mesos_poll_failures_total", read: func(_ *view, n *float64) (float64, bool) { return *n, true }}}
}

func (w *writer) writeHealth(b *batch, h health) {
	w.health.write(b, nil, h.poll, &h)
	for _, c := range categories {
		n := float64(h.failures[c])
		w.failures.write(b, nil, failureKey{h.poll, c}, &n)
	}
}

// ownFigures are about the history as a whole.
type ownFigures struct {
	start   time.Time // zero: unknown
	dropped int
}

func ownColumns() []column[ownFigures] {
	return []column[ownFigures]{
		{name: "mesos_history_start_timestamp_seconds", read: func(_ *view, o *ownFigures) (float64, bool) {
			return float64(o.start.UnixMilli()) / 1000, !o.start.IsZero()
		}},
		{name: "mesos_series_dropped", read: func(_ *view, o *ownFigures) (float64, bool) { return float64(o.dropped), true }},
	}
}

func (w *writer) writeOwn(b *batch, start time.Time) {
	n, _ := w.dropped()
	w.own.write(b, nil, struct{}{}, &ownFigures{start, n})
}
