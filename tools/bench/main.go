//go:build linux

// Command bench measures the backend's parts against a generated cluster
// (tools/simulator/generate) and prints what it found as one JSON object. It is not
// shipped: `npm run bench` builds and runs it, a fresh process per measurement.
//
//	main.go      the command line
//	process.go   CPU and memory of this process
//	backend.go   collector, history and queries, connected, on a clock of their own
//	read.go      bench read: reading /state against only unpacking it, and a naive reader
//	poll.go      bench poll: a whole poll, from asking to samples written
//	days.go      bench days: days of polls, and queries at their end
//	scale.go     bench scale: a cluster larger than most, agents' statistics included
//	agents.go    agents' requests, which the generated master answers
//	requests.go  bench requests: the requests that masters and agents get
//	backfill.go  bench backfill: days of an exporter's samples for a Prometheus
//	questions.go the queries of panels and rules
//	blocks.go    the size of a history on disk
//
// Linux only: CPU and peak memory are read from /proc.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime/pprof"
	"time"
)

// options holds the command line.
type options struct {
	master string // URL of the generated master

	rounds int // of read and poll

	days         int
	pollInterval time.Duration
	step         time.Duration
	questions    bool // at the end of days
	retention    time.Duration
	memoryLimit  int64
	taskSeries   string
	directory    string // of the history on disk; empty: in memory
	start        int64  // Unix seconds: the cluster's clock when it began

	agentStatistics bool          // of scale: agents are asked
	lasts           time.Duration // and polls go on

	viewers                  int           // of requests
	minutes                  time.Duration // that they look
	exporter, write, control string        // URLs for backfill: the exporter's page, remote write, the cluster's control server

	// http asks masters, agents asks agents where they are asked at all.
	http, agents *http.Client

	// profile, heap and peak are files for profiles of CPU and memory, for go tool pprof; empty: none.
	profile, heap, peak string
}

// measurements holds the measurements by name.
var measurements = map[string]func(options) (any, error){
	"read":     read,
	"poll":     poll,
	"days":     days,
	"requests": requests,
	"scale":    scale,
	"backfill": backfill,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 || measurements[args[0]] == nil {
		return fmt.Errorf("expected a measurement: read, poll, days, requests, scale or backfill")
	}
	var o options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&o.master, "master", "", "URL of the generated master")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each thing is measured")
	flags.IntVar(&o.days, "days", 1, "days that pass")
	flags.DurationVar(&o.pollInterval, "poll-interval", 15*time.Second, "the setting pollInterval")
	flags.DurationVar(&o.step, "step", 0, "how often the clock stops for the next poll; the interval of /state")
	flags.BoolVar(&o.questions, "questions", true, "ask the queries of panels and rules at the end of days")
	flags.DurationVar(&o.retention, "retention", 15*24*time.Hour, "the setting retention")
	flags.Int64Var(&o.memoryLimit, "memory-limit", 256<<20, "the setting memoryLimit, in bytes")
	flags.StringVar(&o.taskSeries, "task-series", "auto", "the setting taskSeries")
	flags.StringVar(&o.directory, "directory", "", "where the history is kept on disk; empty: in memory")
	flags.Int64Var(&o.start, "start", 0, "the cluster's clock when it began, Unix seconds")
	flags.BoolVar(&o.agentStatistics, "agent-statistics", false, "the setting agentStatistics, for scale")
	flags.DurationVar(&o.lasts, "lasts", time.Hour, "for how long scale polls")
	flags.IntVar(&o.viewers, "viewers", 0, "how many look while requests counts")
	flags.DurationVar(&o.minutes, "minutes", 12*time.Minute, "for how long requests counts")
	flags.StringVar(&o.exporter, "exporter", "", "URL of the page that backfill scrapes")
	flags.StringVar(&o.write, "write", "", "URL of remote write, for backfill")
	flags.StringVar(&o.control, "control", "", "URL of the generated cluster's control server, for backfill")
	flags.StringVar(&o.profile, "profile", "", "write a CPU profile to this file")
	flags.StringVar(&o.heap, "heap", "", "write a profile of the heap at the end of scale to this file")
	flags.StringVar(&o.peak, "peak", "", "write a profile of the heap when scale uses most of it to this file, and print each collection")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	found, err := measurements[args[0]](o)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}
