package history

import (
	"cmp"
	"container/list"
	"slices"
	"sync"
)

// A Settler is a store part of whose samples do not change any more, so that what was
// computed of them can be used again.
type Settler interface {
	// Settled returns which samples do not change; false where that is not known now.
	Settled() (Settled, bool)
	// Answers holds what was computed of them.
	Answers() *Answers
}

// Settled is a time of which all samples are there, and where they are read from. Times
// are Unix milliseconds.
type Settled struct {
	// From and Until bound it: no sample from From on and before Until is added. Queries
	// see nothing of before From.
	From, Until int64
	Parts       []Part
}

// A Part is where samples of some time are read from. What is in a part changes with its
// ID only.
type Part struct {
	ID          string
	From, Until int64 // of its samples
}

// Unchanged returns the longest time of which the samples are the same as before: those of
// the same parts. It is empty where from is not before until.
func (s Settled) Unchanged(before Settled) (from, until int64) {
	var changed []Part
	differences := func(parts, others []Part) {
		for _, p := range parts {
			if !slices.Contains(others, p) {
				changed = append(changed, p)
			}
		}
	}
	differences(s.Parts, before.Parts)
	differences(before.Parts, s.Parts)
	slices.SortFunc(changed, func(a, b Part) int { return cmp.Compare(a.From, b.From) })
	begin, end := max(s.From, before.From), min(s.Until, before.Until)
	at := begin
	widest := func(to int64) {
		if to = min(to, end); to > at && to-at > until-from {
			from, until = at, to
		}
	}
	for _, p := range changed {
		widest(p.From)
		at = max(at, p.Until)
	}
	widest(end)
	return from, until
}

// An Answer is something that was computed of settled samples. It is not changed.
type Answer interface {
	Bytes() int // that it takes
}

// MostAnswers bounds, in bytes, the answers of one history.
const MostAnswers = 16 << 20

// Answers holds the answers that were used latest. Its zero value holds none.
type Answers struct {
	mu    sync.Mutex
	bytes int
	byKey map[string]*list.Element
	order list.List // of keptAnswer, the latest first
}

type keptAnswer struct {
	key    string
	bytes  int
	answer Answer
}

// Get returns the answer with a key, nil if there is none.
func (a *Answers) Get(key string) Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.byKey[key]
	if at == nil {
		return nil
	}
	a.order.MoveToFront(at)
	return at.Value.(keptAnswer).answer
}

// Put keeps an answer instead of the one that the key had. One that would take more than a quarter
// of the room is not kept.
func (a *Answers) Put(key string, answer Answer) {
	const bookkeeping = 200
	kept := keptAnswer{key, len(key) + answer.Bytes() + bookkeeping, answer}
	a.mu.Lock()
	defer a.mu.Unlock()
	if at := a.byKey[key]; at != nil {
		a.drop(at)
	}
	if kept.bytes > MostAnswers/4 {
		return
	}
	if a.byKey == nil {
		a.byKey = map[string]*list.Element{}
	}
	a.byKey[key] = a.order.PushFront(kept)
	for a.bytes += kept.bytes; a.bytes > MostAnswers; {
		a.drop(a.order.Back())
	}
}

// drop forgets an answer. mu must be held.
func (a *Answers) drop(at *list.Element) {
	kept := a.order.Remove(at).(keptAnswer)
	delete(a.byKey, kept.key)
	a.bytes -= kept.bytes
}
