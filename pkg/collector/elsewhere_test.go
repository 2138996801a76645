package collector

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

// An edit of the settings may cut off the first poll of a term: what another process has counted is for the next one then,
// which would else count it again.
func TestAPollThatIsCutOffLeavesWhatAnotherOneCountedToTheNext(t *testing.T) {
	until, asked := time.Now(), 0
	c := New(Config{CountedBefore: func(context.Context) CountedBefore {
		asked++
		return CountedBefore{Counted: Counted{Until: until, Since: until}}
	}})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	c.recallCounted(over)
	require.Zero(t, c.elsewhere)
	for range 2 {
		c.recallCounted(t.Context())
	}
	require.Equal(t, 2, asked)

	before, now := &run{}, &run{}
	c.run = now
	found := []events.Event{{ID: "counted", Kind: events.KindTask, What: "failed", Time: until.Add(-time.Second)}}
	c.countedElsewhere(&scheduledPoll{run: before}, found, nil, nil)
	require.False(t, c.elsewhere.looked)
	c.countedElsewhere(&scheduledPoll{run: now}, found, nil, nil)
	require.True(t, c.elsewhere.looked)
	require.True(t, c.keeper.uncounted["counted"])
}
