package mesos

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// held is a handler that answers when it is released.
func held(answer string) (handler http.HandlerFunc, arrived chan struct{}, release func()) {
	arrived, released := make(chan struct{}, 100), make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-released:
			js(answer)(w, r)
		case <-r.Context().Done():
		}
	}, arrived, sync.OnceFunc(func() { close(released) })
}

func TestWhoAsksMeanwhileSharesTheAnswer(t *testing.T) {
	cluster := replay(t, "03-workload")
	client := newClient(t, Config{Masters: cluster.Masters()})
	handler, arrived, release := held(`{"master/elected":1}`)
	defer release()
	cluster.Handle(mesostest.Master, "/metrics/snapshot", handler)

	var asking sync.WaitGroup
	answers := make([]*Metrics, 50)
	for i := range answers {
		asking.Go(func() {
			var err error
			answers[i], err = client.Snapshot(t.Context())
			require.NoError(t, err)
		})
	}
	<-arrived
	require.Eventually(t, func() bool {
		client.flights.mu.Lock()
		defer client.flights.mu.Unlock()
		c := client.flights.calls["/metrics/snapshot"]
		return c != nil && c.waiting == len(answers)
	}, 5*time.Second, time.Millisecond)
	release()
	asking.Wait()
	for _, answer := range answers {
		require.Same(t, answers[0], answer)
	}
	require.Equal(t, 1, cluster.Count("", "/metrics/snapshot"))
	require.Equal(t, 1, cluster.Count("", "/redirect"))
}

func TestOneWhoGoesDoesNotTakeTheAnswerFromTheOthers(t *testing.T) {
	f := newFlights()
	defer f.close()
	release := make(chan struct{})
	var runs atomic.Int64
	run := func(ctx context.Context) (int, error) {
		runs.Add(1)
		select {
		case <-release:
			return 42, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	first, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := share(first, f, "k", run)
		gone <- err
	}()
	waiters := func(n int) func() bool {
		return func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.calls["k"] != nil && f.calls["k"].waiting == n
		}
	}
	require.Eventually(t, waiters(1), 5*time.Second, time.Millisecond)
	stayed := make(chan int)
	go func() {
		v, _ := share(t.Context(), f, "k", run)
		stayed <- v
	}()
	require.Eventually(t, waiters(2), 5*time.Second, time.Millisecond)
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	close(release)
	require.Equal(t, 42, <-stayed)
	require.EqualValues(t, 1, runs.Load())
}

func TestARequestNobodyWaitsForIsGivenUp(t *testing.T) {
	cluster := replay(t, "03-workload")
	client := newClient(t, Config{Masters: cluster.Masters()})
	_, err := client.Leader(t.Context())
	require.NoError(t, err)
	ended := make(chan struct{})
	cluster.Handle(mesostest.Master, "/state", func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(ended)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = client.State(ctx)
	requireError(t, err, Timeout)
	<-ended
	cluster.Handle(mesostest.Master, "/state", nil)
	_, err = client.State(t.Context())
	require.NoError(t, err)
}

func TestCloseEndsWhatRuns(t *testing.T) {
	cluster := replay(t, "03-workload")
	client := newClient(t, Config{Masters: cluster.Masters()})
	handler, arrived, release := held(`{}`)
	defer release()
	cluster.Handle(mesostest.Master, "/state", handler)
	failed := make(chan error)
	go func() {
		_, err := client.State(context.Background())
		failed <- err
	}()
	<-arrived
	client.Close()
	require.ErrorIs(t, <-failed, ErrClosed)
	_, err := client.Snapshot(t.Context())
	require.ErrorIs(t, err, ErrClosed)
	client.Close() // again does no harm
}

type userKey struct{}

func TestNothingOfTheAskingUserReachesTheMaster(t *testing.T) {
	cluster := replay(t, "03-workload")
	var seen atomic.Bool
	transport := &http.Transport{}
	client := newClient(t, Config{
		Masters: cluster.Masters(),
		HTTP: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Context().Value(userKey{}) != nil {
				seen.Store(true)
			}
			return transport.RoundTrip(r)
		})},
		CloseIdle: transport.CloseIdleConnections,
	})
	_, err := client.State(context.WithValue(t.Context(), userKey{}, "headers of a user"))
	require.NoError(t, err)
	require.False(t, seen.Load())
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestConnectionsAreKept(t *testing.T) {
	cluster := replay(t, "03-workload")
	var dialed atomic.Int64
	counting := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	client := newClient(t, Config{Masters: cluster.Masters(), HTTP: &http.Client{Transport: counting}})
	for range 3 {
		for page, ask := range questions(client) {
			require.NoError(t, ask(t), page)
		}
	}
	require.EqualValues(t, 1, dialed.Load())
}

// bodyFunc is the body of a response, read by a function.
type bodyFunc func([]byte) (int, error)

func (f bodyFunc) Read(p []byte) (int, error) { return f(p) }
func (f bodyFunc) Close() error               { return nil }

// transportFunc is a transport.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A panic while a response is read is the error of the request: the process, which
// serves other data sources, goes on, and so do the next requests.
func TestAPanicIsTheErrorOfTheRequest(t *testing.T) {
	cluster := replay(t, "03-workload")
	panics := true
	client := newClient(t, Config{Masters: cluster.Masters(), HTTP: &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && panics && r.URL.Path == "/state" {
			_ = response.Body.Close()
			response.Body = bodyFunc(func([]byte) (int, error) { panic("index out of range [3] with length 2") })
		}
		return response, err
	})}})
	for range 2 {
		_, err := client.State(t.Context())
		requireError(t, err, Protocol, "The plugin failed while it asked for /state (index out of range [3] with length 2, at flight_test.go:")
		panicked := &Panicked{}
		require.ErrorAs(t, err, &panicked)
		require.NotContains(t, err.Error(), "/pkg/", "no path of the machine that built it")
	}
	panics = false
	_, err := client.State(t.Context())
	require.NoError(t, err)
	client.Close()
}
