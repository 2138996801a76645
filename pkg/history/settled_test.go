package history

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnchangedIsTheLongestTimeOfTheSameParts(t *testing.T) {
	a, b, c := Part{"a", 0, 100}, Part{"b", 100, 200}, Part{"c", 200, 220}
	before := Settled{From: 10, Until: 220, Parts: []Part{a, b, c}}
	for what, test := range map[string]struct {
		now         Settled
		from, until int64
	}{
		"nothing changed":           {before, 10, 220},
		"time went on":              {Settled{From: 30, Until: 240, Parts: []Part{a, b, c, {"d", 220, 240}}}, 30, 220},
		"the newest were merged":    {Settled{From: 10, Until: 240, Parts: []Part{a, {"bcd", 100, 240}}}, 10, 100},
		"the oldest was deleted":    {Settled{From: 10, Until: 220, Parts: []Part{b, c}}, 100, 220},
		"one in between changed":    {Settled{From: 10, Until: 220, Parts: []Part{a, {"b1", 100, 200}, c}}, 10, 100},
		"all were opened again":     {Settled{From: 10, Until: 220, Parts: []Part{{"a1", 0, 100}, {"b1", 100, 200}, {"c1", 200, 220}}}, 0, 0},
		"less is settled":           {Settled{From: 10, Until: 150, Parts: []Part{a, b}}, 10, 150},
		"a late block overlaps":     {Settled{From: 10, Until: 220, Parts: []Part{a, b, c, {"late", 150, 160}}}, 10, 150},
		"nothing of then is left":   {Settled{From: 300, Until: 400, Parts: []Part{{"e", 300, 400}}}, 0, 0},
		"retention is shorter now":  {Settled{From: 120, Until: 220, Parts: []Part{a, b, c}}, 120, 220},
		"retention was longer then": {Settled{From: 0, Until: 220, Parts: []Part{a, b, c}}, 10, 220},
	} {
		from, until := test.now.Unchanged(before)
		require.Equal(t, [2]int64{test.from, test.until}, [2]int64{from, until}, what)
	}
}

type answerOf int

func (a answerOf) Bytes() int { return int(a) }

func TestAnswersAreBounded(t *testing.T) {
	var all Answers
	require.Nil(t, all.Get("a"))
	all.Put("a", answerOf(1))
	all.Put("a", answerOf(2))
	require.Equal(t, answerOf(2), all.Get("a"))
	all.Put("too large", answerOf(MostAnswers/4))
	require.Nil(t, all.Get("too large"))
	for i := range 100 {
		all.Put(fmt.Sprint(i), answerOf(MostAnswers/10))
		require.Equal(t, answerOf(2), all.Get("a"), "what is used stays")
		require.LessOrEqual(t, all.bytes, MostAnswers)
	}
	require.Nil(t, all.Get("0"))
	require.Equal(t, answerOf(MostAnswers/10), all.Get("99"))
	require.Len(t, all.byKey, all.order.Len())
	all.Put("a", answerOf(MostAnswers)) // what it was is not the answer any more
	require.Nil(t, all.Get("a"))
}
