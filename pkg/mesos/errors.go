package mesos

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Errors of requests to a master or agent are in nine categories, each with one
// sentence that says what happened and what to do. The sentences are shown in
// panels and alerts, so they hold addresses, paths and keys, and never headers,
// credentials or bodies.

// Category is a kind of error.
type Category string

// The categories.
const (
	Auth       Category = "auth"       // 401: who we say we are is not accepted
	Forbidden  Category = "forbidden"  // 403: known, and not allowed
	Network    Category = "network"    // no connection, or it broke
	TLS        Category = "tls"        // certificates, or http where https is spoken
	Timeout    Category = "timeout"    // no answer in time
	NoLeader   Category = "no_leader"  // masters answer, and none of them leads
	Recovering Category = "recovering" // a leader that does not know its cluster yet
	NotMesos   Category = "not_mesos"  // something else answers there
	Protocol   Category = "protocol"   // Mesos, and an answer that cannot be read
)

// Error is an error of a request to a master or agent.
type Error struct {
	Category Category
	Target   string // host:port that was asked; "" when it is about all of them
	Sentence string // what happened and what to do
	Err      error  // the cause, for errors.Is and errors.As; may be nil

	// moved is true for the response of a master that does not lead (any more).
	moved bool
	// lacks is true for a 404 of an endpoint that a leader may lack.
	lacks bool
	// missing is true where the agent has no such file or task.
	missing bool
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Sentence }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CategoryOf returns the category of an error of this package, "" for every other
// error and for nil.
func CategoryOf(err error) Category {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Category
	}
	return ""
}

// ErrClosed is the error of every call after Close.
var ErrClosed = errors.New("the Mesos client is closed")

var (
	userinfo    = regexp.MustCompile(`//[^/\s"]*@`)
	credentials = regexp.MustCompile(`(?i)\b(basic|bearer|token=|digest)\s*[^\s",;]+`)
)

// scrub removes credentials from a text that comes from elsewhere.
func scrub(text string) string {
	text = userinfo.ReplaceAllString(text, "//")
	return credentials.ReplaceAllString(text, "$1 [redacted]")
}

// seconds returns a duration as text: "30 s", "1.5 s", "50 ms".
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%g s", float64(d.Round(100*time.Millisecond))/float64(time.Second))
}
