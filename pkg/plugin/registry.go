package plugin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/lease"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/query"
	"community-mesos-datasource/pkg/series"
	"community-mesos-datasource/pkg/tables"
	"community-mesos-datasource/pkg/zookeeper"
)

// This file holds what outlives a request: one collector and one history per org
// and data source UID, until nobody has sent a request for idleTimeout.
//
// Grafana's instances are not used for it. It makes new ones without a change
// (every provisioning reload), disposes of them late or never, tells nothing
// about deletion, and does not see a second edit within one second. So every
// request brings its settings, and a difference is applied then and there; and a
// source that no panel, rule or Save & test has used for idleTimeout is closed,
// since a deleted data source looks the same.

// Registry holds the sources of this process.
type Registry struct {
	engine *promql.Engine
	sql    *tables.Engine
	log    log.Logger
	clock  collector.Clock
	own    *ownMetrics

	dial mesos.Dial // connects to masters, agents and ZooKeeper; nil: as Grafana's SDK does

	newDisk func(diskOptions) store // nil in a build without the engine on disk

	host string // this server's name, for the others of several Grafanas

	historyPath  string // "": history is kept in memory
	historyLimit string // of each source on disk; "": none

	// running counts the goroutines that close replaced stores and idle sources.
	running sync.WaitGroup

	mu      sync.Mutex
	sources map[string]*source
	closed  bool
}

// NewRegistry returns a registry without sources. Close closes those that it has
// by then.
func NewRegistry(logger log.Logger, clock collector.Clock) *Registry {
	r := &Registry{
		newDisk: newDiskStore,
		engine:  promql.NewEngine(promql.EngineOptions{}),
		sql:     tables.NewEngine(),
		log:     logger,
		clock:   clock,
		sources: map[string]*source{},
	}
	r.sql.Hold = takeOutside
	r.host, _ = os.Hostname()
	r.host = cmp.Or(r.host, "an unnamed server")
	r.own = newOwnMetrics(r)
	return r
}

// A source is one data source: its settings, the collector that polls for it and
// the history that it writes.
type source struct {
	key string
	now func() time.Time

	done  chan struct{} // closed with the source
	rearm chan struct{} // receives when idleTimeout was changed; holds one

	mu          sync.Mutex
	known       bool // whether the fields below were set once
	fingerprint [sha256.Size]byte
	updated     time.Time
	settings    Settings
	problem     error     // why the settings in force cannot be used
	requested   time.Time // when the latest request came
	closed      bool

	models   tables.Models // what SQL reads
	landings landings      // of samples
	channels atomic.Int64  // of live panels that run
	computed atomic.Int64  // how often one was computed

	engine    string      // of local
	local     store       // on disk or in memory
	store     store       // local, or the engine remote in front of which it is
	mark      *memoryMark // of local, where that is in memory or was before
	events    eventLog
	collector *collector.Collector // nil while problem is set
	masters   []string             // that the latest collector was given
	agents    *mesos.Agents        // reads files of sandboxes; nil while nobody may

	// Of several Grafanas (replicas.go). lease is nil where this one always polls.
	lease         *lease.Lease
	leaseKey      leaseKey
	term          uint64                              // of the lease in which collector polls; 0: it does not
	polls         atomic.Pointer[collector.Collector] // the one that polls; nil while another Grafana does
	counted       collector.Counted                   // by the latest collector that polled
	told          atomic.Pointer[heldNote]            // what the one that polls told last
	dialZooKeeper atomic.Pointer[zookeeper.Dial]
	// shared are the hashes of settings that all Grafanas need alike, by key.
	shared  atomic.Pointer[map[string]string]
	named   atomic.Pointer[string] // the setting clusterName
	applied struct {               // what collector was made of
		ctx context.Context
		ds  backend.DataSourceInstanceSettings
	}
	reads chan struct{} // holds one for each read of a sandbox that runs
}

// errNoDataSource is the error of a request without a data source, which only a
// mistake sends.
var errNoDataSource = errors.New("the request names no data source")

var errShutDown = errors.New("the plugin is shutting down")

