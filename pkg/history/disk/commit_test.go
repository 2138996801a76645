package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/series"
)

// A failingCommit is an appender of the TSDB whose commit fails.
type failingCommit struct {
	storage.AppenderV2
	commit func(storage.AppenderV2) error
}

func (a failingCommit) Commit() error { return a.commit(a.AppenderV2) }

var errTest = errors.New("for the test")

// What cannot be committed to disk is in memory at once, and on disk when it can
// be written again, whatever of it was written by the commit that failed.
func TestABatchThatCannotBeCommittedIsKept(t *testing.T) {
	for _, test := range []struct {
		what   string
		commit func(storage.AppenderV2) error
	}{
		{"nothing is written", func(a storage.AppenderV2) error { return errors.Join(errTest, a.Rollback()) }},
		{"all is written", func(a storage.AppenderV2) error { return errors.Join(errTest, a.Commit()) }},
		{"it panics before it writes", func(a storage.AppenderV2) error { _ = a.Rollback(); panic(errTest) }},
		{"it panics after it has written", func(a storage.AppenderV2) error { _ = a.Commit(); panic(errTest) }},
	} {
		t.Run(test.what, func(t *testing.T) {
			c := newClock()
			d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now, every: time.Hour, MemoryLimit: 1 << 20})
			wrote := polls(t, d, c, 5, "known")
			require.Zero(t, d.Room(time.Minute), "any number")
			ref := appendKnown(t, d, c, wrote, 0)

			b := d.Batch(context.Background()).(*diskBatch)
			at := c.Advance(15 * time.Second)
			_, err := b.Append(ref, noLabels(t), at.UnixMilli(), 1)
			require.NoError(t, err)
			_, err = b.Append(0, constant(labels.FromStrings("__name__", "new")), at.UnixMilli(), 2)
			require.NoError(t, err)
			add(wrote, map[string][]pair{`{__name__="known"}`: {{T: at.UnixMilli(), V: 1}}, `{__name__="new"}`: {{T: at.UnixMilli(), V: 2}}})
			b.app = failingCommit{b.app, test.commit}
			d.switching.RLock() // memory stays until it is looked at
			require.NoError(t, b.Commit(), "a fault of storage is no fault of the poll")
			require.Contains(t, d.Stats().Note, "for the test")
			require.True(t, d.InMemory())
			require.InDelta(t, 1200, d.Room(time.Minute), 200, "as many as memory holds, at once")
			within(t, since(wrote, at.UnixMilli()), readDisk(t, d, everything))
			d.switching.RUnlock()

			add(wrote, polls(t, d, c, 5, "known", "new"))
			d.Wake()
			onDisk(t, d)
			require.Empty(t, d.Stats().Note)
			same(t, wrote, readDisk(t, d, everything))
			add(wrote, polls(t, d, c, 5, "known", "new"))
			same(t, wrote, readDisk(t, d, everything))
			same(t, wrote, reopened(t, d))
		})
	}
}

func noLabels(t *testing.T) func() labels.Labels {
	return func() labels.Labels { t.Error("labels asked for a known reference"); return labels.EmptyLabels() }
}

// appendKnown writes a poll of the series known and returns its reference.
func appendKnown(t *testing.T, d *Store, c *clock, wrote map[string][]pair, ref series.Ref) series.Ref {
	t.Helper()
	b := d.Batch(context.Background())
	at := c.Advance(15 * time.Second).UnixMilli()
	ref, err := b.Append(ref, constant(labels.FromStrings("__name__", "known")), at, 9)
	require.NoError(t, err)
	require.NoError(t, b.Commit())
	add(wrote, map[string][]pair{`{__name__="known"}`: {{T: at, V: 9}}})
	return ref
}

