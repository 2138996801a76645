package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/query/logline"
)

// A sandboxOfTests is the sandbox of task t1, in memory.
type sandboxOfTests struct {
	files    map[string]string // by name below the sandbox
	written  map[string]time.Time
	modes    map[string]string
	odd      map[string]string
	group    bool
	latest   bool
	size     map[string]int64 // of files that only seem to have so many bytes
	read     int64            // bytes that were read
	requests int
	asked    []string // paths
	sought   []string // tasks whose sandboxes were asked for, and whether they were known
	gone     bool
	fail     error
}

const testRoot = "/work/slaves/S1/frameworks/F1/executors/t1/runs/c1"

var lastWrite = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func (s *sandboxOfTests) Sandbox(_ context.Context, agentID, frameworkID, taskID string, known bool) (mesos.Sandbox, error) {
	s.sought = append(s.sought, fmt.Sprintf("%s of %s on %s: %t", taskID, frameworkID, agentID, known))
	if agentID != "S1" || frameworkID != "F1" {
		return mesos.Sandbox{}, fmt.Errorf("%s of %s on %s was asked for", taskID, frameworkID, agentID)
	}
	return mesos.Sandbox{Directory: testRoot, Container: "c1", Group: s.group, Latest: s.latest}, s.fail
}

func (s *sandboxOfTests) Browse(_ context.Context, _, directory string) ([]mesos.File, error) {
	s.requests++
	s.asked = append(s.asked, directory)
	if s.gone {
		return nil, missing()
	}
	entries := map[string]mesos.File{}
	for name, content := range s.files {
		rest, below := strings.CutPrefix(testRoot+"/"+name, directory+"/")
		if !below {
			continue
		}
		child, _, deeper := strings.Cut(rest, "/")
		f := mesos.File{Path: directory + "/" + child, Name: child, Mode: "-rw-r--r--", Size: int64(len(content)), Modified: float64(lastWrite.Unix())}
		if at, ok := s.written[name]; ok {
			f.Modified = float64(at.UnixMilli()) / 1000
		}
		if size, ok := s.size[name]; ok {
			f.Size = size
		}
		f.Odd = s.odd[name]
		if mode, ok := s.modes[name]; ok {
			f.Mode = mode
		}
		if deeper {
			f = mesos.File{Path: f.Path, Name: child, Mode: "drwxr-xr-x"}
		}
		entries[child] = f
	}
	if len(entries) == 0 {
		return nil, missing()
	}
	var all []mesos.File
	for _, f := range entries {
		all = append(all, f)
	}
	return all, nil
}

func (s *sandboxOfTests) Read(_ context.Context, _, path string, offset, length int64) (mesos.Part, error) {
	s.requests++
	s.asked = append(s.asked, path)
	content, ok := s.files[strings.TrimPrefix(path, testRoot+"/")]
	if !ok {
		return mesos.Part{}, missing()
	}
	size := int64(len(content))
	if offset < 0 || offset >= size {
		return mesos.Part{Offset: size}, nil
	}
	part := content[offset:min(size, offset+min(length, mesos.MaxRead))]
	s.read += int64(len(part))
	return mesos.Part{Data: []byte(part), Offset: offset}, nil
}

// missing is the error of an agent that has no such file.
func missing() error { return mesos.NewMissing("no such file") }

// sandboxes returns what reads a sandbox, of a cluster that has task t1 on agent S1.
func (s *sandboxOfTests) sandboxes() *Sandboxes {
	model := cluster.Build(&mesos.State{
		Slaves: []mesos.Slave{{ID: "S1", Hostname: "agent1"}},
		Frameworks: []mesos.Framework{{ID: "F1", Name: "marathon", Tasks: mesos.Tasks{{
			ID: "t1", Name: "one", FrameworkID: "F1", SlaveID: "S1", Role: "web", State: "TASK_RUNNING",
		}}}},
	}, nil)
	return &Sandboxes{Files: s, Model: func() *cluster.Cluster { return model }, Slots: make(chan struct{}, 4)}
}

// logs answers a query of logs of task t1 over six hours up to the last write.
func (s *sandboxOfTests) logs(t *testing.T, keys string) backend.DataResponse {
	t.Helper()
	return s.logsOver(t, keys, lastWrite.Add(-6*time.Hour), lastWrite)
}

func (s *sandboxOfTests) logsOver(t *testing.T, keys string, from, to time.Time) backend.DataResponse {
	t.Helper()
	if keys != "" {
		keys = ", " + keys
	}
	src := source(t, recordedStore(t))
	src.Now = func() time.Time { return lastWrite }
	return Run(t.Context(), src, backend.DataQuery{
		RefID: "A", JSON: json.RawMessage(`{"queryType": "logs", "taskId": "t1"` + keys + `}`),
		TimeRange: backend.TimeRange{From: from, To: to},
	}, Options{Sandboxes: s.sandboxes()})
}

// textsOf returns the lines of an answer.
func textsOf(t *testing.T, response backend.DataResponse) []string {
	t.Helper()
	require.NoError(t, response.Error)
	require.Len(t, response.Frames, 1)
	lines := []string{}
	for i := range response.Frames[0].Rows() {
		lines = append(lines, response.Frames[0].At(1, i).(string))
	}
	return lines
}

func timesOf(response backend.DataResponse) (times []time.Time) {
	for i := range response.Frames[0].Rows() {
		times = append(times, response.Frames[0].At(0, i).(time.Time))
	}
	return times
}

func noticesOf(response backend.DataResponse) string {
	var all []string
	for _, n := range response.Frames[0].Meta.Notices {
		all = append(all, n.Text)
	}
	return strings.Join(all, " | ")
}

// numbered returns lines of these numbers, one each second up to the last write.
func numbered(from, to, last int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		at := lastWrite.Add(time.Duration(i-last) * time.Second)
		fmt.Fprintf(&b, "%s INFO line %d\n", at.Format("2006-01-02T15:04:05Z"), i)
	}
	return b.String()
}