// For returns the source of a request, with the settings of that request applied.
// The error is what is wrong with the settings, as a sentence for the user.
func (r *Registry) For(ctx context.Context, pluginContext backend.PluginContext) (*source, error) {
	src, err := r.settled(ctx, pluginContext)
	if err != nil {
		return nil, err
	}
	switch problem, closed := src.touch(r.clock.Now()); {
	case closed: // between the two calls
		return r.For(ctx, pluginContext)
	case problem != nil:
		return nil, problem
	default:
		return src, nil
	}
}

// settled returns the source of a request, with the settings of that request applied,
// also where they cannot be used.
func (r *Registry) settled(ctx context.Context, pluginContext backend.PluginContext) (*source, error) {
	ds := pluginContext.DataSourceInstanceSettings
	if ds == nil {
		return nil, errNoDataSource
	}
	src, err := r.acquire(fmt.Sprintf("%d-%s", pluginContext.OrgID, ds.UID))
	if err != nil {
		return nil, err
	}
	defer src.mu.Unlock()
	src.requested = r.clock.Now()
	fingerprint := Fingerprint(*ds)
	// A request that was sent before an edit brings the settings before it: the
	// newer ones stay in force.
	if !src.known || (fingerprint != src.fingerprint && !ds.Updated.Before(src.updated)) {
		src.known, src.fingerprint, src.updated = true, fingerprint, ds.Updated
		src.problem = r.apply(ctx, src, *ds)
		if src.problem != nil {
			r.log.Warn("Settings cannot be used", "source", src.key, "error", src.problem)
		}
	}
	return src, nil
}

// uid returns the UID of the data source, which its key ends with.
func (s *source) uid() string {
	_, uid, _ := strings.Cut(s.key, "-")
	return uid
}

// touch keeps a source in use, with the settings that it has: a live panel brings those
// of when it began, which may be older. It returns what is wrong with the settings, and
// whether the source is closed.
func (s *source) touch(now time.Time) (problem error, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, true
	}
	s.requested = now
	if s.problem == nil && !s.follows() {
		s.collector.Touch()
	}
	return s.problem, false
}

// acquire returns the source with this key, locked. It makes one where there is
// none.
func (r *Registry) acquire(key string) (*source, error) {
	for {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return nil, errShutDown
		}
		src, ok := r.sources[key]
		if !ok {
			src = &source{key: key, now: r.clock.Now, settings: defaultSettings(), requested: r.clock.Now(), done: make(chan struct{}), rearm: make(chan struct{}, 1), reads: make(chan struct{}, readsAtOnce)}
			r.sources[key] = src
			timer := r.clock.NewTimer()
			timer.Reset(src.settings.IdleTimeout)
			r.running.Go(func() {
				defer timer.Stop()
				r.guard("watching a data source", func() { r.closeWhenIdle(src, timer) })
			})
		}
		r.mu.Unlock()

		src.mu.Lock()
		if !src.closed {
			return src, nil
		}
		src.mu.Unlock() // closed for idleness meanwhile, or with the registry
	}
}

// closeWhenIdle closes a source, and removes it from the registry, when nobody
// has sent a request for idleTimeout. It returns when the source is closed.
func (r *Registry) closeWhenIdle(src *source, timer collector.Timer) {
	for {
		select {
		case <-timer.C():
		case <-src.rearm:
		case <-src.done:
			return
		}
		left := r.closeIfIdle(src)
		if left <= 0 {
			return
		}
		timer.Reset(left)
	}
}

// closeIfIdle returns how long the source may stay without a request from now
// on; 0 if it is closed.
func (r *Registry) closeIfIdle(src *source) time.Duration {
	src.mu.Lock()
	defer src.mu.Unlock()
	if src.closed {
		return 0
	}
	if left := src.requested.Add(src.settings.IdleTimeout).Sub(r.clock.Now()); left > 0 {
		return left
	}
	r.log.Info("Data source released: nobody has sent a request", "source", src.key, "for", src.settings.IdleTimeout)
	// The next request for this key waits for the lock of src, so until the
	// directory of the history is closed.
	defer r.forget(src)
	src.closeLocked(r.log)
	return 0
}

