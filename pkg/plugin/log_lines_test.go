package plugin

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// logKeys are the keys of the log, one word for one thing everywhere.
var logKeys = []string{
	"source", "poll", "error", "file", "dir", "path", "refId", "for",
	"while", "panic", "stack", // of a fault of the plugin
	"after",   // what was wrong before
	"closing", // the error of closing, after another error
	"agents", "frameworks", "tasks", "roles",
}

// TestLogLinesAreAlike reads every call that writes a line of the log.
func TestLogLinesAreAlike(t *testing.T) {
	lines := 0
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Info", "Warn", "warn", "Debug", "Error"}, method.Sel.Name) {
				return true
			}
			if method.Sel.Name == "warn" && !strings.Contains(file, "sqlite") { // of settings: not logged
				return true
			}
			message, ok := call.Args[0].(*ast.BasicLit)
			if !ok || message.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(message.Value)
			require.NoError(t, err)
			where := set.Position(call.Pos()).String() + ": " + text
			lines++
			require.Regexp(t, `^[A-Z].*[a-z0-9]$`, text, where)
			require.NotContains(t, text, "%", where)
			require.Equal(t, 1, len(call.Args)%2, "%s: keys and values come in pairs", where)
			for i := 1; i < len(call.Args); i += 2 {
				key, ok := call.Args[i].(*ast.BasicLit)
				require.True(t, ok, where)
				require.Contains(t, logKeys, strings.Trim(key.Value, `"`), where)
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, lines, 25)
}

// secretLike finds what a credential looks like in what a log line is given.
var secretLike = regexp.MustCompile(`(?i)password|token|secret|digest|authorization`)

// TestLogLinesAreGivenNoCredential looks at the expressions that are logged.
func TestLogLinesAreGivenNoCredential(t *testing.T) {
	set := token.NewFileSet()
	packages, err := filepath.Glob("../*/*.go")
	require.NoError(t, err)
	for _, file := range packages {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(set, file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) < 3 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Info", "Warn", "Debug", "Error"}, method.Sel.Name) {
				return true
			}
			for _, arg := range call.Args[1:] {
				ast.Inspect(arg, func(part ast.Node) bool {
					if name, ok := part.(*ast.Ident); ok {
						require.NotRegexp(t, secretLike, name.Name, set.Position(call.Pos()))
					}
					return true
				})
			}
			return true
		})
	}
}
