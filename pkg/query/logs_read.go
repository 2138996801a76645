package query

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/query/logline"
)

// A file is read from its end towards its beginning, a part at a time, until there are as
// many lines as are asked for, one is before the time range, or the bound is reached. Then
// the files that it was rotated to are. Where the time range ended long ago, the end is
// looked for by halves first.

// A logLine is a line of a file.
type logLine struct {
	file       string
	start, end int64 // offsets in the file; end is behind its newline
	text       string
	severity   string
	own        logline.Time // that it carries
	timed      bool         // it carries one
	at         time.Time    // own, or that of the line before it
	shown      time.Time    // at, told apart from that of the line before
	cut        bool
	whole      bool // it has its end
}

// lineRange is the time range of a query.
type lineRange struct{ from, to time.Time }

// A logReader reads files of one task for one answer.
type logReader struct {
	files   SandboxFiles
	agentID string
	budget  int64 // bytes that may still be read
	scanned int64
	ends    map[string][]byte // last parts of files that were read already, by path
}

// end reads the last part of a file. What it read is not read again.
func (r *logReader) end(ctx context.Context, f logFile) ([]byte, error) {
	if known, ok := r.ends[f.Path]; ok {
		return slices.Clone(known), nil
	}
	last, err := r.part(ctx, f, max(0, f.Size-mesos.MaxRead), f.Size)
	if err != nil {
		return nil, err
	}
	if r.ends == nil {
		r.ends = map[string][]byte{}
	}
	r.ends[f.Path] = last
	return slices.Clone(last), nil
}

// part reads [from, to) of a file. It may be shorter: the file may have been cut meanwhile.
func (r *logReader) part(ctx context.Context, f logFile, from, to int64) ([]byte, error) {
	var all []byte
	for from < to && r.budget > 0 {
		part, err := r.files.Read(ctx, r.agentID, f.Path, from, min(to-from, mesos.MaxRead, r.budget))
		if err != nil {
			return nil, err
		}
		if part.Offset != from || len(part.Data) == 0 {
			break
		}
		n := int64(len(part.Data))
		from, r.budget, r.scanned = from+n, r.budget-n, r.scanned+n
		all = append(all, part.Data...)
	}
	return all, nil
}

// directoryOf returns the directory of a file below the sandbox, "" for the sandbox itself.
func directoryOf(name string) string { return strings.TrimPrefix(path.Dir(name), ".") }

// readLogs reads the lines of a query. Where volume is set, it counts them there instead.
func readLogs(ctx context.Context, src Source, s *Sandboxes, q *LogsQuery, in lineRange, volume *logVolume) (logAnswer, error) {
	answer, err := searchLogs(ctx, src, s, q, in, volume)
	if err != nil && !errors.Is(err, errBusySandboxes) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return logAnswer{}, errSlowFiles // what a client says of it is about masters
	}
	return answer, err
}

func searchLogs(ctx context.Context, src Source, s *Sandboxes, q *LogsQuery, in lineRange, volume *logVolume) (logAnswer, error) {
	task, err := s.find(ctx, src, q)
	if err != nil {
		return logAnswer{}, err
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return logAnswer{}, err
	}
	defer leave()
	name := fileOf(q)
	files, _, err := s.list(ctx, &task, directoryOf(name))
	if err != nil {
		return logAnswer{}, err
	}
	rotated, err := chainOf(files, name)
	if err != nil {
		return logAnswer{}, err
	}
	filter, err := newLineFilter(q.Filter, maxCompared)
	if err != nil {
		return logAnswer{}, err
	}
	search := logSearch{
		logReader: logReader{files: s.Files, agentID: task.AgentID, budget: maxScanned},
		answer:    logAnswer{task: task, timeless: true}, filter: filter, in: in, limit: limitOf(q), wholeOnly: q.Live, volume: volume,
	}
	if err := search.zone(ctx, rotated); err != nil {
		return logAnswer{}, err
	}
	switch {
	case q.After != nil:
		search.everyTime = true
		err = search.forward(ctx, newer(files, name), *q.After)
	case q.Before != nil:
		search.everyTime = true
		err = search.backward(ctx, rotated, *q.Before)
	default:
		err = search.backward(ctx, rotated, rotated[0].Size)
	}
	if err != nil {
		return logAnswer{}, err
	}
	search.finish()
	return search.answer, nil
}

