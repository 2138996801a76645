package promql

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"

	"github.com/stretchr/testify/require"
)

// Look-ups with regular expressions take no place of queries with them, and those of
// one request are bounded together.
func TestLookUpsWithPatternsHoldUpNoQuery(t *testing.T) {
	m, end := crowded(t)
	e := NewEngine(EngineOptions{Timeout: 5 * time.Second})
	defer e.Close()
	for range matchedLookUpsAtOnce {
		leave, err := e.people.lookUp(context.Background(), true)
		require.NoError(t, err)
		defer leave()
	}
	_, err := e.Instant(context.Background(), Request{Store: m, Expr: `sum(noisy{framework=~"frame.*"})`, End: end})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = e.LabelNames(ctx, LookUp{Store: m, Match: selectors(t, `{framework=~"frame.*"}`)})
	require.Equal(t, ErrorBusy, KindOf(err), "%v", err)
	require.ErrorContains(t, err, "as many regular-expression look-up queries as may run at once")
}

func TestPatternsOfOneLookUpAreBoundedTogether(t *testing.T) {
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf(`{__name__=~".+",task_id=~".{0,%d}.{0,490}[A-Z]",framework!="%d"}`, 490-i, i))
	}
	_, err := ParseSelectors(many[:1])
	require.NoError(t, err)
	_, err = ParseSelectors(many)
	require.Equal(t, ErrorRequest, KindOf(err))
	require.ErrorContains(t, err, "more than 8000 instructions together")
}

// What a long text takes is bounded at once, and short ones do not wait for it.
func TestLongTextsAreParsedInTheirLane(t *testing.T) {
	m, _, end := filled(t)
	e := NewEngine(EngineOptions{Timeout: 5 * time.Second})
	defer e.Close()
	leave, err := e.Parsing(context.Background(), parsingRoom)
	require.NoError(t, err)
	list := strings.Repeat("some-value-of-a-list|", 5000) + "1"
	r := Request{Store: m, Expr: fmt.Sprintf("a{i=~%q}", list), End: end}
	for what, wait := range map[string]func(context.Context) error{
		"body":       func(ctx context.Context) error { _, err := e.Parsing(ctx, shortTextBytes+1); return err },
		"expression": func(ctx context.Context) error { _, err := e.Instant(ctx, r); return err },
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		err = wait(ctx)
		cancel()
		require.Equal(t, ErrorBusy, KindOf(err), "%s: %v", what, err)
		require.ErrorContains(t, err, "as many long queries as may run at once", what)
	}
	short, err := e.Parsing(context.Background(), shortTextBytes)
	require.NoError(t, err)
	short()
	_, err = e.Instant(context.Background(), Request{Store: m, Expr: "a", End: end})
	require.NoError(t, err)
	leave()
	_, err = e.Instant(context.Background(), r)
	require.NoError(t, err)
	requireEmpty(t, e)
}

// A fullStore says that it has many series.
type fullStore struct {
	*memory.Store
	series int
}

func (s fullStore) Stats() history.Stats { return history.Stats{Series: s.series} }

func TestWorkOfLookUpsIsBounded(t *testing.T) {
	m, _, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	long, short := selectors(t, `{i=~".{0,300}[A-Z]"}`, `{i=~".{0,300}[B-Z]"}`), selectors(t, `{i=~"1.*"}`)
	_, err := e.LabelNames(context.Background(), LookUp{Store: fullStore{m, 600_000}, Match: short, End: end})
	require.NoError(t, err)
	_, err = e.LabelNames(context.Background(), LookUp{Store: fullStore{m, 1000}, Match: long, End: end})
	require.NoError(t, err)
	_, err = e.LabelNames(context.Background(), LookUp{Store: fullStore{m, 600_000}, Match: long, End: end})
	require.Equal(t, ErrorRequest, KindOf(err), "%v", err)
	require.ErrorContains(t, err, "too many for the 600000 series of the history: use fewer or shorter ones, or plain values")
}
