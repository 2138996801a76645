// Command truth runs collector, history and queries over hours of a simulated
// cluster in seconds, and prints query results as JSON. `npm run truth` compares
// them with what the simulator knows to be true. It is not shipped.
//
// There is one clock: that of the collector. Before each request the simulated
// cluster's time is moved to it (clocktest.Follower), so that an answer is of
// the moment the collector writes beside it.
//
//	main.go    the command line, polling and querying
//	mutant.go  clients that falsify responses, which must be detected
//	ask.go     runs queries through the plugin's own query code
//	ends.go    reads the event log
//	dump.go    reads a history on disk, for the part with several Grafanas
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/events/sqlite"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/query"
)

// options holds the command line.
type options struct {
	masters  string        // URLs, by commas
	control  string        // URL of the simulator's control server
	user     string        // user:password for masters and agents; empty: none
	token    string        // value of the header Authorization for both; empty: none
	agent    string        // the setting agentAddress
	start    int64         // Unix seconds
	length   time.Duration // how long the cluster is watched
	interval time.Duration // the setting pollInterval
	agents   bool          // the setting agentStatistics
	mutant   string        // a name in mutants or mutantLogs; empty: none

	subscribe string // the setting of that name
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "truth:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var o options
	flags := flag.NewFlagSet("truth", flag.ContinueOnError)
	flags.StringVar(&o.masters, "masters", "", "URLs of the masters, separated by commas")
	flags.StringVar(&o.control, "control", "", "URL of the simulator's control server")
	flags.StringVar(&o.user, "user", "", "user:password for masters and agents")
	flags.StringVar(&o.token, "token", "", "value of the header Authorization for masters and agents")
	flags.StringVar(&o.agent, "agent", "http://{ip}:{port}", "the setting agentAddress")
	flags.Int64Var(&o.start, "start", 0, "Unix seconds at which the cluster's time began")
	flags.DurationVar(&o.length, "length", 10*time.Minute, "how long the cluster is watched")
	flags.DurationVar(&o.interval, "interval", 15*time.Second, "the setting pollInterval")
	flags.BoolVar(&o.agents, "agents", true, "the setting agentStatistics")
	flags.StringVar(&o.subscribe, "subscribe", "auto", "the setting subscribe")
	flags.StringVar(&o.mutant, "mutant", "", "lie: "+strings.Join(mutantNames(), ", "))
	dir := flags.String("dump", "", "print the samples of this history on disk, and poll nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir != "" {
		all, err := dump(*dir)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(all)
	}
	var asked []question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return fmt.Errorf("reading the queries to run from standard input: %w", err)
	}
	found, err := watch(o, asked)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

// outcome holds what was found after the cluster was watched.
type outcome struct {
	Answers []answer `json:"answers"`
	// Ends are the tasks that ended, as the event log has them.
	Ends []end `json:"ends"`
	// Others are tasks that began to run, agents that disconnected, and leaders.
	Others []happening `json:"others"`
}

// watch polls the cluster for o.length, and then runs the queries.
func watch(o options, asked []question) (outcome, error) {
	clock := clocktest.New(time.Unix(o.start, 0))
	store := memory.New(memory.Options{Now: clock.Now})
	defer store.Close()
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	log := sqlite.New(sqlite.Options{Now: clock.Now})
	defer log.Close()

	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	client, err := newClient(o, clock, transport)
	if err != nil {
		return outcome{}, err
	}
	c := collector.New(collector.Config{
		Client: client,
		Sink:   store,
		Events: mutantLog(o.mutant, log),
		Clock:  clock,
		Settings: collector.Settings{
			PollInterval: o.interval, Subscribe: o.subscribe, IdleTimeout: 1000 * time.Hour, UID: "truth", AgentStatistics: o.agents, TaskLabels: []string{"team"},
		},
		Log:          slog.New(slog.DiscardHandler),
		HistoryStart: func() time.Time { return store.Stats().Start },
		Jitter:       func() float64 { return 0.5 },
	})
	defer c.Stop()
	c.Start()
	clock.Settle()
	clock.Advance(o.length)

	source := query.Source{
		Engine: engine, Store: store, Status: c.Status, Interval: c.Interval, CurrentTasks: query.CurrentOf(c), Now: clock.Now,
	}
	from, to := time.Unix(o.start, 0), clock.Now()
	answers, err := ask(source, asked, from, to, o.interval)
	if err != nil {
		return outcome{}, err
	}
	ends, others, err := told(log, from, to)
	return outcome{Answers: answers, Ends: ends, Others: others}, err
}

// newClient returns the client, or the mutant that o.mutant names.
func newClient(o options, clock collector.Clock, transport http.RoundTripper) (collector.Client, error) {
	cfg := mesos.Config{
		Masters: strings.Split(o.masters, ","),
		HTTP: &http.Client{Transport: &clocktest.Follower{
			Next: transport, Clock: clock, Control: o.control, User: o.user, Authorization: o.token,
		}},
		Now: clock.Now,
	}
	masters, err := mesos.New(cfg)
	if err != nil {
		return nil, err
	}
	agents, err := mesos.NewAgents(mesos.AgentsConfig{Config: cfg, Address: o.agent})
	if err != nil {
		return nil, err
	}
	client := &collector.Both{Client: masters, Of: clocktest.Agents{Agents: agents}}
	if o.mutant == "" {
		return client, nil
	}
	if _, known := mutantLogs[o.mutant]; known {
		return client, nil
	}
	mutate, known := mutants[o.mutant]
	if !known {
		return nil, fmt.Errorf("no mutant %q: there are %s", o.mutant, strings.Join(mutantNames(), ", "))
	}
	mutate(client, clock)
	return client, nil
}