// chainOf returns the file of a name and those that it was rotated to, the newest first.
func chainOf(files []logFile, name string) ([]logFile, error) {
	found := chain(files, name)
	if len(found) == 0 {
		return nil, noLogFile(name, files)
	}
	if odd := found[0].Odd; odd != "" {
		return nil, &mesos.Error{Category: mesos.NotMesos, Sentence: fmt.Sprintf("The agent says of %q that it has %s, which no file has: see its log, and what a proxy on the way changes.", cut(name), odd)}
	}
	return found, nil
}

// noLogFile returns the error of a file that a sandbox does not have.
func noLogFile(name string, files []logFile) error {
	if len(files) == 0 {
		return bad("file", "the task's sandbox has no %q, and no other log in that directory", cut(name))
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, cut(f.name))
	}
	return bad("file", "the task's sandbox has no %q: one of %s", cut(name), strings.Join(names[:min(len(names), 20)], ", "))
}

// A logSearch collects the lines of one answer.
type logSearch struct {
	logReader
	answer    logAnswer
	filter    *lineFilter
	in        lineRange
	limit     int
	everyTime bool       // the time range does not choose
	volume    *logVolume // nil: lines are kept
	wholeOnly bool       // a last line without its end is left out: it is still being written

	written time.Time // when the newest file was
	offset  time.Duration
	known   time.Time // of the line before those that are read forward
	kept    int       // lines
	bytes   int       // of their texts, in JSON
	around  int       // bytes of their labels and IDs
	labels  map[string]int
	full    bool

	early   int  // lines in a row that carry a time before the time range
	outside int  // lines since the last one in the time range
	met     bool // a line in the time range was read
}

// beganAt is how many lines in a row carry a time before the time range where it begins: one
// alone may quote something older.
const beganAt = 10

// backward collects the lines of the first file before an offset, and of those that it was
// rotated to.
func (s *logSearch) backward(ctx context.Context, files []logFile, end int64) error {
	for i, f := range files {
		if i > 0 {
			end = f.Size
		}
		end = min(end, f.Size)
		s.written = writtenAt(f)
		began, err := s.file(ctx, f, end)
		if err != nil {
			return err
		}
		if began { // lines before the time range follow
			s.volume.begin()
			return nil
		}
		if s.full || s.budget <= 0 {
			s.answer.more = s.answer.more || !s.full && i+1 < len(files)
			return nil
		}
	}
	if s.early > 0 { // all lines were read, and one is before the time range
		s.volume.begin()
	}
	return nil
}

// notText returns the error of a file that is not text.
func notText(f logFile) error {
	return bad("file", "%q is not text, and is not shown (%d bytes)", cut(f.name), f.Size)
}

func writtenAt(f logFile) time.Time { return time.UnixMilli(int64(f.Modified * 1000)).UTC() }

// file collects the lines of a file before an offset. began reports whether a line before
// the time range was met.
func (s *logSearch) file(ctx context.Context, f logFile, end int64) (began bool, err error) {
	if end <= 0 {
		return false, nil
	}
	var last []byte
	if end == f.Size {
		last, err = s.end(ctx, f)
	} else {
		last, err = s.part(ctx, f, max(0, end-mesos.MaxRead), end)
	}
	if err != nil {
		return false, err
	}
	if isBinary(last) {
		return false, notText(f)
	}
	pos := max(0, end-mesos.MaxRead)
	if !s.everyTime && pos > 0 {
		if first, ok := s.firstTime(last); ok && first.After(s.in.to) {
			if end, err = s.endFor(ctx, f, pos); err != nil {
				return false, err
			}
			pos = max(0, end-mesos.MaxRead)
			if last, err = s.part(ctx, f, pos, end); err != nil {
				return false, err
			}
		}
	}
	data := last
	for {
		whole := data
		var rest []byte // of a line that begins before pos
		if pos > 0 {
			i := bytes.IndexByte(data, '\n')
			rest, whole = data[:i+1], data[i+1:]
			if i < 0 {
				rest, whole = data, nil
			}
		}
		lines := s.lines(f, whole, pos+int64(len(data)-len(whole)))
		if s.collect(lines) {
			return true, nil
		}
		switch {
		case pos == 0:
			return false, nil
		case s.full:
			return false, nil
		case s.budget <= 0:
			s.answer.more = true
			return false, nil
		}
		from := max(0, pos-mesos.MaxRead)
		part, err := s.part(ctx, f, from, pos)
		if err != nil {
			return false, err
		}
		if len(part) > 0 && isHole(part) { // and rest has the first line
			s.collect(s.lines(f, rest, pos))
			return false, nil
		}
		if int64(len(part)) < pos-from { // the budget ended, or the file was cut
			s.answer.more, s.budget = true, 0
			return false, nil
		}
		data, pos = append(part, rest...), from
	}
}

