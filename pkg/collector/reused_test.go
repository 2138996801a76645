package collector_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// whats are what happened, of events in their order.
func whats(all []events.Event) (told []string) {
	for _, e := range all {
		told = append(told, string(e.What))
	}
	return told
}

// A framework and an agent go and come back under the same ID, the agent within a second, more than
// once: each time is told once, with the stream and without it, and where the stream breaks in between.
func TestIDsThatAreUsedAgainAreToldEachTime(t *testing.T) {
	for _, c := range []struct {
		name, subscribe string
		breaks          bool
	}{{"stream", "", false}, {"polls", collector.SubscribeNever, false}, {"a stream that breaks", "", true}} {
		t.Run(c.name, func(t *testing.T) {
			f, st := follow(t, 3, collector.Settings{Subscribe: c.subscribe}, func(f *fake) {
				f.state.Frameworks[0].RegisteredTime = float64(begin.Add(-time.Hour).Unix())
			})
			f.clock.Advance(time.Minute)
			send := func(e mesos.StreamEvent) {
				if c.subscribe == "" && st.open() > 0 {
					require.NoError(t, st.send(e))
				}
			}
			pass := func() {
				if c.breaks && st.open() > 0 {
					st.breaks(t, f, failure(mesos.Network))
				}
				f.clock.Advance(2 * interval)
			}
			for range 3 {
				// The framework is torn down, and another one has its ID a while later.
				f.set(func(f *fake) {
					torn := f.state.Frameworks[0]
					f.state.CompletedFrameworks = []mesos.CompletedFramework{{
						ID: torn.ID, Name: torn.Name, RegisteredTime: torn.RegisteredTime, UnregisteredTime: float64(f.clock.Now().Unix()),
					}}
					f.state.Frameworks = nil
					f.state.Slaves[0].Used = mesos.Resources{}
					for key := range f.values {
						if slices.Contains([]string{"master/frameworks_active", "master/frameworks_connected", "master/tasks_running", "master/cpus_used", "master/mem_used"}, key) {
							f.values[key] = 0
						}
					}
				})
				send(mesos.StreamEvent{Type: mesos.StreamFrameworkRemoved, RemovedID: "F1"})
				pass()
				again := mesos.Framework{ID: "F1", Name: "marathon", Active: true, Connected: true, Roles: []string{"prod"}, RegisteredTime: float64(f.clock.Now().Unix())}
				f.set(func(f *fake) {
					f.state.Frameworks, f.state.CompletedFrameworks = []mesos.Framework{again}, nil
					f.agree()
				})
				send(mesos.StreamEvent{Type: mesos.StreamFrameworkAdded, Framework: &again})
				pass()
			}
			require.Equal(t, []string{"removed", "added", "removed", "added", "removed", "added"}, whats(f.events.of(events.KindFramework)))

			for range 3 {
				registered := float64(f.clock.Now().UnixMilli()) / 1000
				var a mesos.Slave
				f.set(func(f *fake) {
					f.state.Slaves[1].ReregisteredTime = &registered
					a = f.state.Slaves[1]
				})
				send(mesos.StreamEvent{Type: mesos.StreamAgentRemoved, RemovedID: a.ID})
				send(mesos.StreamEvent{Type: mesos.StreamAgentAdded, Agent: &a})
				pass()
			}
			told := f.events.of(events.KindAgent)
			want := []string{"removed", "back", "removed", "back", "removed", "back"}
			if c.subscribe != "" || c.breaks { // two polls see only that it registered again
				told = slices.DeleteFunc(told, func(e events.Event) bool { return e.What == events.Removed })
				want = []string{"back", "back", "back"}
			}
			require.Equal(t, want, whats(told))
			require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_model_drift_total"))
			require.Equal(t, 3.0, f.rec.sum(f.clock.Now(), "mesos_cluster_agents", "state=active"), fmt.Sprint(told))
		})
	}
}
