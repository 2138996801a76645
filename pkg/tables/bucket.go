package tables

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"github.com/ncruces/go-sqlite3"
)

// bucket is a length of time that begins at its multiples: of months those of the calendar, of
// weeks Mondays, of others those since 1970, in UTC.
type bucket struct {
	length time.Duration
	months int // where it is not 0, there is no length
	after  time.Duration
}

var calendar = regexp.MustCompile(`^([0-9]{1,3})([wMy])$`)

// bucketOf reads a length of time as Grafana writes it.
func bucketOf(s string) (bucket, error) {
	if parts := calendar.FindStringSubmatch(s); parts != nil {
		switch n, _ := strconv.Atoi(parts[1]); {
		case n == 0:
		case parts[2] == "M" && n <= 120:
			return bucket{months: n}, nil
		case parts[2] == "y" && n <= 10:
			return bucket{months: 12 * n}, nil
		case parts[2] == "w" && n <= 520:
			const monday = 4 * 24 * time.Hour // 1970 began on a Thursday
			return bucket{length: time.Duration(n) * 7 * 24 * time.Hour, after: monday}, nil
		}
	} else if length, err := gtime.ParseIntervalStringToTimeDuration(s); err == nil && length >= time.Millisecond && length <= 10*365*24*time.Hour {
		return bucket{length: length}, nil
	}
	return bucket{}, fmt.Errorf("%.60q is not a valid duration: write for example 30s, 5m, 1h, 1d, 1w or 1M", s)
}

// of returns the beginning of the bucket that a time is in.
func (b bucket) of(t time.Time) time.Time {
	t = t.UTC()
	if b.months > 0 {
		month := 12*t.Year() + int(t.Month()) - 1
		return time.Date(0, time.Month(month-month%b.months+1), 1, 0, 0, 0, 0, time.UTC)
	}
	millis := t.UnixMilli() - b.after.Milliseconds()
	over := millis % b.length.Milliseconds()
	if over < 0 {
		over += b.length.Milliseconds()
	}
	return time.UnixMilli(t.UnixMilli() - over).UTC()
}

// timeBucket is time_bucket('1h', time).
func timeBucket(ctx sqlite3.Context, args ...sqlite3.Value) {
	if args[0].Type() == sqlite3.NULL || args[1].Type() == sqlite3.NULL {
		ctx.ResultNull()
		return
	}
	b, err := bucketOf(args[0].Text())
	if err != nil {
		ctx.ResultError(err)
		return
	}
	t, ok := readTime(args[1].Text())
	if !ok {
		ctx.ResultNull()
		return
	}
	ctx.ResultText(b.of(t).Format(timeLayout))
}
