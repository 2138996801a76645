package mesos

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"

	"community-mesos-datasource/pkg/display"
)

// A body is decoded while it is read: connection -> gunzip -> filter for bare
// infinities -> narrow structs. It is never kept whole, so that a poll of a large
// cluster needs a fraction of the size of its /state. Each step is bounded and
// remembers its own error, so that a broken connection, a broken gzip stream and
// broken JSON are distinguished.

// plainOptions: Mesos takes task names as they come, so a name with bytes that
// are not UTF-8, or a label written twice, must not cost a poll. Without the
// two checks decoding is faster, too.
var plainOptions = json.JoinOptions(
	jsontext.AllowDuplicateNames(true),
	jsontext.AllowInvalidUTF8(true),
)

// decodeOptions are those of everything that is decoded.
var decodeOptions = json.JoinOptions(plainOptions, cutTexts)

// tooLong is the error of reading beyond a limit.
type tooLong struct {
	limit int64
	what  string // "answer", "single value"
}

func (e *tooLong) Error() string {
	return fmt.Sprintf("the %s is longer than the limit of %s", e.what, display.Size(e.limit))
}

// boundedReader counts bytes, returns an error beyond a limit, and remembers its
// first error.
type boundedReader struct {
	src   io.Reader
	n     int64
	limit int64
	err   error // the first error that is not io.EOF
}

func (s *boundedReader) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.src.Read(p)
	s.n += int64(n)
	if s.n > s.limit {
		n, err = 0, &tooLong{limit: s.limit, what: "answer"}
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// What is needed to read a body and has buffers: for a small response, as agents' are, these
// would be most of the garbage.
var (
	unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}
	filters   = sync.Pool{New: func() any { return newFinite(nil) }}
)

// decode reads the body of a 200 into a struct, and its sizes into answer.
func (c *asker) decode(resp *http.Response, target Target, page endpoint, limit int64, sent time.Time, answer *Answer, into any) error {
	wrong := func(category Category, err error, format string, args ...any) error {
		return &Error{
			Category: category,
			Target:   target.Address,
			Sentence: fmt.Sprintf("The answer of %s to %s ", target.Address, page.path) + fmt.Sprintf(target.words(format), args...),
			Err:      err,
		}
	}
	wire := &boundedReader{src: resp.Body, limit: limit}
	plain := &boundedReader{src: wire, limit: limit}
	// broken returns the error of the first step that failed, if one did.
	broken := func() error {
		var long *tooLong
		switch {
		case errors.As(wire.err, &long) || errors.As(plain.err, &long):
			return wrong(Protocol, long, "is longer than the limit of %s and was not read further: check what answers there.", display.Size(long.limit))
		case errors.Is(wire.err, io.ErrUnexpectedEOF):
			return wrong(Protocol, wire.err, "ended early, after %s: check the master, and proxies on the way.", display.Size(wire.n))
		case wire.err != nil:
			return c.failed(target, page, time.Since(sent), true, wire.err)
		case errors.Is(plain.err, io.ErrUnexpectedEOF):
			return wrong(Protocol, plain.err, "ended early, in the middle of the compressed data after %s: check the master, and proxies on the way.", display.Size(wire.n))
		case plain.err != nil:
			return wrong(Protocol, plain.err, "is damaged: it says gzip and is not (%v). Check proxies on the way.", plain.err)
		}
		return nil
	}

	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		unzipped := unzippers.Get().(*gzip.Reader)
		defer unzippers.Put(unzipped)
		err := unzipped.Reset(wire)
		switch {
		case err == io.EOF: // no byte at all
			plain.src = strings.NewReader("")
		case err != nil:
			if wire.err == nil {
				plain.err = err
			}
			return broken()
		default:
			defer unzipped.Close()
			plain.src = unzipped
		}
	default:
		return wrong(Protocol, nil, "is compressed with %q, and only gzip was asked for: check proxies on the way.", encoding)
	}

	head := bufio.NewReader(plain)
	start, err := head.Peek(512)
	start = bytes.TrimLeft(start, "\xef\xbb\xbf \t\r\n")
	opening := byte('{')
	switch into.(type) {
	case *containers, *directoryList:
		opening = '['
	}
	switch {
	case len(start) > 0 && start[0] == opening:
	case err != nil && err != io.EOF && err != bufio.ErrBufferFull:
		return broken()
	case len(start) == 0 && plain.n == 0:
		return wrong(Protocol, nil, "is 200 with an empty body: check the master, and proxies on the way.")
	case isWebPage(start):
		return wrong(NotMesos, nil, "is a web page and not JSON: %s", c.advice.webPage(target))
	case opening == '[' && page.named:
		return wrong(Protocol, nil, "is %s, where a list of files belongs: see the agent's log.", kindOf(start))
	case opening == '[':
		// The agent says with 200 that it could not find out.
		return wrong(Protocol, nil, "is %s, where the list of its containers belongs: the agent answered and could not say what they use; see its log. Only this agent's numbers are missing.", kindOf(start))
	case c.isMaster(target):
		return wrong(NotMesos, nil, "is %s, where an object belongs: %s.", kindOf(start), lookOnTheWay)
	default:
		return wrong(NotMesos, nil, "is not a JSON object, so this is not a Mesos %s: check %s.", target.kind(), target.setting())
	}

	filter := filters.Get().(*finite)
	filter.reset(head)
	defer func() {
		filter.reset(nil)
		filters.Put(filter)
	}()
	err = filter.decode(into)
	answer.Bytes, answer.Plain = wire.n, plain.n
	if err == nil {
		return nil
	}
	if failure := broken(); failure != nil {
		return failure
	}
	return badJSON(err, wrong)
}

