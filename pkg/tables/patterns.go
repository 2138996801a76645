package tables

import (
	"fmt"
	"regexp"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/promql"
)

// maxMatch bounds the time of one comparison, which nothing can interrupt: instructions of the
// regular expression times bytes of the text. It is about a second.
const maxMatch = 20_000_000

// patterns are the regular expressions of a statement, each compiled once. Their sizes are
// bounded as those of any other query.
type patterns struct {
	budget   promql.PatternBudget
	compiled map[string]pattern
}

type pattern struct {
	*regexp.Regexp
	instructions int
}

// match is regexp(pattern, text), which SQLite calls for text REGEXP pattern.
func (p *patterns) match(ctx sqlite3.Context, args ...sqlite3.Value) {
	if args[0].Type() == sqlite3.NULL || args[1].Type() == sqlite3.NULL {
		ctx.ResultNull()
		return
	}
	written, text := args[0].RawText(), args[1].RawText()
	compiled, known := p.compiled[string(written)]
	if !known {
		var err error
		if compiled, err = p.compile(string(written)); err != nil {
			ctx.ResultError(err)
			return
		}
	}
	if compiled.instructions*len(text) > maxMatch {
		ctx.ResultError(fmt.Errorf("a text of %d bytes is too long for a regular expression of some %d instructions: compare a part of it, as in substr(text, 1, 1000) REGEXP '...'", len(text), compiled.instructions))
		return
	}
	ctx.ResultBool(compiled.Match(text))
}

func (p *patterns) compile(written string) (pattern, error) {
	n, err := p.budget.Add(written)
	if err != nil {
		return pattern{}, err
	}
	compiled, err := regexp.Compile(written)
	if err != nil {
		return pattern{}, fmt.Errorf("%.60q is not a regular expression: %w", written, err)
	}
	if p.compiled == nil {
		p.compiled = map[string]pattern{}
	}
	p.compiled[written] = pattern{compiled, n}
	return p.compiled[written], nil
}
