package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/events/sqlite"
	"community-mesos-datasource/pkg/history/disk"
	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/series"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// begin is the start of the tests' histories.
var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// A control is the control server of a cluster. It records the times that it is set to.
type control struct {
	url string

	mu      sync.Mutex
	moments []float64
}

func newControl(t *testing.T) *control {
	d := &control{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{}") // nothing was streamed
		now, err := strconv.ParseFloat(r.URL.Query().Get("now"), 64)
		if r.Method == http.MethodPost && r.URL.Path == "/clock" && err == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.moments = append(d.moments, now)
		}
	}))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

// recorded are options for the recorded cluster of scene 03-workload, which has
// been running for long at a fixed time.
func recorded(t *testing.T, long time.Duration) (options, *control) {
	cluster := mesostest.NewCluster(t, os.DirFS("../../testdata/captures"), mesostest.Scene{Name: "03-workload"})
	d := newControl(t)
	dialer := &net.Dialer{}
	return options{
		masters: cluster.Masters(), control: d.url, uid: "mesos", start: begin, interval: 15 * time.Second, agentStatistics: true,
		dir: filepath.Join(t.TempDir(), "1-mesos"),
		now: func() time.Time { return begin.Add(long) },
		// Agents say where they were recorded.
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasPrefix(address, "127.0.0.1:505") {
				address = cluster.Address(address)
			}
			return dialer.DialContext(ctx, network, address)
		},
	}, d
}

// untilPresent is a writer that closes ended at the line "present".
type untilPresent struct {
	bytes.Buffer
	ended chan struct{}
}

func (u *untilPresent) Write(p []byte) (int, error) {
	if string(p) == "present\n" {
		close(u.ended)
	}
	return u.Buffer.Write(p)
}

func runToPresent(o options) (string, error) {
	out := &untilPresent{ended: make(chan struct{})}
	err := prefill(o, out.ended, out)
	return out.String(), err
}

type point struct {
	t int64 // Unix milliseconds
	v float64
}

// read returns the samples of a history's series but for staleness, by their
// labels but for the cluster's.
func read(t *testing.T, dir, name string) map[string][]point {
	t.Helper()
	store := disk.New(disk.Options{Dir: dir, Now: func() time.Time { return begin.Add(time.Hour) }})
	defer func() { require.NoError(t, store.Close()) }()
	q, err := store.Querier(0, begin.Add(24*time.Hour).UnixMilli())
	require.NoError(t, err)
	defer q.Close()
	found := map[string][]point{}
	set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name))
	for set.Next() {
		var points []point
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			if at, v := it.At(); !series.IsStale(v) {
				points = append(points, point{at, v})
			}
		}
		require.NoError(t, it.Err())
		found[labels.NewBuilder(set.At().Labels()).Del(labels.MetricName, "cluster").Labels().String()] = points
	}
	require.NoError(t, set.Err())
	require.Empty(t, store.Stats().Note)
	return found
}

func TestHistoryReachesFromTheStartToThePresent(t *testing.T) {
	o, control := recorded(t, 20*time.Minute)
	out, err := runToPresent(o)
	require.NoError(t, err)
	require.Equal(t, strconv.FormatInt(begin.Add(10*time.Minute).Unix(), 10)+"\n"+
		strconv.FormatInt(begin.Add(20*time.Minute).Unix(), 10)+"\npresent\n", out)

	var want []point
	for at := begin; !at.After(o.now()); at = at.Add(o.interval) {
		want = append(want, point{at.UnixMilli(), 1})
	}
	up := read(t, o.dir, "mesos_up")
	require.Len(t, up, 4)
	for _, poll := range []string{"snapshot", "state", "roles"} {
		require.Equal(t, want, up[`{poll="`+poll+`"}`], poll)
	}
	// Agents are polled after /state: the last poll of the agents is not over.
	agents := up[`{poll="agents"}`]
	require.Len(t, agents, len(want)-1)
	for i, p := range agents {
		require.Equal(t, 1.0, p.v)
		require.Less(t, p.t, want[i+1].t)
		require.Greater(t, p.t, want[i].t)
	}

	// The cluster's time is the collector's.
	require.IsIncreasing(t, control.moments)
	for _, p := range want {
		require.Contains(t, control.moments, float64(p.t)/1000)
	}
}

