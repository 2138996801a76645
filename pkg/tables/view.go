package tables

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// View is what the tables show. A statement reads one view from its begin to its end.
type View struct {
	*Model
	// Now is the moment that ages are counted to.
	Now time.Time
	// Masters are the masters as they were last seen.
	Masters []Master
	// Maintenance is the latest maintenance schedule, nil for an unknown one.
	Maintenance *mesos.Maintenance
	// Events returns the events of the statement's time range, at most EventLimit and the
	// newest; nil where no events are kept.
	Events func() (Events, error)
	// Use returns what a task uses by its agent's measure; nil where that is not known.
	Use func(*cluster.Task) Use
	// AgentUse returns what the containers of an agent use together, CPUs and memory; nil where
	// that is not known.
	AgentUse func(*cluster.Agent) Use
	// Evaluated: the statement is a rule's or an expression's, which shows no notices. So a table
	// of which the principal sees a part is an error.
	Evaluated bool
	// WebUI is the address of the leader's web UI, "" where there is none.
	WebUI string

	once   sync.Once // of the two below
	events []events.Event
	failed string

	notes []string // of the tables that were read; of the goroutine that runs the statement
}

// note keeps what a reader has to know, once.
func (v *View) note(text string) {
	if !slices.Contains(v.notes, text) {
		v.notes = append(v.notes, text)
	}
}

// EventLimit is how many events a statement may read.
const EventLimit = 50_000

// Events are events of a time range.
type Events struct {
	List []events.Event
	More int // events of the range beyond those
}

// Use is what a task or an agent uses. NaN is not known.
type Use struct{ CPUs, Memory, Disk, Seconds float64 }

var unknownUse = Use{math.NaN(), math.NaN(), math.NaN(), math.NaN()}

func (v *View) use(t *cluster.Task) Use {
	if v.Use == nil {
		return unknownUse
	}
	return v.Use(t)
}

func (v *View) agentUse(a *cluster.Agent) Use {
	if v.AgentUse == nil {
		return unknownUse
	}
	return v.AgentUse(a)
}

// readEvents reads the events once, when a statement first needs them.
func (v *View) readEvents() {
	v.once.Do(func() {
		if v.Events == nil {
			v.failed = "this data source keeps no events"
			return
		}
		found, err := v.Events()
		switch {
		case err != nil:
			v.failed = err.Error()
		case found.More > 0:
			v.failed = fmt.Sprintf("the time range has %d events, and a statement may read %d: choose a shorter one", found.More+len(found.List), EventLimit)
		}
		v.events = found.List
	})
}

func (v *View) eventsUnknown() string {
	v.readEvents()
	return v.failed
}

func (v *View) listEvents() []events.Event {
	v.readEvents()
	return v.events
}

// Model is a model of the cluster, with indexes that are made when they are first asked for.
// It is shared by all statements until the next model.
type Model struct {
	Cluster *cluster.Cluster

	mu      sync.Mutex
	indexes map[indexKey]*index
}

// Models holds the latest model. The zero value is ready for use.
type Models struct {
	mu     sync.Mutex
	latest *Model
}

// Of returns a model of a cluster: the one before, where the cluster is the same.
func (m *Models) Of(c *cluster.Cluster) *Model {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.latest == nil || m.latest.Cluster != c {
		m.latest = &Model{Cluster: c}
	}
	return m.latest
}

// Forget lets go of the model, which takes as much memory as the next one. Statements that read it
// keep it until they end.
func (m *Models) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latest = nil
}

type indexKey struct {
	table  string
	column int
}

// An index has the rows of each text in a column: the first, and after each row the next.
type index struct {
	once  sync.Once
	first map[string]int32
	next  []int32
}

// indexOf returns the index of a column, which it makes where there is none.
func (m *Model) indexOf(table string, column int, r rows) *index {
	m.mu.Lock()
	key := indexKey{table, column}
	x := m.indexes[key]
	if x == nil {
		if m.indexes == nil {
			m.indexes = map[indexKey]*index{}
		}
		x = &index{}
		m.indexes[key] = x
	}
	m.mu.Unlock()
	x.once.Do(func() {
		n := r.count()
		x.first, x.next = make(map[string]int32), make([]int32, n)
		for row := n - 1; row >= 0; row-- {
			cell := r.cell(row, column)
			x.next[row] = -1
			if cell.kind != isText {
				continue
			}
			if after, has := x.first[cell.text]; has {
				x.next[row] = after
			}
			x.first[cell.text] = int32(row)
		}
	})
	return x
}

// find returns the first row of a text, -1 for none.
func (x *index) find(text string) int32 {
	if row, has := x.first[text]; has {
		return row
	}
	return -1
}