func lineNumbers(t *testing.T, response backend.DataResponse) string {
	t.Helper()
	texts := textsOf(t, response)
	if len(texts) == 0 {
		return "none"
	}
	number := func(text string) string { return text[strings.LastIndexByte(text, ' ')+1:] }
	return fmt.Sprintf("%s..%s (%d)", number(texts[0]), number(texts[len(texts)-1]), len(texts))
}

func TestTheTailOfALogIsRead(t *testing.T) {
	// 20,000 lines of 41 bytes: 13 parts.
	s := &sandboxOfTests{files: map[string]string{"stdout": numbered(1, 20_000, 20_000)}}
	require.Equal(t, "19001..20000 (1000)", lineNumbers(t, s.logs(t, "")))
	require.EqualValues(t, mesos.MaxRead, s.read, "no more is read than is needed")
	require.Equal(t, "15001..20000 (5000)", lineNumbers(t, s.logs(t, `"limit": 5000`)))
	require.Equal(t, "20000..20000 (1)", lineNumbers(t, s.logs(t, `"limit": 1`)))

	// Each line once, whole, in its order, whatever the parts it was read in.
	response := s.logs(t, `"limit": 5000`)
	ids := map[string]bool{}
	for i, text := range textsOf(t, response) {
		require.True(t, strings.HasSuffix(text, fmt.Sprintf(" INFO line %d", 15_001+i)), text)
		ids[response.Frames[0].At(3, i).(string)] = true
	}
	require.Len(t, ids, 5000)
}

func TestTheTimeRangeChoosesLines(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": numbered(1, 200_000, 200_000)}} // 2.3 days, 8 MB
	at := func(n int) time.Time { return lastWrite.Add(time.Duration(n-200_000) * time.Second) }
	require.Equal(t, "199991..200000 (10)", lineNumbers(t, s.logsOver(t, "", at(199_991), lastWrite)))
	// Long ago: found by halves.
	s.read = 0
	require.Equal(t, "100000..100009 (10)", lineNumbers(t, s.logsOver(t, "", at(100_000), at(100_009))))
	require.Less(t, s.read, int64(600<<10))
	require.Equal(t, "1..5 (5)", lineNumbers(t, s.logsOver(t, "", at(-1000), at(5))))
	require.Equal(t, "49001..50000 (1000)", lineNumbers(t, s.logsOver(t, "", at(1), at(50_000))))
	require.Equal(t, "none", lineNumbers(t, s.logsOver(t, "", at(-1000), at(-10))))
	require.Equal(t, "none", lineNumbers(t, s.logsOver(t, "", at(-100), at(0).Add(time.Millisecond))))
}

func TestAClockThatIsAheadHidesNothing(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": numbered(1, 40, 30)}}
	require.Equal(t, "1..40 (40)", lineNumbers(t, s.logs(t, "")))
}

func TestFiltersOfLines(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": numbered(1, 20_000, 20_000)}}
	require.Equal(t, "999..19999 (38)", lineNumbers(t, s.logs(t, `"filter": "999"`)))
	require.Equal(t, "10001..20000 (3)", lineNumbers(t, s.logs(t, `"filter": "/line (1000[12]|20000)$/"`)))
	require.Equal(t, "none", lineNumbers(t, s.logs(t, `"filter": "ERROR"`)))
	require.Equal(t, []string{"/"}, textsOf(t, (&sandboxOfTests{files: map[string]string{"stdout": "a\n/\n"}}).logs(t, `"filter": "/"`)))
	response := s.logs(t, `"filter": "/("`)
	require.NoError(t, response.Error, "a text that only begins with a slash")
	response = s.logs(t, `"filter": "/(/"`)
	require.ErrorContains(t, response.Error, "filter: /(/ is not a regular expression")
	require.Equal(t, backend.StatusBadRequest, response.Status)

	words := func(filter string) any {
		return s.logs(t, `"filter": "`+filter+`"`).Frames[0].Meta.Custom.(map[string]any)["searchWords"]
	}
	require.Equal(t, []string{`a\.b`}, words("a.b"))
	require.Equal(t, []string{`a.b`}, words("/a.b/"))
}

func TestSearchingIsBounded(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": numbered(1, 300_000, 300_000)}} // 12 MB
	response := s.logsOver(t, `"filter": "nowhere"`, lastWrite.Add(-1000*time.Hour), lastWrite)
	require.Equal(t, "none", lineNumbers(t, response))
	require.EqualValues(t, maxScanned, s.read)
	require.Contains(t, noticesOf(response), "4 MiB of the file were read, and there are more lines before these")
}

func TestAnAnswerIsBounded(t *testing.T) {
	long := strings.Repeat("x", 8<<10) + "\n"
	s := &sandboxOfTests{files: map[string]string{"stdout": strings.Repeat(long, 300)}} // 2.4 MiB
	response := s.logs(t, "")
	texts := textsOf(t, response)
	require.Len(t, texts, maxAnswered/(8<<10))
	require.Contains(t, noticesOf(response), "one answer has 1 MiB of lines at most")

	// One line without an end.
	s = &sandboxOfTests{files: map[string]string{"stdout": strings.Repeat("ü", 6<<20)}}
	response = s.logs(t, "")
	require.Empty(t, textsOf(t, response), "its beginning is beyond what is read")
	require.EqualValues(t, maxScanned, s.read)
	s = &sandboxOfTests{files: map[string]string{"stdout": "first\n" + strings.Repeat("ü", 1<<20) + "\nlast\n"}}
	response = s.logs(t, "")
	texts = textsOf(t, response)
	require.Len(t, texts, 3)
	require.Equal(t, strings.Repeat("ü", maxLine/2-1), strings.TrimSuffix(texts[1], "…")[:maxLine-2])
	require.LessOrEqual(t, len(texts[1]), maxLine+len("…"))
	require.Contains(t, noticesOf(response), "1 lines are longer than 16 KiB")

	// A size that is not true: a file that was emptied meanwhile, or a sparse one.
	s = &sandboxOfTests{files: map[string]string{"stdout": "a\nb\n"}, size: map[string]int64{"stdout": 1 << 50}}
	require.Empty(t, textsOf(t, s.logs(t, "")))
	require.Less(t, s.requests, 100)
}

