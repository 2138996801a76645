package mesos

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// A response that nobody foresaw may make the plugin panic while it reads it. That
// costs this request, not the process: what is asked for runs in a goroutine of
// flights, and a panic there is its error.

// Panicked is the cause of the error of a request during which the plugin
// panicked.
type Panicked struct {
	Value any
	Where string // the innermost functions of this module: file and line
}

// Error implements error.
func (e *Panicked) Error() string { return fmt.Sprintf("panic: %v (%s)", e.Value, e.Where) }

// recovered runs a function, and makes an error of the category protocol of its
// panic. doing says what was asked for.
func recovered[T any](doing string, run func() (T, error)) (value T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			p := &Panicked{Value: cause, Where: where()}
			err = &Error{Category: Protocol, Err: p, Sentence: fmt.Sprintf(
				"The plugin failed while it asked for %s (%s, at %s): this is a fault of the plugin; please report it.", shorten(doing), shorten(fmt.Sprint(cause)), p.Where)}
		}
	}()
	return run()
}

// where returns the innermost three calls of this module on the stack of a panic,
// such as "walk.go:41 < body.go:150", without the directories of the machine that
// built it.
func where() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	var found []string
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, modulePath) && !strings.HasSuffix(frame.File, "recover.go") {
			found = append(found, fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line))
		}
		if !more || len(found) == 3 {
			return strings.Join(found, " < ")
		}
	}
}

const modulePath = "community-mesos-datasource/"
