package collector

import (
	"time"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// Mesos tells when a leader was elected. From when to when nobody answered as the leader is
// known from the answers: those of polls, and the records of the event stream.

// An answering is a master that answered as the leader, with when it did so first and last.
type answering struct {
	master      string
	first, last time.Time
}

// leads are the master that answered last, and the one before it. It is guarded by Collector.mu.
type leads struct{ now, before answering }

// answered notes that a master answered as the leader. An answer of the one before may be on its way
// still. mu is held.
func (l *leads) answered(master string, at time.Time) {
	switch {
	case master == "" || at.Before(l.now.last):
	case master == l.now.master:
		l.now.last = at
	default:
		l.before, l.now = l.now, answering{master, at, at}
	}
}

// toldWithin is how far the clocks of masters may differ from ours where an election is between two
// answers.
const toldWithin = time.Minute

// lasted makes an event of a new leader last from the latest answer of the one before to the first
// of this one, where both are known. The time of the election stays the event's own. mu is held.
func (l *leads) lasted(e *events.Event) {
	before, now := l.before.last, l.now.first
	if e.Kind != events.KindMaster || e.What != events.NewLeader || !e.NotBefore.IsZero() || before.IsZero() {
		return
	}
	if e.Time.Before(before.Add(-toldWithin)) || e.Time.After(now.Add(toldWithin)) {
		return // another election than the one between these answers
	}
	e.Opens, e.End = e.ID, later(now, e.Time)
	if before.Before(e.Time) {
		e.NotBefore = before
	}
}

// A process is a master's, by when it started: between from and to, because the time of its uptime
// lies between request and answer. The zero process is unknown.
type process struct{ from, to, sent time.Time }

// startsApart is how far the starts of two processes lie apart that are told apart: clocks are
// adjusted.
const startsApart = 2 * time.Second

func processOf(m *mesos.Metrics) process {
	uptime, ok := m.Values["master/uptime_secs"]
	if !ok || uptime < 0 || uptime > float64(10*365*24*time.Hour/time.Second) {
		return process{}
	}
	from := m.Sent.Add(-time.Duration(uptime * float64(time.Second)))
	return process{from, from.Add(m.Took), m.Sent}
}

// otherThan reports whether two answers were certainly those of two processes. Behind a router all
// masters have one address. Times have the monotonic clock's reading, so that a clock that is set
// changes nothing.
func (p process) otherThan(q process) bool {
	if p.sent.IsZero() || q.sent.IsZero() {
		return false
	}
	return p.from.Sub(q.to) > startsApart || q.from.Sub(p.to) > startsApart
}

// processes are those of the latest snapshots. One counts only after two answers in a row agree on
// when it started: answers of a cache do not.
type processes struct{ counts, last process }

// answered notes an answer. It reports whether it and the one before are of another process than the
// answers before those: the last one of them was sent at before, the first of the new ones at since.
func (l *processes) answered(p process) (before, since time.Time, other bool) {
	last := l.last
	l.last = p
	if p.sent.IsZero() || last.sent.IsZero() || p.otherThan(last) {
		return time.Time{}, time.Time{}, false
	}
	before, since, other = l.counts.sent, last.sent, p.otherThan(l.counts)
	l.counts = p
	return before, since, other
}
