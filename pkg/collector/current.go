package collector

import (
	"sync"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/samples"
)

// A CurrentView is what tasks and executors are now, as series: how instant
// queries about them are answered while their history is not kept. It is shared by
// all who ask: the series of a name are built once, with the first query for them,
// and without a lock of the collector, so that no poll waits for a query. The next
// model brings the next view.
type CurrentView struct {
	current samples.Current

	measuring sync.Once
	measured  func(*cluster.Task) samples.Measured

	mu    sync.Mutex
	built map[string]*builtSeries
	asks  uint64
}

// builtSeries are the series of one name.
type builtSeries struct {
	series func() []samples.CurrentSeries
	asked  uint64 // the number of the latest request for it
}

// namesBuilt is how many names a view keeps the series of: those asked for last.
// The series of a name of 100,000 tasks take 40 MB.
const namesBuilt = 4

// newCurrentView returns a view with the series of the view before that are the
// same. before may be nil.
func newCurrentView(c samples.Current, before *CurrentView) *CurrentView {
	v := &CurrentView{current: c, built: map[string]*builtSeries{}}
	if before == nil {
		return v
	}
	before.mu.Lock()
	defer before.mu.Unlock()
	v.asks = before.asks
	for name, b := range before.built {
		if c.SameSeries(before.current, name) {
			v.built[name] = b
		}
	}
	return v
}

// Time returns when the view was: when /state was asked for.
func (v *CurrentView) Time() time.Time { return v.current.Model.Time }

// Measured returns what a task uses, as its agent measured it last.
func (v *CurrentView) Measured(t *cluster.Task) samples.Measured {
	v.measuring.Do(func() { v.measured = v.current.Measured() })
	return v.measured(t)
}

// AgentMeasured returns what the containers of an agent use together, as it measured them
// last: CPUs and memory.
func (v *CurrentView) AgentMeasured(id string) samples.Measured { return v.current.AgentMeasured(id) }

// Names returns the names of the series that a view may have, sorted.
func (v *CurrentView) Names() []string { return samples.CurrentNames() }

// Series returns the series with a name, sorted by their labels. All who ask get
// the same ones: they must not be changed.
func (v *CurrentView) Series(name string) []samples.CurrentSeries {
	return v.seriesOf(name).series()
}

func (v *CurrentView) seriesOf(name string) *builtSeries {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asks++
	b := v.built[name]
	if b == nil {
		b = &builtSeries{series: sync.OnceValue(func() []samples.CurrentSeries { return v.current.Series(name) })}
		v.built[name] = b
	}
	b.asked = v.asks
	if len(v.built) > namesBuilt {
		oldest := ""
		for other, o := range v.built {
			if oldest == "" || o.asked < v.built[oldest].asked {
				oldest = other
			}
		}
		delete(v.built, oldest)
	}
	return b
}

// forget lets go of the series that were built: who asks again has them built again.
func (v *CurrentView) forget() {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.built)
}

// CurrentTasks returns what tasks and executors are now, nil while that is unknown:
// before the first /state, after one that failed, and while nothing is polled.
func (c *Collector) CurrentTasks() *CurrentView {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// endCurrent ends the current view, as the series of tasks whose history is kept
// end. The next model brings the next view. mu is held.
func (c *Collector) endCurrent() { c.viewed, c.current = nil, nil }

// refreshCurrent creates the view of the latest model and of the use that agents
// reported since. writing is held.
func (c *Collector) refreshCurrent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.viewed; m != nil {
		c.current = newCurrentView(c.writer.Current(m, c.settings.samples()), c.current)
	}
}
