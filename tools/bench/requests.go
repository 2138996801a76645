//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	sdk "github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/query"
	"community-mesos-datasource/pkg/series"
)

// requestsFound holds the requests that a cluster got while viewers looked.
type requestsFound struct {
	Minutes float64 `json:"minutes"`
	Every   float64 `json:"every"` // seconds between two /state
	Master  asked   `json:"master"`
	Agents  asked   `json:"agents"`
	// Queries is the number of answered queries of the viewers.
	Queries int `json:"queries"`
}

// asked holds the number of requests and the bytes of their responses as sent.
type asked struct {
	Requests int   `json:"requests"`
	Bytes    int64 `json:"bytes"`
	// AtOnce is the largest number of concurrent requests for one path.
	AtOnce int `json:"atOnce"`
}

const (
	refresh = 5 * time.Second
	// afterwards the cluster is known, and all polls are on their schedule.
	afterwards = 10 * time.Minute
)

// panels are the queries of each viewer.
var panels = []string{
	`{"queryType":"metrics","entity":"framework","resource":"cpus","measure":"allocated"}`,
	`{"queryType":"metrics","entity":"role","resource":"memory","measure":"allocated"}`,
	`{"queryType":"metrics","entity":"cluster","resource":"tasks","measure":"running"}`,
}

// requests counts the requests to masters and agents in minutes of the clock,
// while o.viewers run the queries of their panels every five seconds.
func requests(o options) (any, error) {
	masters, agents := newTraffic(http.DefaultTransport.(*http.Transport).Clone()), newTraffic(nil)
	var err error
	if agents.next, err = recordedAgent(); err != nil {
		return nil, err
	}
	o.http, o.agents = &http.Client{Transport: masters}, &http.Client{Transport: agents}
	b, err := newBackend(o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.start(); err != nil {
		return nil, err
	}
	if err := b.advance(afterwards); err != nil {
		return nil, err
	}
	masters.forget()
	agents.forget()
	found := requestsFound{Minutes: o.minutes.Minutes(), Every: b.collector.Interval(series.PollState).Seconds()}
	for passed := time.Duration(0); passed < o.minutes; passed += refresh {
		if err := b.advance(refresh); err != nil {
			return nil, err
		}
		for range o.viewers {
			if err := b.look(); err != nil {
				return nil, err
			}
			found.Queries += len(panels)
		}
	}
	found.Master, found.Agents = masters.asked(), agents.asked()
	return found, nil
}

// look runs the queries of the panels over the last hour.
func (b *backend) look() error {
	now := b.clock.Now()
	for _, panel := range panels {
		response := query.Run(context.Background(), b.source(), sdk.DataQuery{
			RefID: "A", JSON: json.RawMessage(panel), MaxDataPoints: 1000, Interval: time.Minute,
			TimeRange: sdk.TimeRange{From: now.Add(-time.Hour), To: now},
		}, query.Options{})
		if response.Error != nil {
			return response.Error
		}
		b.collector.Touch()
	}
	return nil
}

// traffic is an http.RoundTripper that counts requests and bytes.
type traffic struct {
	next http.RoundTripper

	mu    sync.Mutex
	total asked
	under map[string]int // concurrent requests by path
}

func newTraffic(next http.RoundTripper) *traffic {
	return &traffic{next: next, under: map[string]int{}}
}

func (t *traffic) asked() asked {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total
}

func (t *traffic) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total = asked{}
}

// RoundTrip implements http.RoundTripper.
func (t *traffic) RoundTrip(req *http.Request) (*http.Response, error) {
	page := req.URL.Host + req.URL.Path
	t.mu.Lock()
	t.total.Requests++
	t.under[page]++
	t.total.AtOnce = max(t.total.AtOnce, t.under[page])
	t.mu.Unlock()
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		t.ended(page)
		return nil, err
	}
	resp.Body = &countedBody{ReadCloser: resp.Body, page: page, of: t}
	return resp, nil
}

func (t *traffic) ended(page string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.under[page]--; t.under[page] == 0 {
		delete(t.under, page)
	}
}

// countedBody counts the bytes of a response. Its request is over when it is
// closed.
type countedBody struct {
	io.ReadCloser
	page string
	of   *traffic
	once sync.Once
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.of.mu.Lock()
	b.of.total.Bytes += int64(n)
	b.of.mu.Unlock()
	return n, err
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.of.ended(b.page) })
	return b.ReadCloser.Close()
}

// agentPages holds an agent's recorded responses.
var agentPages = map[string]string{
	"/monitor/statistics": "testdata/captures/03-workload/agent1-get_monitor_statistics.json",
	"/metrics/snapshot":   "testdata/captures/03-workload/agent1-get_metrics_snapshot.json",
}

// recordedAgent answers every agent's requests with a recorded agent's responses.
func recordedAgent() (http.RoundTripper, error) {
	pages := map[string][]byte{}
	for path, file := range agentPages {
		plain, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: run this in the repository's root", err)
		} else if err != nil {
			return nil, err
		}
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		if _, err := w.Write(plain); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		pages[path] = zipped.Bytes()
	}
	return answering(func(req *http.Request) (*http.Response, error) {
		for path, body := range pages {
			if strings.HasSuffix(req.URL.Path, path) {
				header := http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"application/json"}}
				return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
			}
		}
		return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	}), nil
}

// answering makes a function an http.RoundTripper.
type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
