package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/events/sqlite"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/disk"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// options holds the command line.
type options struct {
	masters         []string
	control         string        // URL of the simulator's control server
	user            string        // user:password for masters and agents; empty: none
	token           string        // value of the header Authorization for both; empty: none
	agent           string        // the setting agentAddress; empty: agentAddress
	dir             string        // of the history
	uid             string        // of the data source
	start           time.Time     // when the history begins
	interval        time.Duration // the setting pollInterval
	agentStatistics bool          // the setting agentStatistics
	maxSeries       int           // the setting maxSeries; 0: its default
	now             func() time.Time
	dial            func(ctx context.Context, network, address string) (net.Conn, error) // nil: as usual
}

// strides are how far the clock goes at a time, in tenths of the interval. What
// falls due meanwhile happens side by side at the end of a stride: at 1 and 2
// agents are polled (they wait for /state, or for its second attempt), at 6 the
// others have theirs, at 7 those that broke off are asked once more, which is
// the last moment for that.
var strides = []time.Duration{1, 1, 4, 1, 3}

const (
	// present is the distance to the machine's time at which the clock has reached it.
	present = time.Second
	// beat is how often the clock follows the machine's time after that.
	beat = 200 * time.Millisecond
	// telling is the history written between two lines of progress.
	telling = 10 * time.Minute
)

// eventsFile is the file of events in the history's directory, as the plugin names it.
const eventsFile = "events.sqlite"

// prefill polls the cluster from o.start until ended is closed, and closes
// history and events.
func prefill(o options, ended <-chan struct{}, out io.Writer) error {
	clock := clocktest.New(o.start)
	store := disk.New(disk.Options{Dir: o.dir, Now: clock.Now})
	into := newSink(store)
	log := sqlite.New(sqlite.Options{File: filepath.Join(o.dir, eventsFile), Now: clock.Now})
	c, err := watch(o, clock, into, store, log)
	if err == nil {
		err = advance(o, clock, ended, out, func() error { return errors.Join(into.err(), check(c, store, log)) })
		c.Stop()
	}
	return errors.Join(err, into.close(), store.Close(), log.Close())
}

// watch starts a collector as the plugin does, including agents' statistics.
func watch(o options, clock *clocktest.Clock, into series.Sink, store history.Store, log events.Log) (*collector.Collector, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if o.dial != nil {
		transport.DialContext = o.dial
	}
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 16 // none is made twice
	cfg := mesos.Config{
		Masters: o.masters,
		HTTP: &http.Client{Transport: &clocktest.Follower{
			Next: plain{transport}, Clock: clock, Control: o.control, User: o.user, Authorization: o.token,
		}},
		Now:       clock.Now,
		CloseIdle: transport.CloseIdleConnections,
	}
	masters, err := mesos.New(cfg)
	if err != nil {
		return nil, err
	}
	agents, err := mesos.NewAgents(mesos.AgentsConfig{Config: cfg, Address: cmp.Or(o.agent, agentAddress)})
	if err != nil {
		masters.Close()
		return nil, err
	}
	c := collector.New(collector.Config{
		Client: &collector.Both{Client: masters, Of: clocktest.Agents{Agents: agents}},
		Sink:   into,
		Events: log,
		Clock:  clock,
		Settings: collector.Settings{
			PollInterval: o.interval, IdleTimeout: 1000 * time.Hour, UID: o.uid, AgentStatistics: o.agentStatistics, MaxSeries: o.maxSeries,
			Subscribe: collector.SubscribeNever, // a stream would not follow the clock
		},
		Log:          slog.New(slog.DiscardHandler),
		HistoryStart: func() time.Time { return store.Stats().Start },
		Jitter:       func() float64 { return 0.5 }, // polls that failed stay in step
	})
	c.Start()
	clock.Settle()
	return c, nil
}

// agentAddress is the address of a simulated agent: its host name does not resolve.
const agentAddress = "http://{ip}:{port}"

// advance moves the clock, first as fast as it can, then with the machine's, until
// ended is closed. check is called after each stride.
func advance(o options, clock *clocktest.Clock, ended <-chan struct{}, out io.Writer, check func() error) error {
	told, there := clock.Now(), false
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		for _, tenths := range strides {
			clock.Jump(max(0, min(tenths*o.interval/10, o.now().Sub(clock.Now()))))
			clock.Settle()
		}
		if err := check(); err != nil {
			return err
		}
		if since := clock.Now().Sub(told); since >= telling && !there {
			told = clock.Now()
			fmt.Fprintln(out, told.Unix())
		}
		if !there && o.now().Sub(clock.Now()) < present {
			there = true
			fmt.Fprintln(out, "present")
		}
		if !there {
			select {
			case <-ended:
				return errors.New("the input ended before the clock came to the present")
			default:
			}
			continue
		}
		select {
		case <-ended:
			return nil
		case <-ticker.C:
		}
	}
}

// check returns what has gone wrong so far: a cluster that does not answer from the
// beginning, or a history or events that are not on disk. What fails later is part of what
// is watched.
func check(c *collector.Collector, store history.Store, log events.Log) error {
	if note := store.Stats().Note; note != "" {
		return errors.New(note)
	}
	if problem := log.Stats().Problem; problem != "" {
		return errors.New(problem)
	}
	for _, poll := range c.Status().Polls {
		if poll.Poll == series.PollState && poll.LastSuccess.IsZero() && poll.Err != nil {
			return fmt.Errorf("the cluster does not answer: %w", poll.Err)
		}
	}
	return nil
}

// plain requests responses without compression, which only costs time on one
// machine.
type plain struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p plain) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept-Encoding", "identity")
	return p.RoundTripper.RoundTrip(req)
}
