package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
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
// distance of points, and the panel's time range, which ends now.
type LiveRequest struct {
	Query  json.RawMessage `json:"query"`
	StepMS int64           `json:"stepMs"`
	// SpanMS is the width of a range that moves on, such as the last hour.
	SpanMS int64 `json:"spanMs,omitempty"`
	// FromMS is where a range begins that grows, such as today, in Unix milliseconds; 0 for
	// one that moves on.
	FromMS int64 `json:"fromMs,omitempty"`
	// Named is added to the names of series, where another query of the panel has equal ones.
	Named string `json:"named,omitempty"`
}

// ofPanel are keys of a query that do not change its answer.
var ofPanel = []string{"refId", "key", "hide", "datasource", "datasourceId", "intervalMs", "maxDataPoints", "queryCachingTTL", "pluginVersion"}

// newLiveRequest returns the request of a query whose points are a step apart.
func newLiveRequest(raw json.RawMessage, step time.Duration) (LiveRequest, error) {
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
	return LiveRequest{Query: query, StepMS: step.Milliseconds()}, nil
}

// over returns the request with a range that moves on. A panel's range is some
// milliseconds longer or shorter each time.
func (l LiveRequest) over(span time.Duration) LiveRequest {
	l.SpanMS = span.Round(time.Second).Milliseconds()
	return l
}

// since returns the request with a range that grows.
func (l LiveRequest) since(from time.Time) LiveRequest {
	l.FromMS = from.UnixMilli()
	return l
}

// begin returns where the range begins.
func (l LiveRequest) begin(now time.Time) time.Time {
	if l.FromMS != 0 {
		return time.UnixMilli(l.FromMS)
	}
	return now.Add(-time.Duration(l.SpanMS) * time.Millisecond)
}

// Path returns the path of the channel.
func (l LiveRequest) Path() string {
	var compact bytes.Buffer
	if json.Compact(&compact, l.Query) != nil {
		return ""
	}
	key := fmt.Appendf(compact.Bytes(), "|%d|%d|%d", l.StepMS, l.SpanMS, l.FromMS)
	if l.Named != "" {
		key = fmt.Appendf(key, "|%s", l.Named)
	}
	hash := sha256.Sum256(key)
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
	case l.FromMS != 0 && l.SpanMS != 0:
		return l, bad("fromMs", "%d is out of range: a range that has a width moves on", l.FromMS)
	}
	if len(l.Named) > 2*maxNamed {
		return l, bad("named", "it has %d bytes, and %d are the most: it is what the answer of the query has in its meta", len(l.Named), 2*maxNamed)
	}
	parsed, err := parse(l.Query)
	if err != nil {
		return l, err
	}
	if !parsed.live() {
		return l, bad("live", "is not set: only queries with live: true have a channel")
	}
	// The path is compared with the hash of the query as newLiveRequest writes it.
	canonical, err := newLiveRequest(l.Query, step)
	canonical.SpanMS, canonical.FromMS, canonical.Named = l.SpanMS, l.FromMS, l.Named
	if err != nil || canonical.Path() != path {
		return l, bad("", "the channel %q is another query's: use the one that the answer of the query has in its meta", cut(path))
	}
	return canonical, nil
}

// live reports whether a query asks for points as they are collected.
func (p parsed) live() bool {
	return p.metrics != nil && p.metrics.Live || p.promql != nil && p.promql.Live
}

// liveChannel is what the first frame of a live answer has in its meta, custom.live.
type liveChannel struct {
	Path string      `json:"path"`
	Data LiveRequest `json:"data"`
	To   int64       `json:"to,omitempty"` // end of the answer, Unix milliseconds
	// Fixed is the channel for a panel whose range begins at a moment that stays.
	Fixed *liveChannel `json:"fixed,omitempty"`
}

// named returns the channel on which names of series have a text added.
func (c liveChannel) named(text string) liveChannel {
	c.Data.Named += text
	c.Path = c.Data.Path()
	if c.Fixed != nil {
		fixed := c.Fixed.named(text)
		c.Fixed = &fixed
	}
	return c
}

// nameChannel writes the channel of a live query into the meta of its first frame. A range
// that ends before now has none: nothing is added to it.
func nameChannel(frames data.Frames, src Source, q backend.DataQuery, o Options, p parsed, b built) {
	now := src.now()
	if !p.live() || b.plan.drawn || o.evaluated() || o.channel != nil || len(frames) == 0 || now.Sub(q.TimeRange.To) > b.times.step {
		return
	}
	request, err := newLiveRequest(q.JSON, b.times.step)
	if err != nil {
		return
	}
	// The browser's clock may be some seconds ahead; a range such as today has no answer
	// after now.
	to := q.TimeRange.To
	if to.Sub(now) > b.times.step {
		to = now
	}
	moves, stays := request.over(max(to.Sub(q.TimeRange.From), 0)), request.since(q.TimeRange.From)
	frames[0].Meta.Custom = map[string]any{"live": liveChannel{
		Path: moves.Path(), Data: moves, To: b.times.to.UnixMilli(),
		Fixed: &liveChannel{Path: stays.Path(), Data: stays},
	}}
}

// channelPart is what a message of a channel has of an answer.
type channelPart struct {
	step  time.Duration // stays, whatever the polls do
	after time.Time     // from when on points are wanted; zero for all of the range
}

// A Live is a channel while it runs. It belongs to one goroutine.
type Live struct {
	request LiveRequest
	// whole: each message is the whole answer; chosen: which series it has depends on
	// the end of the range.
	whole, chosen bool

	reached time.Time // the last point that was sent may be as late as this
	outline outline   // of the latest message
	begun   bool      // there was one
	sent    [sha256.Size]byte
}

