//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// cpu returns this process' time on all processors, in user and kernel,
// its garbage collector included.
func cpu() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		panic(fmt.Sprint("getrusage: ", err)) // it fails for wrong arguments only
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// footprint holds this process' memory as the kernel reports it, in bytes.
type footprint struct {
	Now  int64 `json:"now"`  // VmRSS
	Peak int64 `json:"peak"` // VmHWM: the most since the start, or since forgetPeak
}

func resident() (footprint, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return footprint{}, err
	}
	value := func(name string) (int64, error) {
		_, after, ok := bytes.Cut(status, []byte(name+":"))
		fields := bytes.Fields(after)
		if !ok || len(fields) == 0 {
			return 0, fmt.Errorf("/proc/self/status has no %s", name)
		}
		kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
		return kib * 1024, err
	}
	var m footprint
	if m.Now, err = value("VmRSS"); err == nil {
		m.Peak, err = value("VmHWM")
	}
	return m, err
}

// forgetPeak resets the peak to the current memory (proc(5): clear_refs).
func forgetPeak() error { return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// liveHeap returns the size of the heap after a collection, in bytes.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers kept
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
