package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/community/mesos-datasource/pkg/collector"
)

// A follower moves the simulated cluster's time to the collector's before each
// request.
type follower struct {
	next  http.RoundTripper
	clock collector.Clock
	door  string
	user  string

	mu    sync.Mutex
	moved time.Time // where the cluster's time is
}

// RoundTrip implements http.RoundTripper.
func (f *follower) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := f.follow(); err != nil {
		return nil, err
	}
	if user, password, ok := strings.Cut(f.user, ":"); ok {
		req = req.Clone(req.Context())
		req.SetBasicAuth(user, password)
	}
	return f.next.RoundTrip(req)
}

func (f *follower) follow() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if !now.After(f.moved) {
		return nil
	}
	url := fmt.Sprintf("%s/clock?now=%d.%03d", f.door, now.Unix(), now.Nanosecond()/1e6)
	req, err := http.NewRequest(http.MethodPost, url, nil)
	if err != nil {
		return fmt.Errorf("moving the cluster's time: %w", err)
	}
	resp, err := f.next.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("moving the cluster's time: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("moving the cluster's time: %s: %s", resp.Status, said)
	}
	f.moved = now
	return nil
}
