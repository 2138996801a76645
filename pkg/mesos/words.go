package mesos

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Words for error sentences.

// keyPath writes where in a response a value is, as slaves[0].resources.cpus;
// a metric's key is written alone.
func keyPath(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			fmt.Fprintf(&path, "[%s]", token)
		case path.Len() == 0:
			path.WriteString(token)
		default:
			path.WriteString("." + token)
		}
		if path.Len() > longestKey {
			break
		}
	}
	if path.Len() == 0 {
		return "the top"
	}
	return shorten(path.String())
}

// longestKey is how much of a key a sentence shows, in bytes.
const longestKey = 200

func shorten(key string) string {
	if len(key) > longestKey {
		key = key[:longestKey] + "..."
	}
	return strings.ToValidUTF8(key, "?")
}

// found names the kind of a JSON value.
func found(kind jsontext.Kind) string {
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{', '}':
		return "an object"
	case '[', ']':
		return "a list"
	}
	return "something"
}

// expected names the JSON value that a Go type is read from.
func expected(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Int, reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "something else"
}