func TestRotatedFilesFollow(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{
		"stdout": numbered(2001, 2010, 2010), "stdout.1": numbered(1001, 2000, 2010), "stdout.2": numbered(1, 1000, 2010),
		"stdout.4": "not of them\n", "stdout.logrotate.conf": "x\n", "stderr": "e\n",
	}}
	response := s.logs(t, "")
	require.Equal(t, "1011..2010 (1000)", lineNumbers(t, response))
	require.Contains(t, string(response.Frames[0].At(4, 0).(json.RawMessage)), `"file":"stdout.1"`)
	require.Contains(t, string(response.Frames[0].At(4, 999).(json.RawMessage)), `"file":"stdout"`)
	require.Equal(t, "1..2010 (2010)", lineNumbers(t, s.logs(t, `"limit": 5000`)))
	require.Equal(t, "1..2000 (2000)", lineNumbers(t, s.logs(t, `"file": "stdout.1", "limit": 5000`)), "and those before it")
	require.Equal(t, "501..600 (100)", lineNumbers(t, s.logsOver(t, "", lastWrite.Add(-1509*time.Second), lastWrite.Add(-1410*time.Second))))
	require.ErrorContains(t, s.logs(t, `"file": "stdout.3"`).Error, `file: the task's sandbox has no "stdout.3": one of stderr, stdout, stdout.1, stdout.2, stdout.4`)
}

func TestContextOfALine(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": numbered(11, 5000, 5000), "stdout.1": numbered(1, 10, 5000)}}
	// The time range does not matter.
	ask := func(keys string) backend.DataResponse { return s.logsOver(t, keys, lastWrite, lastWrite) }
	line := strings.Index(s.files["stdout"], "line 2500\n")
	begin := strings.LastIndexByte(s.files["stdout"][:line], '\n') + 1
	at := fmt.Sprint(begin)
	response := ask(`"before": ` + at + `, "limit": 5`)
	require.Equal(t, "2495..2499 (5)", lineNumbers(t, response))
	require.Equal(t, "2501..2505 (5)", lineNumbers(t, ask(`"after": `+at+`, "limit": 5`)))
	require.Equal(t, "2501..5000 (2500)", lineNumbers(t, ask(`"after": `+at+`, "limit": 5000`)), "over the borders of parts")
	require.Equal(t, "1..10 (10)", lineNumbers(t, ask(`"before": 0, "limit": 50`)), "what was rotated comes before")
	require.Equal(t, "none", lineNumbers(t, ask(`"after": `+fmt.Sprint(len(s.files["stdout"])-1))))
	require.Equal(t, "none", lineNumbers(t, ask(`"after": 99999999999`)))

	// The offset is in the id of a line.
	id := ask(`"after": ` + at + `, "limit": 1`).Frames[0].At(3, 0).(string)
	require.Regexp(t, fmt.Sprintf(`^c1/stdout@%d-[0-9a-f]{8}$`, begin+len("2026-11-21T08:00:00Z INFO line 2500\n")), id)
	require.ErrorContains(t, ask(`"before": 1, "after": 1`).Error, "cannot both be set")
	require.ErrorContains(t, ask(`"before": -1`).Error, "before: -1 is out of range")
}

func TestLinesWithoutTimes(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "one\ntwo\nthree"}}
	response := s.logsOver(t, "", lastWrite.Add(-2*time.Hour), lastWrite.Add(-time.Hour))
	require.Equal(t, []string{"one", "two", "three"}, textsOf(t, response), "the time range does not choose")
	require.Contains(t, noticesOf(response), "No line that was read begins with a time")
	for i, at := range timesOf(response) {
		require.Equal(t, lastWrite.Add(time.Duration(i)), at, "the last write, in the order of the lines")
	}
	s.files["stdout"] = "before\n2026-11-21T07:00:00Z ERROR broken\n  at x\n  at y\n2026-11-21T07:00:00Z INFO next\n"
	response = s.logs(t, "")
	first := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)
	for i, at := range timesOf(response) {
		require.Equal(t, first.Add(time.Duration(i)), at)
	}
	require.Equal(t, logline.Error, response.Frames[0].At(2, 1))
	require.Empty(t, noticesOf(response))
}

func TestTimesWithoutAZone(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "2026-11-21 08:59:50 INFO a\n2026-11-21 08:59:58 INFO b\n"}}
	response := s.logs(t, "")
	require.Equal(t, []time.Time{lastWrite.Add(-10 * time.Second), lastWrite.Add(-2 * time.Second)}, timesOf(response))
	require.Contains(t, noticesOf(response), "read as UTC+01:00, by the time of the last write")
	s.files["stdout"] += "java.lang.Error: x\n  at y\n\n" // which a crash writes last
	response = s.logs(t, "")
	require.Len(t, textsOf(t, response), 5)
	require.Equal(t, lastWrite.Add(-10*time.Second), timesOf(response)[0])
	require.Contains(t, noticesOf(response), "read as UTC+01:00, by the time of the last write")
	s.files["stdout"] = "2026-11-21 07:50:00 INFO a\nno time, and written 10 minutes later\n"
	require.Contains(t, noticesOf(s.logs(t, "")), "read as UTC, as no other zone is known")
	// A file that was just rotated has no line of its own.
	s.files = map[string]string{"stdout": "", "stdout.1": "2026-11-21 02:59:50 INFO a\n"}
	s.written = map[string]time.Time{"stdout.1": lastWrite.Add(-9 * time.Second)}
	require.Equal(t, []time.Time{lastWrite.Add(-10 * time.Second)}, timesOf(s.logs(t, "")))
}

// local returns lines that a program writes in local time, one each ten seconds up to the
// last write.
func local(offset time.Duration, lines int) string {
	var b strings.Builder
	for i := 1; i <= lines; i++ {
		at := lastWrite.Add(offset - time.Duration(lines-i)*10*time.Second)
		fmt.Fprintf(&b, "%s event of a program that writes local time %s %d\n", at.Format(time.DateTime), strings.Repeat("x", 20), i)
	}
	return b.String()
}

