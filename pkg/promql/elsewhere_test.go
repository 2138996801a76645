package promql

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"

	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// A farStore has nothing here, and answers from elsewhere when it is told to.
type farStore struct {
	*memory.Store
	release       chan struct{}
	running, most *atomic.Int64
}

func (f farStore) Holds(int64) bool { return false }

func (f farStore) Evaluate(ctx context.Context, _ history.Evaluation) (history.Evaluated, error) {
	n := f.running.Add(1)
	defer f.running.Add(-1)
	for most := f.most.Load(); n > most && !f.most.CompareAndSwap(most, n); most = f.most.Load() {
	}
	select {
	case <-f.release:
		return history.Evaluated{Type: parser.ValueTypeVector, Vector: prom.Vector{{F: 1}}}, nil
	case <-ctx.Done():
		return history.Evaluated{}, ctx.Err()
	}
}

// What another engine answers may be large, however little matches here.
func TestQueriesThatAreAnsweredElsewhereWaitForEachOther(t *testing.T) {
	m, _, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	far := farStore{Store: m, release: make(chan struct{}), running: new(atomic.Int64), most: new(atomic.Int64)}
	ended := make(chan error)
	const asked = 8
	before := Held()
	for range asked {
		go func() {
			_, err := e.Instant(context.Background(), Request{Store: far, Expr: `none`, End: end})
			ended <- err
		}()
	}
	large := func() LaneStatus {
		for _, l := range e.Admission() {
			if l.Lane == "large" && !l.Rules {
				return l
			}
		}
		return LaneStatus{}
	}
	require.Eventually(t, func() bool { return large().Waiting == asked-2 }, 5*time.Second, time.Millisecond)
	require.EqualValues(t, 2, far.running.Load())
	require.EqualValues(t, 2*weightElsewhere*bytesOfWeight, Held()-before)
	_, err := e.Instant(context.Background(), Request{Store: m, Expr: `a`, End: end}) // what is here waits for none of them
	require.NoError(t, err)
	close(far.release)
	for range asked {
		require.NoError(t, <-ended)
	}
	require.EqualValues(t, 2, far.most.Load())
	requireEmpty(t, e)
}
