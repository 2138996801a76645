package promql

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/storage"
)

// names collects distinct texts, at most limit of them; 0 is no limit.
type names struct {
	found map[string]struct{}
	limit int
}

func newNames(hints *storage.LabelHints) names {
	n := names{found: map[string]struct{}{}}
	if hints != nil {
		n.limit = hints.Limit
	}
	return n
}

// add keeps a text, unless it is empty or there are enough. The text is copied: labels
// of blocks are parts of a larger one.
func (n names) add(text string) {
	if text == "" || n.full() {
		return
	}
	if _, known := n.found[text]; !known {
		n.found[strings.Clone(text)] = struct{}{}
	}
}

func (n names) full() bool { return n.limit > 0 && len(n.found) >= n.limit }

func (n names) sorted() []string { return slices.Sorted(maps.Keys(n.found)) }
