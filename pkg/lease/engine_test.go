package lease

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/zookeeper/zookeepertest"
)

// An engine takes remote write 1.0 and keeps who sent each sample, by the path of the request.
type engine struct {
	*httptest.Server
	mu    sync.Mutex
	by    map[int64]string // of the one series, by time
	twice []string
}

func newEngine(t *testing.T) *engine {
	e := &engine{by: map[int64]string{}}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil || !strings.HasPrefix(r.URL.Path, "/write/") {
			http.NotFound(w, r)
			return
		}
		if strings.Contains(r.Header.Get("Content-Type"), "v2") {
			http.Error(w, "unsupported", http.StatusUnsupportedMediaType)
			return
		}
		text, err := snappy.Decode(nil, raw)
		var request prompb.WriteRequest
		if err != nil || request.Unmarshal(text) != nil {
			http.Error(w, "not remote write", http.StatusBadRequest)
			return
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		who := strings.TrimPrefix(r.URL.Path, "/write/")
		for _, s := range request.Timeseries {
			for _, x := range s.Samples {
				if other, there := e.by[x.Timestamp]; there && other != who {
					e.twice = append(e.twice, fmt.Sprintf("%d of %s and of %s", x.Timestamp, other, who))
				}
				e.by[x.Timestamp] = who
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(e.Close)
	return e
}

// A grafana collects while it holds the lease, as fast as it can.
type grafana struct {
	*process
	name  string
	store *remote.Store
	end   context.CancelFunc
	ended sync.WaitGroup

	mu        sync.Mutex
	committed []int64
}

// every is the time between two polls: all Grafanas poll at its multiples, so that two that
// poll at once have samples of the same time.
const every = 20 * time.Millisecond

func collect(t *testing.T, server *zookeepertest.Server, e *engine, name string) *grafana {
	g := &grafana{process: contendFor(t, server.Address, name, func(o *Options) { o.timeout = shortest }), name: name}
	g.store = remote.New(remote.Options{
		Local: memory.New(memory.Options{Retention: time.Hour, Limit: 64 << 20}), Lease: g.Lease,
		Target: remote.Target{URL: e.URL, WriteURL: e.URL + "/write/" + name, HTTP: &http.Client{Timeout: time.Second}},
	})
	ctx, end := context.WithCancel(t.Context())
	g.end = end
	g.ended.Go(func() {
		for ctx.Err() == nil {
			at := time.Now().Truncate(every).Add(every)
			time.Sleep(time.Until(at))
			b := g.store.Batch(ctx)
			_, err := b.Append(0, func() labels.Labels { return labels.FromStrings("__name__", "x", "cluster", "c") }, at.UnixMilli(), 1)
			if err == nil && b.Commit() == nil {
				g.mu.Lock()
				g.committed = append(g.committed, at.UnixMilli())
				g.mu.Unlock()
			}
		}
	})
	t.Cleanup(func() { g.stop(); _ = g.store.Close() })
	return g
}

func (g *grafana) stop() {
	g.end()
	g.ended.Wait()
}

// Two Grafanas collect into one engine, and one of them fails in any way: no sample is of both,
// and none that was collected by one that lives on is lost.
func TestNoSampleIsOfTwoGrafanas(t *testing.T) {
	server, e := zookeepertest.Start(t), newEngine(t)
	both := [2]*grafana{collect(t, server, e, "0"), collect(t, server, e, "1")}
	alive := slices.Clone(both[:])
	killed := 0
	for round := range 30 {
		begun := time.Now()
		for !both[0].held() && !both[1].held() {
			require.Less(t, time.Since(begun), 20*time.Second)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50*time.Millisecond + rand.N(shortest/2))
		at := 0
		if both[1].held() {
			at = 1
		}
		g := both[at]
		switch round % 4 {
		case 0: // killed
			g.kill()
			g.stop()
			alive = slices.DeleteFunc(alive, func(x *grafana) bool { return x == g })
			killed++
		case 1: // closed
			g.store.Seal()
			g.stop()
			g.store.Release()
			g.Close()
		case 2: // cut off from ZooKeeper, and not from the engine
			g.cut.Store(true)
			time.Sleep(rand.N(3 * shortest))
			g.cut.Store(false)
			continue
		case 3: // suspended
			g.asleep.Add(int64(shortest))
			continue
		}
		both[at] = collect(t, server, e, fmt.Sprint(round+2))
		alive = append(alive, both[at])
	}
	for left := both[:]; len(left) > 0; { // each sends what waits while it holds the lease
		require.Eventually(t, func() bool { return slices.ContainsFunc(left, func(g *grafana) bool { return g.held() }) }, 20*time.Second, time.Millisecond)
		at := max(0, slices.IndexFunc(left, func(g *grafana) bool { return g.held() }))
		g := left[at]
		g.end()
		g.ended.Wait()
		require.Eventually(t, func() bool { return g.store.Remote().Oldest.IsZero() }, 20*time.Second, time.Millisecond)
		g.store.Release()
		g.Close()
		left = slices.Delete(slices.Clone(left), at, at+1)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	require.Empty(t, e.twice)
	n := 0
	for _, g := range alive {
		g.mu.Lock()
		for _, at := range g.committed {
			require.Equal(t, g.name, e.by[at], "a sample of %s", g.name)
			n++
		}
		g.mu.Unlock()
	}
	require.Greater(t, n, 30, "too few samples to tell")
	t.Logf("%d samples in the engine, %d of Grafanas that were not killed; %d were", len(e.by), n, killed)
}
