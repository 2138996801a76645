package collector_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// The clock of the master is behind, so that it says that an agent registered, or a scheduler,
// before it was seen to be away: it is back after that.
func TestWhatWasSeenAwayIsBackLaterWhateverTheMastersClockSays(t *testing.T) {
	const behind = 12 * time.Second
	inOrder := func(t *testing.T, f *faked, kind events.Kind, times int) {
		t.Helper()
		all := f.events.of(kind)
		require.Len(t, all, 2*times)
		for i, e := range all {
			want := events.Disconnected
			if i%2 == 1 {
				want = events.Back
				require.Equal(t, []string{all[i-1].Opens}, e.Closes[len(e.Closes)-1:])
			}
			require.Equal(t, want, e.What)
			require.True(t, i == 0 || !e.Time.Before(all[i-1].Time), "%s: %s", e.What, e.Time.Sub(begin))
		}
	}
	for _, stream := range []bool{false, true} {
		t.Run(fmt.Sprintf("an agent, with the event stream: %t", stream), func(t *testing.T) {
			var f *faked
			var st *streaming
			if stream {
				f, st = follow(t, 3, collector.Settings{})
			} else {
				f = start(t, collector.Settings{})
			}
			f.clock.Advance(44 * time.Second)
			f.set(func(f *fake) {
				f.state.Slaves[0].Active = false
				f.values["master/slaves_active"], f.values["master/slaves_inactive"] = 2, 1
			})
			f.clock.Advance(5 * time.Second)
			again := float64(f.clock.Now().Add(-behind).UnixMilli()) / 1000
			f.set(func(f *fake) {
				f.state.Slaves[0].Active, f.state.Slaves[0].ReregisteredTime = true, &again
				f.values["master/slaves_active"], f.values["master/slaves_inactive"] = 3, 0
			})
			if stream {
				a := f.state.Slaves[0]
				require.NoError(t, st.send(mesos.StreamEvent{Type: mesos.StreamAgentAdded, Agent: &a}))
			}
			f.clock.Advance(10 * time.Minute)
			inOrder(t, f, events.KindAgent, 1)
		})
	}
	t.Run("a scheduler", func(t *testing.T) {
		f := start(t, collector.Settings{})
		f.clock.Advance(44 * time.Second)
		for range 2 {
			f.set(func(f *fake) { f.state.Frameworks[0].Connected, f.state.Frameworks[0].Active = false, false })
			f.clock.Advance(5 * time.Second)
			f.set(func(f *fake) {
				f.state.Frameworks[0].Connected, f.state.Frameworks[0].Active = true, true
				f.state.Frameworks[0].ReregisteredTime = float64(f.clock.Now().Add(-behind).UnixMilli()) / 1000
			})
			f.clock.Advance(100 * time.Second)
		}
		inOrder(t, f, events.KindFramework, 2)
	})
}
