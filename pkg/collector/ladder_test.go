package collector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheLadderOfStateIntervals(t *testing.T) {
	const poll = 15 * time.Second
	for _, c := range []struct {
		agents int
		poll   time.Duration
		head   time.Duration
		want   time.Duration
	}{
		{0, poll, 0, poll},
		{499, poll, 0, poll},
		{500, poll, 0, 20 * time.Second},
		{500, 30 * time.Second, 0, 30 * time.Second}, // never more often than the snapshot
		{999, poll, 0, 20 * time.Second},
		{1_000, poll, 0, time.Minute},
		{4_999, poll, 0, time.Minute},
		{5_000, poll, 0, 2 * time.Minute},
		{10_000, poll, 0, 4 * time.Minute},
		{15_000, poll, 0, 8 * time.Minute},
		{20_000, poll, 0, 16 * time.Minute},
		{10, poll, 700 * time.Millisecond, poll},
		{10, poll, 2 * time.Second, 40 * time.Second},
		{10, poll, 2010 * time.Millisecond, 41 * time.Second},
	} {
		require.Equal(t, c.want, stateInterval(c.poll, c.agents, c.head), "%+v", c)
	}
}

func TestBackOffEndsAtTwiceTheInterval(t *testing.T) {
	for failures, want := range []time.Duration{10, 10, 15, 20, 20, 20} {
		require.Equal(t, want*time.Second, backOff(10*time.Second, failures, 0.5), failures)
	}
	require.Equal(t, 18*time.Second, backOff(10*time.Second, 9, 0))
	require.Equal(t, 22*time.Second, backOff(10*time.Second, 9, 1))
	require.Equal(t, 1500*time.Millisecond, retryAfter(15*time.Second))
	require.Equal(t, 5*time.Second, retryAfter(time.Hour))
}
