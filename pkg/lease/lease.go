// Package lease elects the one of several processes that does something, by an ephemeral
// znode in ZooKeeper: who has made the znode holds the lease, and the others look at it until
// it is gone.
//
// ZooKeeper ends a session, and with it the znode, some time after it heard of the client
// last. The holder cannot know when exactly, so it stops before: it has its znode rewritten
// every fifth of the session's time-out, and holds the lease for three fifths from the moment
// at which the latest request that was confirmed was sent. The rest is for what the servers
// know late: the one that a client talks to tells the leader of its clients in intervals, and
// only what a client sent before then counts. A write is confirmed by a majority, so one that
// is answered is not answered by a server that the others have given up.
//
// Whether it is held is judged at each use, by the monotonic clock and by that on the wall:
// the monotonic one stands still while a machine is suspended, and the other may be set.
package lease

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"community-mesos-datasource/pkg/zookeeper"
)

// A Logger takes what happens to the lease.
type Logger interface {
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
}

// Options are what a lease is made of.
type Options struct {
	Ensemble *zookeeper.Ensemble // its path is made where it is missing
	Name     string              // of the znode below the path
	Host     string              // what others call this process
	Digest   string              // user:password of the scheme digest; "" for none
	Dial     zookeeper.Dial      // net.Dialer's if nil
	// Note returns what others may read of the holder, as JSON, once it is one. It is
	// called with each confirmation, and after Tell, and must be quick. May be nil.
	Note func() json.RawMessage
	Log  Logger // may be nil

	// For tests. What is zero has the default named.
	timeout time.Duration // of sessions; zookeeper.DefaultTimeout
	clock   func() instant
}

// A Holder is who holds the lease, by its own word.
type Holder struct {
	Host  string          `json:"host"`
	Since time.Time       `json:"since"`
	Note  json.RawMessage `json:"note,omitempty"`
}

// State is what is known of the lease.
type State struct {
	Held bool // by this process
	// Holder is who holds it, this process or another; nil while that is not known.
	Holder *Holder
	// Before is the latest other holder that was seen, with what it told last; where that one told
	// nothing yet, the latest that did. Nil for none.
	Before *Holder
	// Err is why it is not known who holds the lease, with the names of the servers; nil
	// where it is, or was not asked for yet.
	Err error
	// Unable is why this process could not take over from the holder; nil where it could, or where it was not tried.
	Unable error
	// Term counts how often this process got it.
	Term uint64
}

// A Lease contends for the lease until it is closed. Its methods may be called from several
// goroutines.
type Lease struct {
	opts    Options
	path    string
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	tells   chan struct{} // has one where the note is to be told at once

	mu      sync.Mutex
	changed chan struct{} // closed with the next change of whether it is held
	decided chan struct{} // closed when it is first known who holds it
	term    uint64
	held    bool
	since   time.Time
	// confirmed is when the latest request was sent that ZooKeeper confirmed, and lasts for
	// how long the lease is held from then on.
	confirmed instant
	lasts     time.Duration
	holder    *Holder
	other     *Holder // State.Before
	err       error
	unable    error // State.Unable

	refused json.RawMessage // the note with which the znode was refused; of the goroutine
	before  int64           // the session that made our latest znode; of the goroutine
	abandon atomic.Bool     // for tests: ends as a killed process does
}

// An instant is a moment by both clocks.
type instant struct {
	wall time.Time // without the monotonic clock
	mono time.Duration
}

var started = time.Now()

func now() instant {
	t := time.Now()
	return instant{t.Round(0), t.Sub(started)}
}

// New returns a lease that is contended for from now on.
func New(o Options) *Lease {
	o.timeout = cmp.Or(o.timeout, zookeeper.DefaultTimeout)
	if o.clock == nil {
		o.clock = now
	}
	l := &Lease{opts: o, path: path.Join(o.Ensemble.Path, o.Name), tells: make(chan struct{}, 1), changed: make(chan struct{}), decided: make(chan struct{})}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.running.Go(l.contend)
	return l
}

// Close gives the lease back, so that the next takes it at once, and returns when nothing of
// it runs any more.
func (l *Lease) Close() {
	l.stop()
	l.lose("the data source is closed or edited", nil)
	l.running.Wait()
}

