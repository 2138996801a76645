// Package mesos is a client of the HTTP API of Apache Mesos masters and agents. It
// finds the leader and follows it when it changes, asks only agents that the
// leader lists, decodes responses while it reads them, and makes one sentence of
// whatever goes wrong. It does not know Grafana and keeps no history;
// authentication and TLS are those of the http.Client that it is given.
//
// Its files: client.go and agents.go are the clients; endpoints.go and answers.go
// the endpoints and their types; request.go sends a request, flight.go shares it,
// body.go, walk.go and statistics.go decode the response; leader.go, location.go,
// zookeeper.go, masterinfo.go and byip.go find the leader, leading.go checks that what
// answered leads; maintenance.go has what is planned; stream.go, subscribe.go and
// stream_decode.go are the event stream; errors.go has the categories.
package mesos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"community-mesos-datasource/pkg/zookeeper"
)

// Defaults of Config.
const (
	DefaultTimeout = 30 * time.Second
	DefaultMaxBody = 1 << 30 // /state of 35,000 agents and 200,000 tasks is 305 MB

	// quickTimeout bounds pages that cost the master nothing: a master that
	// does not say who leads in this time would only keep others from being asked.
	quickTimeout = 5 * time.Second
)

// Config configures a Client. Only Masters is required.
type Config struct {
	// Masters are http(s)://host:port, one or more, or a single
	// zk://host:port,host:port/path. They alone get the credentials that HTTP
	// adds; with a single one, the leader it names, too, and with ZooKeeper the
	// masters that are registered there.
	Masters []string
	// ZooKeeper is for masters that are found through it.
	ZooKeeper ZooKeeperConfig
	// HTTP sends the requests. It is used as a copy that follows no redirects
	// and keeps no cookies.
	HTTP *http.Client
	// Advice is what errors say of the settings behind HTTP.
	Advice Advice
	// Now is the clock for Answer.Sent; time.Now without it.
	Now func() time.Time
	// Timeout bounds one request, from sending to the end of the body.
	Timeout time.Duration
	// Streaming returns the context of the request for the event stream, where HTTP
	// bounds bodies by what is in the context; nil: it does not.
	Streaming func(context.Context) context.Context
	// MaxBody bounds one answer in bytes, as it comes and unpacked.
	MaxBody int64
	// CloseIdle ends idle connections; HTTP.CloseIdleConnections without it.
	// Wrapped transports, as those of Grafana's SDK, do not pass that on: give
	// the inner transport's method then.
	CloseIdle func()
}

// ZooKeeperConfig has what is not in a zk:// address. All of it is optional.
type ZooKeeperConfig struct {
	// Digest is user:password of ZooKeeper's scheme digest. Mesos leaves its
	// znodes readable for everybody, also where --zk has a password.
	Digest string
	// Scheme is that of the masters, which ZooKeeper does not tell: http, the
	// default, or https.
	Scheme string
	// Dial connects to a server of ZooKeeper; net.Dialer without it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client queries the masters of one cluster. It is safe for concurrent use, and has
// one request of a kind in flight: concurrent callers share the response and must
// not change it.
type Client struct {
	asker
	detector *detector // nil where the masters are configured
	flights  *flights

	mu sync.Mutex
	// masters are those configured, or those that ZooKeeper had last.
	masters []Target
	leader  *Target // as last found; nil when it has to be looked for
	// unrecovered is the leader whose last snapshot said that its log is not
	// recovered; "" when none did.
	unrecovered string
	// unelected is the master whose last snapshot said that it does not lead; ""
	// when none did.
	unelected string
	// denied is the master whose last /state said that it does not lead, while its
	// snapshot said that it does; "" when there is none.
	denied string
	// subscribed is the master whose last /state had frameworks; "" when it had none.
	subscribed string
	lastAgents agentsOfLeader
	lastState  atomic.Pointer[time.Time] // when the last /state that was read was asked for
	watched    atomic.Pointer[time.Time] // when the cluster was watched last before the first /state; nil: not known
}

// New checks the configuration. Nothing is sent yet.
func New(cfg Config) (*Client, error) {
	masters, zooKeeper, err := parseMasters(cfg.Masters)
	if err != nil {
		return nil, err
	}
	asker, err := newAsker(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{asker: asker, masters: masters, flights: newFlights()}
	if zooKeeper != nil {
		if c.detector, err = cfg.ZooKeeper.detector(zooKeeper, c.patience(redirectPage)); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// asker sends requests to one kind of target, masters or agents, with one
// http.Client: no two kinds share credentials.
type asker struct {
	http      *http.Client
	advice    Advice
	now       func() time.Time
	timeout   time.Duration
	streaming func(context.Context) context.Context
	longest   time.Duration // that timeout may have, where there is such a bound
	maxBody   int64
	closeIdle func()
	old       *sync.Map // spelling: where a target has an endpoint under its old path only
	proven    *sync.Map // address: of what has answered as only a master does
}

func newAsker(cfg Config) (asker, error) {
	if cfg.Timeout < 0 || cfg.MaxBody < 0 {
		return asker{}, errors.New("the time-out and the limit of an answer's size cannot be negative")
	}
	c := asker{
		http:      noRedirects(cfg.HTTP),
		advice:    cfg.Advice,
		now:       cfg.Now,
		timeout:   cfg.Timeout,
		streaming: cfg.Streaming,
		maxBody:   cfg.MaxBody,
		closeIdle: cfg.CloseIdle,
		old:       new(sync.Map),
		proven:    new(sync.Map),
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	if c.maxBody == 0 {
		c.maxBody = DefaultMaxBody
	}
	if c.closeIdle == nil {
		c.closeIdle = c.http.CloseIdleConnections
	}
	return c, nil
}

// detector returns a detector for an ensemble; within bounds all its servers
// together.
func (z ZooKeeperConfig) detector(e *zookeeper.Ensemble, within time.Duration) (*detector, error) {
	if z.Digest != "" && !IsDigest(z.Digest) {
		return nil, errors.New("the digest for ZooKeeper (zkDigest) is not user:password: write both, with a colon between them")
	}
	scheme, dial := z.Scheme, z.Dial
	if scheme == "" {
		scheme = "http"
	}
	if scheme != "http" && scheme != "https" {
		return nil, fmt.Errorf("the scheme %q of masters that ZooKeeper tells is not http or https", scheme)
	}
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &detector{Ensemble: e, scheme: scheme, digest: z.Digest != "", within: within, open: func(ctx context.Context, server string) (znodes, error) {
		session, err := zookeeper.Open(ctx, server, zookeeper.Options{Dial: dial, Digest: z.Digest})
		if err != nil {
			return nil, err // and not a nil session in the interface
		}
		return session, nil
	}}, nil
}

// IsDigest reports whether a text is user:password as ZooKeeper's scheme digest
// takes it; the password may be empty.
func IsDigest(digest string) bool {
	return zookeeper.IsDigest(digest)
}

// noRedirects returns a copy of an http.Client that does not follow redirects
// (the SDK's middlewares would put the credentials on every hop) and keeps no
// cookies.
func noRedirects(given *http.Client) *http.Client {
	client := http.Client{}
	if given != nil {
		client = *given
	} else {
		client.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	return &client
}

// Masters returns the configured masters in the order they were written, or those
// that ZooKeeper had when it was asked last: none before that.
func (c *Client) Masters() []Target {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Target(nil), c.masters...)
}

// Close stops running requests, waits for them, and closes idle connections. Later
// calls return ErrClosed.
func (c *Client) Close() {
	c.flights.close()
	c.closeIdle()
}