// The zone is known before lines are looked for by their times, however long the file is.
func TestTheTimeRangeChoosesLinesInLocalTime(t *testing.T) {
	for _, offset := range []time.Duration{5 * time.Hour, time.Hour, 0, -8 * time.Hour, 5*time.Hour + 30*time.Minute} {
		for _, stack := range []string{"", "java.lang.Error\n  at x\n"} {
			s := &sandboxOfTests{files: map[string]string{"stdout": local(offset, 6000) + stack}}
			for from, want := range map[int]string{0: "5640..6000 (361)", 2: "4920..5280 (361)", 10: "2040..2400 (361)"} {
				to := lastWrite.Add(-time.Duration(from) * time.Hour)
				response := s.logsOver(t, `"limit": 5000, "filter": "event"`, to.Add(-time.Hour), to)
				require.Equal(t, want, lineNumbers(t, response), "%s, %d hours ago", offset, from)
				require.Equal(t, to, timesOf(response)[360], "%s, %d hours ago", offset, from)
			}
		}
	}
}

// All answers about a file read its times in one zone.
func TestContextHasTheZoneOfTheFile(t *testing.T) {
	for _, lines := range []int{50, 6000} {
		s := &sandboxOfTests{files: map[string]string{"stdout": local(5*time.Hour, lines)}}
		at := strings.Index(s.files["stdout"], " 11\n")
		begin := strings.LastIndexByte(s.files["stdout"][:at], '\n') + 1
		for keys, want := range map[string]int{fmt.Sprintf(`"before": %d`, begin): 10, fmt.Sprintf(`"after": %d`, begin): 12} {
			response := s.logs(t, keys+`, "limit": 1`)
			require.Equal(t, []time.Time{lastWrite.Add(time.Duration(want-lines) * 10 * time.Second)}, timesOf(response), keys)
			require.Contains(t, noticesOf(response), "read as UTC+05:00")
		}
	}
}

func TestOddBytes(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "a\x00b\x1b[31mred\x1b[0m\r\n\xff\xfe\ttab" + strings.Repeat(" ok", 50) + "\n\n"}}
	require.Equal(t, []string{"ab\x1b[31mred\x1b[0m", "\uFFFD\ttab" + strings.Repeat(" ok", 50), ""}, textsOf(t, s.logs(t, "")))
	s.files["stdout"] = strings.Repeat("\x00\x01\x02\xff", 1000)
	response := s.logs(t, "")
	require.ErrorContains(t, response.Error, `file: "stdout" is not text, and is not shown (4000 bytes)`)
	require.Equal(t, backend.StatusBadRequest, response.Status)
	s.files["stdout"] = ""
	require.Empty(t, textsOf(t, s.logs(t, "")))
	// A program that goes on where its file was emptied leaves zeros before its lines.
	s.files["stdout"] = strings.Repeat("\x00", 100_000) + "\n" + numbered(1, 3000, 3000)
	texts := textsOf(t, s.logs(t, `"limit": 5000`))
	require.Len(t, texts, 3001)
	require.Empty(t, texts[0])
	for _, zeros := range []int{5000, 300_000} {
		s.files["stdout"] = strings.Repeat("\x00", zeros) + "after it\nand more\n"
		s.read = 0
		require.Equal(t, []string{"after it", "and more"}, textsOf(t, s.logs(t, "")))
		require.LessOrEqual(t, s.read, int64(2*mesos.MaxRead), "zeros are not read to their beginning")
	}
	s.files["stdout"] = strings.Repeat("\x00", 5000)
	require.ErrorContains(t, s.logs(t, "").Error, "is not text")
	// A few bytes do not make a short log another file.
	s.files["stdout"] = "done\a\n"
	require.Equal(t, []string{"done"}, textsOf(t, s.logs(t, "")))
	// A progress bar begins its line anew.
	s.files["stdout"] = "b\r\rc\rd\r\n\r10%\r\n"
	require.Equal(t, []string{"b c d", "10%"}, textsOf(t, s.logs(t, "")))
}

// Only logs below the task's own sandbox are read.
func TestOtherFilesAreNotRead(t *testing.T) {
	s := &sandboxOfTests{
		files: map[string]string{
			"stdout": "x\n", "logs/server.log": "served\n", "secret": "s", "keys.pem": "s", ".docker/config.log": "s", "logs/.hidden.log": "s",
			"pipe.log": "s", "link.log": "s", "stdout.gz": "s",
		},
		modes: map[string]string{"pipe.log": "prw-r--r--", "link.log": "lrwxrwxrwx"},
	}
	require.Equal(t, []string{"served"}, textsOf(t, s.logs(t, `"file": "logs/server.log"`)))
	s.asked = nil
	for _, file := range []string{
		"/etc/passwd", "/etc/x.log", "../stdout", "../../../../other/runs/c2/stdout", "logs/../../stdout", "..", ".", "./stdout", "logs//server.log", "logs/",
		`..\stdout`, "stdout\x00.log", "a\nb.log", "secret", "keys.pem", ".docker/config.log", "logs/.hidden.log", "logs/../stdout", "stdout/../../x.log",
		"stdout.gz", "stdout.99999", "~/x.log/..", strings.Repeat("a/", 600) + "x.log",
	} {
		text, _ := json.Marshal(file)
		response := s.logs(t, `"file": `+string(text))
		require.ErrorContains(t, response.Error, "file: ", file)
		require.Equal(t, backend.StatusBadRequest, response.Status, file)
	}
	require.Empty(t, s.asked, "no agent was asked")
	for _, file := range []string{"pipe.log", "link.log", "nope.log", "%2e%2e/stdout", "nope/x.log"} {
		response := s.logs(t, `"file": "`+file+`"`)
		require.ErrorContains(t, response.Error, "the task's sandbox has no", file)
	}
	for _, path := range s.asked {
		require.True(t, path == testRoot || strings.HasPrefix(path, testRoot+"/"), path)
	}
}