// forward collects the lines of the first file behind the one that begins at an offset, and
// those of the files that were written after it.
func (s *logSearch) forward(ctx context.Context, files []logFile, after int64) error {
	s.answer.forward = true
	for i, f := range files {
		if s.full || s.kept >= s.limit {
			return nil
		}
		if s.budget <= 0 {
			s.answer.more = true
			return nil
		}
		if err := s.following(ctx, f, after, i == 0); err != nil {
			return err
		}
		after = 0
	}
	return nil
}

// following collects the lines of a file from an offset on, without the first of them if skip
// is set.
func (s *logSearch) following(ctx context.Context, f logFile, pos int64, skip bool) error {
	s.written = writtenAt(f)
	var rest []byte
	for first := true; pos < f.Size && !s.full && s.kept < s.limit; first = false {
		part, err := s.part(ctx, f, pos, min(f.Size, pos+mesos.MaxRead))
		if err != nil {
			return err
		}
		if len(part) == 0 { // the budget ended, or the file was cut
			s.answer.more = s.budget <= 0
			return nil
		}
		if first && isBinary(part) {
			return notText(f)
		}
		data := append(rest, part...)
		begin := pos - int64(len(rest))
		pos += int64(len(part))
		if skip {
			i := bytes.IndexByte(data, '\n')
			if i < 0 {
				rest = data
				continue
			}
			if own, ok := logline.TimeOf(string(data[:min(i, 1024)])); ok {
				s.known = own.In(s.offset, s.written)
			}
			data, begin, skip = data[i+1:], begin+int64(i)+1, false
		}
		i := bytes.LastIndexByte(data, '\n')
		if pos >= f.Size {
			i = len(data) - 1
		}
		lines := s.lines(f, data[:i+1], begin)
		if n := len(lines); n > 0 {
			s.known = lines[n-1].at
		}
		rest = slices.Clone(data[i+1:])
		for _, l := range lines {
			kept := s.keeps(l)
			if s.full {
				break
			}
			if kept {
				s.answer.lines = append(s.answer.lines, l)
			}
		}
	}
	return nil
}

// keeps reports whether a line is one of the answer. It sets full where the answer has as
// much as it may have: the line and those behind it are not.
func (s *logSearch) keeps(l logLine) bool {
	kept, ok := s.filter.keeps(l.text)
	switch {
	case !ok:
		s.full, s.answer.compared = true, s.filter.compared
		return false
	case !kept || s.volume != nil:
		return kept
	case s.kept >= s.limit:
		s.full = true
		return false
	case s.bytes+jsonBytes(l.text) > maxAnswered || s.around+s.aroundOf(l) > maxAround:
		s.full, s.answer.large = true, true
		return false
	}
	s.kept++
	s.bytes += jsonBytes(l.text)
	s.around += s.aroundOf(l)
	return true
}

// aroundOf returns about how many bytes of an answer a line takes besides its text.
func (s *logSearch) aroundOf(l logLine) int {
	if s.labels == nil {
		s.labels = map[string]int{}
	}
	if s.labels[l.file] == 0 {
		s.labels[l.file] = len(s.answer.task.labelsOf(l.file)) + len(s.answer.task.lineID(l)) + len("1795246470000, 123, unknown")
	}
	return s.labels[l.file]
}

