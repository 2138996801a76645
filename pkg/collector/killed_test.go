package collector_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/events/sqlite"
	"community-mesos-datasource/pkg/mesos"
)

// The test below starts its own executable again as the process that is killed.
const (
	killedFile = "KILLED_TEST_FILE" // of its event log
	killedAt   = "KILLED_TEST_AT"   // the record at which it is killed
	killedWith = "KILLED_TEST_WITH" // the setting subscribe
)

// The process that watches the recording is killed in the middle of it, and another one
// goes on with the same file some seconds later, so few that there is no gap, or a while later:
// each event is there once, so that a count over the restart is right.
func TestARecordingIsToldOnceOverAKill(t *testing.T) {
	if file := os.Getenv(killedFile); file != "" {
		at, err := strconv.Atoi(os.Getenv(killedAt))
		require.NoError(t, err)
		r := replay(t)
		log := sqlite.New(sqlite.Options{File: file, Reserve: 1, Now: r.clock.Now})
		playInto(t, nil, log, r, collector.Settings{Subscribe: os.Getenv(killedWith)}, func(_ *collector.Collector, n int) {
			if n == at {
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Kill()
				select {}
			}
		})
		t.Fatal("it was to be killed")
	}
	for _, subscribe := range []string{collector.SubscribeAuto, collector.SubscribeNever} {
		t.Run("subscribe "+subscribe, func(t *testing.T) { killedOnce(t, subscribe) })
	}
}

func killedOnce(t *testing.T, subscribe string) {
	t.Helper()
	told, others := "streamed.tsv", []string{"both", "polls", "stream"}
	if subscribe == collector.SubscribeNever {
		told, others = "polled.tsv", []string{"both", "polls"}
	}
	self, err := os.Executable()
	require.NoError(t, err)
	r := replay(t)
	for at, away := range map[int]time.Duration{len(r.records) / 3: 0, len(r.records) * 2 / 3: 30 * time.Second} {
		file := filepath.Join(t.TempDir(), "events.sqlite")
		child := exec.Command(self, "-test.run=^TestARecordingIsToldOnceOverAKill$")
		child.Env = append(os.Environ(), killedFile+"="+file, killedAt+"="+strconv.Itoa(at), killedWith+"="+subscribe)
		out, err := child.CombinedOutput()
		require.ErrorContains(t, err, "killed", string(out))

		r := replay(t)
		// The recorded answers are of every fifth second.
		again := r.begun.Add(r.records[at].Received.Sub(r.begun).Truncate(recordedEvery) + recordedEvery + away)
		r.clock = clocktest.New(again)
		r.first = at + slices.IndexFunc(r.records[at:], func(e mesos.StreamEvent) bool { return !e.Received.Before(again) })
		log := sqlite.New(sqlite.Options{File: file, Reserve: 1, Now: r.clock.Now})
		t.Cleanup(func() { require.NoError(t, log.Close()) })
		require.Empty(t, log.Stats().Problem)
		before := log.Stats().Events
		require.Greater(t, before, 100, "the first process wrote events")
		p := playInto(t, &eventLog{}, log, r, collector.Settings{Subscribe: subscribe}, nil)
		require.Greater(t, log.Stats().Events, before+100, "and so did the second")
		var more int
		p.log.all, more, err = log.Select(t.Context(), events.Filter{Limit: 1_000_000})
		require.NoError(t, err)
		require.Zero(t, more)

		got, streamed, polled := p.taskRows(), expectedRows(t, "streamed.tsv"), expectedRows(t, "polled.tsv")
		requireRecorded(t, got, streamed, polled)
		// Of what happened while none ran, states that tasks had for a moment are lost.
		for _, row := range expectedRows(t, told) {
			live := cluster.TaskState(strings.Split(row, "\t")[2]).Live()
			require.True(t, live || slices.Contains(got, row), "missing: %s", row)
		}
		// What agents and frameworks did meanwhile is told as polls tell it.
		want := expectedOthers(t, others...)
		if away > 0 {
			want = append(slices.DeleteFunc(want, func(row string) bool { return row == "agent removed agent1.fixture.test" }),
				"agent lost agent1.fixture.test", "collection gap ")
		}
		found := p.others()
		if subscribe == collector.SubscribeNever { // how an agent left, only the stream tells
			for _, rows := range [][]string{want, found} {
				for i := range rows {
					rows[i] = strings.Replace(rows[i], "agent lost", "agent removed", 1)
				}
			}
		}
		require.ElementsMatch(t, want, found, "killed at %s", r.records[at].Received.Sub(r.begun).Round(time.Second))
	}
}
