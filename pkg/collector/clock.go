package collector

import "time"

// A Clock is where a collector's time comes from, so that tests own it and
// drive days in seconds (package clocktest).
type Clock interface {
	Now() time.Time
	// NewTimer makes a timer that is not running yet.
	NewTimer() Timer
}

// A Timer belongs to one goroutine, which either waits for it or works: it
// waits from Reset on and works from Stop on. A clock of a test lets time pass only while every
// timer that was made is running or stopped.
type Timer interface {
	// C receives once after each Reset, unless Stop comes first.
	C() <-chan time.Time
	Reset(time.Duration)
	Stop()
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now() }

// NewTimer implements Clock.
func (SystemClock) NewTimer() Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return systemTimer{t}
}

type systemTimer struct{ *time.Timer }

func (t systemTimer) C() <-chan time.Time   { return t.Timer.C }
func (t systemTimer) Reset(d time.Duration) { t.Timer.Reset(d) }
func (t systemTimer) Stop()                 { t.Timer.Stop() }
