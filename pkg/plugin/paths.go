package plugin

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// Where files are on Grafana's server is for administrators. Notes and errors of
// the history name directories, so a text for anybody else has the word
// history_path in their place. Answers of queries are the same for everyone: they
// are stored with alerts and shared with dashboards.

// maySeePaths reports whether a request is an administrator's. Grafana sends no
// user with the requests of rules.
func maySeePaths(user *backend.User) bool { return user != nil && user.Role == "Admin" }

// pathless returns a text without the path of history_path, and without those of
// the directories above it.
func (r *Registry) pathless(text string) string {
	root := filepath.Clean(r.historyPath)
	if r.historyPath == "" || !filepath.IsAbs(root) { // one that is not absolute is not used
		return text
	}
	const name = "history_path"
	text = replacePath(text, root, name)
	for dir := filepath.Dir(root); strings.Count(dir, string(filepath.Separator)) > 1; dir = filepath.Dir(dir) {
		name := "a directory above " + name
		text = replacePath(text, dir, name)
	}
	return text
}

// replacePath replaces a path where it ends at the end of a path's element, as
// it is and as %q and JSON write it.
func replacePath(text, path, name string) string {
	if filepath.Dir(path) == path { // the root of a file system
		return text
	}
	for _, written := range []string{strings.ReplaceAll(path, `\`, `\\`), path} {
		var out strings.Builder
		for {
			before, after, found := strings.Cut(text, written)
			out.WriteString(before)
			if !found {
				break
			}
			if after == "" || !strings.ContainsRune(elementChars, rune(after[0])) {
				out.WriteString(name)
			} else {
				out.WriteString(written)
			}
			text = after
		}
		text = out.String()
	}
	return text
}

// elementChars are characters of which one behind a path shows that it is only
// the beginning of another one.
const elementChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// withoutFile returns the text of an error without the path of a file in it, such
// as that of a certificate of Grafana's secure socks proxy.
func withoutFile(err error) string {
	text := err.Error()
	hide := func(paths ...string) {
		for _, path := range paths {
			if path != "" {
				text = strings.ReplaceAll(text, path, filepath.Base(path))
			}
		}
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		hide(e.Path)
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		hide(e.Old, e.New)
	}
	return text
}
