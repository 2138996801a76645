package clocktest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
)

// slowCluster serves a cluster whose answers take a while by the machine's clock: their head
// and the end of their body. begun receives when a request has come.
func slowCluster(t *testing.T, head, body time.Duration) (follower *Follower, url string, begun chan struct{}) {
	begun = make(chan struct{}, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /clock", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		wait := func(d time.Duration) {
			select {
			case <-time.After(d):
			case <-r.Context().Done():
			}
		}
		wait(head)
		_, _ = io.WriteString(w, "some ")
		_ = http.NewResponseController(w).Flush()
		wait(body)
		_, _ = io.WriteString(w, "text")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	clock := New(time.Unix(1_000_000, 0))
	return &Follower{Next: http.DefaultTransport, Clock: clock, Control: server.URL}, server.URL, begun
}

func read(ctx context.Context, follower *Follower, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/state", nil)
	if err != nil {
		return "", err
	}
	resp, err := (&http.Client{Transport: follower}).Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// A machine that is busy must not end a request: the clock stands still while it is answered.
func TestFollowerDeadline(t *testing.T) {
	for name, took := range map[string][2]time.Duration{
		"head": {300 * time.Millisecond, 0},
		"body": {0, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			follower, url, _ := slowCluster(t, took[0], took[1])
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			text, err := read(ctx, follower, url)
			if text != "some text" || err != nil {
				t.Errorf("the response is %q, %v; want the whole, although its deadline passed by the machine's clock", text, err)
			}
		})
	}
}

// A request that nobody waits for any more ends, as without a Follower.
func TestFollowerCancelled(t *testing.T) {
	for _, deadline := range []time.Duration{0, time.Hour} {
		follower, url, begun := slowCluster(t, time.Hour, 0)
		ctx, cancel := context.WithCancel(t.Context())
		if deadline > 0 {
			var end context.CancelFunc
			ctx, end = context.WithTimeout(ctx, deadline)
			defer end()
		}
		go func() {
			<-begun
			cancel()
		}()
		if _, err := read(ctx, follower, url); !errors.Is(err, context.Canceled) {
			t.Errorf("a request with a deadline of %s that was cancelled ended with %v, want %v", deadline, err, context.Canceled)
		}
	}
}

// slowAgents answer after a while, unless their request ends before.
type slowAgents struct{ collector.Agents }

func (slowAgents) Statistics(ctx context.Context, _ string) (*mesos.Statistics, error) {
	return answered[mesos.Statistics](ctx)
}

func (slowAgents) Snapshot(ctx context.Context, _ string) (*mesos.Metrics, error) {
	return answered[mesos.Metrics](ctx)
}

func answered[T any](ctx context.Context) (*T, error) {
	select {
	case <-time.After(300 * time.Millisecond):
		return new(T), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// The collector gives an agent up whose request passes its deadline: on a busy machine that is no
// answer of the cluster.
func TestAgentsDeadline(t *testing.T) {
	agents := Agents{slowAgents{}}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := agents.Statistics(ctx, "S1"); err != nil {
		t.Errorf("the statistics of an agent that took its time are %v", err)
	}
	if _, err := agents.Snapshot(ctx, "S1"); err != nil {
		t.Errorf("the metrics of an agent that took its time are %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := agents.Statistics(gone, "S1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that was cancelled ended with %v, want %v", err, context.Canceled)
	}
}