func TestMeasuredUseIsPartOfIt(t *testing.T) {
	o, _ := recorded(t, 5*time.Minute)
	_, err := runToPresent(o)
	require.NoError(t, err)
	for _, name := range []string{"mesos_executor_memory_used_bytes", "mesos_framework_memory_used_bytes"} {
		found := read(t, o.dir, name)
		require.NotEmpty(t, found, name)
		for of, points := range found {
			require.Len(t, points, 20, of)
			require.Positive(t, points[0].v, of)
		}
	}
}

func TestWhatAStandingClockCannotKnowIsLeftOut(t *testing.T) {
	o, _ := recorded(t, 5*time.Minute)
	_, err := runToPresent(o)
	require.NoError(t, err)
	require.Empty(t, read(t, o.dir, "mesos_poll_bytes"))
	for of, points := range read(t, o.dir, "mesos_poll_duration_seconds") {
		require.Contains(t, of, `poll="agents"`) // their moments lie apart by the clock
		require.Positive(t, points[0].v)
	}
}

func TestAClusterThatDoesNotAnswerIsAnError(t *testing.T) {
	o, control := recorded(t, time.Hour)
	o.masters = []string{control.url}
	_, err := runToPresent(o)
	require.ErrorContains(t, err, "the cluster does not answer: ")

	o, _ = recorded(t, time.Hour)
	o.control = "http://127.0.0.1:1"
	_, err = runToPresent(o)
	require.ErrorContains(t, err, "the cluster does not answer: ")
}

func TestADirectoryThatCannotBeMadeIsAnError(t *testing.T) {
	o, _ := recorded(t, 12*time.Hour)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	o.dir = filepath.Join(file, "1-mesos")
	_, err := runToPresent(o)
	require.ErrorContains(t, err, "history is kept in memory")
}

func TestTheInputEndsTooEarly(t *testing.T) {
	o, _ := recorded(t, 12*time.Hour)
	ended := make(chan struct{})
	close(ended)
	require.ErrorContains(t, prefill(o, ended, &bytes.Buffer{}), "before the clock came to the present")
}

func TestTheCommandLineIsChecked(t *testing.T) {
	in := strings.NewReader("")
	require.ErrorContains(t, run([]string{"-masters=http://localhost:1", "-control=http://localhost:1"}, in, &bytes.Buffer{}), "-dir is missing")
	future := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	require.ErrorContains(t, run([]string{"-masters=http://localhost:1", "-control=http://localhost:1", "-dir=/h", "-start=" + future}, in, &bytes.Buffer{}),
		"is not before now")
}

// broken is a history that fails each batch.
type broken struct{}

var errBroken = errors.New("broken")

func (broken) Room(time.Duration) int { return 0 }

func (broken) Batch(context.Context) series.Batch { return broken{} }
func (broken) Append(series.Ref, func() labels.Labels, int64, float64) (series.Ref, error) {
	return 0, errBroken
}
func (broken) Commit() error   { return nil }
func (broken) Rollback() error { return nil }

func TestASampleThatIsRefusedIsTold(t *testing.T) {
	s := newSink(broken{})
	b := s.Batch(t.Context())
	ref, err := b.Append(0, func() labels.Labels { return labels.FromStrings(labels.MetricName, "a") }, 1, 1)
	require.NoError(t, err)
	_, err = b.Append(ref, nil, 2, 1)
	require.NoError(t, err)
	require.NoError(t, b.Commit())
	require.ErrorIs(t, s.close(), errBroken)
}

func TestEventsAreKeptBesideTheHistory(t *testing.T) {
	o, _ := recorded(t, 10*time.Minute)
	_, err := runToPresent(o)
	require.NoError(t, err)
	log := sqlite.New(sqlite.Options{File: filepath.Join(o.dir, "events.sqlite")})
	defer func() { require.NoError(t, log.Close()) }()
	_, _, err = log.Select(t.Context(), events.Filter{Limit: 1})
	require.NoError(t, err)
	stats := log.Stats()
	require.Equal(t, "disk", stats.Where)
	require.WithinRange(t, stats.Since, begin, begin.Add(o.interval), "it is complete from the beginning")
}
