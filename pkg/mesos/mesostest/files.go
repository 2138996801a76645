package mesostest

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A FileServer answers /files/browse and /files/read as an agent does (src/files/files.cpp).
// Its files may be changed while it serves. Safe for concurrent use.
type FileServer struct {
	mu    sync.Mutex
	files map[string]servedFile
	// reading, if set, is called with each path that is read.
	reading func(path string)
}

type servedFile struct {
	content  string
	modified float64
	mode     string
}

// mostRead is how much an agent answers at once: 16 pages.
const mostRead = 16 * 4096

// NewFileServer returns a server of files by path.
func NewFileServer(files map[string]string) *FileServer {
	s := &FileServer{files: map[string]servedFile{}}
	for path, content := range files {
		s.Put(path, content, 1795246577)
	}
	return s
}

// Put sets the content of a file and when it was written last.
func (s *FileServer) Put(path, content string, modified float64) {
	s.put(path, servedFile{content: content, modified: modified, mode: "-rw-r--r--"})
}

// PutOther puts what is no file: a link, a device, by its mode as of ls -l.
func (s *FileServer) PutOther(path, mode string) { s.put(path, servedFile{mode: mode}) }

func (s *FileServer) put(path string, f servedFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = f
}

// Remove removes a file.
func (s *FileServer) Remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, path)
}

// OnRead calls a function with each path that is read from here on.
func (s *FileServer) OnRead(read func(path string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = read
}

// Serve answers /files/ of a recorded host.
func (c *Cluster) Serve(host string, s *FileServer) {
	c.Handle(host, "/files/browse", s.Browse)
	c.Handle(host, "/files/read", s.Read)
}

// Browse answers /files/browse.
func (s *FileServer) Browse(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	directory := strings.TrimRight(r.URL.Query().Get("path"), "/")
	if directory == "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, "Expecting 'path=value' in query.\n")
		return
	}
	entries := map[string]string{}
	for name, f := range s.files {
		rest, below := strings.CutPrefix(name, directory+"/")
		if !below {
			continue
		}
		child, _, deeper := strings.Cut(rest, "/")
		at := directory + "/" + child
		if deeper {
			f = servedFile{mode: "drwxr-xr-x"}
		}
		entries[at] = fmt.Sprintf(`{"gid":"root","mode":%q,"mtime":%.1f,"nlink":1,"path":%s,"size":%d,"uid":"root"}`,
			f.mode, f.modified, quoted(at), len(f.content))
	}
	if len(entries) == 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	var texts []string
	for _, text := range entries {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, "[%s]", strings.Join(texts, ","))
}

// Read answers /files/read.
func (s *FileServer) Read(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	at := r.URL.Query().Get("path")
	f, ok := s.files[at]
	reading := s.reading
	s.mu.Unlock()
	if reading != nil {
		reading(at)
	}
	offset, wrong := strconv.Atoi(r.URL.Query().Get("offset"))
	length, noLength := strconv.Atoi(r.URL.Query().Get("length"))
	if noLength != nil || length > mostRead {
		length = mostRead
	}
	size := len(f.content)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case !ok || path.Clean(at) != at:
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusNotFound)
	case wrong != nil:
		w.WriteHeader(http.StatusBadRequest)
	case offset < -1:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "Negative offset provided: %d.\n", offset)
	case offset < 0:
		fmt.Fprintf(w, `{"data":"","offset":%d}`, size)
	case offset >= size:
		fmt.Fprintf(w, `{"data":"","offset":%d}`, offset)
	default:
		fmt.Fprintf(w, `{"data":%s,"offset":%d}`, quoted(f.content[offset:min(size, offset+length)]), offset)
	}
}

// quoted returns a JSON string as Mesos writes one: bytes as they are, but for quotes,
// backslashes and control characters.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
