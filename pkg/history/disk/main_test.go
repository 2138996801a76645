package disk

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"community-mesos-datasource/pkg/history/historytest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" { // started by a test: see kill_test.go
		os.Exit(writeUntilKilled(dir))
	}
	if dir := os.Getenv(openDir); dir != "" { // see labels_test.go
		os.Exit(openPlainTSDB(dir))
	}
	// A TSDB that panics while it is closed leaves its log open.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/prometheus/prometheus/tsdb/wlog.(*WL).run"))
}

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
