package samples

import (
	"time"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file writes the plugin's own health as series, for alert rules: rules
// see no notices.

// Health is the result of a poll.
type Health struct {
	Poll     series.Poll
	OK       bool
	Took     time.Duration // unknown when the poll failed, and of the event stream
	Bytes    int64         // over the wire; unknown when the poll failed
	Failures map[mesos.Category]uint64
}

// categories are all categories of a failure. Each has a series from the first
// poll on, so that increase() counts the first failure.
var categories = []mesos.Category{
	mesos.Auth, mesos.Forbidden, mesos.Network, mesos.TLS, mesos.Timeout,
	mesos.NoLeader, mesos.Recovering, mesos.NotMesos, mesos.Protocol,
}

func healthColumns() []column[Health] {
	return []column[Health]{
		{name: "mesos_up", read: func(_ *traits, h *Health) (float64, bool) { return boolean(h.OK), true }},
		{name: "mesos_poll_duration_seconds", read: func(_ *traits, h *Health) (float64, bool) {
			return h.Took.Seconds(), h.OK && h.Poll != series.PollSubscribe
		}},
		{name: "mesos_poll_bytes", read: func(_ *traits, h *Health) (float64, bool) { return float64(h.Bytes), h.OK }},
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
	return []column[float64]{{name: "mesos_poll_failures_total", read: func(_ *traits, n *float64) (float64, bool) { return *n, true }}}
}

func (w *Writer) writeHealth(b *batch, h Health) {
	w.health.write(b, nil, h.Poll, &h)
	for _, c := range categories {
		n := float64(h.Failures[c])
		w.failures.write(b, nil, failureKey{h.Poll, c}, &n)
	}
}

// ownFigures are about the history as a whole.
type ownFigures struct {
	start   time.Time // zero: unknown
	dropped int
}

func ownColumns() []column[ownFigures] {
	return []column[ownFigures]{
		{name: "mesos_history_start_timestamp_seconds", read: func(_ *traits, o *ownFigures) (float64, bool) {
			return float64(o.start.UnixMilli()) / 1000, !o.start.IsZero()
		}},
		{name: "mesos_series_dropped", read: func(_ *traits, o *ownFigures) (float64, bool) { return float64(o.dropped), true }},
	}
}

func (w *Writer) writeOwn(b *batch, start time.Time) {
	w.own.write(b, nil, struct{}{}, &ownFigures{start, w.Kept().Dropped})
}
