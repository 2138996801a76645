package plugin

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The files of a store are measured some minutes after it was opened: until then nobody knows that they have no bytes.
func TestASizeThatWasNotMeasuredIsNotZero(t *testing.T) {
	require.Equal(t, "on disk, 12 series, size not measured yet", historyLine(HistoryStatus{Engine: engineDisk, Series: 12}))
	require.Equal(t, "on disk, 12 series, 1.5 KiB", historyLine(HistoryStatus{Engine: engineDisk, Series: 12, Bytes: 1536}))
	require.Contains(t, eventsLine(EventsStatus{Where: engineDisk, Events: 3}, nil), "3 events, size not measured yet")
}
