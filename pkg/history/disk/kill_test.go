package disk

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/series"
)

// These tests start their own executable again as a process that writes polls
// to a directory as fast as it can, a simulated quarter of a minute each, and
// says on its standard output which are committed.
const (
	childDir   = "HISTORY_TEST_DIR"   // where it writes
	childFirst = "HISTORY_TEST_FIRST" // number of its first poll
	kills      = "HISTORY_TEST_KILLS" // how often a process is killed: 20 if not set
)

// Of a child's polls.
const (
	childSeries   = 50
	childInterval = 15 * time.Second
)

func childTime(poll int) time.Time        { return t0.Add(time.Duration(poll) * childInterval) }
func childValue(poll, series int) float64 { return float64(poll*1000 + series) }

// writeUntilKilled is the main function of a child. It ends by itself only where
// something is wrong, having said what.
func writeUntilKilled(dir string) int {
	first, err := strconv.Atoi(os.Getenv(childFirst))
	if err != nil {
		fmt.Println("error: no first poll:", err)
		return 1
	}
	c := historytest.NewClockAt(childTime(first))
	// Small blocks: a child compacts, merges blocks and cuts its log while it is
	// killed.
	d := New(Options{Dir: dir, Now: c.Now, Reserve: 1, BlockRange: 10 * time.Minute, every: time.Millisecond})
	for {
		if h, waiting := d.current(); h != nil && !waiting {
			break
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Println("open")
	refs := make([]series.Ref, childSeries)
	for poll := first; ; poll++ {
		b := d.Batch(context.Background())
		for i := range refs {
			refs[i], err = b.Append(refs[i], func() labels.Labels {
				return labels.FromStrings("__name__", "child", "i", strconv.Itoa(i))
			}, childTime(poll).UnixMilli(), childValue(poll, i))
			if err != nil {
				fmt.Println("error:", err)
				return 1
			}
		}
		if err := b.Commit(); err != nil {
			fmt.Println("error:", err)
			return 1
		}
		if note := d.Stats().Note; note != "" {
			fmt.Println("error:", note)
			return 1
		}
		fmt.Println(poll)
		c.Advance(childInterval)
	}
}

// A child is such a process.
type child struct {
	*exec.Cmd
	said *bufio.Scanner
}

// startChild starts a child and waits until it has opened the directory.
func startChild(t *testing.T, dir string, first int) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childFirst+"="+strconv.Itoa(first))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return &child{cmd, bufio.NewScanner(out)}
}

// kill ends the child after a while, as kill -9 does, and returns the number of
// the last poll it said was committed; first-1 if none.
func (c *child) kill(t *testing.T, first int, after time.Duration) int {
	t.Helper()
	timer := time.AfterFunc(after, func() { _ = c.Process.Kill() })
	defer timer.Stop()
	last := first - 1
	for c.said.Scan() {
		line := c.said.Text()
		if line == "open" {
			continue
		}
		n, err := strconv.Atoi(line)
		require.NoError(t, err, "the child said: %s", line)
		last = n
	}
	_ = c.Wait() // it was killed
	return last
}

func TestNothingCommittedIsLostWhenTheProcessIsKilled(t *testing.T) {
	moments := 20
	if text := os.Getenv(kills); text != "" {
		var err error
		moments, err = strconv.Atoi(text)
		require.NoError(t, err, kills)
	}
	dir := filepath.Join(t.TempDir(), "1-mesos")
	rnd := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	type run struct{ first, last int }
	var runs []run
	next := 0
	for range moments {
		c := startChild(t, dir, next)
		last := c.kill(t, next, 20*time.Millisecond+time.Duration(rnd.Int64N(int64(300*time.Millisecond))))
		runs = append(runs, run{next, last})
		next = last + 3 // one may have been committed and not said
	}
	clock := historytest.NewClockAt(childTime(next))
	d := openDisk(t, Options{Dir: dir, Now: clock.Now, Reserve: 1, BlockRange: 10 * time.Minute})
	require.Empty(t, d.Stats().Note)
	all := readDisk(t, d, `child`)
	committed, values := 0, map[int]map[int64]float64{}
	for i := range childSeries {
		values[i] = map[int64]float64{}
		for _, p := range all[labels.FromStrings("__name__", "child", "i", strconv.Itoa(i)).String()] {
			values[i][p.T] = p.V
		}
	}
	for _, r := range runs {
		for poll := r.first; poll <= r.last; poll++ {
			committed++
			for i := range childSeries {
				v, ok := values[i][childTime(poll).UnixMilli()]
				require.True(t, ok, "poll %d of series %d was committed by the run %+v and is lost", poll, i, r)
				require.Equal(t, childValue(poll, i), v)
			}
		}
	}
	for poll := range next {
		at := childTime(poll).UnixMilli()
		_, one := values[0][at]
		for i := range childSeries {
			_, ok := values[i][at]
			require.Equal(t, one, ok, "poll %d is there in part", poll)
		}
	}
	require.Greater(t, committed, moments, "how many a slow machine commits in the time is no matter")
	t.Logf("killed %d times: %d polls committed, none lost", moments, committed)
}

// Two processes on one directory: the second keeps its samples in memory, says
// so, and moves them when the first ends.
func TestASecondProcessWaitsInMemory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "1-mesos")
	other := startChild(t, dir, 0)
	require.True(t, other.said.Scan())
	require.Equal(t, "open", other.said.Text())

	c := newClock()
	d := startDisk(t, Options{Dir: dir, Now: c.Now, wait: 100 * time.Millisecond, BlockRange: 10 * time.Minute})
	began := time.Now()
	require.Empty(t, readDisk(t, d, `second`), "a first query waits no longer than wait")
	require.Less(t, time.Since(began), time.Second)
	note := inMemoryFor(t, d, inUse)
	require.Contains(t, note, "is in use by another process: history is kept in memory until it is free; two Grafana servers need a history_path each")
	require.Equal(t, "memory", d.Stats().Engine)
	wrote := polls(t, d, c, 3, "second")
	require.Equal(t, wrote, readDisk(t, d, `second`))

	last := other.kill(t, 0, 0)
	c.Advance(childTime(last + 2).Sub(c.Now()))
	add(wrote, polls(t, d, c, 1, "second"))
	onDisk(t, d)
	all := readDisk(t, d, `child`)
	require.Len(t, all, childSeries)
	for _, pairs := range all {
		require.GreaterOrEqual(t, len(pairs), last+1)
	}
	require.NotEmpty(t, readDisk(t, d, `second`))
	require.Equal(t, "disk", d.Stats().Engine)
}
