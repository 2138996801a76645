package repair

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/stretchr/testify/require"
)

// newHistory writes a history of a few samples and returns its directory.
func newHistory(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	db := open(t, dir)
	app := db.AppenderV2(t.Context())
	for i := range int64(1000) {
		for _, name := range []string{"a", "b"} {
			_, err := app.Append(0, labels.FromStrings("__name__", name), 0, 1000*i, float64(i), nil, nil, storage.AOptions{})
			require.NoError(t, err)
		}
		if i%10 == 9 {
			require.NoError(t, app.Commit())
			app = db.AppenderV2(t.Context())
		}
	}
	require.NoError(t, app.Rollback())
	require.NoError(t, db.Close())
	return dir
}

func open(t *testing.T, dir string) *tsdb.DB {
	t.Helper()
	db, err := tsdb.Open(dir, nil, nil, tsdb.DefaultOptions(), nil)
	require.NoError(t, err)
	db.DisableCompactions()
	return db
}

// samples returns how many samples of a series there are.
func samples(t *testing.T, dir, name string) (n int) {
	t.Helper()
	db := open(t, dir)
	defer func() { require.NoError(t, db.Close()) }()
	q, err := db.Querier(0, 1<<60)
	require.NoError(t, err)
	defer q.Close()
	set := q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", name))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() != 0 {
			n++
		}
		require.NoError(t, it.Err())
	}
	require.NoError(t, set.Err())
	return n
}

// repaired repairs a directory and returns what was found.
func repaired(t *testing.T, dir string, space error) (found []string, err error) {
	t.Helper()
	err = Directory(t.Context(), Options{
		Dir: dir, Log: slog.New(slog.DiscardHandler),
		Space: func(int64) error { return space },
		Found: func(text string, _ bool) { found = append(found, text) },
	})
	return found, err
}

func damageLog(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "wal", "00000000")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	copy(content[len(content)/2:], strings.Repeat("x", 30))
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

func TestAHistoryWithoutDamageStaysAsItIs(t *testing.T) {
	dir := newHistory(t)
	found, err := repaired(t, dir, errors.New("no space is needed"))
	require.NoError(t, err)
	require.Empty(t, found)
	require.NoDirExists(t, filepath.Join(dir, Quarantine))
	require.Equal(t, 1000, samples(t, dir, "a"))

	found, err = repaired(t, filepath.Join(t.TempDir()), nil)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestWithoutSpaceNothingIsChanged(t *testing.T) {
	dir := newHistory(t)
	damageLog(t, dir)
	full := errors.New("no space")
	found, err := repaired(t, dir, full)
	require.ErrorIs(t, err, full)
	require.Empty(t, found)
	require.NoDirExists(t, filepath.Join(dir, Quarantine))
	found, err = repaired(t, dir, nil)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.GreaterOrEqual(t, samples(t, dir, "a"), 900)
}

// A process that ends during the repair continues at its next start.
func TestTheRepairOfTheLogIsInterrupted(t *testing.T) {
	t.Run("while it writes", func(t *testing.T) {
		dir := newHistory(t)
		damageLog(t, dir)
		part := filepath.Join(dir, Quarantine, "wal-rewritten")
		require.NoError(t, os.MkdirAll(part, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(part, "00000000"), []byte("half"), 0o600))
		found, err := repaired(t, dir, nil)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.GreaterOrEqual(t, samples(t, dir, "a"), 900)
	})
	t.Run("between the two renames", func(t *testing.T) {
		dir := newHistory(t)
		within := filepath.Join(dir, Quarantine)
		require.NoError(t, os.MkdirAll(within, 0o700))
		require.NoError(t, os.Rename(filepath.Join(dir, "wal"), filepath.Join(within, "wal-rewritten")))
		found, err := repaired(t, dir, nil)
		require.NoError(t, err)
		require.Empty(t, found)
		require.Equal(t, 1000, samples(t, dir, "a"))
	})
}

// References of series whose labels are lost are not given to others: chunks of
// the head would be mixed up.
func TestReferencesAreNotUsedAgain(t *testing.T) {
	dir := newHistory(t)
	path := filepath.Join(dir, "wal", "00000000")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	copy(content[10:], "xxxx") // the record with the labels of a and b
	require.NoError(t, os.WriteFile(path, content, 0o600))
	found, err := repaired(t, dir, nil)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Contains(t, found[0], "and 2000 samples belong to series whose labels were lost")
	db := open(t, dir)
	app := db.AppenderV2(t.Context())
	ref, err := app.Append(0, labels.FromStrings("__name__", "new"), 0, 1_000_000, 7, nil, nil, storage.AOptions{})
	require.NoError(t, err)
	require.Greater(t, chunks.HeadSeriesRef(ref), chunks.HeadSeriesRef(2))
	require.NoError(t, app.Commit())
	require.NoError(t, db.Close())
	require.Equal(t, 1, samples(t, dir, "new"))
}
