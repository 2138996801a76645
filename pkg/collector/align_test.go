package collector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARequestSentAMomentLateCountsAsOnTime(t *testing.T) {
	scheduled := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	p := &scheduledPoll{scheduled: scheduled}
	for late, want := range map[time.Duration]time.Duration{
		0:                       0,
		time.Millisecond:        0,
		20 * time.Millisecond:   0,
		21 * time.Millisecond:   21 * time.Millisecond,
		1500 * time.Millisecond: 1500 * time.Millisecond, // the second try
		-time.Millisecond:       -time.Millisecond,       // the clock was set back
	} {
		require.Equal(t, scheduled.Add(want), p.align(scheduled.Add(late)), "late by %s", late)
	}
}
