package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// This file is live panels. A query with `live` over a range that ends now is answered as
// any other, and its frames name a channel of Grafana Live in their meta, custom.live. On
// that channel comes the same answer again whenever samples were collected, from some points
// before its end on: they replace those that the panel has from there on. Points lie on the
// same grid as those of the first answer, so there is no seam, and none is doubled.
//
// A channel belongs to what is asked and not to who asks, so that it is computed once
// however many watch. Its path has a hash of the request, or a user could write into the
// panels of others.

// LivePath is what paths of channels begin with.
const LivePath = "live/"

// LiveRequest is what a channel answers: the query without what only a panel needs, the
// distance of points and the width of the panel's time range.
type LiveRequest struct {
	Query  json.RawMessage `json:"query"`
	StepMS int64           `json:"stepMs"`
	SpanMS int64           `json:"spanMs"`
}

// ofPanel are keys of a query that do not change its answer.
var ofPanel = []string{"refId", "key", "hide", "datasource", "datasourceId", "intervalMs", "maxDataPoints", "queryCachingTTL", "pluginVersion"}

// newLiveRequest returns the request of a query whose points are a step apart.
func newLiveRequest(raw json.RawMessage, step, span time.Duration) (LiveRequest, error) {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &keys); err != nil {
		return LiveRequest{}, err
	}
	for _, key := range ofPanel {
		delete(keys, key)
	}
	query, err := json.Marshal(keys) // sorted
	if err != nil {
		return LiveRequest{}, err
	}
	// A panel's range is some milliseconds longer or shorter each time.
	return LiveRequest{Query: query, StepMS: step.Milliseconds(), SpanMS: span.Round(step).Milliseconds()}, nil
}

// Path returns the path of the channel.
func (l LiveRequest) Path() string {
	var compact bytes.Buffer
	if json.Compact(&compact, l.Query) != nil {
		return ""
	}
	hash := sha256.Sum256(fmt.Appendf(compact.Bytes(), "|%d|%d", l.StepMS, l.SpanMS))
	return LivePath + hex.EncodeToString(hash[:16])
}

// ParseLive reads the data that a viewer sends with the path of a channel. Errors are
// *InvalidError.
func ParseLive(path string, raw json.RawMessage) (LiveRequest, error) {
	var l LiveRequest
	if !strings.HasPrefix(path, LivePath) {
		return l, bad("", "the channel %q is not known: paths begin with %s", cut(path), LivePath)
	}
	if err := decode(raw, &l); err != nil {
		return l, err
	}
	step, span := time.Duration(l.StepMS)*time.Millisecond, time.Duration(l.SpanMS)*time.Millisecond
	switch {
	case l.StepMS < time.Second.Milliseconds() || l.StepMS > maxSpan.Milliseconds():
		return l, bad("stepMs", "%d is out of range: it is what the answer of the query has in its meta", l.StepMS)
	case l.SpanMS < 0 || l.SpanMS > maxSpan.Milliseconds() || span/step > 11_000:
		return l, bad("spanMs", "%d is out of range: it is what the answer of the query has in its meta", l.SpanMS)
	}
	parsed, err := parse(l.Query)
	if err != nil {
		return l, err
	}
	if !parsed.live() {
		return l, bad("live", "is not set: only queries with live: true have a channel")
	}
	// The path is compared with the hash of the query as newLiveRequest writes it.
	canonical, err := newLiveRequest(l.Query, step, span)
	if err != nil || canonical.Path() != path {
		return l, bad("", "the channel %q is another query's: use the one that the answer of the query has in its meta", cut(path))
	}
	return canonical, nil
}

// live reports whether a query asks for points as they are collected.
func (p parsed) live() bool {
	return p.metrics != nil && p.metrics.Live || p.promql != nil && p.promql.Live
}

