package mesos

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

var infinities = []struct{ name, in, out string }{
	{"positive", `{"a":Infinity,"b":1}`, `{"a":null    ,"b":1}`},
	{"negative", `{"a":-Infinity}`, `{"a":null     }`},
	{"two in a row", `{"a":Infinity,"b":-Infinity}`, `{"a":null    ,"b":null     }`},
	{"an empty key", `{"":Infinity}`, `{"":null    }`},
	{"a key of quotes", `{"a\"b":Infinity}`, `{"a\"b":null    }`},
	{"no number", `{"key":NaN,"b":1}`, `{"k~":null,"b":1}`},
	{"no number, of masters before 0.28", `{"key":nan,"kez":-nan,"kex":inf,"key":-inf}`, `{"k~":null,"kez":null,"k~":null,"key":null}`},
	{"no number of a short key", `{"a":NaN,"ab":NaN}`, `{"":null,"~":null}`},
	{"no number of a key that may end with an escape", `{"a\n":NaN}`, `{"a\n":NaN}`},
	{"words that begin so", `{"a":"nan","nan":1,"b":"inf"}`, `{"a":"nan","nan":1,"b":"inf"}`},
	{"as text", `{"a":"Infinity","Infinity":1}`, `{"a":"Infinity","Infinity":1}`},
	{"inside a text", `{"a":"x\":Infinity"}`, `{"a":"x\":Infinity"}`},
	{"a text that looks like a value", `{"a":":Infinity","b":[":Infinity", ":-Infinity"]}`, `{"a":":Infinity","b":[":Infinity", ":-Infinity"]}`},
	{"a text on its own line", "[\n\":Infinity\"]", "[\n\":Infinity\"]"},
	{"a document that is a text", `":Infinity"`, `":Infinity"`},
	{"cut off", `{"a":Infini`, `{"a":Infini`},
	{"nothing", ``, ``},
}

func TestBareInfinityBecomesNull(t *testing.T) {
	for _, c := range infinities {
		t.Run(c.name, func(t *testing.T) {
			out, err := io.ReadAll(newFinite(strings.NewReader(c.in)))
			require.NoError(t, err)
			require.Equal(t, c.out, string(out))
			out, err = io.ReadAll(newFinite(iotest.OneByteReader(strings.NewReader(c.in))))
			require.NoError(t, err)
			require.Equal(t, c.out, string(out), "byte by byte")
		})
	}
}

func TestInfinityIsFoundAcrossWindows(t *testing.T) {
	const in, out = `{"key":-Infinity,"next":Infinity,"last":NaN}`, `{"key":null     ,"next":null    ,"la~":null}`
	for shift := range 2 * len(in) {
		lead := strings.Repeat(" ", windowSize-len(in)+shift)
		got, err := io.ReadAll(newFinite(strings.NewReader(lead + in)))
		require.NoError(t, err)
		require.Equal(t, out, string(got[len(lead):]), "shifted by %d", shift)
	}
}

func TestTheErrorBehindTheTextIsKept(t *testing.T) {
	got, err := io.ReadAll(newFinite(iotest.DataErrReader(io.MultiReader(strings.NewReader(`{"a":Infinity`), iotest.ErrReader(io.ErrUnexpectedEOF)))))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, `{"a":null    `, string(got))
}