// A task of a group has a directory of its own.
func TestTasksOfAGroupHaveTheirOwnDirectory(t *testing.T) {
	s := &sandboxOfTests{group: true, files: map[string]string{"stdout": "executor\n", "tasks/t1/stdout": "mine\n", "tasks/t2/stdout": "other\n"}}
	require.Equal(t, []string{"mine"}, textsOf(t, s.logs(t, "")))
	delete(s.files, "tasks/t1/stdout")
	require.Equal(t, []string{"executor"}, textsOf(t, s.logs(t, "")), "executors of others have one for all")
}

// What an executor's directory has below tasks/ is of its other tasks, or may be.
func TestFilesOfOtherTasksOfAnExecutorAreNotRead(t *testing.T) {
	files := map[string]string{"stdout": "executor\n", "logs/a.log": "a\n", "logs/tasks/b.log": "b\n", "tasks/t2/stdout": "other\n", "tasks/t2/logs/x.log": "other\n", "tasks/x.log": "other\n"}
	for name, s := range map[string]*sandboxOfTests{
		"a group":                       {group: true, files: files},
		"a task that is no more listed": {latest: true, files: files},
	} {
		for _, file := range []string{"tasks/t2/stdout", "tasks/t2/logs/x.log", "tasks/x.log"} {
			require.ErrorContains(t, s.logs(t, `"file": "`+file+`"`).Error, `the task's sandbox has no "`+file+`", and no other log in that directory`, name)
		}
		require.Equal(t, []string{"executor"}, textsOf(t, s.logs(t, "")), name)
		require.Equal(t, []string{"a"}, textsOf(t, s.logs(t, `"file": "logs/a.log"`)), name)
		require.Equal(t, []string{"b"}, textsOf(t, s.logs(t, `"file": "logs/tasks/b.log"`)), name)
		for directory, want := range map[string][]string{"": {"logs"}, "tasks": {}, "tasks/t2": {}, "logs": {"logs/tasks"}} {
			found, err := s.sandboxes().List(t.Context(), source(t, recordedStore(t)), LogsQuery{TaskID: "t1"}, directory)
			require.NoError(t, err, name)
			require.Equal(t, want, found.Directories, "%s: %q", name, directory)
		}
		for _, path := range s.asked {
			require.NotContains(t, strings.TrimSuffix(path, "/tasks/t1"), testRoot+"/tasks", name)
		}
	}
	// A task that ran alone may call a directory so.
	alone := &sandboxOfTests{files: files}
	require.Equal(t, []string{"other"}, textsOf(t, alone.logs(t, `"file": "tasks/x.log"`)))
}

// Files of a task that its agent no longer lists are looked for where the leader or the log of
// events has the task, with the framework and the agent of the query.
func TestOnlyKnownTasksAreLookedForBehindTheAgentsList(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "x\n"}}
	sandboxes := s.sandboxes()
	model := cluster.Build(&mesos.State{
		Slaves: []mesos.Slave{{ID: "S1", Hostname: "agent1"}},
		Frameworks: []mesos.Framework{{ID: "F1", Name: "marathon", Tasks: mesos.Tasks{
			{ID: "t1", FrameworkID: "F1", SlaveID: "S1", State: "TASK_RUNNING"},
			{ID: "t2", FrameworkID: "F1", SlaveID: "S1", ExecutorID: "pod", State: "TASK_RUNNING"},
		}}},
	}, nil)
	sandboxes.Model = func() *cluster.Cluster { return model }
	src := source(t, recordedStore(t))
	src.Events = &listLog{all: []events.Event{
		{ID: "1", Kind: events.KindTask, What: "failed", Time: lastWrite.Add(-time.Hour), TaskID: "old", FrameworkID: "F1", AgentID: "S1", Role: "web"},
	}}
	for _, c := range []struct{ task, framework, agent, want string }{
		{"t1", "", "", "t1 of F1 on S1: true"},
		{"t1", "F1", "S1", "t1 of F1 on S1: true"},
		{"t1", "F2", "S1", "t1 of F2 on S1: false"},
		{"t1", "F1", "S2", "t1 of F1 on S2: false"},
		{"t2", "", "", "t2 of F1 on S1: false"}, // the executor of several tasks
		{"old", "", "", "old of F1 on S1: true"},
		{"old", "F1", "S1", "old of F1 on S1: true"},
		{"old", "F2", "S1", "old of F2 on S1: false"},
		{"old", "F1", "S2", "old of F1 on S2: false"},
		{"pod", "F1", "S1", "pod of F1 on S1: false"}, // an executor is no task
	} {
		s.sought = nil
		query := fmt.Sprintf(`{"queryType": "logs", "taskId": %q, "frameworkId": %q, "agentId": %q}`, c.task, c.framework, c.agent)
		response := Run(t.Context(), src, backend.DataQuery{JSON: json.RawMessage(query)}, Options{Sandboxes: sandboxes})
		require.Equal(t, []string{c.want}, s.sought, "%s: %v", query, response.Error)
	}
	// Without a log of events the leader's tasks alone are known.
	src.Events = nil
	s.sought = nil
	Run(t.Context(), src, backend.DataQuery{JSON: json.RawMessage(`{"queryType": "logs", "taskId": "old", "frameworkId": "F1", "agentId": "S1"}`)}, Options{Sandboxes: sandboxes})
	require.Equal(t, []string{"old of F1 on S1: false"}, s.sought)
}

func TestErrorsOfLogs(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "x\n"}}
	for keys, want := range map[string]string{
		`"frameworkId": "F2"`: "and none is known that ended of the framework F2",
		`"limit": 5001`:       "limit: 5001 is out of range: 1 to 5000 lines",
		`"limit": -1`:         "limit: -1 is out of range",
		`"file": 3`:           "file: must be a string",
		`"after": 1.5`:        "after: must be a whole number, not 1.5",
		`"agentId": "S9"`:     `there is no task "t1", and none is known that ended on the agent S9`,
		`"file": "stderr"`:    `the task's sandbox has no "stderr": one of stdout`,
		`"file": "a/stderr"`:  `the task's sandbox has no "a/stderr", and no other log in that directory`,
		`"filter": "` + strings.Repeat("x", 1025) + `"`: "filter: has 1025 bytes",
	} {
		response := s.logs(t, keys)
		require.ErrorContains(t, response.Error, want, keys)
		require.Equal(t, backend.StatusBadRequest, response.Status, keys)
		require.Equal(t, backend.ErrorSourceDownstream, response.ErrorSource, keys)
	}
	for id, want := range map[string]string{"": "taskId: is missing", "t2": `taskId: there is no task "t2"`, strings.Repeat("x", 1025): "taskId: has 1025 bytes"} {
		response := Run(t.Context(), source(t, recordedStore(t)), backend.DataQuery{JSON: json.RawMessage(`{"queryType": "logs", "taskId": "` + id + `"}`)}, Options{Sandboxes: s.sandboxes()})
		require.ErrorContains(t, response.Error, want)
	}
	s.gone = true
	response := s.logs(t, "")
	require.ErrorContains(t, response.Error, "no such file")
	require.Equal(t, backend.StatusBadGateway, response.Status)
	require.Equal(t, backend.ErrorSourceDownstream, response.ErrorSource)
}