// nameChannel writes the channel of a live query into the meta of its first frame. A range
// that ends before now has none: nothing is added to it.
func nameChannel(frames data.Frames, src Source, q backend.DataQuery, o Options, p parsed, b built) {
	if !p.live() || o.evaluated() || o.after != nil || len(frames) == 0 || src.now().Sub(q.TimeRange.To) > b.times.step {
		return
	}
	request, err := newLiveRequest(q.JSON, b.times.step, q.TimeRange.To.Sub(q.TimeRange.From))
	if err != nil {
		return
	}
	frames[0].Meta.Custom = map[string]any{"live": map[string]any{"path": request.Path(), "data": request, "to": b.times.to.UnixMilli()}}
}

// A Live is a channel while it runs. It belongs to one goroutine.
type Live struct {
	request LiveRequest
	reached time.Time // the last point that was sent may be as late as this
	sent    [sha256.Size]byte
}

// NewLive returns the channel of a request, whose viewers have the points up to about now.
func NewLive(request LiveRequest, now time.Time) *Live { return &Live{request: request, reached: now} }

// step is the distance of points.
func (l *Live) step() time.Duration { return time.Duration(l.request.StepMS) * time.Millisecond }

// A liveMessage is what comes on a channel. Between From and To, Unix milliseconds, its
// frames have all points that there are. Where the query fails, Error is why, and there
// are no frames.
type liveMessage struct {
	From   int64             `json:"from"`
	To     int64             `json:"to"`
	Frames []json.RawMessage `json:"frames"`
	Error  string            `json:"error,omitempty"`
}

// since is from when on the next message has points: a sample may come after the moment
// that it is for, by as long as its poll takes.
func (l *Live) since() time.Time { return l.reached.Add(-2*l.step() - lateBy) }

// Next returns the next message of the channel, nil where there is nothing new. finish is
// applied to the response that it is made of.
func (l *Live) Next(ctx context.Context, src Source, finish func(backend.DataResponse) backend.DataResponse) ([]byte, error) {
	now := src.now()
	begin := now.Add(-time.Duration(l.request.SpanMS) * time.Millisecond)
	after := later(l.since(), begin)
	response := finish(Run(ctx, src, backend.DataQuery{
		JSON: l.request.Query, Interval: l.step(),
		TimeRange: backend.TimeRange{From: begin, To: now},
	}, Options{after: &after}))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if response.Error != nil {
		return l.Failed(now, response.Error.Error()), nil
	}
	message := liveMessage{From: after.UnixMilli(), To: now.UnixMilli(), Frames: []json.RawMessage{}}
	for _, frame := range response.Frames {
		text, err := data.FrameToJSON(frame, data.IncludeAll)
		if err != nil {
			return nil, err
		}
		message.Frames = append(message.Frames, text)
	}
	text := l.unlessSent(message)
	if text != nil {
		l.reached = now
	}
	return text, nil
}

// Failed returns the message that the query failed at a moment, and why; nil where it is
// the one before.
func (l *Live) Failed(now time.Time, why string) json.RawMessage {
	return l.unlessSent(liveMessage{From: l.since().UnixMilli(), To: now.UnixMilli(), Frames: []json.RawMessage{}, Error: why})
}

// unlessSent returns a message as JSON, nil where the one before has the same points.
func (l *Live) unlessSent(message liveMessage) json.RawMessage {
	points, err := json.Marshal(message.Frames)
	if err != nil {
		return nil // frames are JSON already
	}
	hash := sha256.Sum256(append(points, message.Error...))
	if hash == l.sent {
		return nil
	}
	text, err := json.Marshal(message)
	if err != nil {
		return nil
	}
	l.sent = hash
	return text
}

// lateBy is how much later than its moment a sample may be committed: the time of a slow
// poll.
const lateBy = 30 * time.Second

// after lets a range begin at its first point after a moment.
func (r stepRange) after(t time.Time) stepRange {
	if behind := t.Sub(r.start); behind > 0 {
		r.start = r.start.Add((behind + r.step - 1) / r.step * r.step)
	}
	return r
}
