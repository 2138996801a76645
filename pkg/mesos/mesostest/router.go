package mesostest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Router is an HTTP router before a recorded cluster, as DC/OS' admin router is: it
// has the leader below a path, agents below another, and answers requests without the
// token with 401.
type Router struct {
	http      *httptest.Server
	transport *http.Transport

	mu       sync.Mutex
	requests []Request // those that had the token
	refused  []Request
}

// NewRouter starts a router that passes requests below a path on to hosts of a
// cluster, by their recorded host:port; the test's end stops it. Every request needs
// the header Authorization with this value.
func NewRouter(t testing.TB, c *Cluster, authorization string, hosts map[string]string) *Router {
	t.Helper()
	r := &Router{transport: &http.Transport{DisableCompression: true}}
	r.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		received := Request{Host: req.Host, Method: req.Method, Path: req.URL.RequestURI(), Authorization: req.Header.Get("Authorization"), Header: req.Header.Clone()}
		r.mu.Lock()
		defer r.mu.Unlock()
		if received.Authorization != authorization {
			r.refused = append(r.refused, received)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.requests = append(r.requests, received)
		for path, host := range hosts {
			if rest, below := strings.CutPrefix(req.URL.EscapedPath(), path+"/"); below {
				r.pass(w, req, c.URL(host)+"/"+rest)
				return
			}
		}
		http.NotFound(w, req)
	}))
	t.Cleanup(func() { stop(r.http); r.transport.CloseIdleConnections() })
	return r
}

func (r *Router) pass(w http.ResponseWriter, req *http.Request, address string) {
	on, err := http.NewRequestWithContext(req.Context(), req.Method, address, nil)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	on.Header = req.Header.Clone()
	resp, err := r.transport.RoundTrip(on)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for key, values := range resp.Header {
		w.Header()[key] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // a client that has gone is no fault of the test
}

// URL is where the router listens: http://127.0.0.1:PORT.
func (r *Router) URL() string { return r.http.URL }

// Requests are those with the token, and those without, in the order they came.
func (r *Router) Requests() (passed, refused []Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Request(nil), r.requests...), append([]Request(nil), r.refused...)
}

// Change runs a function that changes the hosts, between two requests.
func (r *Router) Change(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}
