package query

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/promql"
)

// A statement that its request ends says so in words of SQL, not in those of PromQL.
func TestAStatementThatItsRequestEndsSaysWhatHelps(t *testing.T) {
	src := linkSource(t, oddCluster())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	const endless = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT count(*) FROM a"
	response := Run(ctx, src, asked(`{"queryType":"sql","sql":"`+endless+`"}`), Options{})
	require.ErrorContains(t, response.Error, "read fewer rows with WHERE")
	require.Equal(t, promql.ErrorTimeout, promql.KindOf(response.Error))
}
