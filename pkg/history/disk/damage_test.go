package disk

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/promql"
)

// A damagedHistory is a directory that is damaged in one way by each row of
// TestDamage: 16 hours and a half of 120 series, 20 of which are replaced by
// others every quarter of an hour, as tasks are.
type damagedHistory struct {
	t     *testing.T
	dir   string
	block string // the name of the largest block, 6 h
}

func (h damagedHistory) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

func (h damagedHistory) inBlock(parts ...string) string {
	return h.path(append([]string{h.block}, parts...)...)
}

func (h damagedHistory) size(path string) int64 {
	info, err := os.Stat(path)
	require.NoError(h.t, err)
	return info.Size()
}

// spoil overwrites some bytes at a part of a file.
func (h damagedHistory) spoil(path string, part float64, bytes int) {
	spoil(h.t, path, int64(float64(h.size(path))*part), bytes)
}

// cut truncates a file at a part.
func (h damagedHistory) cut(path string, part float64) {
	require.NoError(h.t, os.Truncate(path, int64(float64(h.size(path))*part)))
}

// nth returns the file of a directory with samples in it; negative numbers
// count from the end.
func (h damagedHistory) nth(n int, pattern ...string) string {
	found, err := filepath.Glob(h.path(pattern...))
	require.NoError(h.t, err)
	found = slices.DeleteFunc(found, func(path string) bool {
		info, err := os.Stat(path)
		require.NoError(h.t, err)
		return info.IsDir() || info.Size() == 0
	})
	if n < 0 {
		n += len(found)
	}
	return found[n]
}

func (h damagedHistory) segment(n int) string { return h.nth(n, "wal", "0*") }

func (h damagedHistory) checkpoint() string { return h.nth(0, "wal", "checkpoint.*", "0*") }

func (h damagedHistory) headChunks() string { return h.nth(0, "chunks_head", "0*") }

// Values of damages beside numbers of samples.
const (
	wholeBlock = -1 // all samples of the block
	notOpened  = -2 // the TSDB does not open, so that all history is missing
	asPlain    = -3 // as much as without the plugin's repair
)

const (
	logNote   = `the log of recent samples was damaged \(.*\): .*; all else was kept, and \S*quarantine/\S+-wal may be deleted`
	wroteNote = `a block of history was damaged \(.*\) and was written again: nothing is lost, and \S*quarantine/\S+ may be deleted`
	partNote  = `a block of history was damaged \(.*\) and was written again without \d+ series and \d+ chunks of others that could not be read: restore \S*quarantine/\S+ from a backup`
	movedNote = `a block of history could not be read \(.*\) and was moved to \S*quarantine/\S+: restore it from a backup while Grafana is stopped, or delete it`
)

