package files

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// FreeSpace returns how many bytes the file system of an existing path has for
// this user.
func FreeSpace(path string) (int64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", path, err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", path, err)
	}
	return int64(free), nil
}

// An ID holds only that there is something: Windows does not let a directory be
// removed in which files are open, as they are here.
type ID struct{ directory bool }

// Identify returns the identity of what a path names now.
func Identify(path string) (ID, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return ID{}, fmt.Errorf("look at %s: %w", path, err)
	}
	attributes, err := windows.GetFileAttributes(name)
	if err != nil {
		return ID{}, fmt.Errorf("look at %s: %w", path, err)
	}
	return ID{attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0}, nil
}

// MakeDir makes one directory. It is no error that there is one.
func MakeDir(path string) error {
	name, err := windows.UTF16PtrFromString(path)
	if err == nil {
		err = windows.CreateDirectory(name, nil)
	}
	if err != nil && !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return fmt.Errorf("make the directory %s: %w", path, err)
	}
	return nil
}

// Writable returns nil: on Windows only an attempt to write shows whether it
// works.
func Writable(string) error { return nil }

// OutOfSpace reports whether an error means that a file system is full.
func OutOfSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// Locked reports whether an error means that another process holds a lock:
// Prometheus' lock on Windows opens the file for itself alone.
func Locked(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}
