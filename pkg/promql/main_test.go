package promql

import (
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"community-mesos-datasource/pkg/history/historytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What the tests share, by short names.
type (
	clock = historytest.Clock
	point = historytest.Point
)

var (
	t0       = historytest.T0
	newClock = historytest.NewClock
	sample   = historytest.Sample
	commit   = historytest.Commit
	matchers = historytest.Matchers
)

func mustParse(t testing.TB, expr string) parser.Expr {
	parsed, err := ParseExpr(expr)
	require.NoError(t, err)
	return parsed
}
