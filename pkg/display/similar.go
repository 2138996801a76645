package display

import "strings"

// Similar returns the known key that a key may stand for, "" for none: the same letters
// (group_by), a few letters away (filter), or the beginning of one (legend).
func Similar(key string, known []string) string {
	best, least := "", max(1, len(key)/3)+1
	for _, candidate := range known {
		away := editDistance(letters(key), letters(candidate))
		if away < least {
			best, least = candidate, away
		}
	}
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

// separators removes what separates the words of a key.
var separators = strings.NewReplacer("_", "", "-", "", " ", "", ".", "")

// letters is a key in lower case, without what separates its words.
func letters(key string) string { return separators.Replace(strings.ToLower(key)) }

// editDistance returns how many bytes must be put in, left out or replaced to
// make one text of the other (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
