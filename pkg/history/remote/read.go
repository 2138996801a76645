package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"community-mesos-datasource/pkg/history"
)

// maxAnswer is how many bytes a response may have. It is decoded while it is read.
const maxAnswer = 256 << 20

// An elsewhereError is an error that the other engine is to blame for.
type elsewhereError struct {
	text  string
	cause error
}

func (e *elsewhereError) Error() string { return e.text }

func (e *elsewhereError) Unwrap() []error { return []error{history.ErrElsewhere, e.cause} }

func elsewhere(cause error, format string, args ...any) error {
	return &elsewhereError{fmt.Sprintf(format, args...), cause}
}

// Holds implements history.Evaluator. Of several processes one has everything since it began
// to collect the last time, and the others have nothing.
func (s *Store) Holds(mint int64) bool {
	start := s.Local.Stats().Start
	since, ok := s.collects()
	s.mu.Lock()
	whole := s.wholeFrom()
	s.mu.Unlock()
	return ok && mint >= whole && !start.IsZero() && mint >= start.UnixMilli() && mint >= since.UnixMilli()
}

// A lacking is a local store that may lose samples which the other engine has: *disk.Store, whose blocks may be damaged.
type lacking interface {
	// LacksUntil is up to when some may be missing, Unix milliseconds; 0 where none are.
	LacksUntil() int64
}

// wholeFrom returns from when on the local store has all that the other engine has. mu is held.
func (s *Store) wholeFrom() int64 {
	if l, ok := s.Local.(lacking); ok {
		s.queue.whole = max(s.queue.whole, l.LacksUntil())
	}
	return s.queue.whole
}

// binder returns what binds queries of a target to this cluster.
func (s *Store) binder(ctx context.Context, t *Target) (binder, error) {
	name := s.clusterName(ctx)
	if name == "" {
		return binder{}, elsewhere(nil, "the remote engine cannot be asked before the name of the cluster is known, which the first successful poll brings: wait for it, or write the name (jsonData.clusterName)")
	}
	return newBinder(name, t.labels), nil
}

// clusterName returns the value of the label cluster, "" while it is not known.
func (s *Store) clusterName(ctx context.Context) string {
	if name := s.cluster.Load(); name != nil {
		return *name
	}
	name, err := history.LatestLabel(ctx, s.Local, s.opts.Now(), s.Local.Stats().Start, "mesos_up", clusterLabel)
	if err == nil {
		s.setCluster(name)
	}
	return name
}

// Evaluate implements history.Evaluator.
func (s *Store) Evaluate(ctx context.Context, e history.Evaluation) (history.Evaluated, error) {
	answer, err := s.evaluate(ctx, s.target.Load(), e)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, reachWithin)
		defer cancel()
		s.LookReach(ctx, false) // the answer is shown with where history begins
	}
	return answer, err
}

func (s *Store) evaluate(ctx context.Context, t *Target, e history.Evaluation) (history.Evaluated, error) {
	b, err := s.binder(ctx, t)
	if err != nil {
		return history.Evaluated{}, err
	}
	var hidden []string
	_, selects := history.Unwrap(e.Expr).(*parser.MatrixSelector) // elsewhere the expression takes the added labels off
	if selects {
		hidden = b.names
	}
	if dropsName(e.Expr) {
		hidden = []string{labels.MetricName}
	}
	text, err := b.expression(e.Expr)
	if err != nil {
		return history.Evaluated{}, err
	}
	form := url.Values{"query": {text}}
	if e.Lookback > 0 {
		form.Set("lookback_delta", seconds(e.Lookback)) // Prometheus, Mimir, Thanos
		form.Set("max_lookback", seconds(e.Lookback))   // VictoriaMetrics
	}
	// VictoriaMetrics moves start and end, and hides the newest 30 s, unless it is told not to.
	form.Set("nocache", "1")
	form.Set("latency_offset", "1ms")
	if e.Whole {
		form.Set("partial_response", "false")  // Thanos
		form.Set("deny_partial_response", "1") // VictoriaMetrics' cluster
	}
	path := "/api/v1/query"
	if e.Step > 0 {
		path = "/api/v1/query_range"
		form.Set("start", unix(e.Start))
		form.Set("end", unix(e.End))
		form.Set("step", seconds(e.Step))
	} else {
		form.Set("time", unix(e.End))
	}
	if deadline, ok := ctx.Deadline(); ok {
		form.Set("timeout", seconds(max(time.Until(deadline), time.Second)))
	}
	answer := history.Evaluated{}
	err = t.call(ctx, http.MethodPost, path, form, func(body io.Reader) error {
		var err error
		answer, err = decode(body, hidden, e.MaxSamples)
		return err
	})
	if err != nil {
		return history.Evaluated{}, err
	}
	mixed := selects && len(b.names) > 0
	if answer.Matrix, err = merged(answer.Matrix, mixed); err == nil && !mixed {
		err = distinct(answer.Vector)
	}
	if err != nil {
		return history.Evaluated{}, err
	}
	if missing := s.missing(e.End); missing != "" {
		answer.Warnings = append(answer.Warnings, missing)
	}
	return answer, nil
}