// NewLive returns the channel of a request, whose viewers have the points up to about now.
func NewLive(request LiveRequest, now time.Time) *Live {
	l := &Live{request: request, reached: now}
	if p, err := parse(request.Query); err == nil { // else each message is its error
		l.whole = p.Format == FormatTable && p.overRange() || p.promql != nil && dependsOnRange(p.promql.Expr, request.FromMS != 0)
		l.chosen = p.metrics != nil && p.metrics.Top != 0
	}
	return l
}

// rangesEnd matches the modifiers of PromQL that make every point depend on the range.
var rangesEnd = regexp.MustCompile(`@\s*(end|start)\s*\(`)

// dependsOnRange reports whether every point of an expression depends on the range as a
// whole, so that points change with each moment that passes.
func dependsOnRange(expr string, grows bool) bool {
	return rangesEnd.MatchString(expr) || grows && strings.Contains(expr, "__range")
}

// step is the distance of points.
func (l *Live) step() time.Duration { return time.Duration(l.request.StepMS) * time.Millisecond }

// A liveMessage is what comes on a channel. Between From and To, Unix milliseconds, its
// frames have all points that there are. Where the query fails, Error is why, and there
// are no frames.
type liveMessage struct {
	From   int64             `json:"from"`
	To     int64             `json:"to"`
	Frames []json.RawMessage `json:"frames"`
	// Whole: the frames are the whole answer, and replace all that is shown.
	Whole bool `json:"whole,omitempty"`
	// Again: viewers ask again, as the whole answer is too long for a message.
	Again bool   `json:"again,omitempty"`
	Error string `json:"error,omitempty"`
}

// maxWhole is the most bytes of a message with a whole answer. Grafana drops the connection
// of a browser for which 4 MiB wait.
const maxWhole = 1 << 20

// An outline is what of an answer has to stay, so that later points can be added to it.
type outline struct {
	grid   int64  // milliseconds by which points lie behind the multiples of the step
	series string // of an answer that has only some of all
	full   int64  // the moment of an answer with as many series as a browser is sent; 0 for others
}

// outlineOf returns the outline of frames. Without points the grid is that of before.
func (l *Live) outlineOf(frames data.Frames, now time.Time) outline {
	of := outline{grid: l.outline.grid}
	var names []string
	for _, frame := range frames {
		if frame.Meta == nil || frame.Meta.Type != data.FrameTypeTimeSeriesMulti || len(frame.Fields) < 2 || frame.Rows() == 0 {
			continue
		}
		if at, ok := frame.At(0, 0).(time.Time); ok {
			of.grid = at.UnixMilli() % l.request.StepMS
		}
		names = append(names, frame.Fields[1].Name+frame.Fields[1].Labels.String())
	}
	if l.chosen {
		slices.Sort(names)
		of.series = strings.Join(names, "\n")
	}
	if len(names) >= maxShown { // the highest of the last points are not those of the range
		of.full = now.UnixMilli()
	}
	return of
}

// since is from when on the next message has points: a sample may come after the moment
// that it is for, by as long as its poll takes.
func (l *Live) since() time.Time { return l.reached.Add(-2*l.step() - lateBy) }

// Next returns the next message of the channel, nil where there is nothing new. finish is
// applied to the responses that it is made of.
//
// Points are added to those that are shown where they are on the same grid and of the same
// series. The grid moves with a slow poll that was not exactly on time (newStepRange), and
// the series of top change with the end of the range: the whole answer is sent then.
func (l *Live) Next(ctx context.Context, src Source, finish func(backend.DataResponse) backend.DataResponse) ([]byte, error) {
	now := src.now()
	answer := func(after time.Time) (backend.DataResponse, error) {
		response := finish(Run(ctx, src, backend.DataQuery{
			JSON: l.request.Query, Interval: l.step(),
			TimeRange: backend.TimeRange{From: l.request.begin(now), To: now},
		}, Options{channel: &channelPart{step: l.step(), after: after}}))
		addToNames(response.Frames, l.request.Named, false)
		return response, ctx.Err()
	}
	after := l.since()
	if l.whole {
		after = time.Time{}
	}
	response, err := answer(after)
	if err != nil {
		return nil, err
	}
	if response.Error != nil {
		return l.Failed(now, response.Error.Error()), nil
	}
	of, whole := l.outlineOf(response.Frames, now), l.whole
	// Nothing is known of what the first viewer has.
	if !whole && of != l.outline {
		all, err := answer(time.Time{})
		if err != nil {
			return nil, err
		}
		if all.Error != nil {
			return l.Failed(now, all.Error.Error()), nil
		}
		response, whole = all, true
	}
	// The first point is the last one of the grid that is not after the begin.
	begin := l.request.begin(now)
	from := later(l.since(), floor(begin, l.step(), time.UnixMilli(of.grid)))
	message := liveMessage{From: from.UnixMilli(), To: now.UnixMilli(), Whole: whole}
	if message.Frames, err = framesAsJSON(response.Frames); err != nil {
		return nil, err
	}
	first := !l.begun
	l.outline, l.begun = of, true
	text := l.unlessSent(message)
	if text == nil {
		return nil, nil
	}
	l.reached = now
	if whole && len(text) > maxWhole {
		if first {
			return nil, nil // the viewer has just asked
		}
		message.Frames, message.Whole, message.Again = []json.RawMessage{}, false, true
		return json.Marshal(message)
	}
	return text, nil
}

func framesAsJSON(frames data.Frames) ([]json.RawMessage, error) {
	all := []json.RawMessage{}
	for _, frame := range frames {
		text, err := data.FrameToJSON(frame, data.IncludeAll)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, nil
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
