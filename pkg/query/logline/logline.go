// Package logline reads what a line of a log says of itself: when it was written, and how
// severe it is. Programs write what they like, so the forms that are known are two tables
// here, and a line in none of them has no time and the severity unknown.
package logline

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Time is the time that a line carries.
type Time struct {
	// At is the time; in UTC where the line names no zone.
	At time.Time
	// Zoned: the line names its zone.
	Zoned bool
	// Yearless: the line has no year, and At is in the year 0.
	Yearless bool
}

// form is one way to write a time.
type form struct {
	pattern  *regexp.Regexp // its first group is the text that is parsed
	layouts  []string
	yearless bool
}

// head matches what may stand before the time at the beginning of a line: brackets, quotes,
// a level, the key of a time.
const head = `^[\s\[("<{]*(?:(?i:trace|debug|info|notice|warn|warning|error|fatal|critical)[\]:\s|]+\[?)?(?:"?@?(?i:time|ts|timestamp|datetime|date|t|asctime)"?\s*[=:]\s*"?)?`

// keyed matches the key of a time anywhere in a line of JSON or logfmt.
const keyed = `(?:^|[\s{,])"?@?(?i:time|ts|timestamp|datetime|asctime)"?\s*[=:]\s*"?`

const (
	clock = `\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`
	zone  = `(?: ?(?:Z|[+-]\d\d:?\d\d))?`
)

var (
	isoLayouts = []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05 Z0700", "2006-01-02T15:04:05 Z07:00", "2006-01-02T15:04:05",
	}
	forms = []form{
		{pattern: regexp.MustCompile(head + `(\d{4}-\d\d-\d\d[T ]` + clock + zone + `)`), layouts: isoLayouts},
		{pattern: regexp.MustCompile(keyed + `(\d{4}-\d\d-\d\d[T ]` + clock + zone + `)`), layouts: isoLayouts},
		// Mesos' own (glog); before 0.8 of glog without the year.
		{pattern: regexp.MustCompile(`^[IWEF](\d{8} \d\d:\d\d:\d\d\.\d{1,6})\s`), layouts: []string{"20060102 15:04:05"}},
		{pattern: regexp.MustCompile(`^[IWEF](\d{4} \d\d:\d\d:\d\d\.\d{1,6})\s`), layouts: []string{"0102 15:04:05"}, yearless: true},
		{pattern: regexp.MustCompile(head + `(\d{4}/\d\d/\d\d ` + clock + `)`), layouts: []string{"2006/01/02 15:04:05"}}, // Go, nginx
		{pattern: regexp.MustCompile(`^(\d\d/\d\d/\d\d \d\d:\d\d:\d\d)\s`), layouts: []string{"06/01/02 15:04:05"}},       // Spark
		{pattern: regexp.MustCompile(`^.{0,200}?\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]`), layouts: []string{"02/Jan/2006:15:04:05 -0700"}},
		{pattern: regexp.MustCompile(`^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)\s`), layouts: []string{"Jan _2 15:04:05"}, yearless: true}, // syslog
	}
	epoch = regexp.MustCompile(`(?:^\s*|` + keyed + `)(1\d{9}(?:\d{3})?(?:\.\d{1,9})?)(?:[\s",}\]]|$)`)
)

// lookedAt is how many bytes of a line are looked at.
const lookedAt = 512

// TimeOf returns the time that a line carries; false for a line without one.
func TimeOf(line string) (Time, bool) {
	line = line[:min(len(line), lookedAt)]
	if !strings.ContainsAny(line, "0123456789") {
		return Time{}, false
	}
	for _, f := range forms {
		found := f.pattern.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		text := normal(found[1])
		for _, layout := range f.layouts {
			if at, err := time.Parse(layout, text); err == nil {
				return Time{At: at.UTC(), Zoned: strings.Contains(layout, "07"), Yearless: f.yearless}, true
			}
		}
	}
	if found := epoch.FindStringSubmatch(line); found != nil {
		if n, err := strconv.ParseFloat(found[1], 64); err == nil {
			if n > 1e12 {
				n /= 1e3
			}
			return Time{At: time.UnixMicro(int64(n * 1e6)).UTC(), Zoned: true}, true
		}
	}
	return Time{}, false
}

