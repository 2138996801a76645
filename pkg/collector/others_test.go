package collector_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// others is a cluster whose agents and frameworks come, go and fail over at random, and what of it is
// to be told, by subject.
type others struct {
	*fake
	st   *streaming
	want map[string][]string
	next mesos.StreamEvent // that the stream tells
	// quick: nothing happens that only polls tell, so that much may happen between two of them.
	quick bool
}

func (o *others) now() float64 { return float64(o.clock.Now().UnixMilli()) / 1000 }

// tell sends the record of what happened, where there is one and a stream.
func (o *others) tell() {
	if o.st != nil && o.next.Type != "" && o.st.open() > 0 {
		_ = o.st.send(o.next)
	}
	o.next = mesos.StreamEvent{}
}

func (o *others) told(subject, what string) { o.want[subject] = append(o.want[subject], what) }

// counts makes the snapshot that of the /state.
func (o *others) counts() {
	o.agree()
	active, away := 0.0, 0.0
	for _, f := range o.state.Frameworks {
		if f.Active {
			active++
		} else {
			away++
		}
	}
	connected, disconnected := 0.0, 0.0
	for _, s := range o.state.Slaves {
		if s.Active {
			connected++
		} else {
			disconnected++
		}
	}
	for key, value := range map[string]float64{
		"master/frameworks_active": active, "master/frameworks_connected": active, "master/frameworks_disconnected": away,
		"master/slaves_active": connected, "master/slaves_connected": connected, "master/slaves_inactive": disconnected, "master/slaves_disconnected": disconnected,
	} {
		o.values[key] = value
	}
}

// framework lets something happen to a framework, at random.
func (o *others) framework(r *rand.Rand) {
	id := fmt.Sprintf("F%d", 2+r.IntN(3))
	var is *mesos.Framework
	at := 0
	for i := range o.state.Frameworks {
		if o.state.Frameworks[i].ID == id {
			is, at = &o.state.Frameworks[i], i
		}
	}
	switch {
	case is == nil:
		f := mesos.Framework{ID: id, Name: id, Active: true, Connected: true, Roles: []string{"prod"}, RegisteredTime: o.now()}
		o.state.Frameworks = append(o.state.Frameworks, f)
		o.told(id, "added")
		o.next = mesos.StreamEvent{Type: mesos.StreamFrameworkAdded, Framework: &f}
	case r.IntN(3) == 0:
		o.state.CompletedFrameworks = append(o.state.CompletedFrameworks, mesos.CompletedFramework{
			ID: id, Name: id, RegisteredTime: is.RegisteredTime, ReregisteredTime: is.ReregisteredTime, UnregisteredTime: o.now(),
		})
		o.state.Frameworks = append(o.state.Frameworks[:at:at], o.state.Frameworks[at+1:]...)
		o.told(id, "removed")
		o.next = mesos.StreamEvent{Type: mesos.StreamFrameworkRemoved, RemovedID: id}
	case !is.Active:
		is.Active, is.Connected, is.ReregisteredTime = true, true, o.now()
		f := *is
		o.told(id, "back")
		o.next = mesos.StreamEvent{Type: mesos.StreamFrameworkUpdated, Framework: &f}
	case o.quick || r.IntN(2) == 0:
		is.ReregisteredTime = o.now()
		f := *is
		o.told(id, "failed_over")
		o.next = mesos.StreamEvent{Type: mesos.StreamFrameworkUpdated, Framework: &f}
	default:
		is.Active, is.Connected = false, false
		o.told(id, "disconnected")
	}
	o.counts()
}

