package plugin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	prom "github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/lease"
	"community-mesos-datasource/pkg/query"
	"community-mesos-datasource/pkg/series"
)

// This file is for several Grafanas on one data source (the setting replicas, with the engine
// remote): the one that holds the lease in ZooKeeper polls, and the others answer from the
// remote engine. One that begins to poll gets a collector of its own, as after a start, and so
// does one that stops: what a collector remembers is of the time in which it polled.
//
// What is of the model, as tables are, the others answer from a /state of their own, for as
// long as somebody asks.

// modelFor is how long a Grafana that does not poll goes on to ask for /state after the latest
// query that needs it.
const modelFor = 5 * time.Minute

// decidedWithin is how long queries wait at most, after the start, for who polls.
const decidedWithin = 2 * time.Second

// leaseKey is what a lease is made of: with another it is another lease.
type leaseKey struct{ servers, path, digest string }

// heldNote is what the Grafana that polls tells the others, beside who it is.
type heldNote struct {
	Cluster       string                        `json:"cluster,omitempty"`
	Leader        string                        `json:"leader,omitempty"`
	Version       string                        `json:"version,omitempty"`
	Agents        int                           `json:"agents,omitempty"`
	Frameworks    int                           `json:"frameworks,omitempty"`
	Tasks         int                           `json:"tasks,omitempty"`
	Restricted    bool                          `json:"restricted,omitempty"`
	NoTaskSeries  bool                          `json:"noTaskSeries,omitempty"`
	TaskSeriesWhy string                        `json:"taskSeriesWhy,omitempty"`
	Every         map[series.Poll]time.Duration `json:"everyNs"`
	Latest        map[series.Poll]time.Time     `json:"latest,omitempty"`
	Counted       *countedNote                  `json:"counted,omitempty"`
	Settings      map[string]string             `json:"settings,omitempty"` // hashesOf
}

// hashesOf returns hashes of the settings that several Grafanas need alike, by key. They are in a znode that everybody may
// read, so the values are not.
func hashesOf(s Settings) map[string]string {
	raw, _ := json.Marshal(s.RemoteLabels) // strings always marshal, sorted
	all := map[string]string{}
	for key, value := range map[string]string{
		"masters": strings.Join(slices.Sorted(slices.Values(s.Masters)), " "), "clusterName": s.ClusterName, "pollInterval": s.PollInterval.String(),
		"remoteUrl": s.RemoteURL, "remoteWriteUrl": s.RemoteWriteURL, "remoteTenant": s.RemoteTenant, "remoteLabels": string(raw),
	} {
		sum := sha256.Sum256([]byte(key + "\x00" + value))
		all[key] = hex.EncodeToString(sum[:4])
	}
	return all
}