// missing returns a sentence where the other engine lacks the end of what was asked for.
func (s *Store) missing(end time.Time) string {
	st := s.Remote()
	if st.Oldest.IsZero() || end.Before(st.Oldest) || st.Lag(s.opts.Now()) < lagging {
		return ""
	}
	if st.Waiting {
		return fmt.Sprintf("The remote engine answered, and it lacks samples since %s that this Grafana collected before another took over: they are kept, and sent when it polls again", history.Moment(st.Oldest.UnixMilli()))
	}
	why := ""
	if st.Failing != "" {
		why = ": " + st.Failing
	}
	return fmt.Sprintf("The remote engine answered, and it has not taken samples since %s yet: the answer may lack them. They are kept, and shorter time ranges show them%s", history.Moment(st.Oldest.UnixMilli()), why)
}

// How far back the oldest sample is looked for: some engines limit the length of queries.
const (
	farthest = 366 * 24 * time.Hour
	far      = 29 * 24 * time.Hour
)

// oldest returns the time of the oldest sample of this cluster that is found, the zero time
// if there is none, and whether there may be older ones. It looks at hours first, and then
// at the minutes of one.
func (s *Store) oldest(ctx context.Context, t *Target) (at time.Time, further bool, err error) {
	now, back := s.opts.Now(), farthest
	at, err = s.oldestWithin(ctx, t, now, back, time.Hour)
	if errors.As(err, new(*refusedError)) {
		back = far
		at, err = s.oldestWithin(ctx, t, now, back, time.Hour)
	}
	if err != nil {
		return time.Time{}, false, err
	}
	from := at
	if at.IsZero() {
		from = now
	}
	earlier, err := s.oldestWithin(ctx, t, from, 65*time.Minute, 15*time.Second)
	if err == nil && !earlier.IsZero() {
		at = earlier
	}
	if at.IsZero() {
		return at, false, err
	}
	return at, at.Before(now.Add(-back + time.Hour)), nil
}

// lookForHole asks whether the other engine has samples of before this process began that are newer than those that
// the local store has: as where its directory was restored from a backup, or what it kept in memory while its disk was
// full went with the process. Then the time before is not its to answer. It reports whether that is known.
func (s *Store) lookForHole(ctx context.Context) bool {
	if s.opts.Lease != nil { // what is local counts from the beginning of a term alone
		return true
	}
	if opens, ok := s.Local.(interface{ Opened() bool }); ok && !opens.Opened() {
		return false
	}
	start := s.Local.Stats().Start
	if start.IsZero() || !start.Before(s.began) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	before := s.began.Add(-time.Millisecond)
	far, err := s.newestAt(ctx, foreignOf, before)
	if err != nil {
		return false
	}
	near, err := history.LatestTime(ctx, s.Local, before, start, foreignOf)
	if err != nil || far.IsZero() || !far.After(near) {
		return err == nil
	}
	s.mu.Lock()
	s.queue.whole = s.began.UnixMilli()
	s.mu.Unlock()
	s.saveMark()
	s.info("The local history lacks what the remote engine has of the time before this start: queries that reach it are the remote engine's", "since", history.Moment(near.UnixMilli()))
	return true
}