// isWebPage reports whether a body begins as HTML or XML does.
func isWebPage(start []byte) bool {
	start = bytes.TrimLeft(start, "\xef\xbb\xbf \t\r\n")
	return len(start) > 0 && start[0] == '<'
}

// kindOf names what a body is that is not a list, by its beginning.
func kindOf(start []byte) string {
	switch {
	case len(start) == 0:
		return "white space"
	case start[0] == '{':
		return "an object"
	case bytes.HasPrefix(start, []byte("null")):
		return "null"
	}
	return "text"
}

// badJSON returns an error that says where JSON is not what it should be.
func badJSON(err error, wrong func(Category, error, string, ...any) error) error {
	if long, ok := errors.AsType[*tooLong](err); ok {
		return wrong(Protocol, err, "has a single value of more than %s and was not read further: check what answers there.", display.Size(long.limit))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return wrong(Protocol, err, "ended early, in the middle of the JSON: check the master, and proxies on the way.")
	}
	if odd, ok := errors.AsType[*notNumber](err); ok {
		if !strings.Contains(odd.key, "/") { // as every metric of Mesos does
			return wrong(NotMesos, err, "has a key %q, which is no metric of Mesos: this is another program; check the address and port.", shorten(odd.key))
		}
		return wrong(Protocol, err, "has %s at %s, where a number belongs: this version of Mesos, or a proxy on the way, writes it differently.",
			found(odd.kind), shorten(odd.key))
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		want := "something else"
		if semantic.GoType != nil {
			want = expected(semantic.GoType.Kind())
		}
		return wrong(Protocol, err, "has %s at %s, where %s belongs: this version of Mesos, or a proxy on the way, writes it differently.",
			found(semantic.JSONKind), keyPath(semantic.JSONPointer), want)
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return wrong(Protocol, err, "is not valid JSON at byte %d, at %s: check the master, and proxies on the way.",
			syntactic.ByteOffset, keyPath(syntactic.JSONPointer))
	}
	return wrong(Protocol, err, "cannot be read as JSON: check the master, and proxies on the way.")
}
