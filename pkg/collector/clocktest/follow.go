package clocktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
)

// A Follower moves a simulated cluster's time to a clock before each request,
// by the cluster's control server (tools/simulator/control.ts): an answer is of the
// moment that the collector writes beside it. What the cluster's event stream tells until
// then is handled before the request, so that two runs do the same things in the same order.
// While a request is answered the clock stands still, so no deadline of a request passes: on a
// busy machine an agent that is given up would be a difference between two runs.
type Follower struct {
	Next    http.RoundTripper
	Clock   collector.Clock
	Control string // URL of the control server
	User    string // user:password for the cluster's own pages; empty: none
	// Authorization is the header of that name for the cluster's own pages; empty: none.
	Authorization string

	mu     sync.Mutex
	moved  time.Time // where the cluster's time is
	stream *streamBody
}

// RoundTrip implements http.RoundTripper.
func (f *Follower) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := f.follow(); err != nil {
		return nil, err
	}
	if user, password, ok := strings.Cut(f.User, ":"); ok {
		req = req.Clone(req.Context())
		req.SetBasicAuth(user, password)
	}
	if f.Authorization != "" {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", f.Authorization)
	}
	ctx, done := withoutDeadline(req.Context())
	resp, err := f.Next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		done()
		return nil, err
	}
	resp.Body = &endingBody{resp.Body, done}
	if req.Method == http.MethodPost && req.URL.Path == "/api/v1" {
		body := newStreamBody(resp.Body)
		resp.Body = body
		f.mu.Lock()
		f.stream = body
		f.mu.Unlock()
	}
	return resp, err
}

// longestWait bounds what is waited for in the machine's time, so that a fault of the cluster or of
// the collector ends a run.
const longestWait = time.Minute

// withoutDeadline returns a context that ends when ctx is cancelled, and not when its deadline passes
// by the machine's clock. What has a deadline ends after longestWait. done frees what it holds.
func withoutDeadline(ctx context.Context) (patient context.Context, done func()) {
	if _, has := ctx.Deadline(); !has {
		return ctx, func() {}
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestWait)
	stop := context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			cancel()
		}
	})
	return patient, func() {
		stop()
		cancel()
	}
}

// An endingBody is a response's body that calls done when it is closed.
type endingBody struct {
	io.ReadCloser
	done func()
}

// Close implements io.Closer.
func (b *endingBody) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}

// Agents are agents of a cluster that a Follower moves: the deadlines of their requests do not pass
// by the machine's clock.
type Agents struct{ collector.Agents }

// Statistics implements collector.Agents.
func (a Agents) Statistics(ctx context.Context, id string) (*mesos.Statistics, error) {
	ctx, done := withoutDeadline(ctx)
	defer done()
	return a.Agents.Statistics(ctx, id)
}

// Snapshot implements collector.Agents.
func (a Agents) Snapshot(ctx context.Context, id string) (*mesos.Metrics, error) {
	ctx, done := withoutDeadline(ctx)
	defer done()
	return a.Agents.Snapshot(ctx, id)
}

func (f *Follower) follow() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.Clock.Now()
	if !now.After(f.moved) {
		return nil
	}
	url := fmt.Sprintf("%s/clock?now=%d.%03d", f.Control, now.Unix(), now.Nanosecond()/1e6)
	req, err := http.NewRequest(http.MethodPost, url, nil)
	if err != nil {
		return fmt.Errorf("moving the cluster's time: %w", err)
	}
	resp, err := f.Next.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("moving the cluster's time: %w", err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 1000)) // to the end, so that the connection can be used again
	if err != nil {
		return fmt.Errorf("moving the cluster's time: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("moving the cluster's time: %s: %s", resp.Status, said)
	}
	f.moved = now
	var at struct {
		Streamed *int64 `json:"streamed"`
	}
	if err := json.Unmarshal(said, &at); err != nil {
		return fmt.Errorf("moving the cluster's time: %w", err)
	}
	if f.stream != nil && !f.stream.await(at.Streamed) {
		return fmt.Errorf("moving the cluster's time: what the event stream tells was not read within %s", longestWait)
	}
	return nil
}