// Newest returns the time of the newest sample of a metric of this cluster within a day, the zero
// time if there is none.
func (s *Store) Newest(ctx context.Context, metric string) (time.Time, error) {
	return s.newestAt(ctx, metric, s.opts.Now())
}

// newestAt is Newest at a moment.
func (s *Store) newestAt(ctx context.Context, metric string, at time.Time) (time.Time, error) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr("max(timestamp(" + metric + ")) or max(max_over_time(timestamp(" + metric + ")[1d:4m]))")
	if err != nil {
		return time.Time{}, err // a mistake of the program
	}
	answer, err := s.evaluate(ctx, s.target.Load(), history.Evaluation{Expr: expr, End: at, Lookback: 5 * time.Minute, MaxSamples: 10})
	if err != nil || len(answer.Vector) != 1 {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(answer.Vector[0].F * 1000)), nil
}

// reachWithin is the time-out of a request for the oldest sample.
const reachWithin = 10 * time.Second

func (s *Store) oldestWithin(ctx context.Context, t *Target, end time.Time, within, step time.Duration) (time.Time, error) {
	if s.clusterName(ctx) == "" {
		return time.Time{}, nil
	}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr("min(min_over_time(timestamp(mesos_up)[" + model.Duration(within).String() + ":" + model.Duration(step).String() + "]))")
	if err != nil {
		return time.Time{}, err // a mistake of the program
	}
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	answer, err := s.evaluate(ctx, t, history.Evaluation{Expr: expr, End: end, MaxSamples: 10})
	if err != nil || len(answer.Vector) != 1 {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(answer.Vector[0].F * 1000)), nil
}

// seconds writes a duration as a number of seconds, which all engines read.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

func unix(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// call sends a request to the HTTP API and has its response read.
func (t *Target) call(ctx context.Context, method, path string, form url.Values, read func(io.Reader) error) error {
	address, body := strings.TrimRight(t.URL, "/")+path, io.Reader(http.NoBody)
	if method == http.MethodGet {
		address += "?" + form.Encode()
	} else {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return elsewhere(err, "the remote engine cannot be asked: %v", err)
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		// Not sent, but it says that the query may be sent again where the engine, or a proxy, has
		// closed the idle connection that it was sent over (net/http, Transport).
		r.Header["Idempotency-Key"] = nil
	}
	res, err := t.HTTP.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return elsewhere(err, "the remote engine %s cannot be reached: %s", t.URL, errorText(err))
	}
	defer func() { _ = res.Body.Close() }()
	limited := &limitedReader{from: res.Body, left: t.most}
	if res.StatusCode/100 != 2 {
		return t.refusal(res, limited)
	}
	if err := read(limited); err != nil {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case limited.left < 0:
			return fmt.Errorf("the remote engine's answer has more than %d MiB: shorten the time range, raise the step, or select fewer series", t.most>>20)
		default:
			return err
		}
	}
	return nil
}

// refusal returns the error of a response that is no success.
func (t *Target) refusal(res *http.Response, body io.Reader) error {
	text, _ := io.ReadAll(io.LimitReader(body, maxErrorText)) // a part is as good
	var of struct {
		Type  string `json:"errorType"`
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &of) != nil || of.Error == "" {
		of.Error = strings.TrimPrefix(quoted(string(text)), ": ")
	}
	if len(of.Error) > 1000 {
		of.Error = strings.ToValidUTF8(of.Error[:1000], "") + "..."
	}
	r := response{status: res.StatusCode, text: of.Error}
	switch res.StatusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return &refusedError{of.Error}
	case http.StatusUnauthorized, http.StatusForbidden:
		return elsewhere(nil, "the remote engine %s refuses the credentials (%d%s): check remoteBasicAuthUser with its password or remoteBearerToken, and remoteTenant", t.URL, r.status, quoted(r.text))
	case http.StatusNotFound:
		return elsewhere(nil, "the remote engine %s has no HTTP API of Prometheus there (404%s): check the address, without /api/v1 (jsonData.remoteUrl)", t.URL, quoted(r.text))
	}
	if res.StatusCode/100 == 3 {
		return elsewhere(nil, "the remote engine %s answers with a redirect (%d), which is not followed: write the address that it leads to (jsonData.remoteUrl)", t.URL, res.StatusCode)
	}
	return elsewhere(nil, "the remote engine %s answered %d%s", t.URL, res.StatusCode, quoted(of.Error))
}

