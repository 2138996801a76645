//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// blocks holds the size of a history's directory.
type blocks struct {
	Bytes   int64 `json:"bytes"`   // of all files
	Blocks  int64 `json:"blocks"`  // of finished blocks
	Samples int64 `json:"samples"` // in finished blocks
	Number  int   `json:"number"`  // of finished blocks
}

// blocksIn reads the blocks' own meta.json (Prometheus' tsdb/docs/format).
func blocksIn(directory string) (*blocks, error) {
	var d blocks
	var err error
	if d.Bytes, err = sizeOf(directory); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		raw, err := os.ReadFile(filepath.Join(directory, entry.Name(), "meta.json"))
		if errors.Is(err, fs.ErrNotExist) || !entry.IsDir() {
			continue
		}
		if err != nil {
			return nil, err
		}
		var meta struct {
			Stats struct {
				NumSamples int64 `json:"numSamples"`
			} `json:"stats"`
		}
		if err := json.Unmarshal(raw, &meta); err != nil {
			return nil, err
		}
		size, err := sizeOf(filepath.Join(directory, entry.Name()))
		if err != nil {
			return nil, err
		}
		d.Number++
		d.Blocks += size
		d.Samples += meta.Stats.NumSamples
	}
	return &d, nil
}

// sizeOf returns the size of all files below a directory.
func sizeOf(directory string) (int64, error) {
	var total int64
	err := filepath.WalkDir(directory, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}
