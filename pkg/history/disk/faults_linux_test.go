package disk

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history/disk/files"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// These tests need file systems of their own, which only root can mount.

// A smallDisk is a file system in memory.
type smallDisk struct {
	t    *testing.T
	path string
}

func newSmallDisk(t *testing.T, size string) *smallDisk {
	t.Helper()
	d := &smallDisk{t, t.TempDir()}
	err := unix.Mount("tmpfs", d.path, "tmpfs", 0, "size="+size)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skipf("a small file system cannot be mounted here (%v): run the tests as root, outside of a container", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Unmount(d.path, unix.MNT_DETACH)) })
	return d
}

// dir is where a history goes.
func (d *smallDisk) dir() string { return filepath.Join(d.path, "1-mesos") }

// fill writes another program's file until so much is left.
func (d *smallDisk) fill(left int64) {
	d.t.Helper()
	f, err := os.OpenFile(filepath.Join(d.path, "filler"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(d.t, err)
	defer f.Close()
	for {
		free, err := files.FreeSpace(d.path)
		require.NoError(d.t, err)
		if free <= left {
			return
		}
		if _, err := f.Write(make([]byte, min(free-left, 64<<10))); errors.Is(err, unix.ENOSPC) {
			return
		} else {
			require.NoError(d.t, err)
		}
	}
}

// leave cuts that file so that so much is left.
func (d *smallDisk) leave(left int64) {
	d.t.Helper()
	free, err := files.FreeSpace(d.path)
	require.NoError(d.t, err)
	filler := filepath.Join(d.path, "filler")
	info, err := os.Stat(filler)
	require.NoError(d.t, err)
	require.NoError(d.t, os.Truncate(filler, info.Size()-(left-free)))
}

// free removes that file.
func (d *smallDisk) free() { require.NoError(d.t, os.Remove(filepath.Join(d.path, "filler"))) }

const megabyte = 1 << 20

func TestDiskFullBeforeOpening(t *testing.T) {
	small, c := newSmallDisk(t, "24m"), newClock()
	small.fill(megabyte)
	d := startDisk(t, Options{Dir: small.dir(), Now: c.Now, Reserve: 4 * megabyte})
	require.Contains(t, inMemoryFor(t, d, full), "has 1.0 MiB free and 4.0 MiB are needed: history is kept in memory until there is more; free some space, or shorten retention")
	require.Equal(t, "memory", d.Stats().Engine)
	wrote := polls(t, d, c, 20, "a", "b")
	same(t, wrote, readDisk(t, d, everything))
	small.free()
	onDisk(t, d)
	require.Empty(t, d.Stats().Note)
	add(wrote, polls(t, d, c, 20, "a", "b"))
	same(t, wrote, reopened(t, d))
}

func TestDiskFullWhilePolling(t *testing.T) {
	small, c := newSmallDisk(t, "24m"), newClock()
	d := openDisk(t, Options{Dir: small.dir(), Now: c.Now, Reserve: 4 * megabyte})
	wrote := polls(t, d, c, 20, "a", "b")
	small.fill(megabyte)
	add(wrote, polls(t, d, c, 20, "a", "b"))
	require.Regexp(t, `has [0-9.]+ MiB free and 4\.[04] MiB are needed: history is kept in memory`, inMemoryFor(t, d, full))
	require.Equal(t, "disk", d.Stats().Engine, "what is on disk stays readable")
	same(t, wrote, readDisk(t, d, everything))

	small.leave(4*megabyte + 64<<10)
	time.Sleep(50 * time.Millisecond) // several looks of the keeper
	inMemoryFor(t, d, full)           // a little more than the reserve is not enough to begin again

	small.free()
	onDisk(t, d)
	require.Empty(t, d.Stats().Note)
	add(wrote, polls(t, d, c, 20, "a", "b"))
	same(t, wrote, reopened(t, d))
}

// Another program may fill the disk between the look and the write.
func TestDiskFullInTheMiddleOfAWrite(t *testing.T) {
	small, c := newSmallDisk(t, "8m"), newClock()
	d := openDisk(t, Options{Dir: small.dir(), Now: c.Now, Reserve: 1})
	wrote := polls(t, d, c, 300, "a", "b")

	b := d.Batch(context.Background())
	small.fill(0)
	at := c.Advance(15 * time.Second)
	for i := range 2000 { // more than the page of the log that is begun has room for
		name := taskSeries("task", i)
		_, err := b.Append(0, constant(name), at.UnixMilli(), 7)
		require.NoError(t, err)
		wrote[name.String()] = []pair{{T: at.UnixMilli(), V: 7}}
	}
	require.NoError(t, b.Commit(), "a fault of storage is no fault of the poll")
	require.Contains(t, d.Stats().Note, "no space left on device")
	add(wrote, polls(t, d, c, 300, "a", "b")) // memory takes them
	same(t, wrote, readDisk(t, d, everything))
	time.Sleep(50 * time.Millisecond) // the keeper looks, and leaves it alone
	small.free()
	onDisk(t, d)
	add(wrote, polls(t, d, c, 10, "a", "b"))
	same(t, wrote, readDisk(t, d, everything))
	same(t, wrote, reopened(t, d))
}

// The work of the keeper would panic where it is the TSDB's own.
func TestDiskFullWhileChunksAreMapped(t *testing.T) {
	small, c := newSmallDisk(t, "8m"), newClock()
	d := openDisk(t, Options{Dir: small.dir(), Now: c.Now, Reserve: 1, every: time.Hour})
	d.maintaining.Lock() // nothing is mapped meanwhile
	wrote := polls(t, d, c, 300, "a", "b")
	h, _ := d.current()
	small.fill(0)
	err := recovered(func() error { h.db.ForceHeadMMap(); return nil })
	require.ErrorIs(t, err, errPanic)
	require.ErrorIs(t, err, unix.ENOSPC)
	d.maintaining.Unlock()
	d.failed(h, err)
	require.Contains(t, d.Stats().Note, "no space left on device")
	add(wrote, polls(t, d, c, 10, "a", "b"))
	same(t, wrote, readDisk(t, d, everything))
	small.free()
	d.Wake()
	onDisk(t, d)
	same(t, wrote, reopened(t, d))
}

func TestDiskFullDuringCompaction(t *testing.T) {
	small, c := newSmallDisk(t, "24m"), newClock()
	d := openDisk(t, Options{Dir: small.dir(), Now: c.Now, Reserve: 2 * megabyte})
	wrote := polls(t, d, c, 700, "a", "b")
	h, _ := d.current()
	small.fill(2*megabyte + 100<<10)
	add(wrote, polls(t, d, c, 50, "a", "b"))
	require.Eventually(t, func() bool { return d.Stats().Note != "" }, 5*time.Second, time.Millisecond)
	require.Regexp(t, "has 2.. MiB free and writing blocks needs 3.. MiB: the log of recent samples grows until there is more", d.Stats().Note)
	require.Empty(t, h.db.Blocks())
	require.Equal(t, "disk", d.Stats().Engine)

	// Where the space goes in the middle of it, the block is not written, and
	// nothing else happens.
	small.fill(0)
	d.maintaining.Lock()
	err := recovered(func() error { return h.db.Compact(context.Background()) })
	d.maintaining.Unlock()
	require.ErrorIs(t, err, unix.ENOSPC)
	require.NotErrorIs(t, err, errPanic)
	same(t, wrote, readDisk(t, d, everything))

	small.free()
	c.Advance(retryCompaction)
	add(wrote, polls(t, d, c, 1, "a", "b"))
	require.Eventually(t, func() bool { return len(h.db.Blocks()) > 0 && d.Stats().Note == "" }, 5*time.Second, time.Millisecond, "note: %s", &lazyNote{d})
	same(t, wrote, readDisk(t, d, everything))
	same(t, wrote, reopened(t, d))
}

// Reading its log again, a TSDB writes chunks from goroutines of its own: with
// too little space it must not begin.
func TestDiskFullWhenTheLogIsReadAgain(t *testing.T) {
	small, c := newSmallDisk(t, "24m"), newClock()
	d := openDisk(t, Options{Dir: small.dir(), Now: c.Now, Reserve: 1})
	names := manyNames(1000)
	wrote := polls(t, d, c, 300, names...)
	require.NoError(t, d.Close())
	require.NoError(t, os.RemoveAll(filepath.Join(small.dir(), "chunks_head"))) // as if nothing had been mapped
	small.fill(50 << 10)

	d = startDisk(t, Options{Dir: small.dir(), Now: c.Now, Reserve: 1})
	require.Contains(t, inMemoryFor(t, d, full), "are needed: history is kept in memory until there is more")
	add(wrote, polls(t, d, c, 3, names...))
	small.free()
	onDisk(t, d)
	same(t, wrote, readDisk(t, d, everything))
}

func TestClosingOnAFullDisk(t *testing.T) {
	small, c := newSmallDisk(t, "8m"), newClock()
	d := openDisk(t, Options{Dir: small.dir(), Now: c.Now, Reserve: 1})
	wrote := polls(t, d, c, 200, "a", "b")
	small.fill(0)
	_ = d.Close() // may fail, and must not panic
	small.free()
	same(t, wrote, readDisk(t, openDisk(t, d.opts), everything))
}

func TestAReadOnlyDirectory(t *testing.T) {
	small, c := newSmallDisk(t, "24m"), newClock()
	d := openDisk(t, Options{Dir: small.dir(), Now: c.Now})
	wrote := polls(t, d, c, 20, "a")
	require.NoError(t, d.Close())
	remount := func(flags uintptr) {
		require.NoError(t, unix.Mount("", small.path, "", unix.MS_REMOUNT|flags, ""))
	}
	remount(unix.MS_RDONLY)
	d = startDisk(t, Options{Dir: small.dir(), Now: c.Now})
	require.Contains(t, inMemoryFor(t, d, refused), "read-only file system): history is kept in memory; the user that Grafana runs as must be able to write there (history_path)")
	add(wrote, polls(t, d, c, 20, "a"))
	remount(0)
	onDisk(t, d)
	require.Empty(t, d.Stats().Note)
	same(t, wrote, reopened(t, d))
}

// A file system turns read-only while it is in use when the kernel finds it
// broken; ext4 can be told to believe so (Documentation/ABI/testing/sysfs-fs-ext4).
func TestAFileSystemThatTurnsReadOnly(t *testing.T) {
	c, broken := newClock(), newBreakable(t)
	d := openDisk(t, Options{Dir: filepath.Join(broken.path, "1-mesos"), Now: c.Now})
	wrote := polls(t, d, c, 300, "a", "b")
	unix.Sync() // what is not yet on the device when it fails is lost, as when the power fails
	onDevice := maps.Clone(wrote)
	b := d.Batch(context.Background())
	at := c.Advance(15 * time.Second).UnixMilli()
	for i := range 2000 {
		name := taskSeries("task", i)
		_, err := b.Append(0, constant(name), at, 7)
		require.NoError(t, err)
		wrote[name.String()] = []pair{{T: at, V: 7}}
	}
	broken.turnReadOnly()
	require.NoError(t, b.Commit(), "a fault of storage is no fault of the poll")
	add(wrote, polls(t, d, c, 300, "a", "b"))
	require.Contains(t, inMemoryFor(t, d, readOnly), "read-only file system: history is kept in memory until it can be written again")
	require.Equal(t, "disk", d.Stats().Engine, "what is on disk stays readable")
	same(t, wrote, readDisk(t, d, everything))
	time.Sleep(50 * time.Millisecond) // several looks of the keeper

	_ = d.Close() // fails, and must not panic
	d = openDisk(t, Options{Dir: filepath.Join(broken.repaired().path, "1-mesos"), Now: c.Now})
	require.Empty(t, d.Stats().Note)
	same(t, onDevice, readDisk(t, d, everything))
	add(onDevice, polls(t, d, c, 300, "a", "b"))
	same(t, onDevice, reopened(t, d))
}

// A breakable is an ext4 file system in a file.
type breakable struct {
	t                   *testing.T
	image, device, path string
}

func newBreakable(t *testing.T) *breakable {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	require.NoError(t, os.WriteFile(image, nil, 0o600))
	require.NoError(t, os.Truncate(image, 64*megabyte))
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		t.Skipf("an ext4 file system cannot be made here (%v: %s)", err, out)
	}
	return mounted(t, image)
}

func mounted(t *testing.T, image string) *breakable {
	t.Helper()
	device, err := exec.Command("losetup", "--find", "--show", image).CombinedOutput()
	if err != nil {
		t.Skipf("an ext4 file system cannot be mounted here (%v: %s): run the tests as root, outside of a container", err, device)
	}
	b := &breakable{t: t, image: image, path: t.TempDir(), device: string(bytes.TrimSpace(device))}
	t.Cleanup(func() { require.NoError(t, exec.Command("losetup", "--detach", b.device).Run()) })
	require.NoError(t, unix.Mount(b.device, b.path, "ext4", 0, "errors=remount-ro"))
	t.Cleanup(func() { require.NoError(t, unix.Unmount(b.path, unix.MNT_DETACH)) })
	return b
}

func (b *breakable) turnReadOnly() {
	b.t.Helper()
	trigger := filepath.Join("/sys/fs/ext4", filepath.Base(b.device), "trigger_fs_error")
	if err := os.WriteFile(trigger, []byte("1"), 0); err != nil {
		b.t.Skipf("the file system cannot be broken: %v", err)
	}
	require.ErrorIs(b.t, files.Writable(b.path), unix.EROFS)
}

// repaired returns the file system as after a restart of the machine: checked, and
// mounted again. (A copy of it: this process still has files open in it.)
func (b *breakable) repaired() *breakable {
	b.t.Helper()
	content, err := os.ReadFile(b.image)
	require.NoError(b.t, err)
	image := b.image + "-repaired"
	require.NoError(b.t, os.WriteFile(image, content, 0o600))
	if out, err := exec.Command("fsck.ext4", "-fy", image).CombinedOutput(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		require.True(b.t, ok && exit.ExitCode() == 1, "%v: %s", err, out) // 1: errors were corrected
	}
	return mounted(b.t, image)
}

func TestRightsAreLookedAt(t *testing.T) {
	require.NoError(t, files.Writable(t.TempDir()))
	small := newSmallDisk(t, "1m")
	require.NoError(t, unix.Mount("", small.path, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	require.ErrorIs(t, files.Writable(small.path), unix.EROFS)
}
