package collector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSumsAreThereWithinAnInterval(t *testing.T) {
	const every = 15 * time.Second
	var l lags
	l.note(0)
	require.Zero(t, l.lead(every))
	for _, lag := range []time.Duration{time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond} {
		l = nil
		l.note(lag)
		lead := l.lead(every)
		require.GreaterOrEqual(t, lead, lag, "the next one is there within the interval")
		require.Zero(t, lead%(every/leadSteps), "samples are seldom another time apart")
	}
	require.Equal(t, 3*time.Second, l.lead(every))
	l.note(time.Minute)
	require.Equal(t, every/mostLead, l.lead(every), "a poll that takes minutes does not make polls twice as frequent")
	for range lagsKept {
		l.note(10 * time.Millisecond)
	}
	require.Equal(t, 500*time.Millisecond, l.lead(every), "what was slow long ago is forgotten")
	require.Len(t, l, lagsKept)
}
