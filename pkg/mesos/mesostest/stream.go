package mesostest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Stream is the event stream of a master (POST /api/v1 SUBSCRIBE), which a test writes.
// Each subscriber gets the first record at once, and then what is sent while it is
// subscribed. It is safe for use by many at once.
type Stream struct {
	c *Cluster

	mu          sync.Mutex
	first       []byte
	status      int // of a refusal; 0: none
	body        string
	subscribers map[*subscriber]bool
	changed     chan struct{} // closes at the next change of subscribers
}

type subscriber struct {
	w     http.ResponseWriter
	ended chan struct{}
}

// Stream makes a host answer SUBSCRIBE with a stream that begins with this record.
// Other calls of the operator API are not found.
func (c *Cluster) Stream(host string, first []byte) *Stream {
	s := &Stream{c: c, first: first, subscribers: map[*subscriber]bool{}, changed: make(chan struct{})}
	c.Handle(host, "/api/v1", s.serve)
	return s
}

func (s *Stream) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodPost || !strings.Contains(string(body), `"SUBSCRIBE"`) {
		http.NotFound(w, r)
		return
	}
	me := &subscriber{w: w, ended: make(chan struct{})}
	s.mu.Lock()
	if s.status != 0 {
		defer s.mu.Unlock()
		http.Error(w, s.body, s.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	me.write(framed(s.first))
	s.subscribers[me] = true
	s.change()
	s.mu.Unlock()

	select {
	case <-me.ended:
	case <-r.Context().Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.subscribers[me] {
		delete(s.subscribers, me)
		s.change()
	}
}

// change needs the lock.
func (s *Stream) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// write sends bytes in parts that have nothing to do with records.
func (me *subscriber) write(stream []byte) {
	for part := 7; len(stream) > 0; part = part*3%70_001 + 1 {
		n := min(part, len(stream))
		_, _ = me.w.Write(stream[:n]) // a subscriber that has gone is no fault of the test
		me.w.(http.Flusher).Flush()
		stream = stream[n:]
	}
}

func framed(record []byte) []byte {
	return append(strconv.AppendInt(nil, int64(len(record)), 10), append([]byte("\n"), record...)...)
}

// Begin sets the first record of those who subscribe from now on.
func (s *Stream) Begin(first []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = first
}

// Refuse answers those who subscribe from now on with a status that is not 200; 0 ends
// that.
func (s *Stream) Refuse(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.body = status, body
}

// Send writes records to all subscribers.
func (s *Stream) Send(records ...[]byte) {
	for _, record := range records {
		s.Write(framed(record))
	}
}

// Write writes bytes as they are to all subscribers, such as half a record.
func (s *Stream) Write(raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.subscribers {
		one.write(raw)
	}
}

// Break ends the connections of all subscribers, as a master that dies does.
func (s *Stream) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.subscribers {
		close(one.ended)
	}
	clear(s.subscribers)
	s.change()
}

// Await waits until there are n subscribers, which have got the first record.
func (s *Stream) Await(n int) {
	s.c.t.Helper()
	late := time.After(30 * time.Second)
	for {
		s.mu.Lock()
		there, changed := len(s.subscribers), s.changed
		s.mu.Unlock()
		if there == n {
			return
		}
		select {
		case <-changed:
		case <-late:
			s.c.t.Fatalf("there are %d subscribers instead of %d", there, n)
			return
		}
	}
}

// Records returns the records of a recorded event stream of 05-subscribe: subscribe,
// subscribe-drain, subscribe-leader-killed or subscribe-operator-actions. The first is
// SUBSCRIBED.
func (c *Cluster) Records(name string) [][]byte {
	c.t.Helper()
	records, err := recordsOf(c.captures, name)
	if err != nil {
		c.t.Fatal(err)
	}
	return records
}

func recordsOf(captures fs.FS, name string) (records [][]byte, err error) {
	file, err := captures.Open("05-subscribe/" + name + ".json.recordio.gz")
	if err != nil {
		return nil, fmt.Errorf("opening a recorded event stream: %w", err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	stream, err := io.ReadAll(unzipped)
	if err != nil {
		return nil, err
	}
	for len(stream) > 0 {
		length, rest, _ := bytes.Cut(stream, []byte("\n"))
		n, err := strconv.Atoi(string(length))
		if err != nil || n > len(rest) {
			return nil, fmt.Errorf("the recorded event stream %s is not RecordIO", name)
		}
		records, stream = append(records, rest[:n]), rest[n:]
	}
	return records, nil
}
