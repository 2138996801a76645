package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// Variables in provisioning files, by Grafana's rules
// (grafana.com/docs/grafana/latest/administration/provisioning, "Using
// Environment Variables"): $NAME, ${NAME}, $__env{NAME}, $__file{path}, `$$` for
// a dollar sign; an unset variable is empty. Only values are expanded, never keys.

var expander = regexp.MustCompile(`\$__(env|file)\{([^}]*)\}`)

type lookup func(name string) (string, bool)

// expandNode expands every scalar value below n. An unquoted value is read again
// afterwards, so that `maxSeries: $N` arrives as a number; that is what Grafana's
// plugins get too.
func expandNode(n *yaml.Node, env lookup) error {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			if err := expandNode(n.Content[i], env); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		expanded, err := expandText(n.Value, env)
		if err != nil {
			return fmt.Errorf("line %d: %w", n.Line, err)
		}
		if expanded == n.Value {
			return nil
		}
		n.Value = expanded
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
			n.Tag = "" // Makes the decoder resolve the new text.
		}
	default:
		for _, child := range n.Content {
			if err := expandNode(child, env); err != nil {
				return err
			}
		}
	}
	return nil
}

func expandText(text string, env lookup) (string, error) {
	parts := strings.Split(text, "$$")
	for i, part := range parts {
		var failed error
		part = expander.ReplaceAllStringFunc(part, func(match string) string {
			groups := expander.FindStringSubmatch(match)
			if groups[1] == "env" {
				value, _ := env(groups[2])
				return value
			}
			content, err := os.ReadFile(groups[2])
			if err != nil {
				failed = fmt.Errorf("expanding %s: %w", match, err)
			}
			return strings.TrimSpace(string(content))
		})
		if failed != nil {
			return "", failed
		}
		parts[i] = os.Expand(part, func(name string) string {
			value, _ := env(name)
			return value
		})
	}
	return strings.Join(parts, "$"), nil
}
