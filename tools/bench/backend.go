//go:build linux

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/disk"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/plugin"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/query"
	"community-mesos-datasource/pkg/series"
	"community-mesos-datasource/pkg/tables"
)

// A backend holds what pkg/plugin's registry creates for a data source, on a
// clock that the measurement moves.
type backend struct {
	clock     *clocktest.Clock
	store     history.Store
	engine    *promql.Engine
	sql       *tables.Engine
	models    tables.Models
	collector *collector.Collector
	counted   *counter
}

// patience is how long a query and a request may take: what is measured is CPU time, and other work on the machine makes them wait.
const patience = 10 * time.Minute

// newBackend returns a backend; nothing is polled before start.
func newBackend(o options) (*backend, error) {
	plugin.SaveMemory() // as the executable does
	b := &backend{clock: clocktest.New(time.Unix(o.start, 0)), engine: promql.NewEngine(promql.EngineOptions{Timeout: patience}), sql: tables.NewEngine()}
	if o.directory == "" {
		b.store = memory.New(memory.Options{Retention: o.retention, Limit: o.memoryLimit, Now: b.clock.Now})
	} else {
		b.store = disk.New(disk.Options{Dir: o.directory, Retention: o.retention, MemoryLimit: o.memoryLimit, Now: b.clock.Now})
	}
	b.counted = &counter{Sink: b.store}
	client, err := b.client(o)
	if err != nil {
		return nil, err
	}
	b.collector = collector.New(collector.Config{
		Client: client,
		Sink:   b.counted,
		Clock:  b.clock,
		Settings: collector.Settings{
			PollInterval:    o.pollInterval,
			IdleTimeout:     1000 * 24 * time.Hour,
			TaskSeries:      o.taskSeries,
			UID:             "bench",
			Subscribe:       "never", // generated masters have no stream by default; bench stream has
			AgentStatistics: o.agents != nil,
		},
		Log:         slog.New(slog.NewTextHandler(os.Stderr, nil)),
		SpareMemory: plugin.SpareMemory,
		Polled: func(p collector.Polled) {
			if p.Poll == series.PollState {
				b.models.Forget()
			}
		},
		HistoryStart: func() time.Time { return b.store.Stats().Start },
	})
	return b, nil
}

// client returns the client that the collector polls with.
func (b *backend) client(o options) (collector.Client, error) {
	if o.http == nil {
		o.http = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	config := mesos.Config{Masters: []string{o.master}, HTTP: o.http, Now: b.clock.Now, Timeout: patience}
	client, err := mesos.New(config)
	if err != nil || o.agents == nil {
		return client, err
	}
	config.HTTP = o.agents
	agents, err := mesos.NewAgents(mesos.AgentsConfig{Config: config})
	if err != nil {
		return nil, err
	}
	return &collector.Both{Client: client, Of: agents}, nil
}

// start makes the first polls and returns when they are done.
func (b *backend) start() error {
	b.collector.Start()
	b.clock.Settle()
	return b.failed()
}

// advance moves the clock and returns when all polls that became due are done.
func (b *backend) advance(d time.Duration) error {
	b.clock.Advance(d)
	return b.failed()
}

// failed returns the error of the latest poll of any kind: a benchmark of a
// cluster that does not answer would measure nothing.
func (b *backend) failed() error {
	for _, p := range b.collector.Status().Polls {
		if p.Err != nil {
			return fmt.Errorf("polling %s: %w", p.Poll, p.Err)
		}
	}
	return nil
}

// source returns the backend as the source of queries.
func (b *backend) source() query.Source {
	return query.Source{
		Engine:       b.engine,
		Store:        b.store,
		Status:       b.collector.Status,
		Interval:     b.collector.Interval,
		CurrentTasks: query.CurrentOf(b.collector),
		SQL:          b.sql,
		View: func() *tables.View {
			return &tables.View{Model: b.models.Of(b.collector.Cluster()), Now: b.clock.Now()}
		},
		Now: b.clock.Now,
	}
}

// close stops the collector and closes the store last.
func (b *backend) close() error {
	b.collector.Stop()
	b.engine.Close()
	return b.store.Close()
}

// A counter is a sink that counts the samples passed to another sink.
type counter struct {
	series.Sink
	samples int64
}

func (c *counter) Batch(ctx context.Context) series.Batch {
	return &countedBatch{Batch: c.Sink.Batch(ctx), to: c}
}

type countedBatch struct {
	series.Batch
	to *counter
}

// Append runs once at a time: the collector's writer writes one batch after
// the other.
func (b *countedBatch) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	b.to.samples++
	return b.Batch.Append(ref, lset, t, v)
}
