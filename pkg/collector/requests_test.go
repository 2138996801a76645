package collector_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/mesos"
)

// A hugeMaster is that of ten thousand agents. It says how long it works on a
// /state, and can be made to hang on one.
type hugeMaster struct {
	*fake
	works   time.Duration
	asked   []time.Time
	entered chan struct{} // where not nil, receives each /state, which then waits for released
	release chan struct{}
}

func newHugeMaster(clock *clocktest.Clock) *hugeMaster {
	m := &hugeMaster{fake: newFake(clock)}
	m.state.Slaves = nil
	for n := range 10_000 {
		m.state.Slaves = append(m.state.Slaves, agent(n))
	}
	return m
}

// State implements collector.Client.
func (m *hugeMaster) State(ctx context.Context) (*mesos.State, error) {
	m.asked = append(m.asked, m.clock.Now())
	if m.entered != nil {
		m.entered <- struct{}{}
		<-m.release
	}
	state, err := m.fake.State(ctx)
	if err == nil {
		state.Head = m.works
	}
	return state, err
}

func (m *hugeMaster) watched(t *testing.T) *collector.Collector {
	c := collector.New(collector.Config{
		Client: m, Sink: newRecorder(), Clock: m.clock, Jitter: func() float64 { return 0.5 },
		Settings:     collector.Settings{PollInterval: 15 * time.Second, IdleTimeout: 1000 * time.Hour, UID: "uid"},
		HistoryStart: func() time.Time { return begin },
	})
	c.Start()
	t.Cleanup(c.Stop)
	return c
}

// The master is asked for the state of ten thousand agents every four minutes
// at most, and never spends more than a twentieth of its time on it.
func TestTheMasterOfTenThousandAgentsIsLeftAlone(t *testing.T) {
	for _, works := range []time.Duration{2 * time.Second, 6 * time.Minute} {
		t.Run(works.String(), func(t *testing.T) {
			m := newHugeMaster(clocktest.New(begin))
			m.works = works
			m.watched(t)
			m.clock.Advance(7 * max(4*time.Minute, 20*works))
			require.Greater(t, len(m.asked), 5)
			for i := 3; i < len(m.asked); i++ { // by then it is known how long the master works
				every := m.asked[i].Sub(m.asked[i-1])
				require.GreaterOrEqual(t, every, 4*time.Minute, "the ladder of Mesos' web UI")
				require.GreaterOrEqual(t, every, 20*works)
			}
		})
	}
}

// However long an answer takes, the next poll waits for it, and what fell due
// meanwhile is not made up for.
func TestAPollOfTenThousandAgentsDoesNotOverlapTheNext(t *testing.T) {
	m := newHugeMaster(clocktest.New(begin))
	m.watched(t)
	m.clock.Settle()
	m.entered, m.release = make(chan struct{}), make(chan struct{})
	for polls := 2; polls < 4; polls++ {
		passed := make(chan struct{})
		go func() {
			defer close(passed)
			m.clock.Advance(4 * time.Minute)
		}()
		<-m.entered
		for range 20 { // more than an hour
			m.clock.Jump(4 * time.Minute)
			select {
			case <-m.entered:
				t.Fatal("a second /state while the first is being answered")
			case <-time.After(time.Millisecond):
			}
		}
		m.release <- struct{}{}
		<-passed
		require.Len(t, m.asked, polls)
	}
}
