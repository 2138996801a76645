package query

import (
	"regexp"
	"strings"

	"community-mesos-datasource/pkg/promql"
)

// How long it takes to compare lines with a regular expression grows with its instructions and
// with the bytes of the lines (promql.CheckPattern has the instructions), and a regular
// expression cannot be stopped. So it is compared with as many bytes as its size allows.
const (
	// maxCompared is how many instructions times bytes one answer may take: two seconds or three
	// of a slow core. The 4 MiB of a query are compared with up to 47 instructions.
	maxCompared = 200_000_000
	// maxTailCompared is that of a message of a live tail, which is made every two seconds.
	maxTailCompared = 20_000_000
)

// A lineFilter decides which lines a filter keeps.
type lineFilter struct {
	match        func(string) bool
	instructions int64 // 0 for a plain text
	most         int64 // instructions times bytes
	compared     int64 // bytes
}

// newLineFilter returns the filter of a query.
func newLineFilter(filter string, most int64) (*lineFilter, error) {
	if len(filter) > 2 && strings.HasPrefix(filter, "/") && strings.HasSuffix(filter, "/") {
		text := filter[1 : len(filter)-1]
		var budget promql.PatternBudget
		instructions, err := budget.Add(text)
		if err != nil {
			return nil, err
		}
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, bad("filter", "%s is not a regular expression of RE2: %v", cut(filter), err)
		}
		return &lineFilter{match: pattern.MatchString, instructions: int64(instructions), most: most}, nil
	}
	return &lineFilter{match: func(line string) bool { return strings.Contains(line, filter) }}, nil
}

// keeps reports whether the filter keeps a line. ok is false where the line was not compared,
// as others took all of what one answer may take.
func (f *lineFilter) keeps(line string) (kept, ok bool) {
	if f.instructions > 0 {
		if (f.compared+int64(len(line)))*f.instructions > f.most {
			return false, false
		}
		f.compared += int64(len(line))
	}
	return f.match(line), true
}
