package collector

import "time"

// How often the master may be asked for its whole state: the more agents, the
// less often, on the ladder of Mesos' own web UI (updateInterval in
// src/webui/app/controllers.js).
var ladder = []struct {
	agents int // fewer than
	every  time.Duration
}{
	{500, 0}, // the snapshot's interval
	{1_000, 20 * time.Second},
	{5_000, time.Minute},
	{10_000, 2 * time.Minute},
	{15_000, 4 * time.Minute},
	{20_000, 8 * time.Minute},
}

const (
	ladderTop = 16 * time.Minute
	// headShare is the share of its time the master may spend on us: while it
	// writes /state it does nothing else.
	headShare = 20
	// followerShare is how much less often followers are asked than the leader.
	followerShare = 4
)

// stateInterval returns how often /state and /roles are asked for. head is how long
// the master worked on them; the interval is a whole second where head decides.
func stateInterval(poll time.Duration, agents int, head time.Duration) time.Duration {
	every := ladderTop
	for _, rung := range ladder {
		if agents < rung.agents {
			every = rung.every
			break
		}
	}
	every = max(every, poll)
	if need := head * headShare; need > every {
		return (need + time.Second - 1).Truncate(time.Second)
	}
	return every
}

// retryAfter returns how long after a failure a poll is tried once more.
func retryAfter(interval time.Duration) time.Duration { return min(5*time.Second, interval/10) }

// backOff returns the interval after so many polls failed in a row: up to twice the
// usual one, so that mesos_up stays readable (a query looks 2.5 intervals
// back), and spread by a tenth, so that many who lost one master do not come
// back in step. jitter is from 0 to 1.
func backOff(interval time.Duration, failures int, jitter float64) time.Duration {
	if failures < 2 {
		return interval
	}
	slower := min(2, 1+0.5*float64(failures-1))
	return time.Duration(float64(interval) * slower * (0.9 + 0.2*jitter))
}
