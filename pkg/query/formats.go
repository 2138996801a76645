package query

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// This file recognizes how Grafana writes a variable with several values
// (grafana/grafana public/app/features/templating/formatVariableValue.ts): as the
// value of one comparison most formats match nothing.

// A valueFormat is a format of variables.
type valueFormat struct {
	names string // as a user writes them: ${name:csv}
	// parts returns the values that a text of this format holds, nil for a text of
	// another one.
	parts func(text string) []string
	// certain reports that no name is written like this: the values in it need not
	// be known. Otherwise one of them is.
	certain bool
	// pattern reports that the text is a regular expression of the values.
	pattern bool
}

// enclosed returns the values between open and end, separated by between; nil for a
// text of another form.
func enclosed(open, between, end string, least int) func(string) []string {
	return func(text string) []string {
		if len(text) < len(open)+len(end) || !strings.HasPrefix(text, open) || !strings.HasSuffix(text, end) {
			return nil
		}
		parts := strings.Split(text[len(open):len(text)-len(end)], between)
		if len(parts) < least {
			return nil
		}
		return parts
	}
}

var (
	// escapedMeta is a character as the formats regex and this plugin's frontend escape it.
	escapedMeta = regexp.MustCompile(`\\([-\[\]{}()*+?.,\\^$|#/])`)
	// queryParameters is the format queryparam, parameterized the format distributed.
	queryParameters = regexp.MustCompile(`^var-\w+=`)
	parameterized   = regexp.MustCompile(`,\w+=`)
	// fieldOfLucene is the beginning of a condition in a query of Lucene.
	fieldOfLucene = regexp.MustCompile(`(?:^|\b)\w+:"`)
)

func unescaped(text string) string { return escapedMeta.ReplaceAllString(text, "$1") }

// valueFormats are the formats, the more particular ones first.
var valueFormats = []valueFormat{
	{names: "regex", certain: true, pattern: true, parts: func(text string) []string {
		parts := enclosed("(", "|", ")", 2)(text)
		if parts == nil && escapedMeta.MatchString(text) {
			parts = []string{text}
		}
		for i := range parts {
			parts[i] = unescaped(parts[i])
		}
		return parts
	}},
	{names: "json", certain: true, parts: enclosed(`["`, `","`, `"]`, 1)},
	{names: "lucene", certain: true, parts: enclosed(`("`, `" OR "`, `")`, 1)},
	{names: "lucene", certain: true, parts: func(text string) []string {
		if !fieldOfLucene.MatchString(text) {
			return nil
		}
		return enclosed(`"`, `" OR "`, `"`, 1)(fieldOfLucene.ReplaceAllString(text, `"`))
	}},
	{names: "doublequote", certain: true, parts: enclosed(`"`, `","`, `"`, 1)},
	{names: "singlequote or sqlstring", certain: true, parts: enclosed(`'`, `','`, `'`, 1)},
	{names: "glob", certain: true, parts: enclosed("{", ",", "}", 2)},
	{names: "queryparam", certain: true, parts: func(text string) []string {
		if !queryParameters.MatchString(text) {
			return nil
		}
		parts := strings.Split(text, "&")
		for i := range parts {
			_, value, _ := strings.Cut(parts[i], "=")
			parts[i], _ = url.QueryUnescape(value)
		}
		return parts
	}},
	{names: "percentencode", parts: func(text string) []string {
		decoded, err := url.PathUnescape(text)
		if err != nil || decoded == text {
			return nil
		}
		if parts := enclosed("{", ",", "}", 2)(decoded); parts != nil {
			return parts
		}
		return strings.Split(decoded, ",")
	}},
	{names: "distributed", parts: func(text string) []string {
		if !parameterized.MatchString(text) {
			return nil
		}
		return parameterized.Split(text, -1)
	}},
	// One value, where a format of several was made of it.
	{names: "regex", pattern: true, parts: enclosed("(", "|", ")", 1)},
	{names: "glob", parts: enclosed("{", ",", "}", 1)},
	{names: "json", parts: enclosed("[", ",", "]", 1)},
	{names: "pipe", pattern: true, parts: enclosed("", "|", "", 2)},
	{names: "text", parts: enclosed("", " + ", "", 2)},
	{names: "csv or raw", parts: enclosed("", ",", "", 2)},
}

// aPattern matches a text that is a regular expression and no name: .* or .+ in it, an
// anchor at an end, or flags.
var aPattern = regexp.MustCompile(`\.[*+]|^\^.|.\$$|^\(\?[a-zA-Z]+[:)]`)

// aTemplate matches what legends and annotations replace, and nothing else does.
var aTemplate = regexp.MustCompile(`^\{\{.*\}\}$`)

// allText is the text of a variable's choice of all values.
const allText = "All"

// formatOf returns the format that a value was written in, where that format matches
// nothing with an operator. known reports whether one of some values exists.
func formatOf(value string, exact bool, known func(values []string) bool) (valueFormat, bool) {
	for _, format := range valueFormats {
		if format.pattern && !exact {
			continue
		}
		if parts := format.parts(value); parts != nil && (format.certain || known(parts)) {
			return format, true
		}
	}
	return valueFormat{}, false
}

// mayHaveFormat reports, without a look at what there is, whether formatOf may
// find a format.
func mayHaveFormat(value string, exact bool) bool {
	_, may := formatOf(value, exact, func([]string) bool { return true })
	return may
}

// asSeveral returns the ending of a sentence about a text that should be one value of
// those that known accepts, where it looks like several; "" where it does not.
func asSeveral(text string, known func(value string) bool) string {
	format, found := formatOf(text, true, func(values []string) bool {
		for _, value := range values[:min(len(values), maxParts)] {
			if known(value) {
				return true
			}
		}
		return false
	})
	if !found || len(text) > maxText {
		return ""
	}
	return fmt.Sprintf(". It looks like a variable with several values in the format %s: choose one value", format.names)
}
