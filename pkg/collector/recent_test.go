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
	require.Equal(t, Failed{Failed: 3, Of: 10, First: at(0), Last: at(9), Latest: Result{at(7), gone}}, o.FailedOfLast(20))
	require.Equal(t, Failed{Failed: 1, Of: 4, First: at(6), Last: at(9), Latest: Result{at(7), gone}}, o.FailedOfLast(4))
	require.Equal(t, Failed{Failed: 2, Of: 4, First: at(1), Last: at(4), Latest: Result{at(4), gone}}, o.FailedBetween(at(1), at(4)))
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
