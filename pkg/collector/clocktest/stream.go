package clocktest

import (
	"io"
	"sync"
	"time"
)

// A streamBody is the body of an event stream. It knows how much of it was read, and
// whether its reader has handled all of that: then it reads again.
type streamBody struct {
	io.ReadCloser
	mu      sync.Mutex
	changed *sync.Cond
	read    int64
	reading bool
	ended   bool
}

func newStreamBody(of io.ReadCloser) *streamBody {
	s := &streamBody{ReadCloser: of}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// Read implements io.Reader.
func (s *streamBody) Read(p []byte) (int, error) {
	s.note(func() { s.reading = true })
	n, err := s.ReadCloser.Read(p)
	s.note(func() {
		s.reading = false
		s.read += int64(n)
		s.ended = s.ended || err != nil
	})
	return n, err
}

// Close implements io.Closer.
func (s *streamBody) Close() error {
	s.note(func() { s.ended = true })
	return s.ReadCloser.Close()
}

func (s *streamBody) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.changed.Broadcast()
}

// await waits until so many bytes were read and handled, or the stream has ended; nil: until
// it has ended. It reports false after longestWait.
func (s *streamBody) await(sent *int64) bool {
	late := false
	timer := time.AfterFunc(longestWait, func() { s.note(func() { late = true }) })
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.ended && !late && (sent == nil || s.read < *sent || !s.reading) {
		s.changed.Wait()
	}
	return !late
}