// agent lets something happen to an agent, at random.
func (o *others) agent(r *rand.Rand) {
	id := fmt.Sprintf("S%d", 2+r.IntN(2))
	var is *mesos.Slave
	at := 0
	for i := range o.state.Slaves {
		if o.state.Slaves[i].ID == id {
			is, at = &o.state.Slaves[i], i
		}
	}
	again := o.now()
	switch {
	case is == nil:
		a := agent(2)
		a.ID, a.Hostname, a.RegisteredTime, a.ReregisteredTime = id, "of "+id, o.now()-100, &again
		o.state.Slaves = append(o.state.Slaves, a)
		o.told(id, "back")
		o.next = mesos.StreamEvent{Type: mesos.StreamAgentAdded, Agent: &a}
	case !is.Active:
		is.Active, is.ReregisteredTime = true, &again
		a := *is
		o.told(id, "back")
		o.next = mesos.StreamEvent{Type: mesos.StreamAgentAdded, Agent: &a}
	case o.quick || r.IntN(2) == 0:
		o.state.Slaves = append(o.state.Slaves[:at:at], o.state.Slaves[at+1:]...)
		o.told(id, "left")
		o.next = mesos.StreamEvent{Type: mesos.StreamAgentRemoved, RemovedID: id}
	default:
		is.Active = false
		o.told(id, "disconnected")
	}
	o.counts()
}

// Whatever agents and frameworks do, also those that have an ID that was used before, each change is
// told once: by the stream, by polls, and where the stream breaks at any moment.
func TestRandomAgentsAndFrameworksAreToldOnce(t *testing.T) {
	for seed := range uint64(30) {
		for _, agents := range []int{4, 600} { // of 600, events keep the model
			if agents > 500 && seed%6 > 0 {
				continue
			}
			for _, c := range []struct {
				subscribe string
				quick     bool
			}{{"", false}, {collector.SubscribeNever, false}, {"", true}} {
				subscribe := c.subscribe
				r := rand.New(rand.NewPCG(seed, 7))
				f, st := follow(t, agents, collector.Settings{Subscribe: subscribe}, func(f *fake) {
					f.state.Frameworks[0].RegisteredTime = float64(begin.Add(-time.Hour).Unix())
					f.state.Frameworks = append(f.state.Frameworks, mesos.Framework{ // whose registration nobody has seen
						ID: "F2", Name: "F2", Active: true, Connected: true, Roles: []string{"prod"}, RegisteredTime: float64(begin.Add(-2 * time.Hour).Unix()),
					})
				})
				o := &others{fake: f.fake, want: map[string][]string{}, quick: c.quick}
				if subscribe == "" {
					o.st = st
				}
				f.set(func(*fake) { o.counts() })
				pass := func(d time.Duration) { f.clock.Advance(d) }
				breaks := func() {
					if subscribe == "" && !c.quick && r.IntN(4) == 0 && st.open() > 0 {
						st.breaks(t, f, failure(mesos.Network))
					}
				}
				apart := 3 * interval
				if agents > 500 && subscribe != "" {
					apart = 3 * time.Minute // two /state
				}
				pass(2 * time.Minute)
				for range 14 {
					breaks()
					pass(time.Duration(r.Int64N(int64(interval))))
					f.set(func(*fake) {
						if r.IntN(2) == 0 {
							o.framework(r)
						} else {
							o.agent(r)
						}
					})
					o.tell()
					if r.IntN(2) == 0 {
						pass(time.Duration(r.IntN(3000)) * time.Millisecond)
					}
					breaks()
					if c.quick {
						apart = time.Duration(r.Int64N(int64(interval)))
					}
					pass(apart)
				}
				pass(12 * time.Minute)
				got := map[string][]string{}
				for _, kind := range []events.Kind{events.KindAgent, events.KindFramework} {
					for _, e := range f.events.of(kind) {
						what := string(e.What)
						if e.What == events.Lost || e.What == events.Removed && kind == events.KindAgent {
							what = "left" // only the stream tells how
						}
						got[e.AgentID+e.FrameworkID] = append(got[e.AgentID+e.FrameworkID], what)
					}
				}
				require.Equal(t, o.want, got, "seed %d, %d agents, %v", seed, agents, c)
				require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_model_drift_total"), "seed %d, %d agents, %v", seed, agents, c)
				f.Stop()
			}
		}
	}
}
