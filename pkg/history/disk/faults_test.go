package disk

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/promql"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
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
			require.NoError(t, test.remove(dir))
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

// --- what is in it ---

// withBlocks writes a history with a block or two, closes it and returns what
// is in it.
func withBlocks(t *testing.T, c *clock, dir string) map[string][]pair {
	t.Helper()
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	wrote := polls(t, d, c, 1000, "a", "b")
	h, _ := d.state()
	require.Eventually(t, func() bool { return len(h.db.Blocks()) == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, d.Close())
	return wrote
}

// theBlock is the directory of the one block.
func theBlock(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "01*"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

// since keeps what is from a time on.
func since(all map[string][]pair, t int64) map[string][]pair {
	out := map[string][]pair{}
	for key, pairs := range all {
		out[key] = slices.DeleteFunc(slices.Clone(pairs), func(p pair) bool { return p.T < t })
	}
	return out
}

// spoil overwrites some bytes of a file.
func spoil(t *testing.T, path string, at int64, bytes int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	junk := make([]byte, bytes)
	for i := range junk {
		junk[i] = 0xA5
	}
	_, err = f.WriteAt(junk, at)
	require.NoError(t, err)
}

func TestACorruptBlockIsSetAside(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	wrote := withBlocks(t, c, dir)
	block := theBlock(t, dir)
	info, err := os.Stat(filepath.Join(block, "index"))
	require.NoError(t, err)
	spoil(t, filepath.Join(block, "index"), info.Size()-40, 40) // the table of contents

	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	note := d.Stats().Note
	require.Contains(t, note, "a block of history could not be read (")
	require.Contains(t, note, "restore it from a backup while Grafana is stopped, or delete it")
	aside, err := filepath.Glob(filepath.Join(dir, quarantine, "*-"+filepath.Base(block)))
	require.NoError(t, err)
	require.Len(t, aside, 1)
	require.Contains(t, note, aside[0])
	require.FileExists(t, filepath.Join(aside[0], "chunks", "000001"))
	// All else is there, and goes on.
	oldest, _, _ := mustHandle(t, d).span()
	same(t, since(wrote, oldest), readDisk(t, d, everything))
	add(wrote, polls(t, d, c, 10, "a", "b"))
	same(t, since(wrote, oldest), reopened(t, d))
}

func mustHandle(t *testing.T, d *Store) *handle {
	t.Helper()
	h, _ := d.state()
	require.NotNil(t, h)
	return h
}

func TestALostMetaFileIsWrittenAgain(t *testing.T) {
	for _, size := range []int64{0, 20} {
		c, dir := newClock(), t.TempDir()
		wrote := withBlocks(t, c, dir)
		block := theBlock(t, dir)
		require.NoError(t, os.Truncate(filepath.Join(block, "meta.json"), size))

		d := openDisk(t, Options{Dir: dir, Now: c.Now})
		require.Contains(t, d.Stats().Note, "the meta.json of a block of history was broken and was written again; nothing is lost")
		same(t, wrote, readDisk(t, d, everything))
		require.NotEqual(t, block, theBlock(t, dir))
		add(wrote, polls(t, d, c, 1000, "a", "b")) // compacts on top of it
		require.NoError(t, d.Close())
		d = openDisk(t, Options{Dir: dir, Now: c.Now})
		require.Empty(t, d.Stats().Note)
		same(t, wrote, readDisk(t, d, everything))
	}
}

func TestALostMetaFileOfABlockThatIsCorruptToo(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	wrote := withBlocks(t, c, dir)
	block := theBlock(t, dir)
	require.NoError(t, os.Truncate(filepath.Join(block, "meta.json"), 0))
	require.NoError(t, os.Truncate(filepath.Join(block, "index"), 100))
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	require.Contains(t, d.Stats().Note, "its meta.json is broken, and so is more")
	oldest, _, _ := mustHandle(t, d).span()
	same(t, since(wrote, oldest), readDisk(t, d, everything))
}

// A chunk that cannot be read is found when it is asked for. The first query is
// told; then a gap is all that is left of the chunk.
func TestACorruptChunkIsLeftOut(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	wrote := withBlocks(t, c, dir)
	spoil(t, filepath.Join(theBlock(t, dir), "chunks", "000001"), 100, 50)
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	ask := func() error {
		_, err := engine.Range(context.Background(), promql.Request{Store: d, Expr: `a`, Start: t0, End: c.Now(), Step: time.Minute})
		return err
	}
	require.Empty(t, d.Stats().Note)
	err := ask()
	require.ErrorContains(t, err, "The query met damaged samples on disk; from now on they are left out, so ask again")
	require.ErrorContains(t, err, "checksum")
	require.Eventually(t, func() bool { return d.Stats().Note != "" }, 5*time.Second, time.Millisecond)
	require.Regexp(t, `^samples of 1 series between 2026-03-01T12:\S+Z and 2026-03-01T\S+Z in the block \S+ are damaged \(checksum mismatch .*\) and are left out: restore the block from a backup`, d.Stats().Note)
	require.NoError(t, ask())

	left := readDisk(t, d, everything)
	within(t, left, wrote)
	require.Equal(t, wrote[`{__name__="b"}`], left[`{__name__="b"}`], "the other series is whole")
	missing := len(wrote[`{__name__="a"}`]) - len(left[`{__name__="a"}`])
	require.Positive(t, missing)
	require.LessOrEqual(t, missing, 240, "one chunk")
	same(t, left, reopened(t, d))
}

// Merging blocks reads all of them: damage that nobody asked for must not keep
// the log from being cut for ever.
func TestACorruptChunkDoesNotKeepBlocksFromBeingMerged(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	wrote := withBlocks(t, c, dir)
	spoil(t, filepath.Join(theBlock(t, dir), "chunks", "000001"), 100, 50)
	d := openDisk(t, Options{Dir: dir, Now: c.Now, Retention: 15 * 24 * time.Hour})
	add(wrote, polls(t, d, c, 4000, "a", "b")) // enough for a block of three
	h := mustHandle(t, d)
	require.Eventually(t, func() bool {
		add(wrote, polls(t, d, c, 4, "a", "b"))
		return slices.ContainsFunc(h.db.Blocks(), func(b *tsdb.Block) bool { return b.Meta().Compaction.Level > 1 })
	}, 10*time.Second, 10*time.Millisecond, "note: %s", &lazyNote{d})
	require.Contains(t, d.Stats().Note, "are left out")
	require.NotContains(t, d.Stats().Note, "cannot be written")
	within(t, readDisk(t, d, everything), wrote)
}

// A broken record in the middle of the log costs itself alone. Prometheus'
// repair would drop all that comes after it, too.
func TestADamagedLogIsReadAgain(t *testing.T) {
	for _, test := range []struct {
		what string
		at   float64 // where, as a part of the segment
		lost int     // polls at most
	}{
		{"in the middle", 0.5, 700},
		{"at the end", 0.9, 700},
		{"at the beginning, where the labels are", 0, 1000},
	} {
		t.Run(test.what, func(t *testing.T) {
			c, dir := newClock(), t.TempDir()
			d := openDisk(t, Options{Dir: dir, Now: c.Now})
			wrote := polls(t, d, c, 600, manyNames(200)...)
			require.NoError(t, d.Close())
			segment := filepath.Join(dir, "wal", "00000000")
			info, err := os.Stat(segment)
			require.NoError(t, err)
			require.Greater(t, info.Size(), int64(5*pageSize))
			spoil(t, segment, int64(float64(info.Size())*test.at), 30)

			d = openDisk(t, Options{Dir: dir, Now: c.Now})
			note := d.Stats().Note
			require.Contains(t, note, "the log of recent samples was damaged (00000000: corruption after ")
			require.Contains(t, note, "samples were read from it again")
			require.Contains(t, note, "may be deleted")
			got := readDisk(t, d, everything)
			if test.at == 0 {
				require.Contains(t, note, "samples belong to series whose labels were there")
				return
			}
			require.Len(t, got, 200)
			within(t, got, wrote)
			for key, pairs := range got {
				missing := len(wrote[key]) - len(pairs)
				require.Less(t, missing, 40, "%s: no more than is in a page of the log", key)
				require.Equal(t, wrote[key][599], pairs[len(pairs)-1], "what came after is there")
			}
			// It is not read a third time.
			add(got, polls(t, d, c, 10, manyNames(200)...))
			require.NoError(t, d.Close())
			d = openDisk(t, Options{Dir: dir, Now: c.Now})
			require.Empty(t, d.Stats().Note)
			same(t, got, readDisk(t, d, everything))
		})
	}
}

func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "series_" + time.Duration(i).String()
	}
	return names
}