// Tell makes the others hear Note at once, if this process holds the lease, and not only with the
// next confirmation. It does not wait.
func (l *Lease) Tell() {
	select {
	case l.tells <- struct{}{}:
	default: // it is about to
	}
}

// Held reports whether this process holds the lease, since when, and until when it does
// without another confirmation.
func (l *Lease) Held() (since, until time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := time.Now() // before the clock is read: what passes in between makes until earlier, not later
	left := l.left()
	return l.since, at.Add(left), left > 0
}

// left returns for how long the lease is held without another confirmation. mu is held.
func (l *Lease) left() time.Duration {
	if !l.held {
		return 0
	}
	at := l.opts.clock()
	byWall := at.wall.Sub(l.confirmed.wall)
	if byWall < -l.lasts/10 { // it was set back: a suspended machine would not be noticed
		return 0
	}
	return l.lasts - max(at.mono-l.confirmed.mono, byWall)
}

// Changed returns a channel that is closed when the lease is won or lost the next time.
func (l *Lease) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Decided returns a channel that is closed once it was known who holds the lease, or why that
// is not known.
func (l *Lease) Decided() <-chan struct{} { return l.decided }

// Closed returns a channel that is closed when the lease is.
func (l *Lease) Closed() <-chan struct{} { return l.ctx.Done() }

// State returns what is known of the lease.
func (l *Lease) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := State{Held: l.left() > 0, Holder: l.holder, Before: l.other, Err: l.err, Unable: l.unable, Term: l.term}
	if l.held && !s.Held { // it ran out, and the next confirmation decides
		s.Holder = nil
	}
	return s
}

// won begins a term.
func (l *Lease) won(sent instant, lasts time.Duration, who *Holder) {
	l.mu.Lock()
	l.term++
	l.held, l.since, l.confirmed, l.lasts, l.holder, l.err = true, who.Since, sent, lasts, who, nil
	l.unable = nil
	l.signal()
	l.mu.Unlock()
	l.info("This Grafana polls the cluster from now on", "lease", l.path)
}

// confirm extends the term; false where it has run out meanwhile.
func (l *Lease) confirm(sent instant, who *Holder) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left() <= 0 {
		return false
	}
	l.confirmed, l.holder = sent, who
	return true
}

// lose ends a term, if there is one. err is nil where nothing failed.
func (l *Lease) lose(why string, err error) {
	l.mu.Lock()
	had := l.held
	l.held = false
	if had {
		l.holder = nil
		l.signal()
	}
	l.mu.Unlock()
	switch {
	case !had:
	case l.ctx.Err() != nil:
		l.info("This Grafana polls the cluster no more", "lease", l.path, "why", why)
	default:
		l.warn("This Grafana polls the cluster no more", "lease", l.path, "why", why, "error", err)
	}
}

// sees notes who holds the lease, and why this process could not take over.
func (l *Lease) sees(who *Holder, unable error) {
	l.mu.Lock()
	if l.held {
		l.mu.Unlock()
		return
	}
	first := unable != nil && (l.unable == nil || l.unable.Error() != unable.Error())
	l.unable = unable
	l.holder, l.err = who, nil
	if len(who.Note) > 0 || l.other == nil {
		l.other = who
	}
	l.decide()
	l.mu.Unlock()
	if first {
		l.warn("This Grafana could not take over from the one that polls the cluster", "error", unable)
	}
}

// signal tells those who wait of a change. mu is held.
func (l *Lease) signal() {
	close(l.changed)
	l.changed = make(chan struct{})
	l.decide()
}

// decide closes decided, once. mu is held.
func (l *Lease) decide() {
	select {
	case <-l.decided:
	default:
		close(l.decided)
	}
}

// Waits between rounds in which no server answered.
const (
	firstWait   = 200 * time.Millisecond
	longestWait = 5 * time.Second
)

// contend opens sessions, one after the other, until the lease is closed.
func (l *Lease) contend() {
	next, wait := 0, time.Duration(0)
	var failures []failure
	for l.ctx.Err() == nil {
		servers := l.opts.Ensemble.Servers
		server := servers[next%len(servers)]
		begun := time.Now()
		knew, err := l.with(server)
		if l.ctx.Err() != nil {
			return
		}
		if time.Since(begun) > l.opts.timeout {
			wait = 0
		}
		next++
		switch {
		case isAnswer(err):
			l.failed([]failure{{server, err}})
			failures = nil
		case knew: // the connection broke, as where a server is started again
			failures = nil
		default:
			if failures = append(failures, failure{server, err}); len(failures) < len(servers) {
				continue
			}
			l.failed(failures)
			failures = nil
		}
		wait = min(max(firstWait, 2*wait), longestWait)
		select {
		case <-time.After(wait/2 + rand.N(wait/2)):
		case <-l.ctx.Done():
		}
	}
}

