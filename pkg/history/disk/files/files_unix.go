//go:build !windows

// Package files asks the file system what the history on disk needs to know:
// free space, rights, and whether a path still names the same file.
//
// Prometheus' packages open, read and write the files themselves. What is here they do not
// offer, nor does package os (free space, rights, limits that are reached). The build for
// Grafana's catalogue, which has no history on disk, has none of it.
package files

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// FreeSpace returns how many bytes the file system of an existing path has for
// users other than root.
func FreeSpace(path string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", path, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// An ID tells a file or directory from any other that has its name later.
type ID struct{ device, file uint64 }

// Identify returns the identity of what a path names now.
func Identify(path string) (ID, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return ID{}, fmt.Errorf("look at %s: %w", path, err)
	}
	return ID{uint64(st.Dev), st.Ino}, nil
}

// MakeDir makes one directory. It is no error that there is one.
func MakeDir(path string) error {
	if err := unix.Mkdir(path, 0o777); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("make the directory %s: %w", path, err)
	}
	return nil
}

// Writable returns why files cannot be made in a directory: its rights, how its
// file system is mounted, or that its file system has failed. ext4 that finds
// itself broken refuses writes, which access(2) does not report; an attempt to
// change the directory's time does.
func Writable(path string) error {
	if err := unix.Access(path, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	now := unix.NsecToTimeval(time.Now().UnixNano())
	// Only the owner may change the time, so other errors decide nothing.
	if err := unix.Utimes(path, []unix.Timeval{now, now}); errors.Is(err, unix.EROFS) || errors.Is(err, unix.EIO) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// OutOfSpace reports whether an error means that a file system, or a quota, is
// full.
func OutOfSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// Locked reports whether an error means that another process holds a lock.
func Locked(err error) bool { return errors.Is(err, unix.EAGAIN) }
