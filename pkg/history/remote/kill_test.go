package remote_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/disk"
	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/history/remote/remotetest"
	"community-mesos-datasource/pkg/series"
)

// These tests start their own executable as a process that collects as fast as it can, and
// kill it. What is in its directory at the end, and nothing else, must be in the engine.

const (
	childDir   = "REMOTE_TEST_DIR"
	childFirst = "REMOTE_TEST_FIRST"
)

func targetOf(e *remotetest.Engine) remote.Target {
	return remote.Target{URL: e.URL, WriteURL: e.WriteURL, HTTP: e.Client(), Labels: e.Adds}
}

func init() { remote.ChildMain = collectUntilKilled }

// killedFrom is the time of the first poll.
var killedFrom = time.Now().Add(-20 * time.Hour).Truncate(time.Minute)

func openBoth(dir string, target remote.Target, clock *historytest.Clock) *remote.Store {
	d := disk.New(disk.Options{Dir: dir, Now: clock.Now, Reserve: 1})
	return remote.New(remote.Options{
		Local: d, Now: clock.Now, Cluster: "c", Mark: disk.Mark{Dir: dir},
		Target: target,
	})
}

func collectUntilKilled() int {
	first, _ := strconv.Atoi(os.Getenv(childFirst))
	began, _ := strconv.ParseInt(os.Getenv("REMOTE_TEST_BEGAN"), 10, 64)
	clock := historytest.NewClockAt(time.UnixMilli(began).Add(time.Duration(first) * 15 * time.Second))
	var e remotetest.Engine
	if err := json.Unmarshal([]byte(os.Getenv(remote.ChildURL)), &e); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	s := openBoth(os.Getenv(childDir), targetOf(&e), clock)
	for s.Local.(*disk.Store).InMemory() || !s.Local.(*disk.Store).Opened() {
		time.Sleep(time.Millisecond)
	}
	refs := make([]series.Ref, 50)
	var slow series.Ref
	for n := first; ; n++ {
		b := s.Batch(context.Background())
		for i := range refs {
			var err error
			refs[i], err = b.Append(refs[i], func() labels.Labels {
				return labels.FromStrings("__name__", "mesos_test", "cluster", "c", "i", strconv.Itoa(i))
			}, clock.Now().UnixMilli(), float64(n*1000+i))
			if err != nil {
				fmt.Println("error:", err)
				return 1
			}
		}
		if err := b.Commit(); err != nil {
			fmt.Println("error:", err)
			return 1
		}
		b = s.Batch(context.Background())
		var err error
		if slow, err = b.Append(slow, func() labels.Labels { return labels.FromStrings("__name__", "mesos_slow", "cluster", "c") }, clock.Now().UnixMilli()-7000, float64(n)); err != nil {
			fmt.Println("error:", err)
			return 1
		}
		if err := b.Commit(); err != nil {
			fmt.Println("error:", err)
			return 1
		}
		fmt.Println(n)
		clock.Advance(15 * time.Second)
		time.Sleep(2 * time.Millisecond)
	}
}

func TestNothingIsLostWhenTheProcessIsKilled(t *testing.T) {
	for _, kind := range remotetest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			var with []string
			if kind.Name == remotetest.VictoriaMetrics.Name {
				with = []string{"-dedup.minScrapeInterval=1ms"} // it takes what is sent again twice
			}
			e := remotetest.Start(t, kind, with...)
			given, err := json.Marshal(e)
			require.NoError(t, err)
			dir := t.TempDir()
			next := 0
			for round := range 12 {
				if round == 4 || round == 8 {
					e.Stop()
				}
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), childDir+"="+dir, childFirst+"="+strconv.Itoa(next), remote.ChildURL+"="+string(given), "REMOTE_TEST_BEGAN="+strconv.FormatInt(killedFrom.UnixMilli(), 10))
				cmd.Stderr = os.Stderr
				out, err := cmd.StdoutPipe()
				require.NoError(t, err)
				require.NoError(t, cmd.Start())
				lines := bufio.NewScanner(out)
				var timer *time.Timer
				last := next - 1
				for lines.Scan() {
					if timer == nil { // it is at work
						timer = time.AfterFunc(time.Duration(rand.IntN(200))*time.Millisecond, func() { _ = cmd.Process.Kill() })
					}
					last, err = strconv.Atoi(lines.Text())
					require.NoError(t, err, "the child said: %s", lines.Text())
				}
				_ = cmd.Wait() // it was killed
				if timer != nil {
					timer.Stop()
				}
				next = last + 2 // the one after the last may be committed, too
				if round == 6 || round == 10 {
					e.Start()
				}
			}
			clock := historytest.NewClockAt(killedFrom.Add(time.Duration(next) * 15 * time.Second))
			s := openBoth(dir, targetOf(e), clock)
			require.Eventually(t, func() bool {
				st := s.Remote()
				return s.Local.(*disk.Store).Opened() && st.UnsentKnown && st.Oldest.IsZero()
			}, 30*time.Second, 5*time.Millisecond, "%+v", s.Remote())
			want := map[string]map[int64]float64{}
			n := 0
			q, err := s.Local.Querier(0, clock.Now().UnixMilli())
			require.NoError(t, err)
			set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchNotEqual, "__name__", ""))
			for set.Next() {
				key, err := json.Marshal(set.At().Labels().Map())
				require.NoError(t, err)
				points := map[int64]float64{}
				for it := set.At().Iterator(nil); it.Next() != 0; {
					at, v := it.At()
					if !series.IsStale(v) {
						points[at] = v
						n++
					}
				}
				want[string(key)] = points
			}
			require.NoError(t, set.Err())
			require.NoError(t, q.Close())
			require.Greater(t, n, next*25, "%d polls", next)
			var got map[string]map[int64]float64
			for range 50 { // VictoriaMetrics shows samples some time after
				e.Flush()
				if got = e.Raw(`{cluster="c"}`, clock.Now()); fmt.Sprint(want) == fmt.Sprint(got) {
					break
				}
				time.Sleep(200 * time.Millisecond)
			}
			require.Empty(t, different(want, got))
			st := s.Remote()
			require.Zero(t, st.RefusedInAll(), st.Refusal)
			t.Logf("%d polls, %d samples, %d sent again", next, n, st.Again)
			require.NoError(t, s.Close())
		})
	}
}

// different returns the first difference, "" for none.
func different(want, got map[string]map[int64]float64) string {
	for key, points := range want {
		for at, v := range points {
			if g, ok := got[key][at]; !ok || g != v {
				return fmt.Sprintf("%s at %d is %v (%v), and not %v", key, at, g, ok, v)
			}
		}
		if len(got[key]) > len(points) {
			return fmt.Sprintf("%s has %d samples, and not %d", key, len(got[key]), len(points))
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d series, and not %d", len(got), len(want))
	}
	return ""
}