// jsonBytes returns about how many bytes a text has in JSON.
func jsonBytes(text string) int {
	n := len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '\t':
			n++
		case c < ' ' || c == '<' || c == '>' || c == '&':
			n += len(`\u003c`) - 1
		}
	}
	return n
}

// lines returns the lines of a piece of a file that begins and ends where lines do.
func (s *logSearch) lines(f logFile, data []byte, begin int64) []logLine {
	all := split(f, data, begin)
	s.date(all)
	return all
}

// split returns the lines of a piece without times of lines that carry none.
func split(f logFile, data []byte, begin int64) []logLine {
	var all []logLine
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n') + 1
		whole := n > 0
		if !whole {
			n = len(data)
		}
		l := logLine{file: f.name, start: begin, end: begin + int64(n), whole: whole}
		l.text, l.cut = lineText(data[:n])
		l.own, l.timed = logline.TimeOf(l.text)
		data, begin = data[n:], begin+int64(n)
		all = append(all, l)
	}
	return all
}

// zoneOf takes the offset of the zone from the last lines of a file: the last of them that
// carries a time was written with the file's last write, or shortly before it, as lines that
// carry none may follow (a stack trace). It reports whether the zone is known by them.
func (s *logSearch) zoneOf(lines []logLine) bool {
	for _, l := range slices.Backward(lines) {
		if !l.timed {
			continue
		}
		offset, ok := logline.OffsetOf(l.own, s.written)
		if ok && !l.own.Zoned {
			s.offset = offset
		}
		return ok
	}
	return false
}

// zone looks for the offset of the zone before anything is dated: in the end of the first of
// the files, else of the one that it was rotated to, which the same program wrote.
func (s *logSearch) zone(ctx context.Context, files []logFile) error {
	for _, f := range files[:min(len(files), 2)] {
		last, err := s.end(ctx, f)
		if err != nil {
			return err
		}
		if isBinary(last) {
			return nil
		}
		if f.Size > int64(len(last)) { // within a line
			_, last, _ = bytes.Cut(last, []byte{'\n'})
		}
		s.written = writtenAt(f)
		if s.zoneOf(split(f, last, f.Size-int64(len(last)))) {
			return nil
		}
	}
	return nil
}

// date sets the times of lines: those that they carry, else that of the line before, else
// that of the line behind.
func (s *logSearch) date(lines []logLine) {
	known := s.known
	for i := range lines {
		l := &lines[i]
		if l.timed {
			s.answer.timeless = false
			s.answer.zoneless = s.answer.zoneless || !l.own.Zoned
			known = l.own.In(s.offset, s.written)
		}
		l.at = known
		l.severity = logline.SeverityOf(l.text)
	}
	for i := len(lines) - 1; i >= 0; i-- {
		if !lines[i].at.IsZero() {
			known = lines[i].at
			continue
		}
		lines[i].at = known // zero where no line carries any
	}
}

// collect adds the lines of an earlier piece that the query asks for. It reports whether the
// time range begins there.
func (s *logSearch) collect(lines []logLine) (began bool) {
	var kept []logLine
	for _, l := range slices.Backward(lines) {
		if !s.within(l) {
			if s.early >= beganAt {
				began = true
				break
			}
			continue
		}
		s.volume.reach(l)
		one := s.keeps(l)
		switch {
		case s.full:
		case one && s.volume != nil:
			s.volume.count(l)
		case one:
			kept = append(kept, l)
		}
		if s.full {
			break
		}
	}
	slices.Reverse(kept)
	s.answer.lines = append(kept, s.answer.lines...)
	return began
}

// within reports whether a line is in the time range. Lines come from the newest to the
// oldest.
func (s *logSearch) within(l logLine) bool {
	switch {
	case s.everyTime || l.at.IsZero():
		return true
	case l.at.Before(s.in.from):
		s.outside++
		if l.timed {
			s.early++
		}
		return false
	case l.at.After(s.in.to):
		if s.met {
			s.outside++
		}
		if l.timed {
			s.early = 0
		}
		return false
	case l.timed: // those that were read since the last one are between two of the time range
		s.answer.outside += s.outside
		s.outside, s.early, s.met = 0, 0, true
	}
	return true
}

