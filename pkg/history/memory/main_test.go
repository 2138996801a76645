package memory

import (
	"testing"

	"go.uber.org/goleak"

	"community-mesos-datasource/pkg/history/historytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What the tests share, by short names.
type (
	clock = historytest.Clock
	point = historytest.Point
	pair  = historytest.Pair
)

var (
	t0         = historytest.T0
	newClock   = historytest.NewClock
	sample     = historytest.Sample
	commit     = historytest.Commit
	taskSeries = historytest.TaskSeries
	constant   = historytest.Constant
	matchers   = historytest.Matchers
	read       = historytest.Read
	readSet    = historytest.ReadSet
)
