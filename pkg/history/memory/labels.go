package memory

import (
	"cmp"
	"errors"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
)

// This file keeps labels in little memory. Series of one thing, such as the 30 of an
// agent, differ in their names: the rest of their labels is one text for all of them.

// seriesLabels are the labels of a series: the name, and the rest. A series whose labels do
// not begin with its name, which is none of the plugin's own, has all of them in rest.
type seriesLabels struct {
	name string // "" where rest has all
	rest labels.Labels
}

// nameOf returns the name of a series where that is the first of its labels, else "".
func nameOf(l labels.Labels) (name string) {
	_ = l.Validate(func(first labels.Label) error {
		if first.Name == labels.MetricName {
			name = first.Value
		}
		return errors.ErrUnsupported // the others do not matter
	})
	return name
}

// are reports whether these are the labels l, whose nameOf is name.
func (s seriesLabels) are(name string, l labels.Labels) bool {
	if s.name != name {
		return false
	}
	if name == "" {
		return labels.Equal(s.rest, l)
	}
	return isRest(s.rest, l)
}

// isRest reports whether rest has the labels of l but its name, which is the first.
func isRest(rest, l labels.Labels) bool {
	n := 1
	differs := rest.Validate(func(x labels.Label) error {
		if n++; l.Get(x.Name) != x.Value {
			return errors.ErrUnsupported
		}
		return nil
	})
	return differs == nil && n == l.Len()
}

func (s seriesLabels) len() int {
	if s.name == "" {
		return s.rest.Len()
	}
	return s.rest.Len() + 1
}

// get returns the value of a label, "" where there is none.
func (s seriesLabels) get(name string) string {
	if s.name != "" && name == labels.MetricName {
		return s.name
	}
	return s.rest.Get(name)
}

// each calls f for every label.
func (s seriesLabels) each(f func(labels.Label)) {
	if s.name != "" {
		f(labels.Label{Name: labels.MetricName, Value: s.name})
	}
	s.rest.Range(f)
}

var builders = sync.Pool{New: func() any {
	b := labels.NewScratchBuilder(12)
	return &b
}}

// all returns the labels as queries have them.
func (s seriesLabels) all() labels.Labels {
	if s.name == "" {
		return s.rest
	}
	b := builders.Get().(*labels.ScratchBuilder)
	defer builders.Put(b)
	b.Reset()
	s.each(func(l labels.Label) { b.Add(l.Name, l.Value) })
	all := b.Labels()
	b.Reset() // the pool keeps no labels
	return all
}

// compare orders labels as labels.Compare does.
func (s seriesLabels) compare(other seriesLabels) int {
	if s.name == "" || other.name == "" {
		return labels.Compare(s.all(), other.all())
	}
	return cmp.Or(strings.Compare(s.name, other.name), labels.Compare(s.rest, other.rest))
}

// names are the names of series, each once. There are some hundreds.
type names struct {
	mu  sync.Mutex
	all map[string]string
}

// one returns a name, without what else is in the text that it is a part of.
func (n *names) one(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	one, known := n.all[name]
	if !known {
		if n.all == nil {
			n.all = map[string]string{}
		}
		one = strings.Clone(name)
		n.all[one] = one
	}
	return one
}

// A sharer finds labels that series have in common. Those of one thing are made one
// after the other, so that a few of the latest are enough.
type sharer struct {
	latest [8]labels.Labels
	next   int
}

// split returns labels in parts that are shared with series made before, and whether
// the rest is. name is nameOf(l).
func (s *sharer) split(names *names, name string, l labels.Labels) (parts seriesLabels, shares bool) {
	if name == "" {
		return seriesLabels{rest: l}, false
	}
	own := names.one(name)
	for _, rest := range s.latest {
		if isRest(rest, l) {
			return seriesLabels{own, rest}, true
		}
	}
	b := builders.Get().(*labels.ScratchBuilder)
	defer builders.Put(b)
	b.Reset()
	l.Range(func(x labels.Label) {
		if x.Name != labels.MetricName {
			b.Add(x.Name, x.Value)
		}
	})
	rest := b.Labels()
	b.Reset()
	s.latest[s.next] = rest
	s.next = (s.next + 1) % len(s.latest)
	return seriesLabels{own, rest}, false
}
