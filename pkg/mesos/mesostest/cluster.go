// Package mesostest serves recorded responses of a real Mesos cluster on real
// ports, one server per recorded master or agent, so that tests of everything
// above the client meet Mesos as it is: leaders, redirects, statuses, gzip.
//
//	cluster := mesostest.NewCluster(t, os.DirFS("../../testdata/captures"),
//		mesostest.Scene{Name: "03-workload"})
//	client, err := mesos.New(mesos.Config{Masters: cluster.Masters()})
package mesostest

import (
	"bytes"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// The masters of the recordings; most scenes have the first one only, and its
// agents on ports 5051 to 5053. 14-ha has all three.
const (
	Master  = "127.0.0.1:5050"
	Master2 = "127.0.0.1:5061"
	Master3 = "127.0.0.1:5062"
)

// Cluster is a cluster that answers as recorded. Its hosts are named by their
// recorded host:port; where they really listen, URL says. It is safe for use by
// many at once.
type Cluster struct {
	t        testing.TB
	captures fs.FS

	mu         sync.Mutex
	recordings []recording
	servers    map[string]*server         // by recorded host
	handlers   map[[2]string]http.Handler // by recorded host and path
	requests   []Request
}

type server struct {
	address string // where it listens, also while it is down
	http    *httptest.Server
}

// Request is a request that a host of the cluster received.
type Request struct {
	Time          time.Time
	Host          string // as recorded
	Method        string
	Path          string // with its query string
	Authorization string
	Header        http.Header
}

// NewCluster starts a server for every host of the scenes and stops them when
// the test ends. A request is answered by the first scene that has an answer.
func NewCluster(t testing.TB, captures fs.FS, scenes ...Scene) *Cluster {
	t.Helper()
	c := &Cluster{t: t, captures: captures, servers: map[string]*server{}, handlers: map[[2]string]http.Handler{}}
	t.Cleanup(c.close)
	c.SetScene(scenes...)
	return c
}

// SetScene makes the cluster answer by other scenes from the next request on.
// Hosts keep their ports; new ones are started.
func (c *Cluster) SetScene(scenes ...Scene) {
	c.t.Helper()
	var recordings []recording
	for _, scene := range scenes {
		found, err := load(c.captures, scene)
		if err != nil {
			c.t.Fatal(err)
		}
		// Earlier scenes win: of two recordings that fit alike, choose takes the first.
		for _, r := range found {
			if !slices.ContainsFunc(recordings, func(o recording) bool {
				return o.host == r.host && o.method == r.method && o.path == r.path && !strings.HasPrefix(o.file, scene.Name+"/")
			}) {
				recordings = append(recordings, r)
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recordings = recordings
	for _, r := range recordings {
		if c.servers[r.host] == nil {
			c.start(r.host, "127.0.0.1:0")
		}
	}
}

// Masters are the addresses of the masters, for a client's configuration.
func (c *Cluster) Masters() []string {
	var urls []string
	for _, host := range []string{Master, Master2, Master3} {
		c.mu.Lock()
		there := c.servers[host] != nil
		c.mu.Unlock()
		if there {
			urls = append(urls, c.URL(host))
		}
	}
	return urls
}

// URL is where a recorded host really listens: http://127.0.0.1:PORT.
func (c *Cluster) URL(host string) string { return "http://" + c.Address(host) }

// Address is host:port of where a recorded host really listens.
func (c *Cluster) Address(host string) string {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.servers[host]
	if s == nil {
		c.t.Fatalf("the scene has no host %s", host)
	}
	return s.address
}

// Kill stops a host: connections break, new ones are refused.
func (c *Cluster) Kill(host string) {
	c.t.Helper()
	c.mu.Lock()
	s := c.servers[host]
	var running *httptest.Server
	if s != nil {
		running, s.http = s.http, nil
	}
	c.mu.Unlock()
	if running == nil {
		c.t.Fatalf("no host %s is running", host)
	}
	stop(running)
}

// Revive starts a killed host again, on its port.
func (c *Cluster) Revive(host string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.servers[host]
	if s == nil || s.http != nil {
		c.t.Fatalf("no host %s was killed", host)
	}
	c.start(host, s.address)
}

// Handle answers a path of a host by a function instead; nil ends that. The
// request is recorded all the same.
func (c *Cluster) Handle(host, path string, handler http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if handler == nil {
		delete(c.handlers, [2]string{host, path})
		return
	}
	c.handlers[[2]string{host, path}] = handler
}

// Requests are all requests received so far, in the order they came.
func (c *Cluster) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// Count is how many requests for a path a host has received; an empty host or
// path counts all.
func (c *Cluster) Count(host, path string) int {
	n := 0
	for _, r := range c.Requests() {
		if (host == "" || r.Host == host) && (path == "" || r.Path == path) {
			n++
		}
	}
	return n
}

// Reset forgets the requests received so far.
func (c *Cluster) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
}

// start needs the lock.
func (c *Cluster) start(host, address string) {
	c.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		c.t.Fatalf("listening for %s: %v", host, err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.serve(host, w, r) }))
	s.Listener.Close()
	s.Listener = listener
	s.Start()
	c.servers[host] = &server{address: listener.Addr().String(), http: s}
}

func (c *Cluster) close() {
	c.mu.Lock()
	var running []*httptest.Server
	for _, s := range c.servers {
		if s.http != nil {
			running = append(running, s.http)
			s.http = nil
		}
	}
	c.mu.Unlock()
	for _, s := range running {
		stop(s)
	}
}

// stop ends the connections first: Close waits for requests that run.
func stop(s *httptest.Server) {
	s.CloseClientConnections()
	s.Close()
}

func (c *Cluster) serve(host string, w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests = append(c.requests, Request{
		Time: time.Now(), Host: host, Method: r.Method, Path: r.URL.RequestURI(),
		Authorization: r.Header.Get("Authorization"), Header: r.Header.Clone(),
	})
	handler := c.handlers[[2]string{host, r.URL.Path}]
	answer := choose(c.recordings, host, r)
	c.mu.Unlock()

	switch {
	case handler != nil:
		handler.ServeHTTP(w, r)
	case answer == nil:
		http.NotFound(w, r)
	case answer.status == 0:
		// The nearest to a refused connection that one answer of a host can be.
		panic(http.ErrAbortHandler)
	default:
		c.replay(w, r, answer)
	}
}

// compressFrom is the size from which Mesos compresses an answer.
const compressFrom = 1 << 10

func (c *Cluster) replay(w http.ResponseWriter, r *http.Request, answer *recording) {
	for key, values := range answer.header {
		w.Header()[key] = values
	}
	if location := answer.header.Get("Location"); location != "" {
		w.Header().Set("Location", c.relocate(location))
	}
	body := answer.body
	switch {
	case answer.encoded:
		w.Header().Set("Content-Encoding", "gzip")
	case len(body) >= compressFrom && accepts(r):
		w.Header().Set("Content-Encoding", "gzip")
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		_, _ = zip.Write(body) // a buffer takes everything
		_ = zip.Close()
		body = zipped.Bytes()
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(body) // a client that has gone is no fault of the test
}

// relocate puts the port where a recorded master really listens into a redirect
// (//localhost:5050/master/state); the host name stays as Mesos wrote it.
func (c *Cluster) relocate(location string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for host, s := range c.servers {
		_, recorded, _ := strings.Cut(host, ":")
		_, real, _ := strings.Cut(s.address, ":")
		name, rest, ok := strings.Cut(location, ":"+recorded)
		if ok && (rest == "" || rest[0] == '/') {
			return name + ":" + real + rest
		}
	}
	return location
}
