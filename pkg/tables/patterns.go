package tables

import (
	"fmt"
	"regexp"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"github.com/ncruces/go-sqlite3"
)

const (
	// MaxPattern is the most bytes of a regular expression.
	MaxPattern  = 1 << 10
	maxPatterns = 100 // different ones of one statement
)

// patterns are the regular expressions of a statement, each compiled once.
type patterns map[string]*regexp.Regexp

// match is regexp(pattern, text), which SQLite calls for text REGEXP pattern.
func (p patterns) match(ctx sqlite3.Context, args ...sqlite3.Value) {
	if args[0].Type() == sqlite3.NULL || args[1].Type() == sqlite3.NULL {
		ctx.ResultNull()
		return
	}
	pattern := args[0].RawText()
	compiled := p[string(pattern)]
	if compiled == nil {
		var err error
		if compiled, err = p.compile(string(pattern)); err != nil {
			ctx.ResultError(err)
			return
		}
	}
	ctx.ResultBool(compiled.Match(args[1].RawText()))
}

func (p patterns) compile(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > MaxPattern {
		return nil, fmt.Errorf("a regular expression has %s", sizes(len(pattern), MaxPattern))
	}
	if len(p) == maxPatterns {
		return nil, fmt.Errorf("the statement has more than %d regular expressions", maxPatterns)
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("%.60q is not a regular expression: %w", pattern, err)
	}
	p[pattern] = compiled
	return compiled, nil
}

// bucketLength reads a length of time as Grafana writes it.
func bucketLength(s string) (time.Duration, error) {
	length, err := gtime.ParseIntervalStringToTimeDuration(s)
	if err != nil || length < time.Millisecond || length > 10*365*24*time.Hour {
		return 0, fmt.Errorf("%.60q is not a valid duration: write for example 30s, 5m, 1h or 1d", s)
	}
	return length, nil
}