func TestWhoMayNotReadLogsReadsNone(t *testing.T) {
	src := source(t, recordedStore(t))
	ask := func(o Options) backend.DataResponse {
		return Run(t.Context(), src, backend.DataQuery{RefID: "A", JSON: json.RawMessage(`{"queryType": "logs", "taskId": "t1"}`),
			TimeRange: backend.TimeRange{From: lastWrite.Add(-time.Hour), To: lastWrite}}, o)
	}
	s := &sandboxOfTests{files: map[string]string{"stdout": "x\n"}}
	for name, o := range map[string]Options{
		"nobody":                  {},
		"with a reason":           {NoSandboxes: &RefusedError{errors.New("not you")}},
		"a rule":                  {Alert: true, Sandboxes: s.sandboxes()},
		"an expression":           {Expression: true, Sandboxes: s.sandboxes()},
		"a rule that may nothing": {Alert: true},
	} {
		response := ask(o)
		require.Error(t, response.Error, name)
		require.Equal(t, backend.ErrorSourceDownstream, response.ErrorSource, name)
		require.Empty(t, s.asked, name)
	}
	require.Equal(t, backend.StatusForbidden, ask(Options{}).Status)
	require.ErrorContains(t, ask(Options{NoSandboxes: &RefusedError{errors.New("not you")}}).Error, "not you")
}

func TestFourReadsRunAtATime(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "x\n"}}
	sandboxes := s.sandboxes()
	for range cap(sandboxes.Slots) {
		_, err := sandboxes.enter(t.Context())
		require.NoError(t, err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	<-ctx.Done()
	response := Run(ctx, source(t, recordedStore(t)), backend.DataQuery{RefID: "A", JSON: json.RawMessage(`{"queryType": "logs", "taskId": "t1"}`)},
		Options{Sandboxes: sandboxes})
	require.ErrorContains(t, response.Error, "other requests are reading files of sandboxes")
	require.Equal(t, backend.StatusTooManyRequests, response.Status)
	require.Empty(t, s.asked)
}

func TestTheLogFrameIsAsGrafanaDocuments(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "x\n"}}
	frame := s.logs(t, "").Frames[0]
	require.Equal(t, data.FrameTypeLogLines, frame.Meta.Type)
	require.Equal(t, data.VisType(data.VisTypeLogs), frame.Meta.PreferredVisualization)
	types := map[string]data.FieldType{}
	for _, f := range frame.Fields {
		types[f.Name] = f.Type()
	}
	require.Equal(t, map[string]data.FieldType{
		"timestamp": data.FieldTypeTime, "body": data.FieldTypeString, "severity": data.FieldTypeString, "id": data.FieldTypeString, "labels": data.FieldTypeJSON,
	}, types)
	// An answer without lines has the same fields.
	s.files["stdout"] = ""
	require.Len(t, s.logs(t, "").Frames[0].Fields, 5)
}

// A task that the leader does not list any more is found in the log of events.
func TestTasksThatEndedAreFoundInTheEventLog(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "x\n"}}
	src := source(t, recordedStore(t))
	at := func(minutes int) time.Time { return lastWrite.Add(time.Duration(minutes-60) * time.Minute) }
	src.Events = &listLog{all: []events.Event{
		{ID: "1", Kind: events.KindTask, What: "running", Time: at(0), TaskID: "old", Task: "old one", FrameworkID: "F1", Framework: "marathon", AgentID: "S1", Agent: "agent1", Role: "web"},
		{ID: "2", Kind: events.KindTask, What: "failed", Time: at(1), TaskID: "old", Task: "old one", FrameworkID: "F1", Framework: "marathon", AgentID: "S1", Agent: "agent1", Role: "web"},
		{ID: "3", Kind: events.KindTask, What: "failed", Time: at(2), TaskID: "twice", FrameworkID: "F1", AgentID: "S1"},
		{ID: "4", Kind: events.KindTask, What: "failed", Time: at(3), TaskID: "twice", FrameworkID: "F2", AgentID: "S1"},
		{ID: "5", Kind: events.KindTask, What: "lost", Time: at(4), TaskID: "nowhere", FrameworkID: "F1"},
		{ID: "6", Kind: events.KindAgent, What: "added", Time: at(5), AgentID: "S1"},
	}}
	// A task that runs again and again hides no other framework's, however often it did.
	for i := range 40 {
		src.Events.(*listLog).all = append(src.Events.(*listLog).all, events.Event{
			ID: fmt.Sprint("again", i), Kind: events.KindTask, What: "failed", Time: at(6), TaskID: "twice", FrameworkID: "F2", Framework: "chronos", AgentID: "S2",
		})
	}
	ask := func(keys string) backend.DataResponse {
		return Run(t.Context(), src, backend.DataQuery{JSON: json.RawMessage(`{"queryType": "logs", ` + keys + `}`)}, Options{Sandboxes: s.sandboxes()})
	}
	response := ask(`"taskId": "old"`)
	require.Equal(t, []string{"x"}, textsOf(t, response))
	require.JSONEq(t, `{"task_id": "old", "task": "old one", "framework": "marathon", "framework_id": "F1", "agent": "agent1", "agent_id": "S1", "role": "web", "file": "stdout"}`,
		string(response.Frames[0].At(4, 0).(json.RawMessage)))
	require.ErrorContains(t, ask(`"taskId": "twice"`).Error, `frameworkId: is needed: the frameworks "F1" and "F2" (chronos) have a task "twice"`)
	require.Equal(t, []string{"x"}, textsOf(t, ask(`"taskId": "twice", "frameworkId": "F1"`)))
	// Of one framework it is the latest run.
	require.ErrorContains(t, ask(`"taskId": "twice", "frameworkId": "F2"`).Error, "twice of F2 on S2 was asked for")
	require.ErrorContains(t, ask(`"taskId": "twice", "frameworkId": "F2", "agentId": "S1"`).Error, "twice of F2 on S1 was asked for")
	require.ErrorContains(t, ask(`"taskId": "nowhere"`).Error, "there is no task")

	found, err := s.sandboxes().Tasks(t.Context(), src, "", 0)
	require.NoError(t, err)
	var ids []string
	for _, task := range found {
		ids = append(ids, task.TaskID+" "+task.State)
	}
	require.Equal(t, []string{"t1 running", "twice failed", "twice failed", "old failed"}, ids)
	found, err = s.sandboxes().Tasks(t.Context(), src, "OLD ONE", 1)
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func long(i int, letter string, n int) string {
	return fmt.Sprintf("%03d%s\n", i, strings.Repeat(letter, n))
}

