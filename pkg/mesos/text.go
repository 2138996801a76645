package mesos

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Frameworks, agents and operators choose names, labels and addresses, and Mesos
// takes nearly any length. A hundred tasks with a name of 1 MiB must not take the
// memory of hundreds of MiB here, so no text of an answer is kept beyond
// longestText. Those who make labels of texts cut them further and say so.

const (
	// longestText is how many bytes of a text are kept. It is four times
	// series.MaxName, so that a text which is cut there can be told from one that
	// is not.
	longestText = 1024
	// longestMetric is how long a key of /metrics/snapshot may be: it has the
	// percent-encoded name of a framework in it. Longer ones are left out.
	longestMetric = 4096
)

// cutTexts makes decoding cut every string.
var cutTexts = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, into *string) error {
	if d.PeekKind() != '"' {
		return errors.ErrUnsupported // null, or what is no string: as without this function
	}
	value, err := d.ReadValue()
	if err != nil {
		return err
	}
	*into, err = textOf(value)
	return err
}))

// textOf returns the text of a JSON string, cut.
func textOf(value jsontext.Value) (text string, err error) {
	if verbatim(value) {
		value = value[1 : len(value)-1]
		return string(value[:min(len(value), longestText)]), nil
	}
	if err := json.Unmarshal(value, &text, plainOptions); err != nil {
		return "", err
	}
	return shortText(text), nil
}

// shortText cuts a text between two characters.
func shortText(text string) string {
	if len(text) <= longestText {
		return text
	}
	end := longestText
	for end > longestText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.Clone(text[:end])
}
