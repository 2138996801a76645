package promql

import (
	"regexp/syntax"
	"strings"

	"community-mesos-datasource/pkg/history"
)

// A regular expression is compiled to instructions, and matching a value takes
// up to one visit of each instruction per character: .{0,1000} has 2,000, nested
// repeats have millions. So the instructions are counted before anything is
// compiled.
//
// Alternations of literals, which variables with many values become, are no
// regular expressions here: they are compared as sets (history.NewListMatcher).

const (
	// MaxPattern is how many instructions one regular expression may have:
	// matching a name of 256 bytes then takes a millisecond at most.
	MaxPattern = 2000
	// MaxPatterns is how many all regular expressions of one query may have
	// together.
	MaxPatterns = 8000
	// MaxPatternText is the longest regular expression in bytes.
	MaxPatternText = 4096

	// MaxListValues is how many values a list of literals may have, and MaxListsValues how many those
	// of one query may have together: 10,000 values in each operand of a measure.
	MaxListValues  = 20_000
	MaxListsValues = 200_000

	// maxClasses bounds Unicode classes such as \pL, since each has some 1,300
	// runes once it is parsed.
	maxClasses = 32
)

// CheckPattern returns an error where a regular expression is too large to be
// matched. An alternation of literals never is. Its errors are of type *Error.
func CheckPattern(pattern string) error {
	var b PatternBudget
	return b.add(pattern)
}

// CheckPatterns is CheckPattern for all the regular expressions of one query.
func CheckPatterns(patterns ...string) error {
	var b PatternBudget
	for _, p := range patterns {
		if err := b.add(p); err != nil {
			return err
		}
	}
	return nil
}

// A PatternBudget adds up the regular expressions of one query.
type PatternBudget struct {
	total  int // instructions
	values int // of lists
}

func (b *PatternBudget) add(pattern string) error {
	_, err := b.addList(pattern)
	return err
}

// addList adds a pattern, and returns its values where it is a list of literals.
func (b *PatternBudget) addList(pattern string) (values []string, err error) {
	if n := strings.Count(pattern, "|") + 1; n > MaxListValues {
		return nil, requestError("The list %s has %d values and may have %d at most: choose fewer values, or write a regular expression for them", shortened(pattern), n, MaxListValues)
	}
	values, list := literalList(pattern)
	if !list {
		return nil, b.addCompiled(pattern)
	}
	if b.values += len(values); b.values > MaxListsValues {
		return nil, requestError("The lists of values in the query have more than %d values together: choose fewer values, or write a regular expression for them", MaxListsValues)
	}
	return values, nil
}

// Add adds a pattern that is compiled even where it is a list, and returns about how many
// instructions it has. Its errors are of type *Error.
func (b *PatternBudget) Add(pattern string) (instructions int, err error) {
	before := b.total
	err = b.addCompiled(pattern)
	return b.total - before, err
}

// addCompiled is add for patterns that are compiled even where they are lists.
func (b *PatternBudget) addCompiled(pattern string) error {
	if len(pattern) > MaxPatternText {
		return requestError("The regular expression %s is %d bytes long and may be %d at most: shorten it, or list plain values, whose number is not limited",
			shortened(pattern), len(pattern), MaxPatternText)
	}
	if n := strings.Count(pattern, `\p`) + strings.Count(pattern, `\P`); n > maxClasses {
		return requestError(`The regular expression %s has %d Unicode classes such as \pL and may have %d at most: use fewer`,
			shortened(pattern), n, maxClasses)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl|syntax.DotNL)
	if err != nil {
		return nil // whoever compiles it says where it is wrong
	}
	size := instructions(parsed)
	if size > MaxPattern {
		return requestError("The regular expression %s compiles to some %d instructions and may have %d at most: use smaller repeat counts than in x{0,1000}, or fewer alternatives",
			shortened(pattern), size, MaxPattern)
	}
	if b.total += size; b.total > MaxPatterns {
		return requestError("The regular expressions of the query compile to more than %d instructions together: use fewer or shorter ones", MaxPatterns)
	}
	return nil
}

// literalList returns the values of an alternation of two literals or more.
func literalList(pattern string) ([]string, bool) {
	if !strings.Contains(pattern, "|") {
		return nil, false
	}
	return history.LiteralValues(pattern)
}

// instructions returns about how many instructions a regular expression compiles
// to, its repeats expanded. Nothing is expanded to count them. The parser has
// bounded depth and repeat counts by then (regexp/syntax: ErrNestingDepth,
// ErrInvalidRepeatSize).
func instructions(re *syntax.Regexp) int {
	const most = 1 << 30
	sum := 0
	for _, sub := range re.Sub {
		sum = min(sum+instructions(sub), most)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass:
		const rangesPerInstruction = 16 // matching searches them by halves
		return 1 + len(re.Rune)/2/rangesPerInstruction
	case syntax.OpCapture:
		return sum + 2
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		return sum + 1
	case syntax.OpRepeat:
		times := max(re.Max, re.Min, 1)
		return min(times*(sum+1), most)
	case syntax.OpAlternate:
		return sum + len(re.Sub) - 1
	case syntax.OpConcat:
		return sum
	default:
		return 1
	}
}

// shortened quotes a regular expression for an error, the middle left out where it is long.
func shortened(pattern string) string {
	const most, kept = 60, 28
	if len(pattern) > most {
		pattern = strings.ToValidUTF8(pattern[:kept], "") + "..." + strings.ToValidUTF8(pattern[len(pattern)-kept:], "")
	}
	return `"` + pattern + `"`
}

// PatternSize returns about how many instructions a regular expression has.
func PatternSize(pattern string) int {
	parsed, err := syntax.Parse(pattern, syntax.Perl|syntax.DotNL)
	if err != nil {
		return 0
	}
	return instructions(parsed)
}
