package collector

import (
	"context"
	"slices"
	"time"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// Client is the client of a collector: *mesos.Client. A collector owns the client
// it is given and closes it when it has another or stops.
type Client interface {
	Snapshot(context.Context) (*mesos.Metrics, error)
	State(context.Context) (*mesos.State, error)
	Roles(context.Context) (*mesos.Roles, error)
	Flags(context.Context) (*mesos.Flags, error)
	Followers(context.Context) []mesos.Target
	SnapshotOf(context.Context, mesos.Target) (*mesos.Metrics, error)
	Close()
}

// HasAgents is a Client that can ask agents, too.
type HasAgents interface {
	Client
	Agents() Agents
}

// Both is a HasAgents made of what masters and what agents are asked through.
// Closing it closes both.
type Both struct {
	Client
	Of Agents // nil: there are none to ask
}

// Agents implements HasAgents.
func (b *Both) Agents() Agents { return b.Of }

// Close implements Client.
func (b *Both) Close() {
	if b.Of != nil {
		b.Of.Close()
	}
	b.Client.Close()
}

// Agents is a collector's client for agents: *mesos.Agents. Closing the
// Client closes it.
type Agents interface {
	// Know sets which agents there are; others are not asked.
	Know([]mesos.AgentAddress)
	Statistics(ctx context.Context, id string) (*mesos.Statistics, error)
	Snapshot(ctx context.Context, id string) (*mesos.Metrics, error)
	// Close ends what is idle.
	Close()
}

// Logger is the part of a structured logger that a collector uses; both
// slog.Logger and the logger of Grafana's SDK have it.
type Logger interface {
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
}

// Config holds the dependencies of a collector.
type Config struct {
	Client   Client
	Sink     series.Sink
	Clock    Clock // SystemClock if nil
	Settings Settings
	Log      Logger // nothing is logged if nil
	// HistoryStart returns from when on the sink has samples, for the series
	// mesos_history_start_timestamp_seconds; the series is absent if nil or zero.
	HistoryStart func() time.Time
	// LastCluster returns the newest value of the label cluster that the sink has, ""
	// where it has none: the name of a cluster that cannot be reached after a
	// restart. May be nil.
	LastCluster func(context.Context) string
	// Events keeps what happens in the cluster. May be nil: then it is counted only.
	Events events.Log
	// CountedBefore returns what another process has counted of what happens, where several
	// take turns: of what a collector finds to have happened before it began, only the rest is
	// counted. May be nil: then nobody else counts.
	CountedBefore func(context.Context) CountedBefore
	// Counted is called when Collector.Counted returns something else, with a lock held: it is
	// quick, and calls nothing of the collector. May be nil.
	Counted func()
	// FreeMemory is called when a large /state was compared with the model kept by events:
	// what was read for that, SUBSCRIBED included, takes more memory than all that is kept,
	// and is not read again for long. May be nil.
	FreeMemory func()
	// SpareMemory is called before a /state is read that is much larger than others, and what
	// it returns when that is written: meanwhile there should be little garbage. May be nil.
	SpareMemory func() (end func())
	// Polled is called when a poll has ended, with a lock held: it is quick, and calls
	// nothing of the collector. May be nil.
	Polled func(Polled)
	// Span begins the trace of a poll, whose context its requests have, and returns what
	// ends it. May be nil.
	Span func(ctx context.Context, poll series.Poll) (context.Context, func(ok bool))
	// ModelOnly: /state and the maintenance schedule are asked for, and nothing else, to answer
	// from the model while another process collects.
	ModelOnly bool
	// Jitter spreads the polls after a failure: a number from 0 to 1, random if nil.
	Jitter func() float64
}

// Counted is what counters that were stored have counted.
type Counted = samples.Counted

// CountedBefore is what another process has counted before this one began; the zero where none has.
type CountedBefore struct {
	Counted
	// Exactly: it is known of each end of a task after Counted.Since. Then ends that the log has
	// already, of a time in which this process did not count, are counted as well.
	Exactly bool
}

// Settings holds the operator's settings. The zero of each is its default.
type Settings struct {
	PollInterval time.Duration // of the snapshot; 15 s
	IdleTimeout  time.Duration // without a Touch; 7 days
	TaskSeries   string        // auto, always or never: history of tasks and executors
	TaskLabels   []string      // labels of tasks that become label_*
	MaxSeries    int           // with task series; 300,000, or what the sink has room for where that is less
	// Masters are the addresses of the masters. Others are those of another cluster,
	// unless they are found to be of the same.
	Masters     []string
	ClusterName string // for Mesos without --cluster
	UID         string // the data source's, the cluster's name of last resort
	// AgentStatistics: agents are asked for measured use, where the client has
	// agents (HasAgents).
	AgentStatistics bool
	// Subscribe is auto or never: the event stream is read, where the client can
	// (Subscriber).
	Subscribe string
}

// The values of Settings.Subscribe.
const (
	SubscribeAuto  = "auto"
	SubscribeNever = "never"
)

// The values of Settings.TaskSeries.
const (
	TaskSeriesAuto   = samples.TaskSeriesAuto
	TaskSeriesAlways = samples.TaskSeriesAlways
	TaskSeriesNever  = samples.TaskSeriesNever
)

func (s Settings) withDefaults() Settings {
	if s.PollInterval <= 0 {
		s.PollInterval = 15 * time.Second
	}
	if s.IdleTimeout <= 0 {
		s.IdleTimeout = 7 * 24 * time.Hour
	}
	if s.TaskSeries == "" {
		s.TaskSeries = TaskSeriesAuto
	}
	if s.Subscribe == "" {
		s.Subscribe = SubscribeAuto
	}
	if s.MaxSeries <= 0 {
		s.MaxSeries = 300_000
	}
	return s
}

// samples returns the settings that decide which series are written.
func (s Settings) samples() samples.Settings {
	return samples.Settings{
		TaskSeries: s.TaskSeries, TaskLabels: s.TaskLabels, MaxSeries: s.MaxSeries,
		PollInterval: s.PollInterval, AgentStatistics: s.AgentStatistics,
	}
}

func (s Settings) equal(other Settings) bool {
	return slices.Equal(s.TaskLabels, other.TaskLabels) && slices.Equal(s.Masters, other.Masters) &&
		s.PollInterval == other.PollInterval && s.IdleTimeout == other.IdleTimeout && s.TaskSeries == other.TaskSeries &&
		s.MaxSeries == other.MaxSeries && s.ClusterName == other.ClusterName &&
		s.UID == other.UID && s.AgentStatistics == other.AgentStatistics && s.Subscribe == other.Subscribe
}

type noLog struct{}

func (noLog) Info(string, ...any) {}
func (noLog) Warn(string, ...any) {}
