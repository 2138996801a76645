package query

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

// nextOf returns the lines of the next message of a tail.
func nextOf(t *testing.T, tail *Tail, s *sandboxOfTests) []string {
	t.Helper()
	message, err := tail.Next(t.Context(), source(t, recordedStore(t)), s.sandboxes())
	require.NoError(t, err)
	if message == nil {
		return nil
	}
	var m struct {
		Frames []*data.Frame `json:"frames"`
		Error  string        `json:"error"`
	}
	require.NoError(t, json.Unmarshal(message, &m))
	if m.Error != "" {
		return []string{"error: " + m.Error}
	}
	lines := []string{}
	for i := range m.Frames[0].Rows() {
		lines = append(lines, m.Frames[0].At(1, i).(string))
	}
	for _, n := range m.Frames[0].Meta.Notices {
		lines = append(lines, "notice: "+n.Text)
	}
	return lines
}

func newTail(t *testing.T, keys string) *Tail {
	t.Helper()
	raw := json.RawMessage(`{"queryType": "logs", "taskId": "t1", "live": true` + keys + `}`)
	request, err := newTailRequest(raw)
	require.NoError(t, err)
	text, err := json.Marshal(request)
	require.NoError(t, err)
	tail, err := ParseTail(request.Path(), text)
	require.NoError(t, err)
	return tail
}

func TestALastLineWithoutAnEndIsShownWhenNothingFollowsIt(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "one\ntw"}}
	tail := newTail(t, "")
	require.Equal(t, []string{"one"}, nextOf(t, tail, s))
	require.Equal(t, []string{"one", "tw"}, nextOf(t, tail, s))
	require.Nil(t, nextOf(t, tail, s))
	s.files["stdout"] += "o\nthree\n"
	require.Equal(t, []string{"tw", "o", "three"}, nextOf(t, tail, s))
}

func TestATailHasWhatItsFilterKeeps(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stderr": "bad 1\ngood 1\n"}}
	tail := newTail(t, `, "filter": "bad", "file": "stderr"`)
	require.Equal(t, []string{"bad 1"}, nextOf(t, tail, s))
	s.files["stderr"] += "good 2\n"
	require.Nil(t, nextOf(t, tail, s))
	s.files["stderr"] += "bad 2\n"
	require.Equal(t, []string{"bad 1", "bad 2"}, nextOf(t, tail, s))
}

func TestATailThatCannotKeepUpSaysSo(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "begin\n"}}
	tail := newTail(t, "")
	require.Equal(t, []string{"begin"}, nextOf(t, tail, s))
	s.files["stdout"] += strings.Repeat("0123456\n", 100_000)
	s.read = 0
	lines := nextOf(t, tail, s)
	require.LessOrEqual(t, s.read, int64(maxTail))
	require.Len(t, lines, 1+1000+1)
	require.Equal(t, "notice: More than 256 KiB were written since the message before: what is older is left out.", lines[1001])
	s.files["stdout"] += "end\n"
	lines = nextOf(t, tail, s)
	require.Equal(t, "end", lines[len(lines)-1])
}

func TestATailGoesOnAfterAnError(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "one\n"}}
	tail := newTail(t, "")
	require.Equal(t, []string{"one"}, nextOf(t, tail, s))
	s.gone = true
	require.Equal(t, []string{"error: no such file"}, nextOf(t, tail, s))
	require.Nil(t, nextOf(t, tail, s))
	s.gone = false
	require.Equal(t, []string{"one"}, nextOf(t, tail, s), "the error is over")
	// Emptied and written anew.
	s.files["stdout"] = "1\n"
	require.Equal(t, []string{"1"}, nextOf(t, tail, s))
	s.files["stdout"] = strings.Repeat("\x00\x01", 50)
	require.Equal(t, []string{`error: file: "stdout" is not text, and is not shown (100 bytes)`}, nextOf(t, tail, s))
	require.Nil(t, nextOf(t, tail, s))
	s.files["stdout"] += "\ntext\n"
	require.Equal(t, []string{"1", "", "text"}, nextOf(t, tail, s), "what is written next is text again")
}

