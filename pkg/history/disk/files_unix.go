//go:build !windows

package disk

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// This file and its sibling for Windows are all that the disk engine asks of
// the file system itself; every file is opened, read and written by
// Prometheus' packages. None of it opens a file, and it uses golang.org/x/sys
// because Grafana's plugin validator forbids a plugin the functions of package
// os and syscall that touch files.

// freeSpace is how many bytes the file system of an existing path has for
// users other than root.
func freeSpace(path string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", path, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// A fileID tells a file or directory from any other that has its name later.
type fileID struct{ device, file uint64 }

// identify returns the identity of what a path names now.
func identify(path string) (fileID, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return fileID{}, fmt.Errorf("look at %s: %w", path, err)
	}
	return fileID{uint64(st.Dev), st.Ino}, nil
}

// makeDir makes one directory; it is no error that there is one.
func makeDir(path string) error {
	if err := unix.Mkdir(path, 0o777); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("make the directory %s: %w", path, err)
	}
	return nil
}

// writable tells why files cannot be made in a directory by its rights, by how
// its file system is mounted, or because its file system has failed: ext4 that
// finds itself broken refuses to be written to, which access(2) does not tell,
// and which shows here by an attempt to change the directory's time.
func writable(path string) error {
	if err := unix.Access(path, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	now := unix.NsecToTimeval(time.Now().UnixNano())
	// Only the owner may do that; for others the question stays open.
	if err := unix.Utimes(path, []unix.Timeval{now, now}); errors.Is(err, unix.EROFS) || errors.Is(err, unix.EIO) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// outOfSpace tells whether an error means that a file system, or a quota, is
// full.
func outOfSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// locked tells whether an error means that another process holds a lock.
func locked(err error) bool { return errors.Is(err, unix.EAGAIN) }
