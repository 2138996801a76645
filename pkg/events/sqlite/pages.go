package sqlite

import (
	"fmt"
	"io"
	"sync"

	"github.com/golang/snappy"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/ncruces/wbt"
)

// This file is the file system of databases in memory. It keeps each page compressed: events
// repeat host names, IDs and states, so that a page takes a third of its size. As in the
// library's vfs/mvcc, from which the locks are, a connection that reads sees the pages of when
// it began, whatever is written meanwhile.

const (
	// pagesVFS is the name by which SQLite finds it.
	pagesVFS = "mesos-pages"
	// pageSize is the size of SQLite's pages; it takes larger ones where a whole one is written at
	// once unless it is told otherwise.
	pageSize = 4096
	// pageOverhead is what a page takes beside its bytes: its node of the tree, and what the
	// allocator rounds up to.
	pageOverhead = 64 + 128
)

func init() { vfs.Register(pagesVFS, &pageFiles) }

// pageFiles are the databases in memory that are open.
var pageFiles = memoryFiles{open: map[string]*pages{}}

// memoryFiles are databases in memory by their names.
type memoryFiles struct {
	mu   sync.Mutex
	open map[string]*pages
}

// pageTree are pages by their numbers. Trees share what is equal.
type pageTree = *wbt.Tree[int64, string]

// pages are the pages of a database.
type pages struct {
	name  string
	files int // that are open; guarded by memoryFiles.mu

	mu    sync.Mutex
	now   pageTree
	bytes int64 // what the pages of now take
	owner *pageFile
}

// held returns how many bytes a database in memory takes; 0 where there is none of that name.
func (m *memoryFiles) held(name string) int64 {
	m.mu.Lock()
	p := m.open[name]
	m.mu.Unlock()
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes
}

// Open implements vfs.VFS.
func (m *memoryFiles) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if name == "" || flags&vfs.OPEN_DELETEONCLOSE != 0 {
		return &vfsutil.SliceFile{}, flags | vfs.OPEN_MEMORY, nil
	}
	if flags&vfs.OPEN_MAIN_DB == 0 { // SQLite asks for no journal of what is in memory
		return nil, flags, sqlite3.CANTOPEN
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.open[name]
	if p == nil {
		p = &pages{name: name}
		m.open[name] = p
	}
	p.files++
	return &pageFile{pages: p}, flags | vfs.OPEN_MEMORY, nil
}

// Delete implements vfs.VFS.
func (m *memoryFiles) Delete(string, bool) error { return sqlite3.IOERR_DELETE_NOENT }

// Access implements vfs.VFS.
func (m *memoryFiles) Access(string, vfs.AccessFlag) (bool, error) { return false, nil }

// FullPathname implements vfs.VFS.
func (m *memoryFiles) FullPathname(name string) (string, error) { return name, nil }

// A pageFile is a connection's view of the pages. Only that connection uses it.
type pageFile struct {
	*pages
	lock  vfs.LockLevel
	view  pageTree // what it sees while it holds a lock
	bytes int64    // what the pages of view take
	// buffer and packed are used again for each page.
	buffer, packed []byte
}

var _ vfs.FileLockState = (*pageFile)(nil)

// Close implements vfs.File. What was written and not committed is lost.
func (f *pageFile) Close() error {
	pageFiles.mu.Lock()
	if f.files--; f.files == 0 && pageFiles.open[f.name] == f.pages {
		delete(pageFiles.open, f.name)
	}
	pageFiles.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.owner == f {
		f.owner = nil
	}
	f.view, f.lock = nil, vfs.LOCK_NONE
	return nil
}

// seen returns the pages that the connection sees: without a lock the latest ones.
func (f *pageFile) seen() pageTree {
	if f.lock != vfs.LOCK_NONE {
		return f.view
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// ReadAt implements vfs.File: of a page, or a part of one.
func (f *pageFile) ReadAt(b []byte, off int64) (n int, err error) {
	packed, there := f.seen().Get(off / pageSize)
	if !there {
		return 0, io.EOF
	}
	if f.buffer, err = snappy.Decode(f.buffer[:cap(f.buffer)], []byte(packed)); err != nil {
		return 0, fmt.Errorf("%w: %w", sqlite3.CORRUPT, err)
	}
	if n = copy(b, f.buffer[min(off%pageSize, int64(len(f.buffer))):]); n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements vfs.File: of a whole page, with the lock for it.
func (f *pageFile) WriteAt(b []byte, off int64) (n int, err error) {
	if len(b) != pageSize || off%pageSize != 0 || f.lock < vfs.LOCK_RESERVED {
		return 0, sqlite3.IOERR_WRITE
	}
	f.packed = snappy.Encode(f.packed[:cap(f.packed)], b)
	f.drop(off / pageSize)
	f.view = f.view.Put(off/pageSize, string(f.packed))
	f.bytes += int64(len(f.packed)) + pageOverhead
	return len(b), nil
}

// drop subtracts what a page takes that is replaced or removed.
func (f *pageFile) drop(number int64) {
	if packed, there := f.view.Get(number); there {
		f.bytes -= int64(len(packed)) + pageOverhead
	}
}

// Size implements vfs.File.
func (f *pageFile) Size() (int64, error) {
	last := f.seen().Max()
	if last == nil {
		return 0, nil
	}
	return (last.Key() + 1) * pageSize, nil
}

// Truncate implements vfs.File, with the lock for writing.
func (f *pageFile) Truncate(size int64) error {
	if f.lock < vfs.LOCK_RESERVED {
		return sqlite3.IOERR_TRUNCATE
	}
	for last := f.view.Max(); last != nil && last.Key()*pageSize >= size; last = f.view.Max() {
		f.drop(last.Key())
		f.view = f.view.Delete(last.Key())
	}
	return nil
}

// Lock implements vfs.File. Reading takes the pages of this moment; writing is one connection's.
func (f *pageFile) Lock(lock vfs.LockLevel) error {
	if f.lock >= lock {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if lock == vfs.LOCK_SHARED {
		f.view, f.bytes, f.lock = f.now, f.pages.bytes, lock
		return nil
	}
	switch {
	case f.owner != nil && f.owner != f:
		return sqlite3.BUSY
	case f.owner == nil && f.view != f.now: // it has seen what is not so any more
		return sqlite3.BUSY_SNAPSHOT
	}
	f.owner, f.lock = f, lock
	return nil
}

// Unlock implements vfs.File. It commits what was written with the highest lock.
func (f *pageFile) Unlock(lock vfs.LockLevel) error {
	if f.lock <= lock {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.owner == f {
		if f.owner = nil; f.lock == vfs.LOCK_EXCLUSIVE {
			f.now, f.pages.bytes = f.view, f.bytes
		}
	}
	if lock == vfs.LOCK_NONE {
		f.view = nil
	}
	f.lock = lock
	return nil
}

// CheckReservedLock implements vfs.File.
func (f *pageFile) CheckReservedLock() (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.owner != nil, nil
}

// LockState implements vfs.FileLockState.
func (f *pageFile) LockState() vfs.LockLevel { return f.lock }

// Sync implements vfs.File.
func (*pageFile) Sync(vfs.SyncFlag) error { return nil }

// SectorSize implements vfs.File.
func (*pageFile) SectorSize() int { return 0 }

// DeviceCharacteristics implements vfs.File.
func (*pageFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_ATOMIC | vfs.IOCAP_SEQUENTIAL | vfs.IOCAP_SAFE_APPEND | vfs.IOCAP_POWERSAFE_OVERWRITE | vfs.IOCAP_SUBPAGE_READ
}
