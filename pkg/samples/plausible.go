package samples

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/series"
)

// This file decides which numbers from outside are possible. The rule for all of
// them: a number that cannot be true is unknown. Its series has a gap, a sum
// leaves its container out together with what is allocated to it, and it is
// counted with an example (LeftOut). What is possible is written as it came.
//
//   - Any known number is finite, not negative and less than 2^63. (Mesos counts
//     in 64 bits: -1 of an unsigned counter is 2^64-1.)
//   - An amount of a container is at most what its agent has.
//   - A counter of a container rises no faster than its agent can make it rise. One
//     that falls was reset. That has no rate either.
//
// (Amounts in /state and /roles that cannot be are unknown in the model: amountOf in
// package cluster.)
//
// Counters of masters and agents have no bound on how fast they rise: nothing
// physical bounds messages and tasks. One that falls without a restart is
// written as it is, since PromQL takes it for a reset.

// most is where no number is possible any more.
const most = 1 << 63

// plausible reports whether any number but one of an unknown key is possible.
func plausible(n float64) bool { return n >= 0 && n < most }

// LeftOut counts the values of a kind of poll that were left out because they
// cannot be true.
type LeftOut struct {
	Poll    series.Poll `json:"poll"`
	Values  uint64      `json:"values"`  // since the start
	First   time.Time   `json:"first"`   // when the first of them was read
	Last    time.Time   `json:"last"`    // and the latest
	Example string      `json:"example"` // a sentence about one of the latest
}

// String returns what was left out, as a sentence for users.
func (l LeftOut) String() string {
	values := "1 value of the poll %s cannot be true and was left out, at %s"
	if l.Values != 1 {
		values = fmt.Sprintf("%d", l.Values) + " values of the poll %s cannot be true and were left out, the latest at %s"
	}
	return fmt.Sprintf(values+": a gap is shown instead. %s", l.Poll, display.Time(l.Last), l.Example)
}

// Between reports whether values may have been left out between two moments.
func (l LeftOut) Between(from, to time.Time) bool { return !l.Last.Before(from) && !l.First.After(to) }

// leaveOut counts a value that was left out of a poll at t.
func (w *Writer) leaveOut(poll series.Poll, t time.Time, example func() string) {
	l := w.leftOut[poll]
	if l == nil {
		l = &LeftOut{Poll: poll, First: t}
		w.leftOut[poll] = l
	}
	l.Values++
	if t.After(l.Last) {
		l.Last, l.Example = t, example()
	}
}

// allLeftOut returns what was left out by kind of poll.
func (w *Writer) allLeftOut() []LeftOut {
	var all []LeftOut
	for _, l := range w.leftOut {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b LeftOut) int { return cmp.Compare(a.Poll, b.Poll) })
	return all
}

// takes reports whether the value of a key of /metrics/snapshot is written, and
// counts one that is not. A module's own keys may be negative.
func (w *Writer) takes(b *batch, who, key string, m *rawMetric, n float64) bool {
	if plausible(n) || (m.unknown() && math.Abs(n) < most) {
		return true
	}
	w.leaveOut(b.poll, time.UnixMilli(b.t), func() string {
		return fmt.Sprintf("%s of %s is %s.", key, who, shown(n))
	})
	return false
}
