package collector

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// nowhere is a sink that keeps nothing.
type nowhere struct{}

func (nowhere) Batch(context.Context) series.Batch { return nowhere{} }
func (nowhere) Room(time.Duration) int             { return 0 }
func (nowhere) Commit() error                      { return nil }
func (nowhere) Rollback() error                    { return nil }
func (nowhere) Append(series.Ref, func() labels.Labels, int64, float64) (series.Ref, error) {
	return 1, nil
}

// viewing returns a collector with the view of a small cluster.
func viewing(t *testing.T) *Collector {
	t.Helper()
	c := New(Config{Sink: nowhere{}, Settings: Settings{UID: "uid"}})
	state := &mesos.State{Slaves: []mesos.Slave{{ID: "S1", Hostname: "agent1", Active: true}}, Frameworks: []mesos.Framework{{ID: "F1", Name: "marathon", Tasks: []mesos.Task{
		{ID: "t1", Name: "web", FrameworkID: "F1", SlaveID: "S1", State: "TASK_RUNNING", Resources: mesos.Resources{CPUs: 2}},
	}}}}
	c.viewed = cluster.Build(state, nil)
	c.writing.Lock()
	defer c.writing.Unlock()
	c.refreshCurrent()
	return c
}

func TestCurrentTasksWaitForNoPollAndNoPollWaitsForThem(t *testing.T) {
	c := viewing(t)
	// A poll that writes holds this lock until its batch is committed.
	c.writing.Lock()
	defer c.writing.Unlock()
	answer := make(chan []samples.CurrentSeries)
	go func() { answer <- c.CurrentTasks().Series("mesos_task_cpus_allocated") }()
	select {
	case all := <-answer:
		require.Len(t, all, 1)
		require.Equal(t, 2.0, all[0].Value)
	case <-time.After(10 * time.Second):
		t.Fatal("the query waits for the poll")
	}

	// While a view is being built, the next one can be created.
	view := c.CurrentTasks()
	building, done, built := make(chan struct{}), make(chan struct{}), make(chan struct{})
	view.built["slow"] = &builtSeries{series: func() []samples.CurrentSeries { close(building); <-done; return nil }}
	go func() { view.Series("slow"); close(built) }()
	<-building
	c.refreshCurrent()
	require.NotSame(t, view, c.CurrentTasks())
	close(done)
	<-built
}

func TestAViewKeepsWhatWasAskedForLast(t *testing.T) {
	v := viewing(t).CurrentTasks()
	names := v.Names()
	require.Greater(t, len(names), namesBuilt)
	for _, name := range names {
		v.Series(name)
		require.LessOrEqual(t, len(v.built), namesBuilt)
	}
	require.Contains(t, v.built, names[len(names)-1])
	require.NotContains(t, v.built, names[0])
}

func TestTheNextModelBringsTheNextView(t *testing.T) {
	c := viewing(t)
	first := c.CurrentTasks()
	first.Series("mesos_task_cpus_allocated")
	first.Series("mesos_task_cpus_used")
	c.refreshCurrent() // agents have answered: the model is the same
	second := c.CurrentTasks()
	require.Contains(t, second.built, "mesos_task_cpus_allocated", "it is of /state, so it is built once for a model")
	require.NotContains(t, second.built, "mesos_task_cpus_used")
	next := *c.viewed
	c.viewed = &next
	c.refreshCurrent()
	require.Empty(t, c.CurrentTasks().built)
}

// Before a very large /state is read, a view lets go of what it built, and builds it again for
// who asks.
func TestAViewBuildsAgainWhatItLetGoOf(t *testing.T) {
	v := viewing(t).CurrentTasks()
	before := v.Series("mesos_task_cpus_allocated")
	require.Len(t, before, 1)
	v.forget()
	require.Empty(t, v.built)
	after := v.Series("mesos_task_cpus_allocated")
	require.Equal(t, before, after)
	require.NotSame(t, &before[0], &after[0])
	(*CurrentView)(nil).forget() // before the first /state
}
