package display

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 1536: "1.5 KiB", 16 << 20: "16 MiB", 1 << 30: "1 GiB", 1<<40 + 1<<39: "1.5 TiB", 1<<63 - 1: "8 EiB",
	} {
		require.Equal(t, want, Size(bytes))
	}
}

func TestTime(t *testing.T) {
	require.Equal(t, "2026-11-21 08:00:00 UTC", Time(time.Date(2026, 11, 21, 9, 0, 0, 0, time.FixedZone("CET", 3600))))
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		31400 * time.Millisecond: "31 s", 119 * time.Second: "119 s", 125 * time.Second: "2 min", 2 * time.Hour: "2 h", 130 * time.Minute: "2 h 10 min", 0: "0 s",
	} {
		require.Equal(t, want, Age(d))
	}
}
