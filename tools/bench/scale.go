//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"time"

	sdk "github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/query"
	"community-mesos-datasource/pkg/series"
)

// scaleFound holds what a cluster costs that is larger than most: from the first polls to
// an hour later, with the agents' statistics. Bytes, and CPU in seconds.
type scaleFound struct {
	First   stage           `json:"first"`   // the first polls of the leader
	Asked   stage           `json:"asked"`   // queries right after them
	Hour    stage           `json:"hour"`    // of polls, agents included
	Again   stage           `json:"again"`   // the queries after it
	Cold    []scaleQuestion `json:"cold"`    // of Asked
	Queries []scaleQuestion `json:"queries"` // of Again
	Every   float64         `json:"every"`   // seconds between two /state
	Agents  int             `json:"agents"`  // that gave their statistics in the latest pass
	Notes   []string        `json:"notes"`   // what people are told of series that are left out
	Dropped int             `json:"dropped"` // series that the last polls did not write
}

// stage holds what was measured between two moments.
type stage struct {
	CPU      float64   `json:"cpu"`
	Wall     float64   `json:"wall"`
	Memory   footprint `json:"memory"` // at the end, and the most meanwhile
	LiveHeap int64     `json:"liveHeap"`
	History  int64     `json:"history"` // as the store accounts for it
	Series   int       `json:"series"`
	Samples  int64     `json:"samples"` // since the beginning
	Hours    float64   `json:"hours"`   // that the history reaches back
}

// scaleQuestion is a query, and what it took: the first time, and the median of the next ones.
type scaleQuestion struct {
	Name   string  `json:"name"`
	Series int     `json:"series"` // of the answer
	Points int     `json:"points"`
	First  float64 `json:"first"` // CPU in milliseconds
	CPU    float64 `json:"cpu"`
	Added  int64   `json:"added"` // bytes that the process grew by at most, the first time

	span time.Duration
	json string
}

// scaleQuestions are the panels, tables and menus that grow with a cluster.
var scaleQuestions = []scaleQuestion{
	{Name: "CPUs by framework, 5 minutes", span: 5 * time.Minute, json: `{"queryType":"metrics","entity":"framework","resource":"cpus","measure":"allocated"}`},
	{Name: "CPUs by framework, 24 hours", span: 24 * time.Hour, json: `{"queryType":"metrics","entity":"framework","resource":"cpus","measure":"allocated"}`},
	{Name: "memory by role, 24 hours", span: 24 * time.Hour, json: `{"queryType":"metrics","entity":"role","resource":"memory","measure":"allocated"}`},
	{Name: "CPU utilization, the 10 highest of all agents, 24 hours", span: 24 * time.Hour, json: `{"queryType":"metrics","entity":"agent","resource":"cpus","measure":"utilization","top":10}`},
	{Name: "CPUs by the attribute asset, instant", span: time.Hour, json: `{"queryType":"metrics","entity":"agent","resource":"cpus","measure":"allocated","groupBy":["attr_asset"],"instant":true}`},
	{Name: "values of the attribute asset, as a menu", span: time.Hour, json: `{"queryType":"variable","variable":{"labelValues":{"label":"attr_asset","match":"mesos_agent_info"}}}`},
	{Name: "the 10 tasks with the most CPUs, instant", span: time.Hour, json: `{"queryType":"promql","expr":"topk(10, mesos_task_cpus_allocated)","instant":true}`},
	{Name: "a table of agents", span: time.Hour, json: `{"queryType":"table","table":"agents"}`},
	{Name: "SQL, tasks by framework and state", span: time.Hour, json: `{"queryType":"sql","sql":"SELECT framework, state, count(*) AS tasks, sum(cpus) AS cpus FROM tasks GROUP BY framework, state"}`},
	{Name: "topology of frameworks and agents", span: time.Hour, json: `{"queryType":"topology"}`},
	{Name: "utilization of the cluster, as a rule", span: 10 * time.Minute, json: `{"queryType":"metrics","entity":"cluster","resource":"cpus","measure":"utilization","groupBy":["cluster"],"instant":true}`},
}

// scaleTries is how often each query runs after its first time.
const scaleTries = 3