func (r *Registry) forget(src *source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sources[src.key] == src {
		delete(r.sources, src.key)
		r.own.forget(src.key)
	}
}

// apply applies settings. History is kept in any case; polling continues with the
// new settings, or stops if they cannot be used.
func (r *Registry) apply(ctx context.Context, src *source, ds backend.DataSourceInstanceSettings) error {
	client, parsed, err := newClients(ctx, ds, r.clock.Now, r.dial)
	var target *remote.Target
	if err == nil {
		if err = r.checkEngine(parsed); err == nil {
			target, err = newRemoteTarget(ctx, ds, parsed)
		}
		if err != nil {
			client.Close()
		}
	}
	if err != nil {
		src.stopCollector()
		r.releaseLease(src) // another Grafana may have settings that it can use
		src.agents = nil
		return err
	}
	if parsed.IdleTimeout != src.settings.IdleTimeout {
		select {
		case src.rearm <- struct{}{}:
		default:
		}
	}
	src.settings = parsed
	src.setAgents(client)
	r.provideStore(src, parsed)
	r.provideLease(src, parsed)
	r.provideRemote(src, target)
	src.applied.ctx, src.applied.ds = context.WithoutCancel(ctx), ds
	collect := collectorSettings(parsed, ds.UID, src.follows())
	otherMasters := src.masters != nil && !slices.Equal(src.masters, parsed.Masters)
	src.masters = parsed.Masters
	if src.collector != nil {
		src.collector.Apply(collect, client)
		return nil
	}
	r.provideCollector(src, client, collect, otherMasters)
	return nil
}

// setAgents sets what reads files of sandboxes. mu must be held.
func (s *source) setAgents(client *collector.Both) { s.agents, _ = client.Of.(*mesos.Agents) }

// collectorSettings returns the settings of a collector; follows: another Grafana polls, and
// this one asks for the model when a query needs it.
func collectorSettings(parsed Settings, uid string, follows bool) collector.Settings {
	s := collector.Settings{
		Masters:         parsed.Masters,
		PollInterval:    parsed.PollInterval,
		IdleTimeout:     parsed.IdleTimeout,
		TaskSeries:      parsed.TaskSeries,
		TaskLabels:      parsed.TaskLabels,
		MaxSeries:       parsed.MaxSeries,
		ClusterName:     parsed.ClusterName,
		UID:             uid,
		AgentStatistics: parsed.AgentStatistics,
		Subscribe:       parsed.Subscribe,
	}
	if follows {
		s.IdleTimeout, s.TaskSeries, s.AgentStatistics, s.Subscribe = modelFor, collector.TaskSeriesNever, false, collector.SubscribeNever
	}
	return s
}

// polled returns what is called when a poll has ended: after /state the model that SQL read is of
// before, and the next statement reads the next one.
func (s *source) polled(count func(collector.Polled)) func(collector.Polled) {
	return func(p collector.Polled) {
		count(p)
		if p.Poll == series.PollState {
			s.models.Forget()
		}
	}
}

// provideCollector gives the source a collector, which polls unless another Grafana does.
// src.mu must be held.
func (r *Registry) provideCollector(src *source, client *collector.Both, collect collector.Settings, otherMasters bool) {
	kept := src.store
	c := collector.Config{
		Client:       client,
		Sink:         src.landings.sink(kept),
		Clock:        r.clock,
		Settings:     collect,
		Log:          r.log.With("source", src.key),
		Events:       src.events,
		FreeMemory:   debug.FreeOSMemory,
		SpareMemory:  SpareMemory,
		Polled:       src.polled(r.own.polled(src.key)),
		Span:         pollSpan(src.key),
		HistoryStart: func() time.Time { return kept.Stats().Start },
		LastCluster: func(ctx context.Context) string {
			if otherMasters { // the history is of another cluster: the name of last resort
				return collect.UID
			}
			return lastCluster(ctx, kept, r.clock.Now())
		},
	}
	if src.follows() {
		c.Sink, c.ModelOnly, c.HistoryStart = discard{}, true, nil
		src.collector = collector.New(c)
		return
	}
	if src.lease != nil {
		c.CountedBefore, c.Counted = r.countedBefore(src, src.lease, kept), src.lease.Tell
	}
	src.collector = collector.New(c)
	src.collector.Start()
	if src.lease != nil {
		src.polls.Store(src.collector)
	}
}

