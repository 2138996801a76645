package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/mesos"
)

// This file is the live tail: an answer of logs with `live` over a range that ends now names a
// channel of Grafana Live in its meta, custom.live, with append: true. Messages on it have
// lines that were written since, and once more those of the message before, as a viewer may
// have come between the two: a line replaces one with the same id. Who may read logs is asked
// when somebody subscribes, as the channel is computed once however many watch.

// TailPath is what paths of channels of logs begin with.
const TailPath = "tail/"

// A TailRequest is what a channel of logs answers: the query without what only a panel needs.
type TailRequest struct {
	Query json.RawMessage `json:"query"`
}

// newTailRequest returns the request of a query.
func newTailRequest(raw json.RawMessage) (TailRequest, error) {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &keys); err != nil {
		return TailRequest{}, err
	}
	for _, key := range ofPanel {
		delete(keys, key)
	}
	query, err := json.Marshal(keys) // sorted
	return TailRequest{Query: query}, err
}

// Path returns the path of the channel.
func (r TailRequest) Path() string {
	var compact bytes.Buffer
	if json.Compact(&compact, r.Query) != nil {
		return ""
	}
	hash := sha256.Sum256(compact.Bytes())
	return TailPath + hex.EncodeToString(hash[:16])
}

// ParseTail reads the data that a viewer sends with the path of a channel of logs. Errors are
// *InvalidError.
func ParseTail(path string, raw json.RawMessage) (*Tail, error) {
	var r TailRequest
	if err := decode(raw, &r); err != nil {
		return nil, err
	}
	parsed, err := parse(r.Query)
	if err != nil {
		return nil, err
	}
	if parsed.logs == nil || !parsed.logs.Live {
		return nil, bad("live", "is not set: only queries of logs with live: true have a channel")
	}
	canonical, err := newTailRequest(r.Query)
	if err != nil || canonical.Path() != path {
		return nil, bad("", "the channel %q is another query's: use the one that the answer of the query has in its meta", cut(path))
	}
	return &Tail{query: parsed.logs}, nil
}

// IsTail reports whether a path is one of a channel of logs.
func IsTail(path string) bool { return strings.HasPrefix(path, TailPath) }

// nameTail writes the channel of a live query of logs into the meta of its frame.
func nameTail(frames data.Frames, src Source, q backend.DataQuery, p parsed) {
	if !p.logs.Live || p.logs.Before != nil || p.logs.After != nil || src.now().Sub(q.TimeRange.To) > time.Minute {
		return
	}
	request, err := newTailRequest(q.JSON)
	if err != nil {
		return
	}
	if custom, ok := frames[0].Meta.Custom.(map[string]any); ok {
		custom["live"] = map[string]any{"path": request.Path(), "data": request, "append": true}
	}
}

// A Tail is a channel of logs while it runs. It belongs to one goroutine.
type Tail struct {
	query *LogsQuery

	task    sandboxTask
	begun   bool
	end     int64         // of what was read: behind the last whole line
	before  []logLine     // of the message before
	waiting int64         // size of the file when a line without its end was seen last
	offset  time.Duration // of the zone of lines that name none
	failed  string        // the error that was sent last
	skipped bool          // it is of a piece that is not text, and remains until text follows
}

// maxTail is how much of a file one message has at most; what was written before it is left
// out.
const maxTail = 256 << 10

// A tailMessage is a message on a channel of logs.
type tailMessage struct {
	Frames []json.RawMessage `json:"frames"`
	Append bool              `json:"append"`
	Error  string            `json:"error,omitempty"`
}

// Failed returns the message that the lines cannot be read, and why; nil where it is the one
// before.
func (t *Tail) Failed(why string) json.RawMessage {
	if t.failed == why {
		return nil
	}
	text, err := json.Marshal(tailMessage{Frames: []json.RawMessage{}, Append: true, Error: why})
	if err != nil {
		return nil
	}
	t.failed = why
	return text
}

// Next returns the next message of the channel, nil where nothing was written: JSON with
// `frames` of an answer, or `error`. The first one is never nil: an error may have ended the
// channel before.
func (t *Tail) Next(ctx context.Context, src Source, s *Sandboxes) ([]byte, error) {
	first := !t.begun
	lines, notices, err := t.written(ctx, src, s)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return t.Failed(err.Error()), nil
	}
	if len(lines) == 0 && (t.failed == "" || t.skipped) && !first {
		return nil, nil
	}
	t.failed, t.skipped = "", false
	message := tailMessage{Frames: []json.RawMessage{}, Append: true}
	answer := logAnswer{task: t.task, lines: slices.Concat(t.before, lines)}
	t.before = lines
	for _, frame := range answer.frames(t.query, notices) {
		text, err := data.FrameToJSON(frame, data.IncludeAll)
		if err != nil {
			return nil, err
		}
		message.Frames = append(message.Frames, text)
	}
	return json.Marshal(message)
}

