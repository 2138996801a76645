package promql

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever the store, a regular expression of the largest size that is allowed does
// not outlast the time-out, holds up no commit, and a long list of literals selects
// what it names.
func TestPatternsOnEveryStore(t *testing.T) {
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			now := time.Now().Truncate(time.Second)
			var points []point
			for i := range 10_000 {
				points = append(points, sample(now, 1, "__name__", "a", "x", fmt.Sprintf("%s%06d-", strings.Repeat("a", 230), i)))
			}
			for i := range 300 {
				points = append(points, sample(now, 1, "__name__", "b", "x", fmt.Sprintf("agent-%05d.rack.example.com", i)))
			}
			commit(t, store, points...)

			e := NewEngine(EngineOptions{Timeout: time.Second})
			defer e.Close()
			for _, selector := range []string{`{x=~"(.|..){0,250}[x-z]"}`, `a{x=~"(.|..){0,250}[x-z]"}`, `a{x!~"(.|..){0,250}[x-z]"}`} {
				ended := make(chan error, 1)
				began := time.Now()
				go func() {
					_, err := e.Instant(context.Background(), Request{Store: store, Expr: "count(" + selector + ")", End: now})
					ended <- err
				}()
				slowest, commits := time.Duration(0), 0
				for err, over := error(nil), false; !over; commits++ {
					start := time.Now()
					commit(t, store, sample(start.Truncate(time.Millisecond), 1, "__name__", "quick", "n", fmt.Sprint(commits%10)))
					slowest = max(slowest, time.Since(start))
					select {
					case err = <-ended:
						over = true
						if err != nil { // a fast machine has an answer in time
							require.Equal(t, ErrorTimeout, KindOf(err), "%v", err)
						}
					case <-time.After(5 * time.Millisecond):
					}
				}
				t.Logf("%s: %s, slowest of %d commits %s", selector, time.Since(began), commits, slowest)
				require.Less(t, time.Since(began), 4*time.Second)
				require.Less(t, slowest, time.Second)
			}

			unhurried := NewEngine(EngineOptions{})
			defer unhurried.Close()
			for selector, want := range map[string]float64{
				fmt.Sprintf("b{x=~%q}", hosts(10_000)): 300,
				fmt.Sprintf("b{x=~%q}", hosts(270)):    270,
				fmt.Sprintf("b{x=~%q}", hosts(100)):    100,
				fmt.Sprintf("b{x!~%q}", hosts(270)):    30,
				fmt.Sprintf("{x=~%q}", hosts(10_000)):  300,
			} {
				res, err := unhurried.Instant(context.Background(), Request{Store: store, Expr: "count(" + selector + ")", End: now})
				require.NoError(t, err)
				require.Equal(t, want, res.Vector[0].F, "%.20s", selector)
			}
		})
	}
}