// A process that ends while it reads a damaged log goes on when it starts
// again.
func TestADamagedLogIsReadToItsEnd(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	wrote := polls(t, d, c, 100, "a", "b")
	require.NoError(t, d.Close())
	// As after mend and before into.
	require.NoError(t, os.Mkdir(filepath.Join(dir, quarantine), 0o700))
	require.NoError(t, os.Rename(filepath.Join(dir, "wal"), filepath.Join(dir, quarantine, "wal-to-read")))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "chunks_head")))
	d = openDisk(t, Options{Dir: dir, Now: c.Now})
	require.Contains(t, d.Stats().Note, "200 samples were read from it again; 0 places")
	same(t, wrote, readDisk(t, d, everything))
}

func TestADamagedCheckpoint(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	// Short blocks and many segments, so that the log is cut.
	d := openDisk(t, Options{Dir: dir, Now: c.Now, BlockRange: 10 * time.Minute})
	wrote := polls(t, d, c, 1000, "a", "b")
	onDisk(t, d)
	require.NoError(t, d.Close())
	checkpoints, err := filepath.Glob(filepath.Join(dir, "wal", "checkpoint.*", "0*"))
	require.NoError(t, err)
	require.NotEmpty(t, checkpoints)
	spoil(t, checkpoints[0], 10, 10)
	d = openDisk(t, Options{Dir: dir, Now: c.Now, BlockRange: 10 * time.Minute})
	require.Contains(t, d.Stats().Note, "the log of recent samples was damaged")
	// The labels are in the checkpoint: samples of the head alone are lost, and
	// what is in blocks is there.
	blocks := mustHandle(t, d).db.Blocks()
	require.NotEmpty(t, blocks)
	until := blocks[len(blocks)-1].Meta().MaxTime
	for key, pairs := range wrote {
		wrote[key] = slices.DeleteFunc(pairs, func(p pair) bool { return p.T >= until })
	}
	within(t, wrote, readDisk(t, d, everything))
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
