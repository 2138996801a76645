package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Values of jsonData do not always have the type that a key wants. Grafana's
// provisioning (pkg/services/provisioning/values of Grafana 12.4) makes a number or
// a boolean of a variable that looks like one, whatever the key wants, also where the
// variable is in quotes; a literal in quotes stays text; an unset variable is "".
// Other tools that write data sources (Terraform, Helm, the HTTP API) send text. So a
// value is taken for what it says, and is an error where that is not certain.

// isNull reports whether a value is null, which is the same as absent.
func isNull(raw json.RawMessage) bool { return strings.TrimSpace(string(raw)) == "null" }

// isEmpty reports whether a value is an empty text, as an unset variable is in a
// provisioning file.
func isEmpty(raw json.RawMessage) bool {
	var text string
	return json.Unmarshal(raw, &text) == nil && strings.TrimSpace(text) == ""
}

// isUnset reports whether a value is null or "".
func isUnset(raw json.RawMessage) bool { return isNull(raw) || isEmpty(raw) }

// written returns a string, number or boolean as it is written; false for a list, an
// object and null.
func written(raw json.RawMessage) (string, bool) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v), true
	case float64, bool:
		return strings.TrimSpace(string(raw)), true
	}
	return "", false
}

// readText returns a text. A whole number is a text of digits that Grafana made a
// number of. What other numbers and booleans were before is not known: 1.10 became
// 1.1, and t became true.
func readText(raw json.RawMessage) (string, error) {
	var v any
	_ = json.Unmarshal(raw, &v) // it is valid: it was part of an object that was parsed
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatFloat(v, 'f', -1, 64), nil
		}
		return "", fmt.Errorf("%s is not text: Grafana makes a number of a variable that looks like one, and digits are lost; write the value itself, in quotes", short(raw))
	case bool:
		return "", fmt.Errorf("%s is not text: Grafana makes true or false of a variable that looks like it (also of t and f); write the value itself, in quotes", short(raw))
	}
	return "", fmt.Errorf("%s is not text in quotes", short(raw))
}

// switches are the texts that mean true or false.
var switches = map[string]bool{
	"true": true, "t": true, "yes": true, "y": true, "on": true, "1": true,
	"false": false, "f": false, "no": false, "n": false, "off": false, "0": false,
}

// readSwitch returns a boolean. The value of an unset variable is false.
func readSwitch(raw json.RawMessage) (bool, error) {
	if isEmpty(raw) {
		return false, nil
	}
	text, ok := written(raw)
	value, known := switches[strings.ToLower(text)]
	if !ok || !known {
		return false, fmt.Errorf("%s is not true or false", short(raw))
	}
	return value, nil
}

var errNotNumber = errors.New("not a number")

// readNumber returns a number that is written as one or as text.
func readNumber(raw json.RawMessage) (float64, error) {
	text, ok := written(raw)
	if !ok {
		return 0, errNotNumber
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, errNotNumber
	}
	return n, nil
}

// readList returns a list of texts. A single text is a list whose entries are
// separated by commas, since a variable can hold no other list.
func readList(raw json.RawMessage) ([]string, error) {
	var entries []json.RawMessage
	if json.Unmarshal(raw, &entries) == nil {
		list := make([]string, 0, len(entries))
		for _, entry := range entries {
			text, err := readText(entry)
			if err != nil {
				return nil, err
			}
			list = append(list, text)
		}
		return list, nil
	}
	text, err := readText(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is not a list of texts", short(raw))
	}
	if text == "" {
		return nil, nil
	}
	if strings.HasPrefix(text, "[") && json.Unmarshal([]byte(text), &entries) == nil {
		return readList(json.RawMessage(text)) // a list in a variable, as JSON
	}
	list := strings.Split(text, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list, nil
}