// isAnswer reports whether an error is what a server found, and not how the connection to it ended.
func isAnswer(err error) bool {
	var refused *zookeeper.RefusedError
	return errors.Is(err, zookeeper.ErrAuth) || errors.Is(err, errReplaced) || errors.Is(err, errPermanent) || errors.As(err, &refused)
}

// failed notes that nothing is known of the lease.
func (l *Lease) failed(failures []failure) {
	err := l.sentence(failures)
	l.mu.Lock()
	first := l.err == nil || l.err.Error() != err.Error()
	l.holder, l.err, l.unable = nil, err, nil
	l.decide()
	l.mu.Unlock()
	if first {
		l.warn("It is not known which Grafana polls the cluster", "error", err)
	}
}

// errLate is the end of a session whose server does not answer in time.
var errLate = errors.New("no answer in time")

// errReplaced ends a session whose znode is another's.
var errReplaced = errors.New("the znode was deleted or replaced by somebody else")

// errPermanent ends a session that finds a znode which ends with no session.
var errPermanent = errors.New("the znode does not end with a session")

// with contends in a session with one server until that is over. knew reports whether it was
// known then who holds the lease.
func (l *Lease) with(server string) (knew bool, _ error) {
	ctx, cut := context.WithCancel(context.Background()) // a closed lease ends its session in order
	defer cut()
	late := time.AfterFunc(l.opts.timeout/2, cut)
	closed := context.AfterFunc(l.ctx, cut)
	s, err := zookeeper.Open(ctx, server, zookeeper.Options{Dial: l.opts.Dial, Digest: l.opts.Digest, Timeout: l.opts.timeout})
	inTime, open := late.Stop(), closed()
	switch {
	case err == nil && (!inTime || !open):
		s.Close()
		return false, errLate
	case err != nil && !inTime:
		return false, errLate
	case err != nil:
		return false, err
	}
	c := &contender{Lease: l, server: server, s: s, cut: cut, lasts: s.Timeout() * 3 / 5}
	defer func() {
		l.lose("its session with ZooKeeper is over", err) // before the server hears of that
		if l.abandon.Load() {
			s.Abandon()
		} else {
			s.Close()
		}
		if c.has {
			l.before = s.ID()
		}
	}()
	for {
		if err = c.step(); err != nil {
			return c.knew, err
		}
		select {
		case <-time.After(s.Timeout() / 5):
		case <-l.tells:
		case <-l.ctx.Done():
			return c.knew, l.ctx.Err()
		}
	}
}

// A contender is a lease in one session. It belongs to one goroutine.
type contender struct {
	*Lease
	server string
	s      *zookeeper.Session
	cut    func() // breaks the connection
	lasts  time.Duration
	knew   bool // who holds the lease
	able   bool // to take over, as far as that can be tried

	has     bool // made the znode
	since   time.Time
	version int32 // of the znode
}

// closingWithin is how long a closed lease waits for the answer to a request.
const closingWithin = 200 * time.Millisecond

// step looks at the znode, makes it where there is none, and rewrites it where it is ours. The
// connection is cut when that takes as long as the lease lasts; the lease is lost before.
func (c *contender) step() error {
	end := make(chan error, 1)
	c.running.Go(func() { end <- c.try() })
	timer := time.NewTimer(c.patience())
	defer timer.Stop()
	select {
	case err := <-end:
		return err
	case <-timer.C:
		c.lose("ZooKeeper does not answer", nil)
		c.cut()
		<-end
		return errLate
	case <-c.ctx.Done():
	}
	timer.Reset(closingWithin)
	select {
	case <-end:
	case <-timer.C:
		c.cut()
		<-end
	}
	return c.ctx.Err()
}

// patience is how long an answer is waited for.
func (c *contender) patience() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return c.left()
	}
	return c.lasts
}