// What does not fit ends the answer: no line behind it is in it.
func TestTheLinesAfterALineHaveNoHoles(t *testing.T) {
	var b strings.Builder
	b.WriteString("start\n")
	for i := range 80 {
		b.WriteString(long(i, "z", 15_000) + long(i, "s", 1))
	}
	s := &sandboxOfTests{files: map[string]string{"stdout": b.String()}}
	response := s.logs(t, `"after": 0, "limit": 5000`)
	texts := textsOf(t, response)
	require.Len(t, texts, 138, "1 MiB")
	for i, text := range texts {
		require.True(t, strings.HasPrefix(text, fmt.Sprintf("%03d", i/2)), "line %d is %.10s", i, text)
	}
	require.Contains(t, noticesOf(response), "There are more lines after these, and one answer has 1 MiB of lines")
	require.Contains(t, noticesOf(response), "ask for the lines after the last of these")

	// What was read ends it too.
	s.files["stdout"] = numbered(1, 150_000, 150_000)
	response = s.logs(t, `"after": 0, "filter": "nowhere"`)
	require.Empty(t, textsOf(t, response))
	require.Contains(t, noticesOf(response), "4 MiB of the file were read, and there are more lines after these")
	require.Empty(t, noticesOf(s.logs(t, `"after": 0, "limit": 5`)), "the limit is what was asked for")
	require.Empty(t, noticesOf(s.logs(t, `"after": 6000000, "limit": 5000`)), "the end of the file was reached")
}

func TestTheLinesAfterALineGoOnInNewerFiles(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{
		"stdout": numbered(21, 30, 30), "stdout.1": numbered(11, 20, 30), "stdout.2": numbered(1, 10, 30), "stdout.10": numbered(1, 1, 30),
	}}
	end := len(numbered(11, 19, 30))
	require.Equal(t, "21..30 (10)", lineNumbers(t, s.logs(t, fmt.Sprintf(`"file": "stdout.1", "after": %d`, end))))
	require.Equal(t, "2..30 (29)", lineNumbers(t, s.logs(t, `"file": "stdout.2", "after": 0`)))
	require.Equal(t, "2..15 (14)", lineNumbers(t, s.logs(t, `"file": "stdout.2", "after": 0, "limit": 14`)))
	require.Equal(t, "none", lineNumbers(t, s.logs(t, `"file": "stdout.10", "after": 0`)), "there is no stdout.9")
}

// A line without a time has that of the line before, also where that is the one that was asked
// about.
func TestTheLinesAfterALineHaveItsTime(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "2026-11-21T07:00:00Z broken\n  at x\n2026-11-21T07:30:00Z next\n"}}
	require.Equal(t, time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC), timesOf(s.logs(t, `"after": 0`))[0])
}

// A line may quote an older or a later time.
func TestOneOtherTimeDoesNotEndTheTimeRange(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "2026-11-21T01:40:00Z before\n2026-11-21T07:40:00Z a\n" +
		"time=2020-01-01T00:00:00Z quoted\n  and more\n2026-11-21T07:41:00Z b\n{\"expires\":1,\"time\":\"2036-01-01T00:00:00Z\"}\n2026-11-21T07:42:00Z c\n2026-11-21T09:30:00Z after\n"}}
	ask := func(keys string) backend.DataResponse {
		return s.logsOver(t, keys, lastWrite.Add(-time.Hour), lastWrite.Add(-10*time.Minute))
	}
	response := ask("")
	require.Equal(t, []string{"2026-11-21T07:40:00Z a", "2026-11-21T07:41:00Z b", "2026-11-21T07:42:00Z c"}, textsOf(t, response))
	require.Contains(t, noticesOf(response), "3 lines between these carry times outside of the time range and are not shown")
	require.Contains(t, volumeOf(t, ask(`"volume": true, "interval": "5m"`))["unknown"], "07:00 0, 07:05 0", "the line before the range was read")

	// A range is still found in a long file with such lines, and what is long before it is not read.
	lines := strings.SplitAfter(numbered(1, 200_000, 200_000), "\n")
	for i := 0; i < len(lines)-1; i += 7 {
		lines[i] = "time=2020-01-01T00:00:00Z quoted " + fmt.Sprint(i+1) + "\n"
	}
	s.files["stdout"] = strings.Join(lines, "")
	at := func(n int) time.Time { return lastWrite.Add(time.Duration(n-200_000) * time.Second) }
	s.read = 0
	require.Equal(t, "100002..100006 (4)", lineNumbers(t, s.logsOver(t, "", at(100_002), at(100_006))))
	require.Less(t, s.read, int64(700<<10))
}

