package memory

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/historytest"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

// longNames returns a store with series whose label x is 200 bytes long.
func longNames(t *testing.T, series int) (*Store, *clock) {
	c := newClock()
	m := New(Options{Now: c.Now})
	var points []point
	for i := range series {
		points = append(points, sample(c.Now(), 1, "__name__", "slow", "x", fmt.Sprintf("%s%06d-", strings.Repeat("a", 200), i)))
	}
	commit(t, m, points...)
	return m, c
}

// slowPattern takes some milliseconds for each value of longNames. promql refuses it; the
// store must not depend on that.
const slowPattern = ".{0,900}.{0,900}.{0,900}[0-9]"

// A regular expression ran under the store's lock: over 2,000 series it held up a
// commit for 5.9 s.
func TestCommitsDoNotWaitForSlowRegularExpressions(t *testing.T) {
	for what, selector := range map[string]string{
		"on the values of a label":       fmt.Sprintf(`{x=~%q}`, slowPattern),
		"on the series of another label": fmt.Sprintf(`{__name__="slow",x=~%q}`, slowPattern),
		"negated":                        fmt.Sprintf(`{__name__="slow",x!~%q}`, slowPattern),
	} {
		t.Run(what, func(t *testing.T) {
			m, c := longNames(t, 20_000) // minutes of matching
			q, err := m.Querier(0, c.Now().UnixMilli())
			require.NoError(t, err)
			defer q.Close()
			matchers := matchers(t, selector)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ended := make(chan error)
			go func() { ended <- q.Select(ctx, false, nil, matchers...).Err() }()

			slowest := time.Duration(0)
			for range 20 {
				began := time.Now()
				commit(t, m, sample(c.Advance(15*time.Second), 1, "__name__", "quick"))
				slowest = max(slowest, time.Since(began))
				time.Sleep(10 * time.Millisecond) // let the query go on; nothing is awaited
			}
			require.Less(t, slowest, 500*time.Millisecond)
			select {
			case err := <-ended:
				require.Fail(t, "the regular expression was not slow", "%v", err)
			default:
			}

			// Cancelled, it ends after a few values.
			cancel()
			began := time.Now()
			require.ErrorIs(t, <-ended, context.Canceled)
			require.Less(t, time.Since(began), 20*time.Second)
		})
	}
}

func TestListsAreLookedUpOrChecked(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	var points []point
	for i := range 1000 {
		points = append(points, sample(c.Now(), 1, "__name__", "a", "i", fmt.Sprint(i), "half", fmt.Sprint(i%2)), sample(c.Now(), 1, "__name__", "b", "i", fmt.Sprint(i)))
	}
	commit(t, m, points...)
	list := func(from, to int) string {
		var values []string
		for i := from; i < to; i++ {
			values = append(values, fmt.Sprint(i))
		}
		return strings.Join(values, "|")
	}
	name := labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, "a")
	half := labels.MustNewMatcher(labels.MatchRegexp, "half", "1.*")
	of := func(kind labels.MatchType, pattern string) *labels.Matcher {
		return history.NewListMatcher(kind, "i", pattern)
	}
	for _, test := range []struct {
		matchers []*labels.Matcher
		want     int
	}{
		{[]*labels.Matcher{name, of(labels.MatchRegexp, list(0, 10))}, 10},
		{[]*labels.Matcher{name, of(labels.MatchRegexp, list(0, 600))}, 600},
		{[]*labels.Matcher{name, half, of(labels.MatchRegexp, list(0, 600))}, 300},
		{[]*labels.Matcher{of(labels.MatchRegexp, list(0, 600))}, 1200},
		{[]*labels.Matcher{of(labels.MatchRegexp, list(0, 600)), of(labels.MatchRegexp, list(500, 900))}, 200},
		{[]*labels.Matcher{name, of(labels.MatchNotRegexp, list(0, 600))}, 400},
		{[]*labels.Matcher{of(labels.MatchNotRegexp, list(0, 600)+"|")}, 800},
		{[]*labels.Matcher{name, of(labels.MatchRegexp, list(2000, 3000)+"|")}, 0},
		{[]*labels.Matcher{half, of(labels.MatchRegexp, list(0, 600))}, 300},
	} {
		n, err := m.CountSeries(context.Background(), 0, c.Now().UnixMilli(), test.matchers...)
		require.NoError(t, err)
		require.Equal(t, test.want, n, "%.60s", fmt.Sprint(test.matchers))
		q, err := m.Querier(0, c.Now().UnixMilli())
		require.NoError(t, err)
		require.Len(t, historytest.ReadSet(t, q.Select(context.Background(), true, nil, test.matchers...)), test.want)
		require.NoError(t, q.Close())
	}
}
