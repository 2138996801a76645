package mesos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"community-mesos-datasource/pkg/display"
)

// The operator event stream (docs/operator-http-api.md of Mesos, SUBSCRIBE): one response
// that does not end, of records in RecordIO: the length in bytes as a decimal number, a
// line break, JSON. Master and HTTP chunks have their own boundaries.
//
// The master keeps in memory what a subscriber does not read, without a bound. So a
// record that is not complete in time ends the stream, and so does a reader that cannot
// keep up: nothing is ever left unread.

// subscribePage is the operator API with the call that subscribes.
var subscribePage = endpoint{path: "/api/v1", post: `{"type":"SUBSCRIBE"}`, lacking: "Mesos before 1.0 has no operator API, or a router or proxy does not pass it on, and the event stream is since 1.1. Polling goes on without it"}

const (
	// defaultHeartbeat is the interval of heartbeats where the master does not say it
	// (DEFAULT_HEARTBEAT_INTERVAL in src/master/constants.hpp).
	defaultHeartbeat = 15 * time.Second
	// missedHeartbeats is how many may be missed before the stream counts as broken.
	missedHeartbeats = 2
	// maxRecord is the most bytes of a record, but of the first, which holds the state of
	// the cluster.
	maxRecord = 16 << 20
	// longestLength is how many digits the length of a record may have.
	longestLength = 12
)

// Subscribe opens the event stream of the leader and calls handle for each record, the
// first of which is SUBSCRIBED. It returns when ctx ends, when handle returns an error,
// which it returns then, or when the stream does: an *Error says why, also where the
// master ended it in order. handle is called on the goroutine that reads, and must not
// wait: the master keeps what is not read.
func (c *Client) Subscribe(ctx context.Context, handle func(StreamEvent) error) error {
	ctx, done, err := c.flights.join(ctx)
	if err != nil {
		return err
	}
	defer done()
	leader, err := c.Leader(ctx)
	if err != nil {
		return err
	}
	begun := false
	noting := func(e StreamEvent) error {
		begun = true
		return handle(e)
	}
	err = c.subscribe(ctx, leader, noting)
	if ctx.Err() != nil || begun || !lost(err) {
		return err
	}
	c.Forget()
	next, unknown := c.find(ctx, search{failed: leader.Address, moved: moved(err)})
	if unknown != nil || next.Address == leader.Address {
		return err
	}
	if err = c.subscribe(ctx, next, handle); lost(err) {
		c.Forget()
	}
	return err
}