// A regular expression cannot be stopped, so how much it is compared with is bounded.
func TestTheWorkOfAFilterIsBounded(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": strings.Repeat(strings.Repeat("a", 16_000)+"\n", 250) + strings.Repeat("a", 25) + "b\n"}}
	for pattern, instructions := range map[string]int64{"(?:a?){660}b": 1981, "(.*a){20}b": 121} {
		response := s.logs(t, `"filter": "/`+pattern+`/"`)
		require.Equal(t, 1, response.Frames[0].Rows(), "what was compared is shown")
		require.Contains(t, noticesOf(response), "The regular expression of the filter was compared with", pattern)
		require.Contains(t, noticesOf(response), "there are more lines before these: write a shorter one or a plain text", pattern)
		filter, err := newLineFilter("/"+pattern+"/", maxCompared)
		require.NoError(t, err)
		require.InDelta(t, instructions, filter.instructions, 10, pattern)
		_, ok := filter.keeps(strings.Repeat("a", int(maxCompared/filter.instructions)+1))
		require.False(t, ok)
		require.Zero(t, filter.compared)
	}
	require.NotContains(t, noticesOf(s.logs(t, `"filter": "/a+b$/"`)), "was compared with", "4 MiB of what people write")
	require.NotContains(t, noticesOf(s.logs(t, `"filter": "`+strings.Repeat("b", 1000)+`"`)), "was compared with")
	response := s.logs(t, `"filter": "/(?:a{1000}){1000}/"`)
	require.Error(t, response.Error)
}

// The bound is that of the answer: escapes, labels and IDs are part of it.
func TestAnAnswerIsBoundedAsItIsSent(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": strings.Repeat(strings.Repeat("<", 205)+"\n", 5100)}}
	response := s.logs(t, `"limit": 5000`)
	require.Equal(t, maxAnswered/(6*205), response.Frames[0].Rows())
	require.Contains(t, noticesOf(response), "one answer has 1 MiB of lines at most, and 3 MiB of their labels")
	s.files["stdout"] = strings.Repeat("\n", 5100)
	require.Equal(t, 5000, s.logs(t, `"limit": 5000`).Frames[0].Rows())
	search := logSearch{answer: logAnswer{task: sandboxTask{ID: strings.Repeat("x", 1000)}}, limit: maxLines, filter: &lineFilter{match: func(string) bool { return true }}}
	for range maxLines {
		if search.keeps(logLine{file: "stdout"}) {
			search.answer.lines = append(search.answer.lines, logLine{file: "stdout"})
		}
	}
	text, err := json.Marshal(search.answer.frames(&LogsQuery{}, nil)[0])
	require.NoError(t, err)
	require.LessOrEqual(t, len(text), maxAnswered+maxAround)
	require.Greater(t, len(text), maxAround/2)
}

// An ID may be used again: the agent that a query names decides, also against the model.
func TestTheAgentOfAQueryIsAsked(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "x\n"}}
	require.Equal(t, []string{"x"}, textsOf(t, s.logs(t, `"agentId": "S1"`)))
	require.ErrorContains(t, s.logs(t, `"frameworkId": "F1", "agentId": "S2"`).Error, "t1 of F1 on S2 was asked for")
	src := source(t, recordedStore(t))
	src.Events = &listLog{all: []events.Event{
		{ID: "1", Kind: events.KindTask, What: "failed", Time: lastWrite.Add(-time.Hour), TaskID: "t1", FrameworkID: "F1", AgentID: "S2"},
	}}
	response := Run(t.Context(), src, backend.DataQuery{JSON: json.RawMessage(`{"queryType": "logs", "taskId": "t1", "agentId": "S2"}`)}, Options{Sandboxes: s.sandboxes()})
	require.ErrorContains(t, response.Error, "t1 of F1 on S2 was asked for")
}

func TestWhatNoFileHasIsAnError(t *testing.T) {
	s := &sandboxOfTests{files: map[string]string{"stdout": "x\n", "stderr": "y\n"}, odd: map[string]string{"stdout": "the size 1e+300"}}
	response := s.logs(t, "")
	require.ErrorContains(t, response.Error, `The agent says of "stdout" that it has the size 1e+300, which no file has`)
	require.Equal(t, backend.StatusBadGateway, response.Status)
	require.Equal(t, []string{`error: ` + response.Error.Error()}, nextOf(t, newTail(t, ""), s))
	require.Equal(t, []string{"y"}, textsOf(t, s.logs(t, `"file": "stderr"`)))
	found, err := s.sandboxes().List(t.Context(), source(t, recordedStore(t)), LogsQuery{TaskID: "t1"}, "")
	require.NoError(t, err)
	text, err := json.Marshal(found.Files)
	require.NoError(t, err)
	require.JSONEq(t, `[{"name": "stderr", "bytes": 2, "modified": "2026-11-21T08:00:00Z"}, {"name": "stdout", "bytes": null, "modified": null}]`, string(text))
}

// slowFiles are files of an agent that does not answer.
type slowFiles struct{ SandboxFiles }

func (slowFiles) Sandbox(ctx context.Context, _, _, _ string, _ bool) (mesos.Sandbox, error) {
	<-ctx.Done()
	return mesos.Sandbox{}, &mesos.Error{Category: mesos.Timeout, Sentence: "The masters did not answer.", Err: ctx.Err()}
}

func TestAnAgentThatIsTooSlowIsSaid(t *testing.T) {
	sandboxes := (&sandboxOfTests{}).sandboxes()
	sandboxes.Files = slowFiles{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	response := Run(ctx, source(t, recordedStore(t)), backend.DataQuery{JSON: json.RawMessage(`{"queryType": "logs", "taskId": "t1"}`)}, Options{Sandboxes: sandboxes})
	require.ErrorContains(t, response.Error, "The files of the task could not be read from its agent in the time that this request had")
	require.Equal(t, backend.StatusTimeout, response.Status)
}

func TestLogsHaveNoPromQL(t *testing.T) {
	parsed, err := parse(json.RawMessage(`{"queryType": "logs", "taskId": "t1"}`))
	require.NoError(t, err)
	_, err = compileUpTo(1<<20, parsed, false)
	require.ErrorContains(t, err, "logs are lines of a file of a task")
}