// Where moving to disk fails in the middle, what is in both is read once, and it
// moves again.
func TestMovingToDiskFailsInTheMiddle(t *testing.T) {
	c := newClock()
	d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now, every: time.Hour})
	wrote := polls(t, d, c, 50, "a", "b")
	d.switching.RLock() // disk does not become the place again meanwhile
	d.takeOver(fault{kind: full, text: "for the test"})
	add(wrote, polls(t, d, c, 100, "a", "b"))
	h, m := mustHandle(t, d), d.memory
	oldest, newest, _ := m.Span()
	_, err := moveSamples(m, tsdbBatch{h.db.AppenderV2(context.Background())}, oldest, (oldest+newest)/2, history.NoTime)
	require.NoError(t, err)
	d.failed(h, errTest)
	same(t, wrote, readDisk(t, d, everything))
	d.switching.RUnlock()
	d.Wake()
	onDisk(t, d)
	require.Empty(t, d.Stats().Note)
	same(t, wrote, readDisk(t, d, everything))
	add(wrote, polls(t, d, c, 50, "a", "b"))
	same(t, wrote, reopened(t, d))
}

func TestTheDirectoryIsDeletedDuringABatch(t *testing.T) {
	c, dir := newClock(), filepath.Join(t.TempDir(), "1-mesos")
	d := openDisk(t, Options{Dir: dir, Now: c.Now, every: time.Hour})
	polls(t, d, c, 20, "a")
	b := d.Batch(context.Background())
	at := c.Advance(15 * time.Second).UnixMilli()
	_, err := b.Append(0, constant(labels.FromStrings("__name__", "a")), at, 7)
	require.NoError(t, err)
	whileKeeperWaits(d, func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, b.Commit())
	wrote := map[string][]pair{`{__name__="a"}`: {{T: at, V: 7}}}
	add(wrote, polls(t, d, c, 20, "a"))
	onDisk(t, d)
	same(t, wrote, readDisk(t, d, everything))
	same(t, wrote, reopened(t, d))
}

// A store that is closed while a commit fails does not take its samples.
func TestACommitThatFailsAfterClose(t *testing.T) {
	c := newClock()
	d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now})
	b := d.Batch(context.Background()).(*diskBatch)
	_, err := b.Append(0, constant(labels.FromStrings("__name__", "a")), c.Now().UnixMilli(), 7)
	require.NoError(t, err)
	b.app = failingCommit{b.app, func(a storage.AppenderV2) error { return errors.Join(errTest, a.Rollback()) }}
	closed := make(chan error)
	go func() { closed <- d.Close() }()
	require.Eventually(t, func() bool { h, _ := d.current(); return h == nil }, 5*time.Second, time.Millisecond)
	err = b.Commit()
	require.ErrorIs(t, err, history.ErrClosed)
	require.ErrorIs(t, err, errTest)
	require.NoError(t, <-closed)
}

// A bug in the keeper's work does not end the process.
func TestTheKeeperRecovers(t *testing.T) {
	c := newClock()
	var bug atomic.Bool
	log := &recordingLog{}
	d := openDisk(t, Options{Dir: t.TempDir(), every: time.Hour, Log: log, Now: func() time.Time {
		if bug.Swap(false) {
			panic("a bug for the test")
		}
		return c.Now()
	}})
	wrote := polls(t, d, c, 5, "a")
	bug.Store(true)
	d.Wake()
	require.Eventually(t, func() bool { return !bug.Load() }, 5*time.Second, time.Millisecond)
	require.Eventually(t, func() bool {
		return strings.Contains(d.Stats().Note, "work on the history in "+d.opts.Dir+" failed (a bug for the test)")
	}, 5*time.Second, time.Millisecond)
	require.Contains(t, log.String(), "TestTheKeeperRecovers", "the log has the stack")
	d.takeOver(fault{kind: full, text: "for the test"})
	add(wrote, polls(t, d, c, 5, "a"))
	d.Wake()
	onDisk(t, d)
	same(t, wrote, reopened(t, d))
}

// A recordingLog keeps what is logged.
type recordingLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *recordingLog) Info(msg string, args ...any) { l.Warn(msg, args...) }

func (l *recordingLog) Warn(msg string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(&l.text, msg, args)
}

func (l *recordingLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