// subscribe is Subscribe for one master.
func (c *Client) subscribe(ctx context.Context, target Target, handle func(StreamEvent) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := newWatchdog(cancel)
	defer watch.stop()

	watch.expect(c.timeout, &Error{Category: Timeout, Target: target.Address, Sentence: fmt.Sprintf(
		"The event stream of the master at %s did not begin within %s: check that it is alive and not overloaded, and that no proxy on the way holds the response back, or raise the time-out (jsonData.timeout). Polling goes on without it.", target.Address, seconds(c.timeout))})
	streaming := *c.http
	streaming.Timeout = 0 // bounds the whole body
	s := c.asker
	s.http = &streaming
	sent := ctx
	if c.streaming != nil {
		sent = c.streaming(ctx)
	}
	resp, h, err := s.send(sent, target, subscribePage)
	if err != nil {
		return watch.cause(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.notSubscribed(resp, target)
	}
	r := newRecordReader(resp.Body)
	heartbeat, limit := defaultHeartbeat, c.maxBody
	var beats *heartbeats
	for first := true; ; first = false {
		event := StreamEvent{}
		if event.Bytes, err = r.next(limit, &event); err != nil {
			return watch.cause(ctx, c.brokenStream(target, h.begun, first, err))
		}
		event.Received = c.now()
		switch {
		case first && event.Type != StreamSubscribed:
			return &Error{Category: NotMesos, Target: target.Address, Sentence: fmt.Sprintf(
				"The event stream of %s begins with %q and not with SUBSCRIBED, so this is not a Mesos master: check the address.", target.Address, shorten(string(event.Type)))}
		case !first && event.Type == StreamSubscribed: // a proxy has connected again: what was told meanwhile is lost
			return &Error{Category: Protocol, Target: target.Address, Sentence: fmt.Sprintf(
				"The event stream of the master at %s has a second SUBSCRIBED, so that a part of it is missing: check proxies on the way. The stream begins anew.", target.Address)}
		case !event.whole():
			return &Error{Category: Protocol, Target: target.Address, Sentence: fmt.Sprintf(
				"A record %q of the event stream of %s lacks what it is about: this version of Mesos writes it differently. The stream begins anew.", shorten(string(event.Type)), target.Address)}
		}
		if first {
			event.Subscribed.Target = target.Address
		}
		if first && event.Subscribed.Heartbeat > 0 {
			heartbeat = event.Subscribed.Heartbeat
		}
		limit = maxRecord
		silence := missedHeartbeats*heartbeat + heartbeat/2
		if event.Type == StreamHeartbeat {
			if beats == nil {
				beats = &heartbeats{interval: heartbeat}
			}
			if behind := beats.behind(time.Now()); behind > silence {
				return &Error{Category: Timeout, Target: target.Address, Sentence: fmt.Sprintf(
					"The event stream of the master at %s came ever later, the last heartbeat by %s: the network between Grafana's server and the master is slower than the stream, and the master keeps in memory what is not read. The stream begins anew.",
					target.Address, seconds(behind))}
			}
		}
		watch.expect(silence, &Error{Category: Timeout, Target: target.Address, Sentence: fmt.Sprintf(
			"The event stream of the master at %s brought no whole record for %s, although the master sends a heartbeat every %s: the network or the master is too slow, or the connection is dead. The stream begins anew.",
			target.Address, seconds(silence), seconds(heartbeat))})
		if err := handle(event); err != nil {
			return err
		}
	}
}

// heartbeats finds out whether a stream comes ever later: the master sends a heartbeat
// behind everything that it has written before, at a fixed interval. A record that is
// complete in time does not show that.
type heartbeats struct {
	interval time.Duration
	due      time.Time // when the next one is expected; zero before the first
}

// behind notes a heartbeat and returns by how much it is late.
func (h *heartbeats) behind(at time.Time) time.Duration {
	late := at.Sub(h.due)
	if h.due.IsZero() || late < 0 {
		late, h.due = 0, at
	}
	// The master's timer runs late, too: what is late by little, or was once, is forgotten.
	h.due = h.due.Add(h.interval + min(late, h.interval/500))
	return late
}

// notSubscribed returns the error of a response that is no stream.
func (c *Client) notSubscribed(resp *http.Response, target Target) error {
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusNotImplemented: // a master that does not know the call
		return &Error{Category: NotMesos, Target: target.Address, lacks: true, Sentence: fmt.Sprintf(
			"The master at %s does not know SUBSCRIBE (%d): Mesos has the event stream since 1.1. Polling goes on without it.", target.Address, resp.StatusCode)}
	case http.StatusMethodNotAllowed:
		return &Error{Category: Forbidden, Target: target.Address, Sentence: fmt.Sprintf(
			"Something before the master at %s allows no POST to %s (405): allow it there, or set subscribe: never. Polling goes on without it.", target.Address, subscribePage.path)}
	}
	return c.refused(resp, target, subscribePage)
}

