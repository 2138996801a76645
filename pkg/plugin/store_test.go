package plugin

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	promlabels "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/disk"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// onDisk makes the fixture keep its history below a directory.
func (s *fixture) onDisk(path string) *fixture {
	s.registry.KeepHistoryIn(path, "")
	// Also where the path is a temporary directory that was made after the fixture: what is made
	// last is cleaned up first.
	s.t.Cleanup(s.close)
	return s
}

// engine is what the status says about where history is, once it is there.
func (s *fixture) engine(want string) HistoryStatus {
	s.t.Helper()
	var last HistoryStatus
	require.Eventually(s.t, func() bool {
		last = s.source().statusAnswer().History
		return last.Engine == want
	}, 10*time.Second, 5*time.Millisecond, "%+v", &last)
	return last
}

func TestHistoryIsOnDiskWhereHistoryPathIsSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	s := newFixture(t, nil, workload).onDisk(path).start()
	s.engine("disk")
	for range 5 {
		s.clock.Advance(every)
	}
	before := s.latest(`{"expr": "mesos_up{poll=\"state\"}"}`)
	require.NotEmpty(t, before)
	require.DirExists(t, filepath.Join(path, "1-mesos"))
	answer, details := s.check()
	require.Equal(t, backend.HealthStatusOk, answer.Status, answer.Message)
	require.Contains(t, details, "History: on disk, ")
	points := countPoints(t, s.source().store)
	require.Positive(t, points)

	// The process ends, and another one begins where it ended.
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	s.registry.Close(ctx)
	require.Less(t, time.Since(began), closeWithin)
	require.NoFileExists(t, filepath.Join(path, "1-mesos", "lock"), "it was closed in order")

	again := newFixture(t, nil, workload).onDisk(path)
	again.clock.Advance(10 * every)
	again.start().engine("disk")
	require.GreaterOrEqual(t, countPoints(t, again.source().store), points)
	start := again.source().statusAnswer().History.Start
	require.NotNil(t, start)
	require.True(t, start.Before(begin.Add(every)), "history begins where it began")
}

func TestHistoryLimitIsASize(t *testing.T) {
	for limit, want := range map[string]string{
		"":      "",
		"20GiB": "",
		"lots":  `history_limit: "lots" is not a valid size: write for example "20GiB" (grafana.ini); until then retention alone bounds the history on disk`,
		"1MiB":  `history_limit: "1MiB" is too small: it must be at least "64MiB" (grafana.ini); until then retention alone bounds the history on disk`,
	} {
		s := newFixture(t, nil, workload)
		s.onDisk(t.TempDir()).registry.KeepHistoryIn(s.registry.historyPath, limit)
		s.start().engine("disk")
		if warnings := s.source().settings.Warnings; want == "" {
			require.Empty(t, warnings)
		} else {
			require.Equal(t, []string{want}, warnings)
		}
	}
}

// countPoints counts the samples of a history that are not staleness.
func countPoints(t *testing.T, store storage.Queryable) (n int) {
	t.Helper()
	q, err := store.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	set := q.Select(t.Context(), false, nil, promlabels.MustNewMatcher(promlabels.MatchNotEqual, "__name__", ""))
	for set.Next() {
		for it := set.At().Iterator(nil); it.Next() != chunkenc.ValNone; {
			if _, v := it.At(); !math.IsNaN(v) {
				n++
			}
		}
	}
	require.NoError(t, set.Err())
	return n
}

func TestTheSettingEngineDecides(t *testing.T) {
	path := t.TempDir()
	s := newFixture(t, map[string]any{"engine": "memory"}, workload).onDisk(path).start()
	s.engine("memory")
	require.NoDirExists(t, filepath.Join(path, "1-mesos"))
	s.clock.Advance(every)
	inMemory := countPoints(t, s.source().store)
	require.Positive(t, inMemory)

	// What memory holds moves to disk.
	s.configure(map[string]any{"engine": "auto"})
	s.start().engine("disk")
	require.GreaterOrEqual(t, countPoints(t, s.source().store), inMemory)
	require.Zero(t, s.source().store.Room(time.Minute))

	s.configure(map[string]any{"engine": "memory"})
	s.start().engine("memory")
	require.Positive(t, s.source().store.Room(time.Minute))
}

