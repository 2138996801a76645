// Command prefill writes history of a simulated cluster: the plugin's own
// collector polls hours of it in seconds and writes a history on disk, so that
// the demo opens on curves and not on an empty panel. It is not shipped.
//
// There is one clock, the collector's. It begins at -start and runs as fast as
// polls are answered; the cluster's time is moved to it before each request.
// When it has reached the machine's time it continues with that, so that the
// history has no gap while Grafana or the workbench starts. Prefill ends, and
// closes the history, when its standard input ends.
//
// It prints a line with the clock's time (Unix seconds) from time to time, and
// the line "present" when it has reached the machine's time.
//
//	main.go     the command line
//	prefill.go  collector, clock and history
//	sink.go     passes samples from collector to history in a goroutine
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"time"
)

func main() {
	debug.SetGCPercent(400) // time matters here, memory does not
	// The terminal's Ctrl-C reaches all processes; this one ends with its standard input.
	signal.Ignore(os.Interrupt)
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "prefill:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	o := options{now: time.Now}
	var masters string
	var start int64
	flags := flag.NewFlagSet("prefill", flag.ContinueOnError)
	flags.StringVar(&masters, "masters", "", "URLs of the masters, separated by commas")
	flags.StringVar(&o.control, "control", "", "URL of the simulator's control server")
	flags.StringVar(&o.user, "user", "", "user:password for masters and agents")
	flags.StringVar(&o.token, "token", "", "value of the header Authorization for masters and agents")
	flags.StringVar(&o.agent, "agent", agentAddress, "the setting agentAddress")
	flags.StringVar(&o.dir, "dir", "", "the history's directory, an absolute path: <history_path>/<org>-<uid> of the data source")
	flags.StringVar(&o.uid, "uid", "mesos", "the data source's UID")
	flags.Int64Var(&start, "start", 0, "Unix seconds at which the history begins")
	flags.DurationVar(&o.interval, "interval", 15*time.Second, "the setting pollInterval")
	flags.IntVar(&o.maxSeries, "max-series", 0, "the setting maxSeries; 0: its default")
	flags.BoolVar(&o.agentStatistics, "agent-statistics", true, "the setting agentStatistics")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for name, value := range map[string]string{"masters": masters, "control": o.control, "dir": o.dir} {
		if value == "" {
			return fmt.Errorf("-%s is missing; -help lists what there is", name)
		}
	}
	o.masters, o.start = strings.Split(masters, ","), time.Unix(start, 0)
	if !o.start.Before(o.now()) {
		return fmt.Errorf("-start %d is not before now", start)
	}
	ended := make(chan struct{})
	go func() { // it ends with its input, at the latest with the process
		_, _ = io.Copy(io.Discard, in)
		close(ended)
	}()
	return prefill(o, ended, out)
}
