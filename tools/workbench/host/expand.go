package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Variables in provisioning files, as Grafana 12.4 reads them
// (pkg/services/provisioning/values and pkg/setting/expanders.go there): $NAME,
// ${NAME}, $__env{NAME}, $__file{path}, `$$` for a dollar sign; an unset variable is
// empty. Only values are expanded, never keys.
//
// What is easily missed: names in braces are expanded first and $NAME after them, in
// the same text, so a value that came from braces or a file loses what follows a
// dollar sign in it. And in jsonData a text that has changed, quoted or not, becomes
// a number or a boolean where it looks like one, unless it has `$$`.

type lookup func(name string) (string, bool)

func (env lookup) get(name string) string {
	value, _ := env(name)
	return value
}

// inBraces matches ${NAME} and $__kind{argument}.
var inBraces = regexp.MustCompile(`\$(__\w+)?\{([^}]+)\}`)

// expandText returns a text with its variables expanded.
func expandText(text string, env lookup) (string, error) {
	parts := strings.Split(text, "$$")
	for i, part := range parts {
		expanded, err := expandPart(part, env)
		if err != nil {
			return "", err
		}
		parts[i] = expanded
	}
	return strings.Join(parts, "$"), nil
}

// expandPart expands a text without `$$`: environment variables in braces, then
// files, then $NAME in what that gave.
func expandPart(part string, env lookup) (string, error) {
	for _, match := range inBraces.FindAllStringSubmatch(part, -1) {
		if match[1] == "" || match[1] == "__env" {
			value := env.get(match[2])
			if match[2] == "HOSTNAME" && value == "" {
				name, err := os.Hostname()
				if err != nil {
					return "", fmt.Errorf("expanding %s: %w", match[0], err)
				}
				value = name
			}
			part = strings.Replace(part, match[0], value, 1)
		}
	}
	for _, match := range inBraces.FindAllStringSubmatch(part, -1) {
		if match[1] == "__file" {
			content, err := os.ReadFile(match[2])
			if err != nil {
				return "", fmt.Errorf("expanding %s: %w", match[0], err)
			}
			part = strings.Replace(part, match[0], strings.TrimSpace(string(content)), 1)
		}
	}
	return os.Expand(part, env.get), nil
}

// expandValue returns a value of jsonData with every text in it expanded.
func expandValue(value any, env lookup) (any, error) {
	switch v := value.(type) {
	case string:
		return expandTyped(v, env)
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			expanded, err := expandValue(one, env)
			if err != nil {
				return nil, err
			}
			list[i] = expanded
		}
		return list, nil
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, one := range v {
			expanded, err := expandValue(one, env)
			if err != nil {
				return nil, err
			}
			object[key] = expanded
		}
		return object, nil
	}
	return value, nil
}

// expandTyped returns a text of jsonData expanded, as what it then looks like.
func expandTyped(text string, env lookup) (any, error) {
	expanded, err := expandText(text, env)
	if err != nil {
		return nil, err
	}
	if strings.Contains(text, "$$") || expanded == text {
		return expanded, nil
	}
	if n, err := strconv.ParseInt(expanded, 10, 64); err == nil {
		return n, nil
	}
	if n, err := strconv.ParseFloat(expanded, 64); err == nil {
		return n, nil
	}
	if b, err := strconv.ParseBool(expanded); err == nil {
		return b, nil
	}
	return expanded, nil
}