// damages are the rows of the table "Damaged files" in docs/operations.md. What
// is lost is compared with what is lost where the damaged block is moved away
// and Prometheus' TSDB repairs the rest itself.
var damages = []struct {
	what   string
	damage func(damagedHistory)
	lost   int    // samples, at most
	plain  int    // samples lost without the plugin's repair, at least
	note   string // a regular expression
}{
	{"log: in the middle", func(h damagedHistory) { h.spoil(h.segment(0), 0.5, 30) },
		240, 5000, logNote},
	{"log: at the beginning of a segment", func(h damagedHistory) { h.spoil(h.segment(0), 0, 30) },
		1500, 5000, logNote},
	{"log: in the last segment", func(h damagedHistory) { h.spoil(h.segment(-1), 0.5, 30) },
		2400, 500, logNote},
	{"log: a segment is cut off", func(h damagedHistory) { h.cut(h.segment(0), 0.5) },
		240, 5000, logNote},
	{"log: a segment is missing", func(h damagedHistory) { require.NoError(h.t, os.Remove(h.segment(0))) },
		1500, notOpened, `the segment before 0\d+ is missing`},
	{"log: its end is cut off", func(h damagedHistory) { h.cut(h.segment(-1), 0.5) },
		asPlain, 0, `^$`},
	{"log: its end is zeros", func(h damagedHistory) {
		last := h.segment(-1)
		size := h.size(last)
		h.cut(last, 0.5)
		require.NoError(h.t, os.Truncate(last, size))
	}, asPlain, 0, logNote},
	{"checkpoint: the time up to which the log was cut", func(h damagedHistory) { spoil(h.t, h.checkpoint(), 8, 4) },
		0, notOpened, logNote},
	{"checkpoint: where labels are", func(h damagedHistory) { spoil(h.t, h.checkpoint(), 26, 10) },
		65000, notOpened, `and \d{5} samples belong to series whose labels were lost`},
	{"checkpoint: elsewhere", func(h damagedHistory) { h.spoil(h.checkpoint(), 0.5, 30) },
		0, notOpened, logNote},
	{"head chunks: a chunk", func(h damagedHistory) { h.spoil(h.headChunks(), 0.5, 30) },
		asPlain, 0, `^$`},
	{"head chunks: cut off", func(h damagedHistory) { h.cut(h.headChunks(), 0.5) },
		asPlain, 0, `^$`},
	{"head chunks: the header of a file", func(h damagedHistory) { spoil(h.t, h.headChunks(), 0, 8) },
		0, notOpened, `the chunks of recent samples were damaged \(.*\) and were read again from the log: nothing is lost`},
	{"head chunks: deleted", func(h damagedHistory) { require.NoError(h.t, os.RemoveAll(h.path("chunks_head"))) },
		asPlain, 0, `^$`},
	{"block: meta.json is empty", func(h damagedHistory) { h.cut(h.inBlock("meta.json"), 0) },
		0, wholeBlock, wroteNote},
	{"block: meta.json is cut off", func(h damagedHistory) { h.cut(h.inBlock("meta.json"), 0.3) },
		0, wholeBlock, wroteNote},
	{"block: meta.json is missing", func(h damagedHistory) { require.NoError(h.t, os.Remove(h.inBlock("meta.json"))) },
		0, wholeBlock, wroteNote},
	{"block: tombstones", func(h damagedHistory) { spoil(h.t, h.inBlock("tombstones"), 0, 9) },
		0, wholeBlock, wroteNote},
	{"block: a series of the index", func(h damagedHistory) { h.spoil(h.inBlock("index"), 0.3, 30) },
		2 * 1440, wholeBlock, partNote},
	{"block: a list of the index", func(h damagedHistory) { h.spoil(h.inBlock("index"), 0.7, 30) },
		0, wholeBlock, wroteNote},
	{"block: the end of the index", func(h damagedHistory) { spoil(h.t, h.inBlock("index"), h.size(h.inBlock("index"))-40, 40) },
		asPlain, wholeBlock, movedNote},
	{"block: the symbols of the index", func(h damagedHistory) { spoil(h.t, h.inBlock("index"), 30, 20) },
		asPlain, wholeBlock, movedNote},
	{"block: a chunk", func(h damagedHistory) { spoil(h.t, h.inBlock("chunks", "000001"), 100, 50) },
		2 * 120, wholeBlock, `samples of 1 series between \S+Z and \S+Z in the block \S+ are damaged \(checksum mismatch .*\) and are left out: restore the block from a backup`},
	{"block: half of the chunks", func(h damagedHistory) { h.cut(h.inBlock("chunks", "000001"), 0.5) },
		100_000, wholeBlock, partNote},
	{"block: the header of the chunks", func(h damagedHistory) { spoil(h.t, h.inBlock("chunks", "000001"), 0, 8) },
		asPlain, wholeBlock, movedNote},
	{"block: all chunks", func(h damagedHistory) { require.NoError(h.t, os.Remove(h.inBlock("chunks", "000001"))) },
		asPlain, wholeBlock, `nothing in it could be read, and it was moved to \S*quarantine/\S+: restore it`},
	{"block: meta.json and the index", func(h damagedHistory) {
		h.cut(h.inBlock("meta.json"), 0)
		h.cut(h.inBlock("index"), 0.1)
	}, asPlain, wholeBlock, movedNote},
}