func (c *contender) try() error {
	if c.has {
		return c.renew()
	}
	node, err := c.s.Node(c.path)
	switch {
	case err == nil:
		switch {
		case node.Owner == 0:
			return errPermanent
		case node.Owner == c.s.ID(): // somebody has made it in our name
			return errReplaced
		case node.Owner == c.before: // ours, of a session that broke: its term is over
			if err := c.s.Delete(c.path, node.Version); err != nil && !errors.Is(err, zookeeper.ErrNoNode) && !errors.Is(err, zookeeper.ErrChanged) {
				return err
			}
			c.before = 0
			return c.try()
		}
		var who Holder
		if json.Unmarshal(node.Content, &who) != nil || who.Host == "" {
			who = Holder{Host: "another server"}
		}
		c.knew = true
		unable := c.tryAble()
		if !c.has {
			c.sees(&who, unable)
		}
		return nil
	case !errors.Is(err, zookeeper.ErrNoNode):
		return err
	}
	switch err := c.create(); {
	case errors.Is(err, zookeeper.ErrNodeExists):
		return nil // somebody was faster: the next look says who
	case errors.Is(err, zookeeper.ErrNoNode):
		return c.makeParents()
	default:
		return err
	}
}

// create makes the znode, and holds the lease if it could. After a note was refused, as by a quota of bytes, it makes it with
// that note: else each term would end with the first renewal.
func (c *contender) create() error {
	sent := c.opts.clock()
	since := sent.wall.UTC().Truncate(time.Millisecond)
	who := &Holder{Host: c.opts.Host, Since: since, Note: c.refused}
	if err := c.s.Create(c.path, encoded(who), true); err != nil {
		return err
	}
	c.has, c.since, c.version, c.knew, c.refused = true, since, 0, true, nil
	c.won(sent, c.lasts, who)
	return nil
}

// tryAble returns why this process could not take over from another that holds the lease. ZooKeeper checks the ACL of the
// parent before it finds that the znode exists (PrepRequestProcessor of 3.4 to 3.9). What it would say afterwards, as of a quota,
// is not known.
func (c *contender) tryAble() error {
	if c.able {
		return nil
	}
	switch err := c.create(); {
	case err == nil, errors.Is(err, zookeeper.ErrNodeExists):
		c.able = true
	case isAnswer(err):
		return c.sentence([]failure{{c.server, err}})
	}
	return nil // the connection broke, or the parent is gone: the next look says it
}

// renew rewrites the znode, which only its owner may have written before.
func (c *contender) renew() error {
	who := &Holder{Host: c.opts.Host, Since: c.since}
	if c.opts.Note != nil {
		who.Note = c.opts.Note()
	}
	sent := c.opts.clock()
	node, err := c.s.Set(c.path, encoded(who), c.version)
	switch {
	case errors.Is(err, zookeeper.ErrNoNode), errors.Is(err, zookeeper.ErrChanged), err == nil && node.Owner != c.s.ID():
		return errReplaced
	case err != nil:
		if isAnswer(err) {
			c.refused = who.Note
		}
		return err
	}
	c.version = node.Version
	if !c.confirm(sent, who) {
		return errLate // the next session begins anew
	}
	return nil
}

// mostNote bounds the content of the znode: ZooKeeper takes 1 MiB, and logs each write.
const mostNote = 16 << 10

func encoded(who *Holder) []byte {
	raw, err := json.Marshal(who)
	if err != nil || len(raw) > mostNote {
		raw, _ = json.Marshal(Holder{Host: who.Host, Since: who.Since}) // these always marshal
	}
	return raw
}

// makeParents makes the znodes that the path leads through.
func (c *contender) makeParents() error {
	at := ""
	for _, name := range strings.Split(strings.Trim(c.opts.Ensemble.Path, "/"), "/") {
		at += "/" + name
		if err := c.s.Create(at, nil, false); err != nil && !errors.Is(err, zookeeper.ErrNodeExists) {
			return err
		}
	}
	if err := c.create(); !errors.Is(err, zookeeper.ErrNodeExists) {
		return err
	}
	return nil // somebody was faster
}

func (l *Lease) info(text string, args ...any) {
	if l.opts.Log != nil {
		l.opts.Log.Info(text, args...)
	}
}

func (l *Lease) warn(text string, args ...any) {
	if l.opts.Log != nil {
		l.opts.Log.Warn(text, args...)
	}
}
