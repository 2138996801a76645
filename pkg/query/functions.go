package query

import (
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// This file is about PromQL's functions, as editors show them.

// functions returns the functions that the engine has, by name, with their signatures:
// `round(instant vector, scalar?): instant vector`.
func functions() map[string]string {
	signatures := map[string]string{}
	for name, f := range parser.Functions {
		if !f.Experimental && !strings.HasPrefix(name, "histogram_") { // no series here is a histogram
			signatures[name] = signature(f)
		}
	}
	return signatures
}

func signature(f *parser.Function) string {
	var args []string
	for i, t := range f.ArgTypes {
		arg := parser.DocumentedType(t)
		switch {
		case f.Variadic < 0 && i == len(f.ArgTypes)-1:
			arg += "..." // none or more
		case f.Variadic > 0 && i >= len(f.ArgTypes)-f.Variadic:
			arg += "?"
		}
		args = append(args, arg)
	}
	return f.Name + "(" + strings.Join(args, ", ") + "): " + parser.DocumentedType(f.ReturnType)
}
