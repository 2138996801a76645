package query

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

// volumeOf returns the counts of an answer by severity: "07:40 2, 07:50 0".
func volumeOf(t *testing.T, response backend.DataResponse) map[string]string {
	t.Helper()
	require.NoError(t, response.Error)
	counts := map[string]string{}
	for _, frame := range response.Frames {
		require.Equal(t, "level", firstKey(frame.Fields[1].Labels))
		level := frame.Fields[1].Labels["level"]
		require.Equal(t, level, frame.Fields[1].Config.DisplayNameFromDS)
		var parts []string
		for i := range frame.Rows() {
			parts = append(parts, fmt.Sprintf("%s %v", frame.At(0, i).(time.Time).Format("15:04"), frame.At(1, i)))
		}
		counts[level] = strings.Join(parts, ", ")
	}
	return counts
}

func firstKey(labels map[string]string) string {
	for key := range labels {
		return key
	}
	return ""
}

func TestLinesAreCountedBySeverityOverTime(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{
		"stdout":   "2026-11-21T07:40:00Z INFO a\n2026-11-21T07:40:05Z INFO b\n  continued ERROR c\n2026-11-21T07:41:00Z ERROR d\n2026-11-21T07:43:00Z e\n",
		"stdout.1": "2026-11-21T07:37:10Z INFO before\n2026-11-21T07:39:59Z WARN x\n",
	}}
	minutes := func(keys string, from string) backend.DataResponse {
		at, err := time.Parse(time.RFC3339, from)
		require.NoError(t, err)
		return s.logsOver(t, `"volume": true, "interval": "1m"`+keys, at, time.Date(2026, 11, 21, 7, 43, 30, 0, time.UTC))
	}
	require.Equal(t, map[string]string{
		"error":   "07:39 0, 07:40 1, 07:41 1, 07:42 0, 07:43 0", // the line that goes on has the time of the one before
		"warning": "07:39 1, 07:40 0, 07:41 0, 07:42 0, 07:43 0",
		"info":    "07:39 0, 07:40 2, 07:41 0, 07:42 0, 07:43 0",
		"unknown": "07:39 0, 07:40 0, 07:41 0, 07:42 0, 07:43 1",
	}, volumeOf(t, minutes("", "2026-11-21T07:39:00Z")), "rotated files are read, and only what is in the range")
	require.Equal(t, map[string]string{"info": "07:37 1, 07:38 0, 07:39 0, 07:40 2, 07:41 0, 07:42 0, 07:43 0"},
		volumeOf(t, minutes(`, "filter": "INFO"`, "2026-11-21T07:00:00Z")), "what was before the first line is not known")
	require.Empty(t, volumeOf(t, minutes(`, "filter": "nowhere"`, "2026-11-21T07:39:00Z")))
	require.Equal(t, map[string]string{"unknown": "07:42 0, 07:43 1"}, volumeOf(t, minutes("", "2026-11-21T07:42:30Z")))
}

// What was not read is not counted as nothing.
func TestStepsThatWereReadInPartHaveNoCount(t *testing.T) {
	begin := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	var b strings.Builder
	lines := 0
	for at := begin; at.Before(lastWrite); at = at.Add(200 * time.Millisecond) {
		fmt.Fprintf(&b, "%s INFO %s\n", at.Format("2006-01-02T15:04:05.000Z"), strings.Repeat("x", 40))
		lines++
	}
	require.Greater(t, b.Len(), maxScanned)
	s := &sandboxOfTests{files: map[string]string{"stdout": b.String()}}
	response := s.logs(t, `"volume": true, "interval": "10m", "limit": 10`)
	counts := volumeOf(t, response)
	parts := strings.Split(counts["info"], ", ")
	require.Len(t, parts, 20, "4 MiB are 59,074 lines of 71 bytes, which begin at 04:43")
	for _, part := range parts[:len(parts)-1] {
		require.Regexp(t, ` 3000$`, part, "each of ten minutes, whatever the limit of lines is")
	}
	require.Contains(t, noticesOf(response), "were read, and there are more lines before these")
	require.LessOrEqual(t, s.read, int64(maxScanned))
}

func TestLinesWithoutTimesHaveNoVolume(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "one\ntwo\n"}}
	response := s.logs(t, `"volume": true`)
	require.NoError(t, response.Error)
	require.Empty(t, response.Frames)
}

func TestVolumesHaveTheRulesOfLogs(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "2026-11-21T07:40:00Z a\n"}}
	require.ErrorContains(t, s.logs(t, `"volume": true, "before": 3`).Error, "volume: is of a time range")
	src := source(t, recordedStore(t))
	query := backend.DataQuery{RefID: "A", JSON: []byte(`{"queryType":"logs","taskId":"t1","volume":true}`), TimeRange: backend.TimeRange{From: lastWrite.Add(-time.Hour), To: lastWrite}}
	require.ErrorIs(t, Run(t.Context(), src, query, Options{}).Error, errNoSandboxes)
	require.ErrorIs(t, Run(t.Context(), src, query, Options{Sandboxes: s.sandboxes(), Alert: true}).Error, errLogsEvaluated)
	// A range as wide as can be has few points.
	query.TimeRange.From = time.Unix(0, 0)
	response := Run(t.Context(), src, query, Options{Sandboxes: s.sandboxes()})
	require.NoError(t, response.Error)
	require.LessOrEqual(t, response.Frames[0].Rows(), maxVolumePoints+2)
}
