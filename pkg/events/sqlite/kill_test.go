package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"community-mesos-datasource/pkg/events"
)

// These tests start their own executable again as a process that adds events to a file as
// fast as it can, and says on its standard output which batches it has added.
const (
	childFile  = "EVENTS_TEST_FILE"
	childFirst = "EVENTS_TEST_FIRST" // number of its first batch
	childBatch = 20                  // events of a batch
	kills      = 10
)

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		os.Exit(appendUntilKilled(file))
	}
	goleak.VerifyTestMain(m)
}

// childEvents are the events of a batch. The first one ends what that of the batch before
// opened.
func childEvents(batch int) (all []events.Event) {
	at := noon.Add(time.Duration(batch) * time.Second)
	for i := range childBatch {
		all = append(all, task(batch*childBatch+i, "running", at))
	}
	all[0].Opens = fmt.Sprint("batch/", batch)
	all[0].Closes = []string{fmt.Sprint("batch/", batch-1)}
	return all
}

// appendUntilKilled is the main function of a child. It ends by itself only where something
// is wrong, having said what.
func appendUntilKilled(file string) int {
	first, err := strconv.Atoi(os.Getenv(childFirst))
	if err != nil {
		fmt.Println("error: no first batch:", err)
		return 1
	}
	l := New(Options{File: file, Reserve: 1, Now: func() time.Time { return noon }})
	for batch := first; ; batch++ {
		added, err := l.Append(context.Background(), childEvents(batch))
		if err != nil || l.Stats().Where != "disk" {
			fmt.Println("error:", err, l.Stats().Problem)
			return 1
		}
		if len(added) != childBatch && batch != first {
			fmt.Println("error: a batch was there already:", batch)
			return 1
		}
		fmt.Println(batch)
	}
}

// Whatever a process was told to be added is there after kill -9 at any moment, a batch is
// there as a whole or not at all, and nothing is there twice.
func TestKilledProcessesLoseNothing(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "1-mesos", "events.sqlite")
	next := 0 // the batch after the last one that was said to be added
	for kill := range kills {
		child := exec.Command(self)
		child.Env = append(os.Environ(), childFile+"="+file, childFirst+"="+strconv.Itoa(next))
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(out)
		for written := 1; lines.Scan(); written++ {
			batch, err := strconv.Atoi(lines.Text())
			require.NoError(t, err, lines.Text())
			next = batch + 1
			if written == 3+kill { // in the middle of the next batch, or after it
				require.NoError(t, child.Process.Kill())
			}
		}
		_ = child.Wait() // "signal: killed"

		l := New(Options{File: file, Now: func() time.Time { return noon }})
		require.Empty(t, l.Stats().Problem)
		n := l.Stats().Events
		require.Zero(t, n%childBatch, "batches are whole")
		require.Contains(t, []int{next, next + 1, next + 2}, n/childBatch, "what was said to be added is there; a batch more may be")
		found, more, err := l.Select(t.Context(), events.Filter{Limit: 10_000, Where: []events.Condition{{Field: events.FieldTask, Values: []string{"web"}}}})
		require.NoError(t, err)
		require.Equal(t, n, len(found)+more)
		for _, e := range found {
			if last := noon.Add(time.Duration(n/childBatch-1) * time.Second); e.Opens != "" && e.Time.Before(last) {
				require.Equal(t, e.Time.Add(time.Second), e.End, "and ended by the next batch")
			}
		}
		require.NoError(t, l.Close())
	}
	require.GreaterOrEqual(t, next, kills*(3+3+kills-1)/2)
}