// stopCollector stops the collector, if there is one. mu must be held.
func (s *source) stopCollector() {
	if s.collector == nil {
		return
	}
	s.collector.Stop()
	if s.polls.Swap(nil) == s.collector { // one that does not poll counts for nobody
		if counted := s.collector.Counted(); !counted.Until.IsZero() { // else it stored nothing
			s.counted = counted
		}
	}
	s.collector = nil
}

// lastCluster returns the name of the cluster that a history was written for last,
// "" where it has none or cannot be read.
func lastCluster(ctx context.Context, kept store, now time.Time) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	name, err := history.LatestLabel(ctx, kept, now, kept.Stats().Start, "mesos_up", "cluster")
	if err != nil {
		return "" // the next failed poll asks again
	}
	return name
}

// polling returns the collector, nil if the settings cannot be used or the source
// is closed: both may have changed since For returned the source.
func (s *source) polling() *collector.Collector {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.collector
}

// query returns the source in the form that queries take.
func (r *Registry) query(s *source) (query.Source, error) {
	n, _ := s.heldNote()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return query.Source{}, errShutDown
	case s.problem != nil:
		return query.Source{}, s.problem
	}
	settings, collecting := s.settings, s.collector
	source := query.Source{
		Engine:   r.engine,
		Store:    s.store,
		Events:   s.events,
		Status:   collecting.Status,
		UID:      s.uid(),
		Logs:     settings.SandboxLogs != "none",
		Interval: collecting.Interval,
		SQL:      r.sql,
		Now:      r.clock.Now,
		Answered: r.own.answered,
	}
	if !s.follows() {
		source.CurrentTasks = query.CurrentOf(collecting)
		source.View = s.view(func() *collector.Collector { return collecting }, settings, r.clock.Now)
	} else {
		if kept, ok := s.store.(*remote.Store); ok {
			kept.SetCluster(n.Cluster)
		}
		r.follow(s, &source, collecting)
	}
	status := source.Status
	source.WebUI = func() string { return settings.webUI(status().Leader) }
	return source, nil
}

// Close stops every collector and closes every history, concurrently. It returns
// when that is done or when ctx ends.
func (r *Registry) Close(ctx context.Context) {
	r.mu.Lock()
	r.closed = true
	sources := r.sources
	r.sources = map[string]*source{}
	r.mu.Unlock()

	done := make(chan struct{})
	go func() {
		defer close(done)
		r.guard("closing the PromQL engine", r.engine.Close) // a history on disk waits for its queries
		var wait sync.WaitGroup
		for _, src := range sources {
			wait.Go(func() { r.guard("closing a data source", func() { src.close(r.log) }) })
		}
		wait.Wait()
		r.running.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		r.log.Warn("History was not closed in time; what was committed is kept")
	}
}

func (s *source) close(logger log.Logger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLocked(logger)
}

// closeLocked stops the collector and closes the store. mu must be held.
func (s *source) closeLocked(logger log.Logger) {
	if s.closed {
		return
	}
	s.closed = true
	close(s.done)
	if kept, ok := s.store.(*remote.Store); ok && s.lease != nil {
		kept.Seal() // the Grafana that polls next goes on with the series
	}
	s.stopCollector()
	if s.store != nil {
		closeStore(s.events, s.key, logger) // first, it takes no time
		closeStore(s.store, s.key, logger)
	}
	if s.lease != nil {
		s.lease.Close() // last: what waits is sent while it is held
	}
}

// closeStore closes a history or a log of events.
func closeStore(kept io.Closer, key string, logger log.Logger) {
	if err := kept.Close(); err != nil {
		logger.Error("Closing the history failed", "source", key, "error", err)
	}
}
