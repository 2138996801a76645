package collector

import (
	"slices"
	"time"
)

// A sample has the time of its poll, and is there only when it was read, computed and
// committed. Polls that are pollInterval apart therefore leave a newest sample older than
// pollInterval until the next one is there. So where events keep the model, the leader's snapshot
// is requested so much sooner that its sums are there in time. Their times stay those of the requests.

const (
	// lagsKept is of how many polls the lag is remembered.
	lagsKept = 20
	// leadSteps divides pollInterval: leads are whole steps, because each change of the time
	// between samples takes bytes of every series.
	leadSteps = 60
	// mostLead divides pollInterval, too: polls never come sooner than by that.
	mostLead = 5
)

// lags are how long after the time of their poll the sums of the latest polls were there, newest
// last.
type lags []time.Duration

func (l *lags) note(lag time.Duration) {
	*l = append(*l, max(lag, 0))
	if len(*l) > lagsKept {
		*l = slices.Delete(*l, 0, 1)
	}
}

// lead returns how much sooner than after every the next poll has to run, in whole steps: twice the
// longest lag, two steps at least, because other work makes a poll late without a warning.
func (l lags) lead(every time.Duration) time.Duration {
	longest := slices.Max(l)
	if longest == 0 {
		return 0
	}
	step := every / leadSteps
	steps := max(2, (2*longest+step-1)/step)
	return min(steps*step, every/mostLead)
}
