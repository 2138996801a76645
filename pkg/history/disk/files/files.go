package files

import (
	"errors"
	"io/fs"
)

// Exists reports whether a path names something.
func Exists(path string) bool {
	_, err := Identify(path)
	return err == nil
}

// Missing reports whether an error means that there is no such file or
// directory.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
