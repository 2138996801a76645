package disk

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// --- the directory ---

func TestDirectoryDeletedWhileRunning(t *testing.T) {
	for _, test := range []struct {
		what   string
		remove func(dir string) error
	}{
		{"all of it", os.RemoveAll},
		{"what is in it", func(dir string) error {
			entries, err := os.ReadDir(dir)
			for _, e := range entries {
				if err == nil {
					err = os.RemoveAll(filepath.Join(dir, e.Name()))
				}
			}
			return err
		}},
		{"it is replaced by another", func(dir string) error {
			if err := os.Rename(dir, dir+"-old"); err != nil {
				return err
			}
			return os.Mkdir(dir, 0o700)
		}},
	} {
		t.Run(test.what, func(t *testing.T) {
			c, dir := newClock(), filepath.Join(t.TempDir(), "1-mesos")
			d := openDisk(t, Options{Dir: dir, Now: c.Now, every: time.Hour})
			polls(t, d, c, 300, "a")
			whileKeeperWaits(d, func() { require.NoError(t, test.remove(dir)) })
			wrote := polls(t, d, c, 20, "a")
			onDisk(t, d)
			add(wrote, polls(t, d, c, 300, "a"))
			same(t, wrote, readDisk(t, d, everything))
			require.Regexp(t, `1-mesos was removed or replaced at 2026-03-01T13:[0-9:]+Z while it was in use: unless it is put back, a new history begins there`, d.Stats().Note)
			same(t, wrote, reopened(t, d))
		})
	}
}

// What is above the directory may be the place of a disk that is not mounted:
// nothing is made there until it is back.
func TestWhatIsAboveTheDirectoryGoes(t *testing.T) {
	c, above := newClock(), filepath.Join(t.TempDir(), "history")
	d := openDisk(t, Options{Dir: filepath.Join(above, "1-mesos"), Now: c.Now})
	polls(t, d, c, 10, "a")
	require.NoError(t, os.Rename(above, above+"-away"))
	wrote := polls(t, d, c, 10, "a")
	require.Eventually(t, func() bool { return d.Stats().Engine == "memory" }, 5*time.Second, time.Millisecond)
	require.Eventually(t, func() bool {
		return strings.Contains(d.Stats().Note, "history has gone since it was opened: history is kept in memory until it is back; look whether a disk is missing")
	}, 5*time.Second, time.Millisecond, "note: %s", &lazyNote{d})
	require.NoDirExists(t, above)
	same(t, wrote, readDisk(t, d, everything))
	require.NoError(t, os.Rename(above+"-away", above))
	onDisk(t, d)
	require.Len(t, readDisk(t, d, `a`)[`{__name__="a"}`], 20, "the history of before is back, too")
}

func TestAFileInTheWay(t *testing.T) {
	c, path := newClock(), filepath.Join(t.TempDir(), "1-mesos")
	require.NoError(t, os.WriteFile(path, []byte("not a directory"), 0o600))
	d := startDisk(t, Options{Dir: path, Now: c.Now})
	require.Contains(t, inMemoryFor(t, d, refused), "cannot be opened")
	wrote := polls(t, d, c, 10, "a")
	same(t, wrote, readDisk(t, d, everything))
	require.NoError(t, os.Remove(path))
	onDisk(t, d)
	same(t, wrote, reopened(t, d))
}

// --- clocks ---

func TestTheClockGoesForwardAndBack(t *testing.T) {
	c := newClock()
	d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now, Retention: 24 * time.Hour, every: time.Hour})
	right := polls(t, d, c, 1500, "a") // more than six hours
	blocks := len(mustHandle(t, d).db.Blocks())
	require.Positive(t, blocks)
	before := c.Now()

	const wrong = 40 * 24 * time.Hour
	c.Advance(wrong)
	all := polls(t, d, c, 120, "a") // half an hour, and all of before is older than retention
	require.Empty(t, d.Stats().Note)

	c.Advance(before.Sub(c.Now()))
	require.NotEmpty(t, mustHandle(t, d).db.Blocks(), "nothing was deleted")
	back := polls(t, d, c, 50, "a")
	note := d.Stats().Note
	require.Contains(t, note, "the newest samples in "+d.opts.Dir+" are of 2026-04-10T18:45:00Z, and the clock says 2026-03-01T18:27:30Z")
	require.Contains(t, note, "new samples are kept as usual")
	add(right, back)
	add(right, polls(t, d, c, 800, "a")) // compacted on the way
	want := map[string][]pair{}
	add(want, right)
	add(want, all)
	same(t, want, readDisk(t, d, everything))
	require.NoError(t, d.Close())
	d = openDisk(t, d.opts)
	same(t, want, readDisk(t, d, everything))
	add(want, polls(t, d, c, 100, "a"))
	same(t, want, readDisk(t, d, everything))

	// When the time has come, things go on.
	c.Advance(wrong)
	add(want, polls(t, d, c, 800, "a"))
	require.Empty(t, d.Stats().Note)
	same(t, since(want, c.Now().Add(-24*time.Hour).UnixMilli()), readDisk(t, d, everything))
}