func TestAHistoryPathThatIsNotAbsoluteIsToldOf(t *testing.T) {
	s := newFixture(t, nil, workload).onDisk("history").start()
	s.engine("memory")
	_, details := s.check()
	require.Contains(t, details, `Warning: history_path is not an absolute path: write for example /var/lib/grafana/mesos-history (grafana.ini); until then history is kept in memory`)
	require.NoDirExists(t, "history")
}

func TestWhatIsWrongWithTheDirectoryIsInSaveAndTest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	s := newFixture(t, nil, workload).onDisk(path).start()
	require.Eventually(t, func() bool { return s.source().store.Stats().Note != "" }, 10*time.Second, 5*time.Millisecond)
	answer, details := s.check()
	require.Equal(t, backend.HealthStatusOk, answer.Status, "the cluster is fine")
	require.Contains(t, answer.Message, "Warning about the history: ")
	require.Contains(t, details, "cannot be opened")
	require.Positive(t, s.source().store.Room(time.Minute), "the limit of memory counts now")
	require.NoError(t, os.Remove(path))
	s.source().store.(*disk.Store).Wake()
	s.engine("disk")
	require.Eventually(t, func() bool { return s.source().store.Room(time.Minute) == 0 }, 10*time.Second, 5*time.Millisecond)
	require.Contains(t, details, "history is kept in memory")
}

func TestADirectoryCannotBeLeftByAUID(t *testing.T) {
	for key, want := range map[string]string{
		"1-mesos":        "1-mesos",
		"12-P1_aB-9":     "12-P1_aB-9",
		"1-../../etc":    "1-%2E%2E%2F%2E%2E%2Fetc",
		`1-a\b:c`:        "1-a%5Cb%3Ac",
		"1-ü\x00":        "1-%C3%BC%00",
		"1-a%2F":         "1-a%252F",
		"1-con.quarante": "1-con%2Equarante",
	} {
		require.Equal(t, want, directoryOf(key))
	}
}

// The executable itself: however it ends, what it collected is there.
func TestTheProcessLeavesItsHistoryWhole(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM, and does not hand a dead parent's processes to another")
	}
	executable := buildPlugin(t)
	for name, c := range map[string]struct {
		end     func(*family) error
		inOrder bool
	}{
		"its parent is killed": {func(f *family) error { return f.parent.Process.Kill() }, true},
		"SIGTERM":              {func(f *family) error { return f.plugin.Signal(syscall.SIGTERM) }, true},
		"its parent asks":      {func(f *family) error { return f.tell.Close() }, true},
		"it is killed":         {func(f *family) error { return f.plugin.Kill() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			dir := filepath.Join(path, "1-mesos")
			f := startFamilyWithHistory(t, executable, path)
			// Until something is in the log, and nothing more comes: the first polls are
			// committed. A batch is in the log in parts, its series before its samples.
			size, grown := int64(0), time.Now()
			require.Eventually(t, func() bool {
				if info, err := os.Stat(filepath.Join(dir, "wal", "00000000")); err == nil && info.Size() != size {
					size, grown = info.Size(), time.Now()
				}
				return size > 0 && time.Since(grown) > time.Second
			}, 30*time.Second, 10*time.Millisecond)
			told := time.Now()
			require.NoError(t, c.end(f))
			for f.lives() && time.Since(told) < 3*endsWithin {
				time.Sleep(5 * time.Millisecond)
			}
			require.Less(t, time.Since(told), endsWithin)
			if c.inOrder {
				require.NoFileExists(t, filepath.Join(dir, "lock"), "closed in order")
			}
			d := disk.New(disk.Options{Dir: dir, Retention: time.Hour})
			defer func() { require.NoError(t, d.Close()) }()
			require.Positive(t, countPoints(t, d))
			require.Eventually(t, func() bool { return d.Stats().Engine == "disk" }, 5*time.Second, 5*time.Millisecond)
			require.Empty(t, d.Stats().Note)
		})
	}
}

// startFamilyWithHistory starts the plugin before a cluster that answers, with
// history_path set as Grafana sets it.
func startFamilyWithHistory(t *testing.T, executable, path string) *family {
	t.Helper()
	cluster := mesostest.NewCluster(t, os.DirFS(captures), workload, redirect, roles)
	sockets := socketFolder(t)
	script := filepath.Join(sockets, "gpx")
	require.NoError(t, os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\n%s='%s' exec '%s'\n", historyPathVariable, path, executable), 0o700))
	return startFamily(t, script, cluster.Masters()[0], sockets)
}
