package mesos

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// readings are the numbers of /metrics/snapshot. null, which is what is left of
// an infinite number, is no reading: its key stays out.
type readings map[string]float64

// UnmarshalJSONFrom reads an object of numbers.
func (r *readings) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if kind := d.PeekKind(); kind != '{' && kind != jsontext.KindInvalid {
		return &notNumber{kind: kind}
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	values := map[string]float64{}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		key := name.String()
		if len(key) > longestMetric {
			if err := d.SkipValue(); err != nil {
				return err
			}
			continue
		}
		switch kind := d.PeekKind(); kind {
		case '0':
			token, err := d.ReadToken()
			if err != nil {
				return err
			}
			// Beyond what a double holds it is infinite: only this key is lost
			// for it (plausible in package samples).
			values[key], _ = token.Float()
		case 'n':
			delete(values, key)
			if err := d.SkipValue(); err != nil {
				return err
			}
		case jsontext.KindInvalid: // broken JSON, or a broken body
			return d.SkipValue()
		default:
			return &notNumber{key: key, kind: kind}
		}
	}
	if _, err := d.ReadToken(); err != nil { // the }
		return err
	}
	*r = values
	return nil
}

// notNumber is a metric whose value is not a number.
type notNumber struct {
	key  string
	kind jsontext.Kind
}

func (e *notNumber) Error() string {
	return fmt.Sprintf("%s is %s", e.key, found(e.kind))
}