// The TSDB gets its log of late samples while another batch is committed and the keeper reads its size: it guards that
// by nothing.
func TestTheClockGoesBackWhileOthersWriteAndTheKeeperLooks(t *testing.T) {
	c := newClock()
	d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now, every: time.Hour})
	wrote := polls(t, d, c, 10, "a")
	at := c.Now()
	other := d.Batch(t.Context()) // of a poll that began before
	lset := labels.FromStrings("__name__", "b")
	_, err := other.Append(0, func() labels.Labels { return lset }, at.UnixMilli(), 7)
	require.NoError(t, err)
	c.Advance(-time.Hour)
	h := mustHandle(t, d)

	var all sync.WaitGroup
	all.Go(func() { assert.NoError(t, other.Commit()) })
	all.Go(func() { assert.Positive(t, h.headSize()) })
	all.Go(func() { add(wrote, polls(t, d, c, 1, "a")) })
	all.Wait()
	add(wrote, map[string][]pair{lset.String(): {{T: at.UnixMilli(), V: 7}}})
	got := readDisk(t, d, everything)
	require.Len(t, got, 2)
	require.Len(t, got[lset.String()], 1)
	require.Len(t, got[labels.FromStrings("__name__", "a").String()], 11, "the one of an hour before is kept, too")
	require.ElementsMatch(t, wrote[lset.String()], got[lset.String()])
}

func TestTheClockGoesBackWhileMemoryTakesTheSamples(t *testing.T) {
	c, path := newClock(), filepath.Join(t.TempDir(), "1-mesos")
	require.NoError(t, os.WriteFile(path, nil, 0o600)) // in the way
	d := startDisk(t, Options{Dir: path, Now: c.Now})
	inMemoryFor(t, d, refused)
	wrote := polls(t, d, c, 100, "a")
	before := c.Now()
	c.Advance(5 * time.Hour)
	polls(t, d, c, 10, "a")
	c.Advance(before.Sub(c.Now()))
	add(wrote, polls(t, d, c, 100, "a"))
	same(t, wrote, readDisk(t, d, everything))
	require.Contains(t, d.Stats().Note, "the clock was set back from 2026-03-01T17:27:30Z to 2026-03-01T12:25:")
	require.NoError(t, os.Remove(path))
	onDisk(t, d)
	same(t, wrote, reopened(t, d))
}

// --- directories of others ---

// Directories written by Prometheus itself, or by a plugin with other options,
// open as they are.
func TestAnOlderDirectory(t *testing.T) {
	for name, change := range map[string]func(*tsdb.Options){
		"defaults":         func(*tsdb.Options) {},
		"zstd log":         func(o *tsdb.Options) { o.WALCompression = compression.Zstd },
		"small segments":   func(o *tsdb.Options) { o.WALSegmentSize = 32 << 10 },
		"one-hour blocks":  func(o *tsdb.Options) { o.MinBlockDuration, o.MaxBlockDuration = 3_600_000, 10*3_600_000 },
		"out of order":     func(o *tsdb.Options) { o.OutOfOrderTimeWindow = 3_600_000 },
		"memory snapshots": func(o *tsdb.Options) { o.EnableMemorySnapshotOnShutdown = true },
	} {
		t.Run(name, func(t *testing.T) {
			c, dir := newClock(), t.TempDir()
			o := tsdb.DefaultOptions()
			change(o)
			db, err := tsdb.Open(dir, nil, nil, o, nil)
			require.NoError(t, err)
			wrote := map[string][]pair{}
			app := db.AppenderV2(t.Context())
			l := labels.FromStrings("__name__", "a")
			for range 2000 {
				at := c.Advance(15 * time.Second).UnixMilli()
				_, err := app.Append(0, l, 0, at, float64(at), nil, nil, storage.AOptions{})
				require.NoError(t, err)
				wrote[l.String()] = append(wrote[l.String()], pair{T: at, V: float64(at)})
			}
			require.NoError(t, app.Commit())
			require.NoError(t, db.Compact(t.Context()))
			require.NoError(t, db.Close())
			require.NoError(t, os.WriteFile(filepath.Join(dir, "queries.active"), []byte("of Prometheus"), 0o600))

			d := openDisk(t, Options{Dir: dir, Now: c.Now})
			require.Empty(t, d.Stats().Note)
			same(t, wrote, readDisk(t, d, everything))
			add(wrote, polls(t, d, c, 1000, "a"))
			onDisk(t, d)
			same(t, wrote, readDisk(t, d, everything))
			require.Empty(t, d.Stats().Note)
		})
	}
}
