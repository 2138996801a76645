package repair

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
	"github.com/stretchr/testify/require"
)

// writeLog writes a log of one segment and returns its content.
func writeLog(t testing.TB, kind compression.Type, records ...[]byte) []byte {
	t.Helper()
	dir := t.TempDir()
	w, err := wlog.NewSize(nil, nil, dir, 1<<24, kind)
	require.NoError(t, err)
	for _, rec := range records {
		require.NoError(t, w.Log(rec))
	}
	require.NoError(t, w.Close())
	content, err := os.ReadFile(filepath.Join(dir, "00000000"))
	require.NoError(t, err)
	return content
}

// testRecords returns records of all sizes, each with its number in it.
func testRecords(n int) [][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	records := make([][]byte, n)
	for i := range records {
		records[i] = fmt.Appendf(nil, "record %d ", i)
		for range rnd.IntN(1 << rnd.IntN(18)) {
			records[i] = append(records[i], byte(rnd.IntN(256)))
		}
	}
	return records
}

// readAll returns the records that can be read of a segment.
func readAll(t testing.TB, data []byte) (segment, []string) {
	t.Helper()
	var all []string
	buf := compression.NewSyncDecodeBuffer()
	found, err := readSegment(data, func(rec logRecord) error {
		content, err := rec.decode(buf)
		require.NoError(t, err)
		require.LessOrEqual(t, len(content), max(rec.size(), len(content)))
		all = append(all, string(content))
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, len(all), found.records)
	return found, all
}

func texts(records [][]byte) []string {
	all := make([]string, len(records))
	for i, rec := range records {
		all[i] = string(rec)
	}
	return all
}

func TestSegmentsAreReadAsPrometheusWritesThem(t *testing.T) {
	records := testRecords(200)
	for _, kind := range compression.Types() {
		found, all := readAll(t, writeLog(t, kind, records...))
		require.Equal(t, segment{records: len(records)}, found, kind)
		require.Equal(t, texts(records), all, kind)
	}
}

func TestASegmentThatIsCutOff(t *testing.T) {
	records := testRecords(50)
	data := writeLog(t, compression.Snappy, records...)
	for cut := 1; cut < len(data); cut += 997 {
		found, all := readAll(t, data[:cut])
		require.Zero(t, found.places)
		require.Equal(t, texts(records[:len(all)]), append([]string{}, all...))
	}
}

// Damage costs the records it is in and no others.
func TestDamageInASegmentCostsItselfAlone(t *testing.T) {
	records := testRecords(200)
	want := texts(records)
	data := writeLog(t, compression.None, records...)
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		damaged := slices.Clone(data)
		at, n := rnd.IntN(len(data)), 1+rnd.IntN(60)
		for i := at; i < min(at+n, len(data)); i++ {
			damaged[i] ^= byte(1 + rnd.IntN(255))
		}
		found, all := readAll(t, damaged)
		// Nothing is made up, and the order stays.
		i := 0
		for _, rec := range all {
			for want[i] != rec {
				i++
				require.Less(t, i, len(want), "a record that nobody wrote, after damage at %d", at)
			}
			i++
		}
		if len(all) < len(want) {
			require.Positive(t, found.places)
			require.LessOrEqual(t, int(found.at), at+n)
		}
		// A damaged length hides the rest of its page.
		lost := 0
		for _, rec := range want {
			if !slices.Contains(all, rec) {
				lost += len(rec)
			}
		}
		require.LessOrEqual(t, lost, 2*(1<<18)+2*pageSize)
	}
}

func FuzzReadSegment(f *testing.F) {
	data := writeLog(f, compression.Snappy, testRecords(20)...)
	f.Add(data)
	f.Add(data[:1000])
	f.Add(make([]byte, pageSize+1))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := readSegment(data, func(rec logRecord) error {
			if b, err := rec.decode(compression.NewSyncDecodeBuffer()); err == nil && len(b) > 0 {
				tooLong(b)
				withoutTooLong(b)
			}
			return nil
		})
		require.NoError(t, err)
		require.LessOrEqual(t, found.at, int64(len(data)))
	})
}
