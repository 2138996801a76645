package logline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimesOfLines(t *testing.T) {
	for line, want := range map[string]string{
		"2026-11-21T07:34:30.123Z INFO started":                             "2026-11-21T07:34:30.123Z zoned",
		"2026-11-21T09:34:30+02:00 started":                                 "2026-11-21T07:34:30Z zoned",
		"2026-11-21 07:34:30,123 ERROR main.py failed":                      "2026-11-21T07:34:30.123Z",
		"[2026-11-21 07:34:30.5] [error] x":                                 "2026-11-21T07:34:30.5Z",
		"2026-11-21 09:34:30 +0200 [info]: fluentd":                         "2026-11-21T07:34:30Z zoned",
		"INFO: 2026-11-21 07:34:30 x":                                       "2026-11-21T07:34:30Z",
		"INFO  [2026-11-21 07:34:30,001] org.x: y":                          "2026-11-21T07:34:30.001Z",
		`{"level":"info","ts":1795246470.25,"msg":"x"}`:                     "2026-11-21T07:34:30.25Z zoned",
		`{"level":"info","time":1795246470250,"msg":"x"}`:                   "2026-11-21T07:34:30.25Z zoned",
		`{"msg":"a long one","@timestamp":"2026-11-21T07:34:30Z"}`:          "2026-11-21T07:34:30Z zoned",
		`time="2026-11-21T07:34:30Z" level=warning msg=x`:                   "2026-11-21T07:34:30Z zoned",
		`level=info ts=2026-11-21T07:34:30.1Z caller=main.go`:               "2026-11-21T07:34:30.1Z zoned",
		"I20261121 07:34:30.620436 24977 executor.cpp:210] Version: 1.12.0": "2026-11-21T07:34:30.620436Z",
		"E1121 07:34:30.620436 24977 executor.cpp:210] x":                   "0000-11-21T07:34:30.620436Z yearless",
		"2026/11/21 07:34:30 listening":                                     "2026-11-21T07:34:30Z",
		"2026/11/21 07:34:30.000100 listening":                              "2026-11-21T07:34:30.0001Z",
		"26/11/21 07:34:30 INFO SparkContext: Running Spark version 2.4":    "2026-11-21T07:34:30Z",
		`10.0.0.1 - - [21/Nov/2026:08:34:30 +0100] "GET / HTTP/1.1" 200 5`:  "2026-11-21T07:34:30Z zoned",
		"Nov 21 07:34:30 host sshd[1]: x":                                   "0000-11-21T07:34:30Z yearless",
		"Nov  1 07:34:30 host sshd[1]: x":                                   "0000-11-01T07:34:30Z yearless",
		"1795246470 started":                                                "2026-11-21T07:34:30Z zoned",
		"":                                                                  "",
		"Received LAUNCH event":                                             "",
		"    at com.example.Main.main(Main.java:12)":                        "",
		"loading the partition of 2020-01-01 00:00:00":                      "",
		"served 1795246470123 requests":                                     "",
		"2026-13-45 99:00:00 no such time":                                  "",
		"I am a line":                                                       "",
		"12:34:56 a time without a date":                                    "",
	} {
		got := ""
		if found, ok := TimeOf(line); ok {
			got = found.At.Format(time.RFC3339Nano)
			if found.Zoned {
				got += " zoned"
			}
			if found.Yearless {
				got += " yearless"
			}
		}
		require.Equal(t, want, got, line)
	}
}

func TestTheYearIsTheLastThatCanBe(t *testing.T) {
	of := func(line string, written time.Time) string {
		found, ok := TimeOf(line)
		require.True(t, ok)
		return found.In(0, written).Format(time.RFC3339)
	}
	written := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	require.Equal(t, "2025-12-31T23:00:00Z", of("E1231 23:00:00.000000 1 x] y", written))
	require.Equal(t, "2026-01-01T23:00:00Z", of("E0101 23:00:00.000000 1 x] y", written))
}

func TestTheZoneIsThatOfTheLastWrite(t *testing.T) {
	written := time.Date(2026, 11, 21, 7, 34, 31, 0, time.UTC)
	unknown := map[string]bool{
		"2026-11-21 07:30:00 x": true, // no zone is 4 minutes behind: something else was written later
		"2026-11-21 07:19:30 x": true, // nor a quarter of an hour
		"2026-11-21 09:49:30 x": true,
		"2026-11-01 08:34:30 x": true,
	}
	for line, want := range map[string]time.Duration{
		"2026-11-21 07:34:30 x":      0,
		"2026-11-21 08:34:30 x":      time.Hour,
		"2026-11-21 13:04:30 x":      5*time.Hour + 30*time.Minute,
		"2026-11-20 23:34:30 x":      -8 * time.Hour,
		"2026-11-21T08:34:30Z x":     0, // it says so itself
		"2026-11-21 13:19:30 x":      5*time.Hour + 45*time.Minute,
		"2026-11-21 04:04:30 x":      -3*time.Hour - 30*time.Minute,
		"2026-11-21 07:30:00 x":      0,
		"2026-11-21 07:19:30 x":      0,
		"2026-11-21 09:49:30 x":      0,
		"2026-11-01 08:34:30 x":      0,
		"I20261121 08:34:30.000000 ": time.Hour,
		"E1121 08:34:30.000000 1 x]": time.Hour,
	} {
		found, ok := TimeOf(line)
		require.True(t, ok, line)
		offset, known := OffsetOf(found, written)
		require.Equal(t, want, offset, line)
		require.Equal(t, !unknown[line], known, line)
	}
}

func TestSeveritiesOfLines(t *testing.T) {
	for line, want := range map[string]string{
		"I20261121 07:34:30.620436 24977 executor.cpp:210] Version": Info,
		"W1121 07:34:30.620436 24977 x.cpp:1] y":                    Warning,
		"F1121 07:34:30.620436 24977 x.cpp:1] Check failed":         Critical,
		"2026-11-21T07:34:30Z WARN slow":                            Warning,
		"2026-11-21 07:34:30,123 [main] ERROR com.x - failed":       Error,
		`{"ts":1,"level":"error","msg":"x"}`:                        Error,
		`time=2026 level=debug msg=x`:                               Debug,
		"[error] x":                                                 Error,
		"error: no such file":                                       Error,
		"no error found":                                            Unknown,
		"informed":                                                  Unknown,
		"Received LAUNCH event":                                     Unknown,
		"":                                                          Unknown,
	} {
		require.Equal(t, want, SeverityOf(line), line)
	}
}

func FuzzLines(f *testing.F) {
	f.Add("2026-11-21T07:34:30.123Z INFO started")
	f.Add("\xff\xfe[2026-11-21 07:34:30")
	f.Fuzz(func(t *testing.T, line string) {
		if found, ok := TimeOf(line); ok {
			offset, _ := OffsetOf(found, time.Unix(1795246470, 0))
			_ = found.In(offset, time.Unix(1795246470, 0))
		}
		require.NotEmpty(t, SeverityOf(line))
	})
}