// differing returns the keys of settings that the Grafana that polls has another value of, sorted.
func (s *source) differing() (keys []string) {
	n, known := s.heldNote()
	own := s.shared.Load()
	if !known || own == nil {
		return nil
	}
	for key, hash := range n.Settings {
		if mine, there := (*own)[key]; there && mine != hash {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// countedNote is collector.Counted as others read it; Ends has eight bytes of each.
type countedNote struct {
	Until time.Time `json:"until"`
	Since time.Time `json:"since"`
	Ends  []byte    `json:"ends,omitempty"`
}

// noteOf returns the note of a collector that polls; nil before it knows the cluster.
func (s *source) noteOf(c *collector.Collector) json.RawMessage {
	if c == nil {
		return nil
	}
	st := c.Status()
	if st.Cluster == "" {
		return nil
	}
	n := heldNote{
		Cluster: st.Cluster, Leader: st.Leader, Version: st.Version, Agents: st.Agents, Frameworks: st.Frameworks, Tasks: st.Tasks,
		Restricted: st.Restricted, NoTaskSeries: !st.TaskSeries, TaskSeriesWhy: st.TaskSeriesWhy,
		Every: map[series.Poll]time.Duration{series.PollModel: c.Interval(series.PollModel)}, Latest: map[series.Poll]time.Time{},
	}
	for _, p := range st.Polls {
		n.Every[p.Poll] = c.Interval(p.Poll)
		if !p.LastSuccess.IsZero() {
			n.Latest[p.Poll] = p.LastSuccess.UTC().Truncate(time.Millisecond)
		}
	}
	if hashes := s.shared.Load(); hashes != nil {
		n.Settings = *hashes
	}
	if counted := c.Counted(); !counted.Until.IsZero() {
		n.Counted = &countedNote{Until: counted.Until.UTC(), Since: counted.Since.UTC()}
		for _, hash := range counted.Ends {
			n.Counted.Ends = binary.BigEndian.AppendUint64(n.Counted.Ends, hash)
		}
	}
	raw, _ := json.Marshal(n) // texts, numbers and times always marshal
	return raw
}

// countedWithin is how long the remote engine is waited for before a Grafana begins to poll.
const countedWithin = time.Second

// countedBefore returns what has been counted of what happens: by the Grafana that polled before, as
// it told with each batch, or by this one in its latest term, whichever is later. Where the remote
// engine has newer samples of their counters, it is known only until when. Where nothing is known,
// nothing counts that is found to have happened before now: nothing is counted twice.
func (r *Registry) countedBefore(src *source, l *lease.Lease, kept store) func(context.Context) collector.CountedBefore {
	own := src.counted
	return func(ctx context.Context) collector.CountedBefore {
		before, known := collector.CountedBefore{Counted: own, Exactly: true}, false
		if other := l.State().Before; other != nil {
			var n heldNote
			if json.Unmarshal(other.Note, &n) == nil && n.Every != nil {
				if known = true; n.Counted != nil && n.Counted.Until.After(own.Until) {
					before.Counted = n.Counted.counted()
				}
			}
		}
		if far, ok := kept.(*remote.Store); ok {
			ctx, cancel := context.WithTimeout(ctx, countedWithin)
			defer cancel()
			if newest, err := far.Newest(ctx, "mesos_events_total"); err == nil {
				known = true
				if newest.After(before.Until) {
					before = collector.CountedBefore{Counted: collector.Counted{Until: newest, Since: newest}}
				}
			}
		}
		if !known && before.Until.IsZero() {
			now := r.clock.Now()
			before = collector.CountedBefore{Counted: collector.Counted{Until: now, Since: now}}
		}
		return before
	}
}

func (n *countedNote) counted() collector.Counted {
	is := collector.Counted{Until: n.Until, Since: n.Since}
	for ends := n.Ends; len(ends) >= 8; ends = ends[8:] {
		is.Ends = append(is.Ends, binary.BigEndian.Uint64(ends))
	}
	return is
}

// heldNote returns what the Grafana that polls tells, or what it or the one before told last,
// since the first word of another comes some seconds after it began; false for none so far.
func (s *source) heldNote() (heldNote, bool) {
	l, _ := s.role()
	if l != nil {
		if st := l.State(); st.Holder != nil && !st.Held {
			s.hear(st.Holder.Note)
		}
	}
	told := s.told.Load()
	if told == nil {
		return heldNote{}, false
	}
	n := *told
	// Who may write the znode does not choose whose series are read where the settings say it.
	if name := s.named.Load(); name != nil && *name != "" {
		n.Cluster = *name
	}
	return n, true
}

// hear remembers a note.
func (s *source) hear(raw json.RawMessage) {
	var n heldNote
	if len(raw) > 0 && json.Unmarshal(raw, &n) == nil && n.Every != nil {
		s.told.Store(&n)
	}
}

// provideLease gives the source the lease that the settings mean, or none. If that changes, it
// stops the collector and takes the engine remote away, and the caller makes others. src.mu must
// be held.
func (r *Registry) provideLease(src *source, parsed Settings) {
	key := leaseKey{}
	if parsed.Replicas != nil && parsed.Engine == engineRemote {
		key = leaseKey{parsed.Replicas.String(), parsed.Replicas.Path, parsed.ZooKeeperDigest}
	}
	dial := parsed.dialZooKeeper
	src.dialZooKeeper.Store(&dial)
	hashes := hashesOf(parsed)
	src.shared.Store(&hashes)
	src.named.Store(&parsed.ClusterName)
	if key == src.leaseKey {
		return
	}
	src.stopCollector()
	r.releaseRemote(src) // it is made for a lease, or for none; what waits is sent while it is held
	r.releaseLease(src)
	if src.leaseKey = key; key == (leaseKey{}) {
		return
	}
	l := lease.New(lease.Options{
		Ensemble: parsed.Replicas, Name: directoryOf(src.key), Host: r.host, Digest: parsed.ZooKeeperDigest,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return (*src.dialZooKeeper.Load())(ctx, network, address)
		},
		Note: func() json.RawMessage { return src.noteOf(src.polls.Load()) },
		Log:  r.log.With("source", src.key),
	})
	src.lease = l
	r.running.Go(func() { r.guard("following who polls", func() { r.followLease(src, l) }) })
}

// releaseLease ends the lease of a source, and what depends on it. src.mu must be held.
func (r *Registry) releaseLease(src *source) {
	if src.lease == nil {
		return
	}
	src.stopCollector()
	r.releaseRemote(src) // it sends what waits, for which it needs the lease
	src.lease.Close()
	src.lease, src.leaseKey, src.term = nil, leaseKey{}, 0
}

// followLease changes the role of a source whenever the lease is won or lost.
func (r *Registry) followLease(src *source, l *lease.Lease) {
	for {
		changed := l.Changed()
		src.mu.Lock()
		if src.closed || src.lease != l {
			src.mu.Unlock()
			return
		}
		r.takeRole(src)
		src.mu.Unlock()
		select {
		case <-changed:
		case <-l.Closed():
			return
		}
	}
}

// takeRole gives the source the collector of its role: one that polls, or one that asks for
// the model when a query needs it. src.mu must be held.
func (r *Registry) takeRole(src *source) {
	term := uint64(0)
	if st := src.lease.State(); st.Held {
		term = st.Term
	}
	if src.collector == nil || term == src.term { // the settings cannot be used, or nothing changed
		return
	}
	if src.term = term; term == 0 {
		src.hear(src.noteOf(src.collector))
	}
	r.replaceCollector(src)
}

// replaceCollector gives the source another collector with the settings in force. src.mu must be
// held.
func (r *Registry) replaceCollector(src *source) {
	src.stopCollector()
	client, parsed, err := newClients(src.applied.ctx, src.applied.ds, r.clock.Now, r.dial)
	if err != nil { // they were made of the same settings before
		r.log.Error("The clients cannot be made again", "source", src.key, "error", err)
		src.problem = err
		return
	}
	src.setAgents(client)
	r.provideCollector(src, client, collectorSettings(parsed, src.applied.ds.UID, src.follows()), false)
}

// follows reports whether another Grafana polls, or none is known to. mu must be held.
func (s *source) follows() bool { return s.lease != nil && s.term == 0 }

// role returns the lease, nil without one, and whether another Grafana polls.
func (s *source) role() (l *lease.Lease, follows bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lease, s.follows()
}

// settle waits until it is known who polls, for some time, and takes the role.
func (r *Registry) settle(ctx context.Context, src *source) (follows bool) {
	l, follows := src.role()
	if l == nil {
		return false
	}
	timer := time.NewTimer(decidedWithin)
	defer timer.Stop()
	select {
	case <-l.Decided():
	case <-timer.C:
	case <-ctx.Done():
	}
	src.mu.Lock()
	if !src.closed && src.lease == l {
		r.takeRole(src)
	}
	follows = src.follows()
	src.mu.Unlock()
	if follows {
		src.awaitNote(ctx, l)
	}
	return follows
}

// awaitNote waits until a Grafana that began to poll a moment ago says which cluster it is.
func (s *source) awaitNote(ctx context.Context, l *lease.Lease) {
	for end := time.Now().Add(decidedWithin); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		n, known := s.heldNote()
		st := l.State()
		if known && n.Cluster != "" || st.Holder == nil || st.Held || time.Since(st.Holder.Since) > newHolder {
			return
		}
	}
}

// newHolder is for how long after it began a Grafana that polls may not have said of which
// cluster.
const newHolder = 30 * time.Second

// model returns a collector that has the model of the cluster, nil while there is none: where
// another Grafana polls it asks for /state first, and goes on with that for some time.
func (r *Registry) model(ctx context.Context, src *source) *collector.Collector {
	src.mu.Lock()
	if src.collector == nil || !src.follows() {
		defer src.mu.Unlock()
		return src.collector
	}
	if src.collector.Idle() {
		if r.replaceCollector(src); src.collector == nil {
			src.mu.Unlock()
			return nil
		}
	}
	c := src.collector
	c.Start()
	c.Touch()
	src.mu.Unlock()
	_ = c.Ready(ctx) // who asks says what is missing
	return c
}

// follow makes a source of queries one of a Grafana that does not poll. src.mu must be held.
func (r *Registry) follow(src *source, q *query.Source, own *collector.Collector) {
	of := followed{own, src}
	st := src.lease.State()
	settings := src.settings
	model := func() *collector.Collector {
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		return r.model(ctx, src)
	}
	q.Status, q.Interval, q.Polls = of.Status, of.Interval, of.Polls
	q.ViewInterval = func() time.Duration { return own.Interval(series.PollState) }
	q.View = src.view(model, settings, r.clock.Now)
	q.CurrentTasks = func() query.CurrentTasks {
		if c := model(); c != nil {
			return query.CurrentOf(c)()
		}
		return nil
	}
	q.EventsElsewhere = "Another Grafana"
	if st.Holder != nil {
		q.EventsElsewhere = "Grafana on " + st.Holder.Host
	}
	if st.Err != nil {
		text := "No samples come in: " + replicasStatus(src.lease).sentence()
		q.Notices = func() []data.Notice { return []data.Notice{{Severity: data.NoticeSeverityWarning, Text: text}} }
	}
}

// A followed is a collector seen from a Grafana that does not poll: what is of the samples is
// what the one that polls says.
type followed struct {
	*collector.Collector
	src *source
}

// Status returns the status of this Grafana, with what the one that polls says of the cluster.
func (f followed) Status() collector.Status {
	st := f.Collector.Status()
	n, known := f.src.heldNote()
	st.TaskSeries = !known || !n.NoTaskSeries
	st.TaskSeriesWhy = n.TaskSeriesWhy
	if !known {
		return st
	}
	st.Cluster = cmp.Or(n.Cluster, st.Cluster)
	if f.Collector.Cluster() == nil {
		st.Leader, st.Version, st.Restricted = n.Leader, n.Version, n.Restricted
		st.Agents, st.Frameworks, st.Tasks = n.Agents, n.Frameworks, n.Tasks
	}
	return st
}

// Interval returns how often a poll is made by the Grafana that polls.
func (f followed) Interval(p series.Poll) time.Duration {
	if n, known := f.src.heldNote(); known {
		return n.Every[p]
	}
	return f.Collector.Interval(p)
}

// Polls returns the polls of the Grafana that polls.
func (f followed) Polls() (all []collector.PollStatus) {
	n, _ := f.src.heldNote()
	for p, at := range n.Latest {
		all = append(all, collector.PollStatus{Poll: p, Interval: n.Every[p], LastSuccess: at})
	}
	return all
}

// ReplicasStatus says which Grafana polls the cluster.
type ReplicasStatus struct {
	Polls bool       `json:"polls"`           // this one
	Host  string     `json:"host,omitempty"`  // of the one that polls; absent while that is not known
	Since *time.Time `json:"since,omitempty"` // when it began to
	// Problem is why it is not known which one polls; absent where it is.
	Problem string `json:"problem,omitempty"`
	// Unable is why this one could not take over from the one that polls; absent where it could.
	Unable string `json:"unable,omitempty"`
	// Differs are the settings that the one that polls has another value of.
	Differs []string `json:"differs,omitempty"`
}

func replicasStatus(l *lease.Lease) *ReplicasStatus {
	if l == nil {
		return nil
	}
	st := l.State()
	answer := &ReplicasStatus{Polls: st.Held}
	if st.Holder != nil {
		answer.Host, answer.Since = st.Holder.Host, timeOrNil(st.Holder.Since)
	}
	if st.Err != nil && !st.Held {
		answer.Problem = st.Err.Error()
	}
	if st.Unable != nil && !st.Held {
		answer.Unable = st.Unable.Error()
	}
	return answer
}

// follows reports whether there are several Grafanas, and this one does not poll.
func (r *ReplicasStatus) follows() bool { return r != nil && !r.Polls }

// lookReach has the remote engine asked how far it reaches: a Grafana that does not poll has all its answers from there.
func (s *source) lookReach(ctx context.Context) {
	n, _ := s.heldNote()
	s.mu.Lock()
	kept, ok := s.store.(*remote.Store)
	follows := s.follows()
	s.mu.Unlock()
	if ok && follows {
		kept.SetCluster(n.Cluster)
		kept.LookReach(ctx, true)
	}
}

// sentence returns who polls.
func (r *ReplicasStatus) sentence() string {
	since := ""
	if r.Since != nil {
		since = " since " + display.Time(*r.Since)
	}
	switch {
	case r.Polls:
		return fmt.Sprintf("this Grafana, on %s, polls this cluster%s; the others answer from the remote engine", r.Host, since)
	case r.Host != "":
		text := fmt.Sprintf("Grafana on %s polls this cluster%s; this one answers from the remote engine", r.Host, since)
		if len(r.Differs) > 0 {
			var named []string
			for _, key := range r.Differs {
				named = append(named, fmt.Sprintf("%s (jsonData.%s)", key, key))
			}
			text += fmt.Sprintf(", and has other settings than the one that polls: %s. Write the same in all Grafanas of one cluster, and another address for those of another (jsonData.replicas)", strings.Join(named, ", "))
		}
		if r.Unable != "" {
			text += ". It could not take over: " + r.Unable
		}
		return text
	case r.Problem != "":
		return "it is not known which Grafana polls this cluster, so this one does not: " + r.Problem
	default:
		return "no Grafana polls this cluster at the moment: the next does as soon as the session of the one before is over"
	}
}

// discard is where the samples go of a /state that is asked for its model alone.
type discard struct{}

func (discard) Room(time.Duration) int             { return 0 }
func (discard) Batch(context.Context) series.Batch { return discard{} }
func (discard) Append(series.Ref, func() prom.Labels, int64, float64) (series.Ref, error) {
	return 1, nil
}
func (discard) Commit() error   { return nil }
func (discard) Rollback() error { return nil }
