package collector_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
)

// Tasks whose history is not kept are unknown from the same moment on as those
// whose history is.
func TestTheCurrentTasksEndWithTheSeriesOfState(t *testing.T) {
	s := collector.Settings{TaskSeries: "never", IdleTimeout: time.Hour}
	known := func(f *faked) int {
		if view := f.CurrentTasks(); view != nil {
			return len(view.Series("mesos_task_cpus_allocated"))
		}
		return 0
	}
	for _, c := range []struct {
		name        string
		end, resume func(f *faked)
	}{
		{"when /state fails",
			func(f *faked) { f.set(func(f *fake) { f.err["state"] = failure(mesos.Network) }) },
			func(f *faked) { f.set(func(f *fake) { f.err = map[string]error{} }) }},
		{"when a poll of it panics",
			func(f *faked) { f.set(func(f *fake) { f.panics["state"] = true }) },
			func(f *faked) { f.set(func(f *fake) { f.panics = map[string]bool{} }) }},
		{"when nobody asks any more", func(f *faked) { f.clock.Advance(2 * time.Hour) }, func(f *faked) { f.Touch() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _ := startAgents(t, 1, s)
			f.clock.Advance(2 * interval)
			require.Equal(t, 1, known(f))
			c.end(f)
			f.clock.Advance(3 * interval)
			require.Zero(t, f.rec.open(f.clock.Now(), "mesos_framework_cpus_allocated"), "as kept series have ended")
			require.Zero(t, known(f), "agents that answer do not bring it back")
			c.resume(f)
			f.clock.Advance(8 * interval)
			require.Equal(t, 1, known(f))
		})
	}
	t.Run("when the collector stops", func(t *testing.T) {
		f := start(t, s)
		f.clock.Advance(interval)
		require.Equal(t, 1, known(f))
		f.Stop()
		require.Zero(t, known(f))
	})
}
