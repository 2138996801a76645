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

// Age returns how long ago something was, such as "33 s", "5 min" or "2 h 10 min".
func Age(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	case d%time.Hour < time.Minute:
		return fmt.Sprintf("%d h", int(d/time.Hour))
	}
	return fmt.Sprintf("%d h %d min", int(d/time.Hour), int(d%time.Hour/time.Minute))
}
