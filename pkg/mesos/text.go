package mesos

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"community-mesos-datasource/pkg/series"
)

// Frameworks, agents and operators choose names, labels and addresses, and Mesos
// takes nearly any length. A hundred tasks with a name of 1 MiB must not take the
// memory of hundreds of MiB here, so no text of an answer is kept beyond
// longestText; texts that differ stay different. Those who make labels of texts cut
// them further and say so.

const (
	// longestText is how many bytes of a text are kept.
	longestText = series.MaxText
	// longestMetric is how long a key of /metrics/snapshot may be: it has the
	// percent-encoded name of a framework in it. Longer ones are left out.
	longestMetric = 4096
)

// cutTexts makes decoding cut every string.
var cutTexts = json.WithUnmarshalers(textCutter)

var textCutter = json.UnmarshalFromFunc(func(d *jsontext.Decoder, into *string) error {
	if d.PeekKind() != '"' {
		return errors.ErrUnsupported // null, or what is no string: as without this function
	}
	value, err := d.ReadValue()
	if err != nil {
		return err
	}
	*into, err = textOf(value)
	return err
})

// textOf returns the text of a JSON string, cut.
func textOf(value jsontext.Value) (text string, err error) {
	if verbatim(value) {
		value = value[1 : len(value)-1]
		return series.CutText(string(value)), nil
	}
	if err := json.Unmarshal(value, &text, plainOptions); err != nil {
		return "", err
	}
	return series.CutText(text), nil
}