func TestOnlyLiveLogsHaveAChannel(t *testing.T) {
	for name, raw := range map[string]string{
		"not live":         `{"query": {"queryType": "logs", "taskId": "t1"}}`,
		"another type":     `{"query": {"queryType": "promql", "expr": "up", "live": true}}`,
		"another file":     `{"query": {"queryType": "logs", "taskId": "t1", "live": true, "file": "../x.log"}}`,
		"another query's":  `{"query": {"queryType": "logs", "taskId": "t1", "live": true}}`,
		"no query":         `{}`,
		"no JSON":          `{`,
		"null":             `null`,
		"a list of things": `[{"query": 1}]`,
	} {
		_, err := ParseTail(TailPath+strings.Repeat("0", 32), json.RawMessage(raw))
		require.Error(t, err, name)
	}
	require.True(t, IsTail("tail/x"))
	require.False(t, IsTail("live/x"))
}

// The zone of a program that wrote nothing before is known by its first lines.
func TestATailReadsTimesInTheZoneOfTheFile(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": ""}}
	tail := newTail(t, "")
	require.Empty(t, nextOf(t, tail, s))
	for _, piece := range []string{"2026-11-21 13:00:00 a\n", "2026-11-21 13:00:00 b\n  at x\n", "2026-11-21T08:00:00Z c\n2026-11-21 13:00:00 d\n"} {
		s.files["stdout"] += piece
		lines, _, err := tail.written(t.Context(), source(t, recordedStore(t)), s.sandboxes())
		require.NoError(t, err)
		for _, l := range lines {
			require.Equal(t, lastWrite, l.at, l.text)
		}
	}
}

// A few odd bytes are in many logs, and a short piece has little else.
func TestATailIsNotStricterThanAnAnswer(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "one\n"}}
	tail := newTail(t, `, "limit": 100`)
	require.Equal(t, []string{"one"}, nextOf(t, tail, s))
	for _, piece := range []string{"done\a\n", "\x00\n", "é\xff\r\n"} {
		s.files["stdout"] += piece
		require.NotContains(t, strings.Join(nextOf(t, tail, s), "|"), "error")
	}
	s.files["stdout"] += "end\n"
	require.Equal(t, []string{"é\uFFFD", "end"}, nextOf(t, tail, s))
}

func TestATailSaysWhatItLeavesOut(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "1\n"}}
	tail := newTail(t, `, "limit": 3`)
	require.Equal(t, []string{"1"}, nextOf(t, tail, s))
	s.files["stdout"] += "2\n3\n4\n5\n6\n7\n"
	require.Equal(t, []string{"1", "5", "6", "7", "notice: More than the 3 lines that the query asks for were written since the message before: what is older is left out."}, nextOf(t, tail, s))
	s.files["stdout"] += "8\n9\n10\n"
	require.Equal(t, []string{"5", "6", "7", "8", "9", "10"}, nextOf(t, tail, s))
	// Over a rotation it is the newest lines too.
	s.files["stdout.1"] = s.files["stdout"] + "11\n12\n"
	s.files["stdout"] = "13\n14\n"
	lines := nextOf(t, tail, s)
	require.Equal(t, []string{"8", "9", "10", "12", "13", "14"}, lines[:6])
	require.Contains(t, lines[6], "More than the 3 lines")

	tail = newTail(t, `, "filter": "/(.*a){200}b|x/"`)
	require.Empty(t, nextOf(t, tail, s))
	s.files["stdout"] += strings.Repeat(strings.Repeat("a", 10_000)+"\n", 20) + "x\n"
	lines = nextOf(t, tail, s)
	require.Len(t, lines, 2)
	require.Equal(t, "x", lines[0])
	require.Contains(t, lines[1], "notice: The regular expression of the filter was compared with the last")
}