// written returns the lines that were written since the last call, of the first call the
// newest.
func (t *Tail) written(ctx context.Context, src Source, s *Sandboxes) ([]logLine, []data.Notice, error) {
	if t.task.root == "" {
		task, err := s.find(ctx, src, t.query)
		if err != nil {
			return nil, nil, err
		}
		t.task = task
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	name := fileOf(t.query)
	files, _, err := s.list(ctx, &t.task, directoryOf(name))
	if err != nil {
		return nil, nil, err
	}
	rotated, err := chainOf(files, name)
	if err != nil {
		return nil, nil, err
	}
	filter, err := newLineFilter(t.query.Filter, maxTailCompared)
	if err != nil {
		return nil, nil, err
	}
	search := &logSearch{
		logReader: logReader{files: s.Files, agentID: t.task.AgentID, budget: maxTail}, answer: logAnswer{task: t.task, timeless: true},
		filter: filter, limit: limitOf(t.query), everyTime: true, wholeOnly: !t.begun,
	}
	file := rotated[0]
	search.written = writtenAt(file)
	if !t.begun {
		t.begun = true
		if err := search.zone(ctx, rotated); err != nil {
			return nil, nil, err
		}
		if err := search.backward(ctx, rotated, file.Size); err != nil {
			return nil, nil, err
		}
		t.end = file.Size
		if n := len(search.answer.lines); n > 0 {
			// A line without its end comes when it has one.
			if last := search.answer.lines[n-1]; last.file == file.name && last.end == file.Size && !last.whole {
				t.end = last.start
			}
		}
		t.waiting, t.offset = file.Size, search.offset
		search.finish()
		return search.answer.lines, nil, nil
	}
	search.offset = t.offset
	from, before := t.end, []logFile(nil)
	if file.Size < from { // it was rotated, or emptied
		if len(rotated) > 1 && rotated[1].Size >= from {
			before = rotated[1:2]
		}
		from, t.waiting = 0, -1
	}
	lines, end, err := t.piece(ctx, search, file, from, file.Size == t.waiting)
	if err != nil {
		if end != from { // what is written next may be text
			t.end, t.waiting, t.skipped = end, file.Size, true
		}
		return nil, nil, err
	}
	for _, f := range before {
		more, _, err := t.piece(ctx, search, f, t.end, true)
		if err != nil {
			return nil, nil, err
		}
		lines = append(more, lines...)
	}
	search.written = writtenAt(file)
	t.end, t.waiting, t.offset = end, file.Size, search.offset
	search.answer.lines = lines
	search.finish()
	return search.answer.lines, t.leftOut(search), nil
}

// leftOut returns notices of what was written since the message before and is not in one.
func (t *Tail) leftOut(s *logSearch) []data.Notice {
	switch {
	case s.answer.compared > 0:
		return []data.Notice{info("The regular expression of the filter was compared with the last %s that were written since the message before, as many as one of its size may be: what is older is left out. Write a shorter one or a plain text.", display.Size(s.answer.compared))}
	case s.answer.more:
		return []data.Notice{info("More than %d KiB were written since the message before: what is older is left out.", maxTail>>10)}
	case s.full:
		return []data.Notice{info("More than the %d lines that the query asks for were written since the message before: what is older is left out.", len(s.answer.lines))}
	}
	return nil
}

// piece returns the lines of a file from an offset on, and the offset behind the last of them or
// behind what is not text. A line
// without its end is one of them only if ended.
func (t *Tail) piece(ctx context.Context, search *logSearch, f logFile, from int64, ended bool) ([]logLine, int64, error) {
	search.written = writtenAt(f)
	begin := from
	if f.Size-from > search.budget {
		begin, search.answer.more = f.Size-search.budget, true
	}
	data, err := search.part(ctx, f, begin, f.Size)
	if err != nil || len(data) == 0 {
		return nil, from, err
	}
	if isBinary(data[:min(len(data), mesos.MaxRead)]) {
		return nil, f.Size, notText(f)
	}
	if begin > from { // within a line
		i := bytes.IndexByte(data, '\n') + 1
		data, begin = data[i:], begin+int64(i)
	}
	if i := bytes.LastIndexByte(data, '\n') + 1; !ended && len(data)-i < maxLine {
		data = data[:i]
	}
	lines := split(f, data, begin)
	search.zoneOf(lines) // which may not have been known before, or has become another
	search.date(lines)
	var kept []logLine
	for _, l := range slices.Backward(lines) {
		one := search.keeps(l)
		if search.full {
			break
		}
		if one {
			kept = append(kept, l)
		}
	}
	slices.Reverse(kept)
	return kept, begin + int64(len(data)), nil
}
