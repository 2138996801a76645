package display

import (
	"fmt"
	"strings"
)

// DidYouMean returns the known name that a name may stand for, to be written behind it:
// ` (did you mean "x"?)`. It returns "" where there is none.
func DidYouMean(name string, known []string) string {
	if near := Similar(name, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// Similar returns the known key that a key may stand for, "" for none: the same letters
// (group_by), a few letters away (filter), or the beginning of one (legend).
func Similar(key string, known []string) string {
	if strings.Trim(key, "=!<>~") == "" { // an operator is like every other one
		return ""
	}
	best := Nearest(key, known, max(1, len(key)/3))
	if best != "" || len(key) < 3 {
		return best
	}
	for _, candidate := range known {
		if strings.HasPrefix(letters(candidate), letters(key)) {
			return candidate
		}
	}
	return ""
}

// Nearest returns the known key that differs least from a key, by at most so many letters, of
// several one that begins with it; "" for none.
func Nearest(key string, known []string, most int) string {
	best, least := "", most+1
	begins := func(candidate string) bool { return strings.HasPrefix(letters(candidate), letters(key)) }
	for _, candidate := range known {
		away := editDistance(letters(key), letters(candidate))
		if away >= max(len(letters(key)), len(letters(candidate))) {
			continue // they have nothing in common
		}
		if away < least || away == least && best != "" && begins(candidate) && !begins(best) {
			best, least = candidate, away
		}
	}
	return best
}

// separators removes what separates the words of a key.
var separators = strings.NewReplacer("_", "", "-", "", " ", "", ".", "")

// letters is a key in lower case, without what separates its words.
func letters(key string) string { return separators.Replace(strings.ToLower(key)) }

// editDistance returns how many bytes must be put in, left out or replaced, or two beside
// each other swapped, to make one text of the other (optimal string alignment).
func editDistance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			replaced := row[j]
			if a[i] != b[j] {
				replaced++
			}
			next[j+1] = min(replaced, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
