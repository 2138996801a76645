package collector

import (
	"errors"
	"time"
)

// maxRecent is how many of the latest polls of a kind are remembered: an hour of them at
// the usual interval.
const maxRecent = 240

// A Result is how one poll went.
type Result struct {
	At  time.Time
	Err error // nil after a success
	// Others: of masters that are no longer in the settings.
	Others bool
}

// errOthers takes the place of an error of masters that are no longer in the settings: it
// names addresses that nobody can find there.
var errOthers = errors.New("the settings named other masters then")

// ofOthers makes the results so far those of masters that are no longer in the settings.
func (o *outcome) ofOthers() {
	o.Err = nil
	if o.LastSuccess.IsZero() { // nothing is missing of before
		o.Recent = nil
		return
	}
	recent := make([]Result, len(o.Recent), 2*maxRecent) // a status shares the others
	for i, r := range o.Recent {
		recent[i] = Result{At: r.At, Others: true}
		if r.Err != nil {
			recent[i].Err = errOthers
		}
	}
	o.Recent = recent
}

// note remembers how a poll went. Earlier results are never changed: a status shares them.
func (o *outcome) note(at time.Time, err error) {
	if len(o.Recent) >= 2*maxRecent {
		o.Recent = append(make([]Result, 0, 2*maxRecent), o.Recent[len(o.Recent)-maxRecent+1:]...)
	}
	o.Recent = append(o.Recent, Result{At: at, Err: err})
	switch {
	case o.watch == nil:
	case err != nil:
		o.watch(Polled{Poll: o.Poll, Category: categoryOf(err)})
	default:
		o.watch(Polled{Poll: o.Poll, Took: o.Took})
	}
}

// A Failed counts the polls of a kind that failed in some time.
type Failed struct {
	Failed, Of  int
	First, Last time.Time // the first and last poll, failed or not
	Latest      Result    // that failed
}

// FailedBetween counts the polls of which it is remembered, from the first moment to the
// last.
func (p PollStatus) FailedBetween(first, last time.Time) (f Failed) {
	for _, r := range p.Recent {
		if r.At.Before(first) || r.At.After(last) {
			continue
		}
		f.add(r)
	}
	return f
}

// FailedOfLast counts the latest n polls of the masters in the settings.
func (p PollStatus) FailedOfLast(n int) (f Failed) {
	for _, r := range p.Recent[max(0, len(p.Recent)-n):] {
		if !r.Others {
			f.add(r)
		}
	}
	return f
}

func (f *Failed) add(r Result) {
	if f.Of == 0 {
		f.First = r.At
	}
	f.Of++
	f.Last = r.At
	if r.Err != nil {
		f.Failed++
		f.Latest = r
	}
}
