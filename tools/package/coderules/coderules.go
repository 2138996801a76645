// Package coderules has the rules of Grafana's plugin validator for Go code of a plugin (its analyzer code-rules, which
// needs semgrep): no files, no foreign environment variables, no package syscall, no printing.
package coderules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Finding is a call that a rule forbids.
type Finding struct {
	Rule string // its id in the validator
	Call string // such as os.Open
	Line int
}

// osFiles are the functions of package os that access-file-system-with-os lists.
const osFiles = `DirFS Getwd IsExist IsNotExist IsPermission Lchown Link Mkdir MkdirAll MkdirTemp Readfile ReadFile Readlink
Remove RemoveAll Rename SameFile Symlink TempDir Truncate UserCacheDir UserConfigDir UserHomeDir WriteFile ReadDir Create
CreateTemp NewFile Open OpenFile Chdir Chmod Chown Chtimes Stat Lstat`

// calls are the forbidden functions by the path of their package, with the rule; "*" is any.
var calls = map[string][]struct{ names, rule string }{
	"os":            {{osFiles, "access-file-system-with-os"}, {"Environ Clearenv ExpandEnv", "access-os-environment"}},
	"io/fs":         {{"*", "access-file-system-with-fs"}},
	"path/filepath": {{"Walk WalkDir VolumeName EvalSymlinks Glob", "access-file-system-with-filepath"}},
	"syscall":       {{"*", "access-syscall"}},
	"fmt":           {{"Print Println Printf", "fmt-print-logging"}},
}

// environment are the functions that read or change one variable of the environment.
const environment = "Getenv LookupEnv Setenv Unsetenv"

// allowedVariable matches the names of variables that Grafana gives plugins.
var allowedVariable = regexp.MustCompile(`^(GF_PLUGIN|GF_VERSION|GF_EDITION|GF_ENTERPRISE_|AWS_AUTH_|GFAZPL_|AZURE_)`)

// Check returns what the rules find in a Go file, by line. Constants are those of its package that hold a string.
func Check(source []byte, constants map[string]string) ([]Finding, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	imported := map[string]string{} // path by name
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = path
	}
	constants = maps.Clone(constants)
	if constants == nil {
		constants = map[string]string{}
	}
	maps.Copy(constants, Constants(file))
	var found []Finding
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, ok := selector.X.(*ast.Ident)
		if !ok {
			return true
		}
		path, function := imported[of.Name], selector.Sel.Name
		note := func(rule string) {
			found = append(found, Finding{rule, of.Name + "." + function, files.Position(call.Pos()).Line})
		}
		for _, forbidden := range calls[path] {
			if forbidden.names == "*" || slices.Contains(strings.Fields(forbidden.names), function) {
				note(forbidden.rule)
			}
		}
		if path == "os" && slices.Contains(strings.Fields(environment), function) && !allowedVariable.MatchString(text(call.Args[0], constants)) {
			note("access-forbidden-os-environment")
		}
		return true
	})
	return found, nil
}

// Constants returns the constants of a file that hold a string literal, by name.
func Constants(file *ast.File) map[string]string {
	all := map[string]string{}
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			for i, name := range value.Names {
				if i < len(value.Values) {
					all[name.Name] = text(value.Values[i], nil)
				}
			}
		}
	}
	return all
}

// text returns the string of a literal or of a constant; "" for anything else.
func text(value ast.Expr, constants map[string]string) string {
	switch value := value.(type) {
	case *ast.BasicLit:
		unquoted, _ := strconv.Unquote(value.Value)
		return unquoted
	case *ast.Ident:
		return constants[value.Name]
	}
	return ""
}
