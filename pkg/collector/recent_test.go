package collector

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

func TestFailedPollsAreRemembered(t *testing.T) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Second) }
	o := newOutcome(series.PollState)
	gone := errors.New("gone")
	for n := range 10 {
		if n%3 == 1 {
			o.failedWith(gone, at(n))
		} else {
			o.succeeded(mesos.Answer{Sent: at(n)})
		}
	}
	require.Equal(t, Failed{Failed: 3, Of: 10, First: at(0), Last: at(9), Latest: Result{At: at(7), Err: gone}}, o.FailedOfLast(20))
	require.Equal(t, Failed{Failed: 1, Of: 4, First: at(6), Last: at(9), Latest: Result{At: at(7), Err: gone}}, o.FailedOfLast(4))
	require.Equal(t, Failed{Failed: 2, Of: 4, First: at(1), Last: at(4), Latest: Result{At: at(4), Err: gone}}, o.FailedBetween(at(1), at(4)))
	require.Zero(t, o.FailedBetween(at(20), at(30)))

	// A status keeps what it had when older ones are forgotten.
	shared := o.PollStatus
	for n := range 5 * maxRecent {
		o.succeeded(mesos.Answer{Sent: at(10 + n)})
		require.LessOrEqual(t, len(o.Recent), 2*maxRecent)
	}
	require.Equal(t, 3, shared.FailedOfLast(20).Failed)
	require.GreaterOrEqual(t, len(o.Recent), maxRecent)
	require.Equal(t, at(9+5*maxRecent), o.Recent[len(o.Recent)-1].At)
	o.forget()
	require.Empty(t, o.Recent)
}

func TestPollsOfMastersOfBeforeNameNoAddress(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	gone := errors.New("lookup typo: no such host")
	o := newOutcome(series.PollState)
	o.failedWith(gone, at)
	o.ofOthers()
	require.NoError(t, o.Err)
	require.Empty(t, o.Recent, "nothing was polled before, so nothing is missing")

	o.succeeded(mesos.Answer{Sent: at})
	o.failedWith(gone, at.Add(time.Second))
	before := o.PollStatus
	o.ofOthers()
	require.NoError(t, o.Err)
	o.succeeded(mesos.Answer{Sent: at.Add(2 * time.Second)})
	require.Equal(t, Failed{Of: 1, First: at.Add(2 * time.Second), Last: at.Add(2 * time.Second)}, o.FailedOfLast(20))
	between := o.FailedBetween(at, at.Add(time.Minute))
	require.Equal(t, []int{1, 3}, []int{between.Failed, between.Of}, "values are missing")
	require.EqualError(t, between.Latest.Err, "the settings named other masters then")
	require.Equal(t, gone, before.FailedOfLast(20).Latest.Err, "a status keeps what it had")
}