// scale measures the stages one after the other.
func scale(o options) (any, error) {
	if o.agentStatistics {
		master, err := url.Parse(o.master)
		if err != nil {
			return nil, err
		}
		o.agents = &http.Client{Transport: generatedAgents{master, http.DefaultTransport.(*http.Transport).Clone()}}
	}
	b, err := newBackend(o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if o.peak != "" {
		defer watchPeak(o.peak)()
	}
	var found scaleFound
	if found.First, err = b.stage(func() error { return b.start() }); err != nil {
		return nil, err
	}
	var peak int64
	if found.Asked, err = b.stage(func() error { found.Cold, peak, err = b.scaled(o); return err }); err != nil {
		return nil, err
	}
	found.Asked.Memory.Peak = peak
	if found.Hour, err = b.stage(func() error {
		for passed := time.Duration(0); passed < o.lasts; passed += o.pollInterval {
			if err := b.advance(o.pollInterval); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if found.Again, err = b.stage(func() error { found.Queries, peak, err = b.scaled(o); return err }); err != nil {
		return nil, err
	}
	found.Again.Memory.Peak = peak
	if o.heap != "" {
		if err := writeHeap(o.heap); err != nil {
			return nil, err
		}
	}
	status := b.collector.Status()
	found.Every, found.Dropped = b.collector.Interval(series.PollState).Seconds(), status.SeriesDropped
	for _, note := range []string{b.store.Stats().Note, status.SeriesDroppedWhy, status.TaskSeriesWhy} {
		if note != "" && !slices.Contains(found.Notes, note) {
			found.Notes = append(found.Notes, note)
		}
	}
	if a := status.AgentPolls; a != nil {
		found.Agents = a.Listed - a.Silent
	}
	if o.agentStatistics && o.lasts > 0 && found.Agents == 0 {
		return nil, errors.New("no agent gave its statistics")
	}
	return found, nil
}

// writeHeap writes a profile of what is in use.
func writeHeap(file string) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	runtime.GC()
	return pprof.WriteHeapProfile(f)
}

// noticesOf returns what an answer tells besides its numbers.
func noticesOf(response sdk.DataResponse) (texts []string) {
	for _, frame := range response.Frames {
		if frame.Meta != nil {
			for _, notice := range frame.Meta.Notices {
				texts = append(texts, notice.Text)
			}
		}
	}
	return texts
}

// watchPeak keeps a profile of what is in use in a file, of the collection that found most in use, and
// prints what each collection found, until the end.
func watchPeak(file string) (end func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/goal:bytes"}}
		most, cycles := uint64(0), uint64(0)
		for began := time.Now(); ; {
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
			}
			metrics.Read(read)
			if read[1].Value.Uint64() == cycles {
				continue
			}
			cycles = read[1].Value.Uint64()
			live, memory := read[0].Value.Uint64(), footprint{}
			memory, _ = resident()
			fmt.Fprintf(os.Stderr, "%8.2f s: %d MB in use, %d MB next, %d MB resident\n", time.Since(began).Seconds(), live/1e6, read[2].Value.Uint64()/1e6, memory.Now/1e6)
			if live <= most {
				continue
			}
			most = live
			var b bytes.Buffer
			if pprof.WriteHeapProfile(&b) == nil {
				_ = os.WriteFile(file, b.Bytes(), 0o600) // a figure less
			}
		}
	}()
	return func() {
		close(ended)
		<-done
	}
}

// stage measures one part.
func (b *backend) stage(part func() error) (s stage, err error) {
	if err := forgetPeak(); err != nil {
		return s, err
	}
	begin, before := time.Now(), cpu()
	if err := part(); err != nil {
		return s, err
	}
	s.Wall, s.CPU = time.Since(begin).Seconds(), (cpu() - before).Seconds()
	if s.Memory, err = resident(); err != nil {
		return s, err
	}
	s.LiveHeap = liveHeap()
	stats := b.store.Stats()
	s.History, s.Series, s.Samples = stats.Bytes, stats.Series, b.counted.samples
	s.Hours = b.clock.Now().Sub(stats.Start).Hours()
	return s, nil
}

// scaled runs the queries. peak is the most that the process takes during any of them.
func (b *backend) scaled(o options) (answered []scaleQuestion, peak int64, err error) {
	now := b.clock.Now()
	for _, q := range scaleQuestions {
		asked := sdk.DataQuery{
			RefID: "A", JSON: json.RawMessage(q.json), MaxDataPoints: 1000, Interval: o.pollInterval,
			TimeRange: sdk.TimeRange{From: now.Add(-q.span), To: now},
		}
		debug.FreeOSMemory()
		if err := forgetPeak(); err != nil {
			return nil, 0, err
		}
		start, err := resident()
		if err != nil {
			return nil, 0, err
		}
		var spent []float64
		for i := range 1 + scaleTries {
			before := cpu()
			response := query.Run(context.Background(), b.source(), asked, query.Options{})
			took := milliseconds(cpu() - before)
			if response.Error != nil {
				return nil, 0, fmt.Errorf("asking for %s: %w", q.Name, response.Error)
			}
			if i > 0 {
				spent = append(spent, took)
				continue
			}
			q.First = took
			end, err := resident()
			if err != nil {
				return nil, 0, err
			}
			q.Added = end.Peak - start.Now
			for _, frame := range response.Frames {
				for _, field := range frame.Fields {
					if field.Type().Numeric() {
						q.Series++
					}
				}
				q.Points += frame.Rows()
			}
			if q.Points == 0 {
				return nil, 0, fmt.Errorf("asking for %s: the answer is empty: %s", q.Name, noticesOf(response))
			}
		}
		q.CPU = median(spent)
		answered = append(answered, q)
		end, err := resident()
		if err != nil {
			return nil, 0, err
		}
		peak = max(peak, end.Peak)
	}
	return answered, peak, nil
}