// brokenStream returns the error of a stream that ended or cannot be read.
func (c *Client) brokenStream(target Target, begun time.Time, first bool, err error) error {
	e := func(category Category, format string, args ...any) error {
		return &Error{Category: category, Target: target.Address, Err: err, Sentence: fmt.Sprintf("The event stream of the master at %s ", target.Address) + fmt.Sprintf(format, args...)}
	}
	var long *tooLong
	var broken *brokenRecord
	switch {
	case errors.As(err, &long):
		return e(Protocol, "has a record longer than the limit of %s: check what answers there. The stream begins anew.", display.Size(long.limit))
	case errors.As(err, &broken) && first:
		return e(NotMesos, "is none, since it does not begin with a record: check the address, and proxies on the way.")
	case errors.As(err, &broken):
		return e(Protocol, "has a record that cannot be read (%s): check proxies on the way. The stream begins anew.", broken)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return e(Network, "ended: the master stopped, lost its leadership, or has more subscribers than it allows (--max_operator_event_stream_subscribers). The stream begins anew.")
	}
	failed := c.failed(target, subscribePage, time.Since(begun), true, err)
	if !first && CategoryOf(failed) == Network { // there was an answer
		return e(Network, "broke (%s): check the network between Grafana's server and the master, and how long proxies and firewalls on the way keep a connection. The stream begins anew.", cause(err))
	}
	return failed
}

// A recordReader reads RecordIO.
type recordReader struct {
	src    *bufio.Reader
	filter *finite // its buffer is that of all records
}

func newRecordReader(src io.Reader) *recordReader {
	return &recordReader{src: bufio.NewReaderSize(src, 64<<10), filter: newFinite(nil)}
}

// brokenRecord is the error of what is no record.
type brokenRecord struct{ why string }

func (e *brokenRecord) Error() string { return e.why }

// next reads one record of at most limit bytes and returns its size. io.EOF is the end
// of the stream between two records.
func (r *recordReader) next(limit int64, into *StreamEvent) (size int64, err error) {
	size, err = r.length()
	if err != nil {
		return 0, err
	}
	if size > limit {
		return size, &tooLong{limit: limit, what: "record"}
	}
	body := &io.LimitedReader{R: r.src, N: size}
	remembering := &boundedReader{src: body, limit: size}
	r.filter.reset(remembering)
	err = json.UnmarshalRead(r.filter, into, decodeOptions)
	switch {
	case body.N > 0 && remembering.err == nil && err == nil:
		return size, &brokenRecord{"its length is not that of its JSON"}
	case remembering.err != nil:
		return size, remembering.err
	case err != nil && body.N > 0 && errors.Is(err, io.ErrUnexpectedEOF):
		return size, io.ErrUnexpectedEOF // the connection ended inside the record
	case err != nil:
		return size, &brokenRecord{"its JSON is broken, or has another type than expected"}
	}
	return size, nil
}

// length reads the length of the next record.
func (r *recordReader) length() (int64, error) {
	var digits [longestLength]byte
	for n := range digits {
		b, err := r.src.ReadByte()
		switch {
		case err == io.EOF && n > 0:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case b == '\n' && n > 0:
			size, err := strconv.ParseInt(string(digits[:n]), 10, 64)
			if err != nil {
				return 0, &brokenRecord{"its length is not a number"}
			}
			return size, nil
		case b < '0' || b > '9':
			return 0, &brokenRecord{"its length is not a number"}
		}
		digits[n] = b
	}
	return 0, &brokenRecord{"its length has too many digits"}
}

// A watchdog ends a context when something that is expected does not happen in time.
type watchdog struct {
	end context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	late  error // what is wrong when the timer ends
}

func newWatchdog(end context.CancelCauseFunc) *watchdog {
	w := &watchdog{end: end}
	w.timer = time.AfterFunc(time.Hour, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.end(w.late)
	})
	return w
}

// expect begins to wait anew: late is what is wrong when the next call takes longer
// than within.
func (w *watchdog) expect(within time.Duration, late error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = late
	w.timer.Reset(within)
}

func (w *watchdog) stop() { w.timer.Stop() }

// cause returns why a request failed: what was late, where the watchdog ended it.
func (w *watchdog) cause(ctx context.Context, err error) error {
	if late, ok := errors.AsType[*Error](context.Cause(ctx)); ok {
		return late
	}
	return err
}
