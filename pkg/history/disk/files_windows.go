package disk

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// See disk_files_unix.go.

func freeSpace(path string) (int64, error) {
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

// A fileID says no more than that there is something: Windows does not let a
// directory be removed in which files are open, as they are here.
type fileID struct{ directory bool }

func identify(path string) (fileID, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return fileID{}, fmt.Errorf("look at %s: %w", path, err)
	}
	attributes, err := windows.GetFileAttributes(name)
	if err != nil {
		return fileID{}, fmt.Errorf("look at %s: %w", path, err)
	}
	return fileID{attributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0}, nil
}

func makeDir(path string) error {
	name, err := windows.UTF16PtrFromString(path)
	if err == nil {
		err = windows.CreateDirectory(name, nil)
	}
	if err != nil && !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return fmt.Errorf("make the directory %s: %w", path, err)
	}
	return nil
}

// writable finds nothing beforehand: on Windows only the attempt tells.
func writable(string) error { return nil }

func outOfSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// locked: Prometheus' lock on Windows opens the file for itself alone.
func locked(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}