// normal writes a time with T after the date and a point before the fraction.
func normal(text string) string {
	if len(text) > 10 && text[4] == '-' && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	return strings.Replace(text, ",", ".", 1)
}

// In returns the time in a zone of which the offset is known from elsewhere, and in the last
// year in which it is not after the latest moment that it can be.
func (t Time) In(offset time.Duration, latest time.Time) time.Time {
	at := t.At
	if t.Yearless {
		at = at.AddDate(latest.UTC().Year()-at.Year(), 0, 0)
		if at.After(latest.Add(24 * time.Hour)) {
			at = at.AddDate(-1, 0, 0)
		}
	}
	if !t.Zoned {
		at = at.Add(-offset)
	}
	return at
}

// quarters are the offsets of zones that exist and are no whole hours.
var quarters = []time.Duration{
	-9*time.Hour - 30*time.Minute, -3*time.Hour - 30*time.Minute, -2*time.Hour - 30*time.Minute,
	3*time.Hour + 30*time.Minute, 4*time.Hour + 30*time.Minute, 5*time.Hour + 30*time.Minute, 5*time.Hour + 45*time.Minute,
	6*time.Hour + 30*time.Minute, 8*time.Hour + 45*time.Minute, 9*time.Hour + 30*time.Minute, 10*time.Hour + 30*time.Minute,
	12*time.Hour + 45*time.Minute, 13*time.Hour + 45*time.Minute,
}

// OffsetOf returns the offset of the zone in which a program writes its times, from the time
// of a line and the moment at which the file was written last, with that line: they differ by
// the offset of a zone that exists, or nothing is known (false) and it is UTC.
func OffsetOf(line Time, written time.Time) (offset time.Duration, ok bool) {
	if line.Zoned {
		return 0, true
	}
	behind := line.In(0, written.Add(14*time.Hour)).Sub(written)
	offset = behind.Round(15 * time.Minute)
	exists := offset%time.Hour == 0 && offset >= -12*time.Hour && offset <= 14*time.Hour || slices.Contains(quarters, offset)
	if (behind-offset).Abs() > 20*time.Second || !exists {
		return 0, false
	}
	return offset, true
}

// Severities, as Grafana names the levels of logs.
const (
	Unknown  = "unknown"
	Trace    = "trace"
	Debug    = "debug"
	Info     = "info"
	Warning  = "warning"
	Error    = "error"
	Critical = "critical"
)

var levels = map[string]string{
	"trace": Trace, "debug": Debug, "dbg": Debug, "fine": Debug, "info": Info, "notice": Info, "warn": Warning, "warning": Warning,
	"error": Error, "err": Error, "severe": Error, "fatal": Critical, "critical": Critical, "crit": Critical, "panic": Critical, "emerg": Critical, "alert": Critical,
	"i": Info, "w": Warning, "e": Error, "f": Critical,
}

var (
	glog     = regexp.MustCompile(`^([IWEF])(?:\d{8}|\d{4}) \d\d:\d\d:\d\d\.`)
	levelKey = regexp.MustCompile(`(?:^|[\s{,])"?(?i:level|lvl|severity|loglevel|levelname)"?\s*[=:]\s*"?([A-Za-z]+)`)
	// A level is written in capitals, or between brackets, or before a colon: in "no error
	// found" nothing is one.
	levelWord = regexp.MustCompile(`\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|FATAL|CRITICAL|CRIT|PANIC)\b|\[(?i:(trace|debug|info|notice|warn|warning|error|err|fatal|critical|crit|panic|emerg|alert))\]|^(?i:(debug|info|warn|warning|error|fatal|panic)):`)
)

// wordsWithin is how far from the beginning of a line a level is looked for: behind a time
// and the name of a thread or logger.
const wordsWithin = 120

// SeverityOf returns the severity that a line names.
func SeverityOf(line string) string {
	line = line[:min(len(line), lookedAt)]
	for _, pattern := range []*regexp.Regexp{glog, levelKey} {
		if found := pattern.FindStringSubmatch(line); found != nil {
			if level, ok := levels[strings.ToLower(found[1])]; ok {
				return level
			}
		}
	}
	if found := levelWord.FindStringSubmatch(line[:min(len(line), wordsWithin)]); found != nil {
		for _, word := range found[1:] {
			if word != "" {
				return levels[strings.ToLower(word)]
			}
		}
	}
	return Unknown
}