func TestDamage(t *testing.T) {
	c, base := newClock(), filepath.Join(t.TempDir(), "base")
	d := openDisk(t, Options{Dir: base, Now: c.Now, Retention: 15 * 24 * time.Hour})
	wrote := map[string][]pair{}
	h := mustHandle(t, d)
	for quarter := range 4*16 + 2 {
		d.maintain(h)
		d.maintaining.Lock() // else it depends on the moment what is in which file
		names := manyNames(100)
		for i := range 20 {
			names = append(names, fmt.Sprintf("task_%d_%d", quarter, i))
		}
		add(wrote, polls(t, d, c, 60, names...))
		d.maintaining.Unlock()
	}
	var block *tsdb.Block
	for _, b := range h.db.Blocks() {
		if block == nil || b.Size() > block.Size() {
			block = b
		}
	}
	name, inBlock := block.Meta().ULID.String(), int(block.Meta().Stats.NumSamples)
	require.NoError(t, d.Close())
	total := count(wrote)
	for _, row := range damages {
		t.Run(row.what, func(t *testing.T) {
			ours, alone := damagedCopy(t, base, name), damagedCopy(t, base, name)
			row.damage(ours)
			row.damage(alone)
			plain := lostByPlain(t, alone, row.plain == wholeBlock, total)

			d := openDisk(t, Options{Dir: ours.dir, Now: c.Now, Retention: 15 * 24 * time.Hour})
			if _, err := readAll(d); err != nil { // found by a query
				require.ErrorIs(t, err, history.ErrDamaged)
				require.Eventually(t, func() bool {
					_, err := readAll(d)
					return err == nil && len(d.Stats().Note) > 0
				}, 10*time.Second, 10*time.Millisecond, "note: %s", &lazyNote{d})
				onDisk(t, d)
			}
			got := readDisk(t, d, everything)
			lost := total - count(got)
			t.Logf("%d of %d samples lost, %d without repair; %s", lost, total, plain, d.Stats().Note)
			within(t, got, wrote)
			require.Regexp(t, row.note, d.Stats().Note)
			// A remote engine may have what is lost here. An end that is cut off is like that of a process that was killed.
			if note := d.Stats().Note; lost > 0 && note != "" {
				require.Positive(t, d.LacksUntil())
			} else if note == "" || strings.Contains(note, "nothing is lost") {
				require.Zero(t, d.LacksUntil())
			}
			switch row.plain {
			case wholeBlock:
				require.Equal(t, inBlock, plain)
			case notOpened:
				require.Equal(t, notOpened, plain)
			default:
				require.GreaterOrEqual(t, plain, row.plain)
			}
			switch {
			case row.lost == asPlain:
				require.Equal(t, plain, lost)
			case plain == notOpened:
				require.LessOrEqual(t, lost, row.lost)
			default:
				require.LessOrEqual(t, lost, row.lost)
				require.Less(t, lost, plain, "the repair is of use")
			}

			// It is repaired once, and history goes on.
			add(got, polls(t, d, newClockOf(c), 10, manyNames(100)...))
			require.NoError(t, d.Close())
			d = openDisk(t, d.opts)
			require.Empty(t, d.Stats().Note)
			same(t, got, readDisk(t, d, everything))
		})
	}
}

