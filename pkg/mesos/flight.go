package mesos

import (
	"context"
	"fmt"
	"sync"
)

// One request of a kind is in flight, and concurrent callers share its response. The
// request belongs to the client and not to its first caller: it has none of that
// caller's context values (Grafana's SDK would take a user's headers from there),
// continues while any caller waits, and stops when none does or the client is
// closed.

type flights struct {
	ctx    context.Context // ends with close
	cancel context.CancelFunc

	mu      sync.Mutex
	calls   map[string]*call
	closed  bool
	running sync.WaitGroup
}

type call struct {
	done    chan struct{} // closed when value and err are set
	cancel  context.CancelFunc
	waiting int
	value   any
	err     error
}

func newFlights() *flights {
	ctx, cancel := context.WithCancel(context.Background())
	return &flights{ctx: ctx, cancel: cancel, calls: map[string]*call{}}
}

// close stops running requests and waits for them.
func (f *flights) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.cancel()
	f.running.Wait()
}

// join returns a context that ends with ctx and with the client, for what is not
// shared. The client's end waits until done is called.
func (f *flights) join(ctx context.Context) (joined context.Context, done func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, nil, ErrClosed
	}
	f.running.Add(1)
	joined, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(f.ctx, cancel)
	return joined, func() {
		stop()
		cancel()
		f.running.Done()
	}, nil
}

// share runs a function, or waits for one with the same key that runs already. All
// callers get the same value and must not change it.
func share[T any](ctx context.Context, f *flights, key string, run func(context.Context) (T, error)) (T, error) {
	var none T
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return none, ErrClosed
	}
	c := f.calls[key]
	if c == nil {
		running, cancel := context.WithCancel(f.ctx)
		c = &call{done: make(chan struct{}), cancel: cancel}
		f.calls[key] = c
		f.running.Go(func() {
			defer cancel()
			c.value, c.err = recovered(key, func() (T, error) { return run(running) })
			f.mu.Lock()
			f.forget(key, c)
			f.mu.Unlock()
			close(c.done)
		})
	}
	c.waiting++
	f.mu.Unlock()

	select {
	case <-c.done:
		if c.err != nil {
			if f.ctx.Err() != nil {
				return none, ErrClosed
			}
			return none, c.err
		}
		return c.value.(T), nil
	case <-ctx.Done():
		f.mu.Lock()
		c.waiting--
		if c.waiting == 0 {
			c.cancel()
			f.forget(key, c)
		}
		f.mu.Unlock()
		if err := ctx.Err(); err == context.DeadlineExceeded {
			return none, &Error{Category: Timeout, Sentence: "The masters did not answer in the time that this request had: try again, or check that they are not overloaded.", Err: err}
		}
		return none, fmt.Errorf("waiting for the master's answer: %w", ctx.Err())
	}
}

// forget makes the next caller start a request of its own. mu must be held.
func (f *flights) forget(key string, c *call) {
	if f.calls[key] == c {
		delete(f.calls, key)
	}
}
