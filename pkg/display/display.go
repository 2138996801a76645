// Package display writes numbers of bytes and times as sentences have them, and finds the
// word that was probably meant.
package display

import (
	"fmt"
	"strings"
	"time"
)

// Size returns a number of bytes, such as "512 bytes", "1.5 KiB" or "1 GiB".
func Size(bytes int64) string {
	const unit = 1024
	if bytes < unit {
		return fmt.Sprintf("%d bytes", bytes)
	}
	value, prefixes := float64(bytes)/unit, "KMGTPE"
	for value >= unit && len(prefixes) > 1 {
		value, prefixes = value/unit, prefixes[1:]
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") + fmt.Sprintf(" %ciB", prefixes[0])
}

// Time returns a moment in UTC, such as "2026-11-21 08:00:00 UTC".
func Time(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
