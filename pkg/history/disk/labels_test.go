package disk

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/encoding"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
)

func TestLabelsThatAreTooLongAreRefused(t *testing.T) {
	c := newClock()
	d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now})
	onDiskOrInMemory := func() {
		b := d.Batch(context.Background())
		long := labels.FromStrings("__name__", "long", "task", strings.Repeat("x", history.MaxLabelBytes))
		_, err := b.Append(0, constant(long), c.Now().UnixMilli(), 1)
		require.ErrorContains(t, err, `a series of "long" cannot be kept: its labels have 65`)
		_, err = b.Append(0, constant(labels.FromStrings("__name__", "short")), c.Advance(time.Second).UnixMilli(), 1)
		require.NoError(t, err)
		require.NoError(t, b.Commit())
		require.Empty(t, readDisk(t, d, `long`))
		require.NotEmpty(t, readDisk(t, d, `short`))
	}
	onDiskOrInMemory()
	d.takeOver(fault{kind: full, text: "for the test"})
	onDiskOrInMemory()
}

// openDir makes a test's executable open a directory with Prometheus' TSDB.
const openDir = "HISTORY_TEST_OPEN"

func openPlainTSDB(dir string) int {
	db, err := tsdb.Open(dir, nil, nil, tsdb.DefaultOptions(), nil)
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		fmt.Println(err)
		return 3
	}
	return 0
}

// A label of 16 MiB in the log ends a process that opens it with the TSDB alone.
// The TSDB cannot write one, since package labels cannot hold it; so its record
// is written here. Another build of Prometheus can (build tag slicelabels).
func TestALogWithALabelOf16MiB(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	wrote := polls(t, d, c, 100, "a", "b")
	require.NoError(t, d.Close())

	var rec encoding.Encbuf
	rec.PutByte(byte(record.Series))
	for i, long := range []string{"c", strings.Repeat("x", 1<<24+1), "d"} {
		rec.PutBE64(uint64(1000 + i))
		rec.PutUvarint(2)
		rec.PutUvarintStr("__name__")
		rec.PutUvarintStr("new")
		rec.PutUvarintStr("task")
		rec.PutUvarintStr(long)
	}
	at := c.Advance(15 * time.Second).UnixMilli()
	var enc record.Encoder
	samples := enc.Samples([]record.RefSample{{Ref: 1000, T: at, V: 1}, {Ref: 1001, T: at, V: 2}, {Ref: 1002, T: at, V: 3}}, nil)
	w, err := wlog.NewSize(nil, nil, filepath.Join(dir, "wal"), 16<<20, compression.Snappy)
	require.NoError(t, err)
	require.NoError(t, w.Log(rec.Get(), samples))
	require.NoError(t, w.Close())

	alone := exec.Command(os.Args[0])
	alone.Env = append(os.Environ(), openDir+"="+dir)
	out, err := alone.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "panic: String too long to encode as label.")

	d = openDisk(t, Options{Dir: dir, Now: c.Now})
	require.Contains(t, d.Stats().Note, "a label of more than 16 MiB")
	require.Contains(t, d.Stats().Note, "1 series with labels of more than 16 MiB were left out")
	wrote[`{__name__="new", task="c"}`] = []pair{{T: at, V: 1}}
	wrote[`{__name__="new", task="d"}`] = []pair{{T: at, V: 3}}
	same(t, wrote, readDisk(t, d, everything))
	add(wrote, polls(t, d, c, 10, "a", "b"))
	require.NoError(t, d.Close())
	d = openDisk(t, d.opts)
	require.Empty(t, d.Stats().Note)
	same(t, wrote, readDisk(t, d, everything))
}