// firstTime returns the time at the beginning of a piece: the middle one of those of its first
// lines, as one may quote another time. The piece may begin within a line.
func (s *logSearch) firstTime(data []byte) (time.Time, bool) {
	const enough = 9
	_, data, _ = bytes.Cut(data, []byte{'\n'})
	var found []time.Time
	for len(data) > 0 && len(found) < enough {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		if own, ok := logline.TimeOf(string(line[:min(len(line), 1024)])); ok {
			found = append(found, own.In(s.offset, s.written))
		}
		data = rest
	}
	if len(found) == 0 {
		return time.Time{}, false
	}
	slices.SortFunc(found, time.Time.Compare)
	return found[len(found)/2], true
}

// probe is how much is read to see the time at an offset.
const probe = 8 << 10

// endFor returns an offset behind the last line of the time range, by halves: the times of
// lines rise.
func (s *logSearch) endFor(ctx context.Context, f logFile, high int64) (int64, error) {
	low, end := int64(0), high
	for high-low > mesos.MaxRead {
		middle := low + (high-low)/2
		data, err := s.part(ctx, f, middle, middle+probe)
		if err != nil {
			return 0, err
		}
		if at, ok := s.firstTime(data); ok && !at.After(s.in.to) {
			low = middle
		} else {
			high = middle
		}
	}
	return min(end, high+mesos.MaxRead), nil
}

// finish tells lines of the same time apart, so that they keep their order where they are
// sorted by time: by a nanosecond each.
func (s *logSearch) finish() {
	a := &s.answer
	if n := len(a.lines); n > 0 && s.wholeOnly && !a.lines[n-1].whole {
		a.lines = a.lines[:n-1]
	}
	a.scanned, a.offset = s.scanned, s.offset
	var base, last time.Time
	for i := range a.lines {
		l := &a.lines[i]
		if l.at.IsZero() {
			l.at = s.written
		}
		if i > 0 && l.at.Equal(base) {
			l.shown = last.Add(time.Nanosecond)
		} else {
			base, l.shown = l.at, l.at
		}
		last = l.shown
		if l.cut {
			a.cut++
		}
	}
}

// lineText returns a line without its end, control characters and bytes that are not UTF-8,
// and at most maxLine of it.
func lineText(line []byte) (text string, wasCut bool) {
	// Zeros stand where a file was emptied while its writer went on behind them.
	line = bytes.TrimLeft(bytes.TrimRight(line, "\r\n"), "\x00\r")
	if len(line) > maxLine {
		line, wasCut = line[:maxLine], true
		for len(line) > 0 && !utf8.RuneStart(line[len(line)-1]) {
			line = line[:len(line)-1]
		}
		if n := len(line); n > 0 && line[n-1] >= utf8.RuneSelf {
			line = line[:n-1] // the first byte of a character
		}
	}
	text = strings.ToValidUTF8(string(line), string(utf8.RuneError))
	text = overwriting.ReplaceAllString(text, " ")
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\x1b' { // colors of terminals, which Grafana draws
			return -1
		}
		return r
	}, text)
	if wasCut {
		text += "…"
	}
	return text, wasCut
}

// overwriting matches what a progress bar writes to begin its line anew. What it overwrites is
// kept.
var overwriting = regexp.MustCompile(`\r+`)

// isBinary reports whether a piece of a file is not text: one of a hundred bytes, and more
// than a few, are control characters that no log has.
func isBinary(data []byte) bool {
	const few = 8
	if isHole(data) {
		return len(data) > few
	}
	odd := 0
	for _, b := range bytes.TrimLeft(data, "\x00") {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\x1b' && b != '\b' && b != '\f' {
			odd++
		}
	}
	return odd > few && odd*100 > len(data)
}

// isHole reports whether a piece of a file has nothing but zeros, which stand before what a
// program writes after its file was emptied.
func isHole(data []byte) bool { return len(bytes.TrimLeft(data, "\x00")) == 0 }
