package query

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
)

// Where a history may begin before what was looked at, nothing is said of its beginning.
func TestABeginningThatIsNotKnownIsNotSaid(t *testing.T) {
	start := time.Now().Add(-29 * 24 * time.Hour)
	for _, latest := range []time.Time{start.Add(-time.Minute), time.Now()} {
		c := circumstances{earliest: start.Add(-time.Hour), latest: latest, stats: history.Stats{Start: start}}
		require.Len(t, c.beginning(), 1)
		c.stats.StartsBefore = true
		require.Empty(t, c.beginning())
	}
}
