package mesos

import (
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"community-mesos-datasource/pkg/series"
)

// An agent's attributes are key:value pairs that its operator chose. Mesos
// writes a text as a string, a scalar as a number and ranges as a string
// (src/common/http.cpp, model(Attributes)).

// Attribute is the value of one agent attribute: its text as an operator would
// write it ("rack-1", "3", "0.5", "[31000-31002]").
type Attribute string

// UnmarshalJSONFrom reads a string as it is and a number as its shortest text
// (3.0 reads "3"). Anything else, which Mesos does not write, is kept as the
// JSON text it came as: one odd attribute must not cost a poll.
func (a *Attribute) UnmarshalJSONFrom(d *jsontext.Decoder) error { return a.read(from(d)) }

func (a *Attribute) read(d *source) error {
	switch d.PeekKind() {
	case '"':
		return readText(d, (*string)(a), "")
	case '0':
		var number float64
		err := readNumber(d, &number)
		*a = Attribute(numberText(number))
		return err
	}
	value, err := d.ReadValue()
	*a = Attribute(series.CutText(string(value)))
	return err
}

// numberText writes whole numbers without exponent or point, others shortest.
func numberText(n float64) string {
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}