// A refusedError is that of a query that the other engine does not evaluate (400, 422).
type refusedError struct{ why string }

func (e *refusedError) Error() string { return "the remote engine refuses it: " + e.why }

type limitedReader struct {
	from io.Reader
	left int64
}

var errTooLong = errors.New("the response is too long")

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.from.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return n, errTooLong
	}
	return n, err
}

// Querier implements storage.Queryable. Samples are the local store's: what reaches further
// is evaluated by the other engine as a whole. Labels are looked up there.
func (s *Store) Querier(mint, maxt int64) (storage.Querier, error) {
	local, err := s.Local.Querier(mint, maxt)
	if err != nil || s.Holds(mint) {
		return local, err
	}
	return &labelQuerier{Querier: local, s: s, mint: mint, maxt: maxt}, nil
}

// A labelQuerier looks up labels in the other engine.
type labelQuerier struct {
	storage.Querier
	s          *Store
	mint, maxt int64
}

// LabelValues implements storage.LabelQuerier.
func (q *labelQuerier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	if !isPlainName(name) {
		return q.Querier.LabelValues(ctx, name, hints, matchers...)
	}
	if _, added := q.s.target.Load().Labels[name]; added { // no series has it, for who reads
		return nil, nil, nil
	}
	list, warnings, err := q.list(ctx, "/api/v1/label/"+name+"/values", hints, matchers)
	if err != nil {
		return q.locally(ctx, err, func() ([]string, annotations.Annotations, error) {
			return q.Querier.LabelValues(ctx, name, hints, matchers...)
		})
	}
	return list, warnings, nil
}

// LabelNames implements storage.LabelQuerier.
func (q *labelQuerier) LabelNames(ctx context.Context, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	list, warnings, err := q.list(ctx, "/api/v1/labels", hints, matchers)
	if err != nil {
		return q.locally(ctx, err, func() ([]string, annotations.Annotations, error) {
			return q.Querier.LabelNames(ctx, hints, matchers...)
		})
	}
	return list, warnings, nil
}

// locally answers from the local store what the other engine did not.
func (q *labelQuerier) locally(ctx context.Context, why error, read func() ([]string, annotations.Annotations, error)) ([]string, annotations.Annotations, error) {
	list, warnings, err := read()
	if err != nil || ctx.Err() != nil || !errors.Is(why, history.ErrElsewhere) {
		return nil, nil, errors.Join(why, err)
	}
	return list, warnings.Add(fmt.Errorf("only what is kept locally is listed: %w", why)), nil
}

func isPlainName(name string) bool {
	for i, c := range name {
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return name != ""
}

// list asks for names or values of labels.
func (q *labelQuerier) list(ctx context.Context, path string, hints *storage.LabelHints, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
	t := q.s.target.Load()
	b, err := q.s.binder(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	form := url.Values{"match[]": {b.selector(matchers)}}
	// Unbounded is more than some engines allow.
	if q.mint > 0 {
		form.Set("start", unix(time.UnixMilli(q.mint)))
	}
	if q.maxt < math.MaxInt64/2 {
		form.Set("end", unix(time.UnixMilli(q.maxt)))
	}
	limit := 0
	if hints != nil {
		limit = hints.Limit
	}
	if limit > 0 {
		form.Set("limit", strconv.Itoa(limit+len(b.names)))
	}
	var answer struct {
		Data     []string `json:"data"`
		Warnings []string `json:"warnings"`
	}
	if err := t.call(ctx, http.MethodGet, path, form, func(body io.Reader) error {
		if err := json.NewDecoder(body).Decode(&answer); err != nil {
			return elsewhere(err, "the remote engine's answer is not Prometheus' JSON: %v", err)
		}
		return nil
	}); err != nil {
		return nil, nil, err
	}
	list := answer.Data
	if path == "/api/v1/labels" {
		list = slices.DeleteFunc(list, func(name string) bool { return slices.Contains(b.names, name) })
	}
	slices.Sort(list)
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	warnings := annotations.New()
	for _, text := range answer.Warnings {
		warnings.Add(errors.New(text))
	}
	return list, *warnings, nil
}
