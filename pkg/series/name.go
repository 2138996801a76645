package series

import (
	"strings"
	"unicode/utf8"
)

// MaxName is how many bytes a name may have that a user of the cluster chooses:
// of a framework, a principal, a role, a task, a host. Without a bound one
// framework could fill the memory, because names are labels of many series; the
// label library panics at 16 MiB (prometheus/prometheus, model/labels).
const MaxName = 256

// CutName returns a name, cut at MaxName bytes. Names that need no cut are
// returned as they are.
func CutName(name string) string {
	if len(name) <= MaxName {
		return name
	}
	return Cut(name, MaxName)
}

// Cut returns the longest beginning of a text that has at most this many bytes
// and ends with a whole character. What is not UTF-8 is replaced. A text that was
// cut does not hold on to the memory of the whole.
func Cut(text string, bytes int) string {
	// Replacing makes a text at most three times as long, so the beginning of a
	// very long one is enough.
	if most := 4 * bytes; len(text) > most {
		text = text[:most]
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= bytes {
		return text
	}
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return strings.Clone(text[:bytes])
}