// The log still has a part of the newest block. Prometheus does not read it,
// since the log was cut up to the end of that block.
func TestTheLogHasAPartOfABlockThatIsLost(t *testing.T) {
	c, base := newClock(), filepath.Join(t.TempDir(), "base")
	d := openDisk(t, Options{Dir: base, Now: c.Now})
	wrote := map[string][]pair{}
	h := mustHandle(t, d)
	for range 4 * 24 { // until the log is cut for the first time
		d.maintaining.Lock()
		add(wrote, polls(t, d, c, 60, "a", "b", "c"))
		d.maintaining.Unlock()
		d.maintain(h)
		if cut, err := filepath.Glob(filepath.Join(base, "wal", "checkpoint.*")); len(cut) > 0 {
			require.NoError(t, err)
			break
		}
	}
	var newest tsdb.BlockMeta
	for _, b := range h.db.Blocks() {
		if b.MaxTime() > newest.MaxTime {
			newest = b.Meta()
		}
	}
	require.NoError(t, d.Close())
	name := newest.ULID.String()
	ours, alone := damagedCopy(t, base, name), damagedCopy(t, base, name)
	require.FileExists(t, ours.checkpoint())
	ours.cut(ours.inBlock("index"), 0.1)
	plain := lostByPlain(t, alone, true, count(wrote))
	require.Equal(t, int(newest.Stats.NumSamples), plain, "Prometheus reads none of it: else the log need not be written again")

	d = openDisk(t, Options{Dir: ours.dir, Now: c.Now})
	got := readDisk(t, d, everything)
	lost := count(wrote) - count(got)
	t.Logf("%d of %d samples lost, %d without repair; %s", lost, count(wrote), plain, d.Stats().Note)
	within(t, got, wrote)
	require.Positive(t, lost)
	require.LessOrEqual(t, lost, plain/2)
	require.Regexp(t, movedNote, d.Stats().Note)
	require.Regexp(t, `the log of recent samples is read again for what it still has of a block that could not be read, and \S*quarantine/\S+-wal may be deleted`, d.Stats().Note)

	add(got, polls(t, d, c, 10, "a", "b", "c"))
	require.NoError(t, d.Close())
	d = openDisk(t, d.opts)
	require.Empty(t, d.Stats().Note)
	same(t, got, readDisk(t, d, everything))
}

// newClockOf returns a clock that shows what another shows.
func newClockOf(c *clock) *clock { return historytest.NewClockAt(c.Now()) }

// withBlocks writes a history with a block or two, closes it and returns what
// is in it.
func withBlocks(t *testing.T, c *clock, dir string) map[string][]pair {
	t.Helper()
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	wrote := polls(t, d, c, 1000, "a", "b")
	h, _ := d.current()
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

func mustHandle(t *testing.T, d *Store) *handle {
	t.Helper()
	h, _ := d.current()
	require.NotNil(t, h)
	return h
}

func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "series_" + time.Duration(i).String()
	}
	return names
}

// A chunk that cannot be read is found when it is asked for. The first query is
// reported; then a gap is all that is left of the chunk.
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

func count(all map[string][]pair) (n int) {
	for _, pairs := range all {
		n += len(pairs)
	}
	return n
}

// damagedCopy returns a copy of a history.
func damagedCopy(t *testing.T, base, block string) damagedHistory {
	t.Helper()
	h := damagedHistory{t, filepath.Join(t.TempDir(), "1-mesos"), block}
	require.NoError(t, fileutil.CopyDirs(base, h.dir))
	return h
}

// lostByPlain returns how many samples are lost where a damaged block is moved
// away and the TSDB repairs the rest by itself; notOpened where it does not
// open.
func lostByPlain(t *testing.T, h damagedHistory, moveBlock bool, total int) int {
	t.Helper()
	if moveBlock {
		require.NoError(t, os.Rename(h.path(h.block), filepath.Join(t.TempDir(), "away")))
	}
	o := tsdb.DefaultOptions()
	o.MaxBlockDuration, o.RetentionDuration = 36*time.Hour.Milliseconds(), 0
	db, err := tsdb.Open(h.dir, nil, nil, o, nil)
	if err != nil {
		t.Log("the TSDB alone:", err)
		return notOpened
	}
	defer func() { require.NoError(t, db.Close()) }()
	return total - count(readDisk(t, db, everything))
}

// readAll reads all samples, as a query does.
func readAll(s storage.Queryable) (n int, err error) {
	q, err := s.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	set := q.Select(context.Background(), false, nil, history.EverySeries)
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			n++
		}
		if it.Err() != nil {
			return n, it.Err()
		}
	}
	return n, set.Err()
}
