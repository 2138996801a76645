package remote

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/series"
)

// A fake is an engine that takes remote write as the specification has it, and fails as the
// test says. Of a request it takes all samples or none by 1.0, and those that it can by 2.0.
type fake struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	v2       bool                                              // it understands 2.0
	strange  func(w http.ResponseWriter, r *http.Request) bool // answers in its place
	partial  bool                                              // by 1.0 it keeps what it can, too, and no sample behind another one; by 2.0 it says that it keeps all, as Mimir does
	refuse   func(labels string, at int64) string              // why a sample is refused; "" if it is not
	most     int                                               // samples of a request; 0: any number
	burst    int                                               // samples that the tenant may send at a time, as Mimir has it; 0: any number
	requests []received
	kept     map[string]map[int64]float64
	twice    int
}

type received struct {
	at      time.Time
	header  http.Header
	samples int
}

func newFake(t *testing.T, change ...func(*fake)) *fake {
	f := &fake{t: t, kept: map[string]map[int64]float64{}}
	for _, c := range change {
		c(f)
	}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) target() Target {
	return Target{URL: f.URL, WriteURL: f.URL + "/write", HTTP: &http.Client{Timeout: 2 * time.Second}}
}

type fakeSample struct {
	labels string
	at     int64
	v      float64
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/api/v1/query" {
		f.query(w, r)
		return
	}
	if r.URL.Path != "/write" {
		http.NotFound(w, r)
		return
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	is2 := strings.Contains(r.Header.Get("Content-Type"), "io.prometheus.write.v2.Request")
	text, err := snappy.Decode(nil, raw)
	if err != nil || r.Header.Get("Content-Encoding") != "snappy" || r.Method != http.MethodPost {
		f.t.Errorf("not a request of remote write: %v %v", err, r.Header)
		return
	}
	var all []fakeSample
	if is2 {
		all = f.read2(text)
	} else {
		all = f.read1(text)
	}
	f.requests = append(f.requests, received{time.Now(), r.Header, len(all)})
	if f.strange != nil && f.strange(w, r) {
		return
	}
	if is2 && !f.v2 {
		http.Error(w, "unsupported message type", http.StatusUnsupportedMediaType)
		return
	}
	if f.most > 0 && len(all) > f.most {
		http.Error(w, "too many", http.StatusRequestEntityTooLarge)
		return
	}
	if f.burst > 0 && len(all) > f.burst {
		http.Error(w, "the request has been rejected because the tenant exceeded the ingestion burst size limit, set to "+strconv.Itoa(f.burst)+" (err-mimir-tenant-max-ingestion-rate)", http.StatusTooManyRequests)
		return
	}
	why, written := "", 0
	const behind = "user=mesos: the sample has been rejected (err-mimir-sample-out-of-order)"
	for _, s := range all {
		if f.partial && s.at < f.newest(s.labels) {
			why = behind
		}
		if f.refuse != nil && f.refuse(s.labels, s.at) != "" {
			why = f.refuse(s.labels, s.at)
		}
	}
	for _, s := range all {
		if why != "" && (!is2 && !f.partial || f.refuse != nil && f.refuse(s.labels, s.at) != "") || f.partial && s.at < f.newest(s.labels) {
			continue
		}
		written++
		if f.kept[s.labels] == nil {
			f.kept[s.labels] = map[int64]float64{}
		}
		if _, there := f.kept[s.labels][s.at]; there && !f.partial {
			f.twice++
		}
		f.kept[s.labels][s.at] = s.v
	}
	if is2 && f.partial {
		written = len(all)
	}
	if is2 {
		w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(written))
	}
	if why != "" {
		http.Error(w, why, http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// query answers a selector with a range.
func (f *fake) query(w http.ResponseWriter, r *http.Request) {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.FormValue("query"))
	m, ok := expr.(*parser.MatrixSelector)
	if err != nil || !ok {
		http.NotFound(w, r)
		return
	}
	end, _ := strconv.ParseFloat(r.FormValue("time"), 64)
	type found struct {
		Metric labels.Labels `json:"metric"`
		Values [][2]any      `json:"values"`
	}
	all := []found{}
	for name, points := range f.kept {
		l, err := parser.NewParser(parser.Options{}).ParseMetric(name)
		require.NoError(f.t, err)
		matches := true
		for _, matcher := range m.VectorSelector.(*parser.VectorSelector).LabelMatchers {
			matches = matches && matcher.Matches(l.Get(matcher.Name))
		}
		one := found{Metric: l}
		for at, v := range points {
			if end := int64(math.Round(end * 1000)); matches && at <= end && at > end-m.Range.Milliseconds() && !math.IsNaN(v) {
				one.Values = append(one.Values, [2]any{float64(at) / 1000, strconv.FormatFloat(v, 'g', -1, 64)})
			}
		}
		if len(one.Values) > 0 {
			all = append(all, one)
		}
	}
	answer, _ := json.Marshal(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": all}})
	_, _ = w.Write(answer)
}

func (f *fake) newest(labels string) (newest int64) {
	for at := range f.kept[labels] {
		newest = max(newest, at)
	}
	return newest
}

func (f *fake) read1(text []byte) (all []fakeSample) {
	var request prompb.WriteRequest
	require.NoError(f.t, request.Unmarshal(text))
	for _, s := range request.Timeseries {
		builder := labels.NewScratchBuilder(0)
		before := ""
		for _, l := range s.Labels {
			require.Less(f.t, before, l.Name, "labels are sorted, each once")
			before = l.Name
			builder.Add(l.Name, l.Value)
		}
		for _, x := range s.Samples {
			all = append(all, fakeSample{builder.Labels().String(), x.Timestamp, x.Value})
		}
	}
	return all
}

func (f *fake) read2(text []byte) (all []fakeSample) {
	var request writev2.Request
	require.NoError(f.t, request.UnmarshalVT(text))
	require.Empty(f.t, request.Symbols[0])
	for _, s := range request.Timeseries {
		builder := labels.NewScratchBuilder(0)
		for i := 0; i < len(s.LabelsRefs); i += 2 {
			builder.Add(request.Symbols[s.LabelsRefs[i]], request.Symbols[s.LabelsRefs[i+1]])
		}
		for _, x := range s.Samples {
			all = append(all, fakeSample{builder.Labels().String(), x.Timestamp, x.Value})
		}
	}
	return all
}

func (f *fake) change(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fake) count() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, points := range f.kept {
		n += len(points)
	}
	return n
}

func (f *fake) received() []received {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]received{}, f.requests...)
}

// poll commits one batch of n series at the clock's time, which it advances.
func poll(t *testing.T, s series.Sink, clock *historytest.Clock, n int) {
	t.Helper()
	var points []historytest.Point
	for i := range n {
		points = append(points, historytest.Sample(clock.Now(), float64(i), "__name__", "mesos_test", "cluster", "c", "i", strconv.Itoa(i)))
	}
	historytest.Commit(t, s, points...)
	clock.Advance(15 * time.Second)
}

func TestBothVersionsCarryTheSame(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		f := newFake(t, func(f *fake) { f.v2 = v2 })
		target := f.target()
		target.Labels = map[string]string{"replica": "a", "aa": "x", "zz": "y"}
		s, clock := open(t, target)
		at := clock.Now()
		historytest.Commit(t, s, historytest.Sample(at, 1.5, "__name__", "mesos_up", "cluster", "c", "poll", "état"))
		historytest.Commit(t, s, historytest.Sample(at.Add(time.Second), series.Stale, "__name__", "mesos_up", "cluster", "c", "poll", "état"),
			historytest.Sample(at, math.Inf(-1), "__name__", "mesos_other", "cluster", "c"))
		settled(t, s)
		f.mu.Lock()
		up := f.kept[`{__name__="mesos_up", aa="x", cluster="c", poll="état", replica="a", zz="y"}`]
		require.Len(t, up, 2, "%v", f.kept)
		require.Equal(t, 1.5, up[at.UnixMilli()])
		require.True(t, series.IsStale(up[at.UnixMilli()+1000]), "Prometheus' own marker, bit by bit")
		require.Equal(t, math.Inf(-1), f.kept[`{__name__="mesos_other", aa="x", cluster="c", replica="a", zz="y"}`][at.UnixMilli()])
		f.mu.Unlock()
		require.Equal(t, map[bool]string{false: version1, true: version2}[v2], s.Remote().Protocol)
	}
}

func TestFaultsThatCanBeMendedLoseNothing(t *testing.T) {
	status := func(code int, text string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { http.Error(w, text, code); return true }
	}
	for name, c := range map[string]struct {
		strange func(http.ResponseWriter, *http.Request) bool
		says    string
	}{
		"5xx":                      {status(500, "disk full"), "answered 500: disk full"},
		"503":                      {status(503, ""), "answered 503"},
		"429":                      {status(429, "rate limit"), "takes no more for now (429: rate limit)"},
		"credentials":              {status(401, "no org id"), "refuses the credentials (401: no org id): check remoteBasicAuthUser"},
		"tenant":                   {status(403, ""), "refuses the credentials (403)"},
		"not found":                {status(404, "404 page not found"), "takes no remote write (404: 404 page not found): check the address (jsonData.remoteWriteUrl); Prometheus needs --web.enable-remote-write-receiver"},
		"another server":           {status(400, "unsupported path requested"), "answered 400: unsupported path requested"},
		"a redirect":               {func(w http.ResponseWriter, r *http.Request) bool { http.Redirect(w, r, "/elsewhere", 308); return true }, "answers with a redirect (308), which is not followed"},
		"it closes the connection": {func(w http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) }, "cannot be reached: EOF"},
		"it is slow":               {func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }, "cannot be reached: no response in time"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(f *fake) { f.strange = c.strange })
			target := f.target()
			if name == "it is slow" {
				target.HTTP.Timeout = 100 * time.Millisecond
			}
			s, clock := open(t, target, func(o *Options) { o.queued = 50 })
			for range 10 {
				poll(t, s, clock, 20)
			}
			require.Eventually(t, func() bool { return strings.Contains(s.Remote().Failing, c.says) }, 5*time.Second, time.Millisecond, "%s", s.Remote().Failing)
			st := s.Remote()
			require.Equal(t, 10, st.Batches)
			require.EqualValues(t, 200, st.Unsent)
			require.GreaterOrEqual(t, st.Lag(clock.Now()), 2*time.Minute)
			require.Contains(t, s.Stats().Note, "the remote engine takes no samples since ")
			s.Apply(f.target()) // a busy machine may be slow, too
			f.change(func(f *fake) { f.strange = nil })
			settled(t, s)
			require.Equal(t, 200, f.count())
			require.Zero(t, f.twice)
			st = s.Remote()
			require.EqualValues(t, 200, st.Sent)
			require.Zero(t, st.RefusedInAll()+st.Dropped+st.Unsent)
			require.Zero(t, st.Batches)
			require.Empty(t, s.Stats().Note)
		})
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	f := newFake(t, func(f *fake) {
		f.strange = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "", http.StatusTooManyRequests)
			return true
		}
	})
	s, clock := open(t, f.target())
	poll(t, s, clock, 1)
	require.Eventually(t, func() bool { return len(f.received()) >= 2 }, 5*time.Second, time.Millisecond)
	all := f.received()
	require.GreaterOrEqual(t, all[1].at.Sub(all[0].at), time.Second)
	for header, want := range map[string]time.Duration{"": 0, "5": 5 * time.Second, "-1": 0, "100000000000": maxRetryAfter, "soon": 0, time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0} {
		require.Equal(t, want, retryAfter(header), header)
	}
	require.InDelta(t, 60, retryAfter(time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)).Seconds(), 2)
}

// By 1.0 one sample that is refused takes its whole request with it: the others are sent again.
func TestRefusedSamplesAreFoundAmongTheOthersAndCounted(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		for text, reason := range map[string]string{
			"out of order sample": outOfOrder,
			"failed pushing to ingester: user=mesos: the sample has been rejected because another sample with a more recent timestamp has already been ingested and out-of-order samples are not allowed (err-mimir-sample-out-of-order)": outOfOrder,
			"out of bounds": tooOld, "the sample has been rejected because its timestamp is too old (err-mimir-sample-timestamp-too-old)": tooOld,
			"the sample has been rejected because another sample with a more recent timestamp has already been ingested and this sample is beyond the out-of-order time window of 1h (err-mimir-sample-timestamp-too-old)": tooOld,
			"duplicate sample for timestamp": duplicate, "label value too long": overLimit, "the labels are not sorted": otherWhy,
		} {
			f := newFake(t, func(f *fake) { f.v2 = v2 })
			s, clock := open(t, f.target())
			poll(t, s, clock, 1) // it is the engine that is meant
			settled(t, s)
			f.change(func(f *fake) {
				f.refuse = func(labels string, _ int64) string {
					if strings.Contains(labels, `i="7"`) || strings.Contains(labels, `i="99"`) {
						return text
					}
					return ""
				}
			})
			poll(t, s, clock, 200)
			settled(t, s)
			require.Equal(t, 199, f.count(), "%v %s", v2, text)
			require.Zero(t, f.twice)
			st := s.Remote()
			require.Equal(t, map[string]int64{reason: 2}, st.Refused)
			require.EqualValues(t, 199, st.Sent)
			require.Contains(t, s.Stats().Note, fmt.Sprintf("the remote engine refused 2 samples for good (%s 2), the latest: ", reason))
			require.Less(t, len(f.received()), 60)
		}
	}
}

func TestRequestsThatAreTooLargeAreSplit(t *testing.T) {
	f := newFake(t, func(f *fake) { f.most = 30 })
	s, clock := open(t, f.target())
	poll(t, s, clock, 5000)
	settled(t, s)
	require.Equal(t, 5000, f.count())
	for _, r := range f.received() {
		require.LessOrEqual(t, r.samples, maxRequestSamples)
	}
}

// However many are refused, each sample is tried before it is given up.
func TestNoSampleIsGivenUpUntried(t *testing.T) {
	f := newFake(t)
	s, clock := open(t, f.target(), func(o *Options) { o.splits, o.splitsEvery = 5, 50*time.Millisecond })
	poll(t, s, clock, 1)
	settled(t, s)
	s.mu.Lock()
	s.queue.again = clock.Now().Add(time.Hour).UnixMilli() // as after a restart
	s.mu.Unlock()
	f.change(func(f *fake) {
		f.refuse = func(labels string, _ int64) string {
			if strings.Contains(labels, `3"`) {
				return "out of order sample"
			}
			return ""
		}
	})
	poll(t, s, clock, 100)
	settled(t, s)
	require.Equal(t, 91, f.count())
	st := s.Remote()
	require.EqualValues(t, 91, st.Sent)
	require.EqualValues(t, 10, st.Again)
	require.Zero(t, st.RefusedInAll()+st.Unsent)
}

// A long time that is too old is not tried sample by sample, which newer ones would wait for.
func TestWhatIsOlderThanTooOldIsNotSplit(t *testing.T) {
	f := newFake(t)
	s, clock := open(t, f.target())
	poll(t, s, clock, 1)
	settled(t, s)
	oldest := clock.Now().Add(10 * 15 * time.Second).UnixMilli()
	f.change(func(f *fake) {
		f.refuse = func(_ string, at int64) string {
			if at < oldest {
				return "out of bounds"
			}
			return ""
		}
	})
	f.change(func(f *fake) { // else the first are sent before
		f.strange = func(w http.ResponseWriter, _ *http.Request) bool { http.Error(w, "", 503); return true }
	})
	for range 12 {
		poll(t, s, clock, 200)
	}
	f.change(func(f *fake) { f.strange = nil })
	settled(t, s)
	require.Equal(t, 401, f.count())
	require.Equal(t, map[string]int64{tooOld: 2000}, s.Remote().Refused)
	require.Less(t, len(f.received()), 600)
}

// By 2.0 an engine says how many it has written, and may have left out some without an error.
func TestOnlyWhatIsWrittenCountsAsSent(t *testing.T) {
	f := newFake(t, func(f *fake) { f.v2 = true })
	s, clock := open(t, f.target())
	poll(t, s, clock, 1)
	settled(t, s)
	f.change(func(f *fake) {
		f.strange = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", "15")
			w.WriteHeader(http.StatusNoContent)
			return true
		}
	})
	poll(t, s, clock, 20)
	settled(t, s)
	st := s.Remote()
	require.EqualValues(t, 16, st.Sent)
	require.Equal(t, map[string]int64{otherWhy: 5}, st.Refused)
	require.Contains(t, s.Stats().Note, "the remote engine refused 5 samples for good (other 5), the latest: other: 15 of 20 samples are written by what the engine says")
	require.Zero(t, st.Unsent)
}

// What an engine that deduplicates leaves out, since it has the samples of another replica, is not refused.
func TestWhatIsLeftOutForAnotherReplicaIsNotRefused(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		f := newFake(t, func(f *fake) { f.v2 = v2 })
		s, clock := open(t, f.target())
		poll(t, s, clock, 1)
		settled(t, s)
		f.change(func(f *fake) {
			f.strange = func(w http.ResponseWriter, _ *http.Request) bool {
				if v2 {
					w.Header().Set("X-Prometheus-Remote-Write-Samples-Written", "0")
				}
				http.Error(w, "replicas did not match, rejecting sample: replica=b, elected=a", http.StatusAccepted)
				return true
			}
		})
		poll(t, s, clock, 20)
		settled(t, s)
		st := s.Remote()
		require.EqualValues(t, 21, st.Sent)
		require.Empty(t, st.Refused)
		require.Empty(t, s.Stats().Note)
	}
}

// Mimir, Cortex and Thanos keep what they can of a request that they refuse: what is tried again
// is out of order then, and is there.
func TestWhatARefusedRequestLeftIsNotRefused(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		t.Run(fmt.Sprint(v2), func(t *testing.T) { leavesAPart(t, v2) })
	}
}

func leavesAPart(t *testing.T, v2 bool) {
	f := newFake(t, func(f *fake) { f.partial, f.v2 = true, v2 })
	s, clock := open(t, f.target(), func(o *Options) { o.queued = 50 })
	poll(t, s, clock, 1)
	settled(t, s)
	f.change(func(f *fake) {
		f.strange = func(w http.ResponseWriter, _ *http.Request) bool { http.Error(w, "", 503); return true }
		f.refuse = func(labels string, _ int64) string {
			if strings.Contains(labels, `i="7"`) {
				return "user=mesos: the sample is too old (err-mimir-sample-timestamp-too-old)"
			}
			return ""
		}
	})
	for range 10 { // they are read from the local history, ten of each series in a request
		poll(t, s, clock, 20)
	}
	f.change(func(f *fake) { f.strange = nil })
	settled(t, s)
	require.Equal(t, 1+190, f.count())
	st := s.Remote()
	require.Equal(t, map[string]int64{tooOld: 10}, st.Refused)
	require.Positive(t, st.Again)
	require.EqualValues(t, 1+190, st.Sent+st.Again)
	require.Zero(t, st.Unsent)
}

// A request of more samples than the tenant may send at a time would be refused for ever.
func TestARequestAboveTheBurstIsSplit(t *testing.T) {
	f := newFake(t, func(f *fake) { f.v2, f.burst = true, 30 })
	s, clock := open(t, f.target())
	for range 5 {
		poll(t, s, clock, 100)
	}
	settled(t, s)
	require.Equal(t, 500, f.count())
	require.Zero(t, s.Remote().RefusedInAll())
}

// A tenant that has as many series as it may is refused the rest with each poll, for as long as it
// likes: the others must not wait for that to be counted, and each sample is in one count.
func TestALimitOfSeriesHoldsUpNothing(t *testing.T) {
	const limit = "failed pushing to ingester: user=mesos: per-user series limit of 1500 exceeded (err-mimir-max-series-per-user). To adjust the related per-tenant limit, configure -ingester.max-global-series-per-user, or contact your service administrator."
	for _, v2 := range []bool{false, true} {
		t.Run(fmt.Sprint(v2), func(t *testing.T) {
			f := newFake(t, func(f *fake) {
				f.partial, f.v2 = true, v2
				f.refuse = func(labels string, at int64) string {
					if strings.Contains(labels, `7"`) || strings.Contains(labels, `i="3`) {
						return limit
					}
					return ""
				}
			})
			s, clock := open(t, f.target(), func(o *Options) { o.splits = 400 })
			const polls, series = 20, 3000
			for range polls { // also the first request is refused
				poll(t, s, clock, series)
				settled(t, s)
			}
			fits := 0
			for i := range series {
				if text := strconv.Itoa(i); !strings.HasSuffix(text, "7") && !strings.HasPrefix(text, "3") {
					fits++
				}
			}
			require.Equal(t, polls*fits, f.count())
			st := s.Remote()
			require.EqualValues(t, polls*series, st.Sent+st.Again+st.RefusedInAll()+st.Partly)
			require.Positive(t, st.Refused[overLimit])
			require.Positive(t, st.Partly)
			require.LessOrEqual(t, st.RefusedInAll(), int64(polls*(series-fits)))
			require.GreaterOrEqual(t, st.RefusedInAll()+st.Partly, int64(polls*(series-fits)))
			require.Zero(t, st.Unsent)
			require.Less(t, len(f.received()), 200)
			require.Contains(t, s.Stats().Note, fmt.Sprintf("the remote engine refused %d samples for good (limit %d), and an unknown part of %d more, the latest: limit", st.RefusedInAll(), st.RefusedInAll(), st.Partly))
			require.Contains(t, s.Stats().Note, "configure -ingester.max-global-series-per-user")
		})
	}
}

// What the local history drops before it is taken is counted, and its time is said.
func TestWhatTheLocalHistoryDropsIsSaid(t *testing.T) {
	f := newFake(t, func(f *fake) {
		f.strange = func(w http.ResponseWriter, _ *http.Request) bool { http.Error(w, "", 503); return true }
	})
	s, clock := open(t, f.target(), func(o *Options) {
		o.queued = 50
		o.Local = memory.New(memory.Options{Now: o.Now, Retention: 10 * time.Minute})
	})
	began := clock.Now()
	for range 100 { // 25 minutes
		poll(t, s, clock, 20)
	}
	f.change(func(f *fake) { f.strange = nil })
	settled(t, s)
	st := s.Remote()
	require.EqualValues(t, 2000, st.Sent+st.Dropped)
	require.EqualValues(t, st.Sent, f.count())
	require.Greater(t, st.Dropped, int64(500))
	require.Zero(t, f.twice)
	require.WithinDuration(t, began, st.LostFrom, time.Minute)
	require.Contains(t, s.Stats().Note, "were dropped here, by retention or by a limit, before the remote engine took them ("+strconv.FormatInt(st.Dropped, 10)+" so far)")
}

// The process may end and another go on, if there is a disk.
func TestWhatWasNotAcknowledgedIsSentAfterARestart(t *testing.T) {
	f := newFake(t)
	mark := &memoryMark{}
	clock := historytest.NewClockAt(time.Now().Add(-time.Hour).Truncate(time.Second))
	local := &leftOpen{memory.New(memory.Options{Now: clock.Now})}
	again := func() *Store {
		s, _ := open(t, f.target(), func(o *Options) { o.Local, o.Now, o.Mark, o.queued = local, clock.Now, mark, 50 })
		return s
	}
	s := again()
	for range 5 {
		poll(t, s, clock, 20)
	}
	settled(t, s)
	f.change(func(f *fake) {
		f.strange = func(w http.ResponseWriter, _ *http.Request) bool { http.Error(w, "", 503); return true }
	})
	for range 5 {
		poll(t, s, clock, 20)
		// A slow poll: its samples are older than what was acknowledged.
		historytest.Commit(t, s, historytest.Sample(clock.Now().Add(-20*time.Second), 1, "__name__", "mesos_slow", "cluster", "c"))
	}
	s.Release()
	poll(t, local, clock, 20) // committed, and the process was killed before it was queued
	s = again()
	poll(t, s, clock, 20)
	f.change(func(f *fake) { f.strange = nil })
	settled(t, s)
	require.Equal(t, 20*12+5, f.count())
	require.Zero(t, s.Remote().RefusedInAll())
	s.Release()

	// Nothing is sent again if nothing is left.
	sent := len(f.received())
	s = again()
	settled(t, s)
	time.Sleep(50 * time.Millisecond)
	require.Len(t, f.received(), sent)
}

type memoryMark struct {
	mu   sync.Mutex
	mark Acknowledged
}

func (m *memoryMark) Load() (Acknowledged, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mark, nil
}

func (m *memoryMark) Save(mark Acknowledged) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mark = mark
	return nil
}

// leftOpen is a local store that outlives the Store, as a directory does.
type leftOpen struct{ *memory.Store }

func (leftOpen) Close() error { return nil }

// held is a lease that this process holds, since before it began.
type held struct{}

func (held) Held() (since, until time.Time, ok bool) {
	return time.Now().Add(-time.Hour), time.Now().Add(time.Hour), true
}
func (held) Changed() <-chan struct{} { return nil }

// What a process that was killed had not written to be taken may be there. Where another Grafana
// collected meanwhile, that its samples are newer does not say so.
func TestWhatIsBehindSamplesOfAnotherGrafanaIsLost(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		for name, there := range map[string]bool{"it was sent": true, "it was not": false} {
			t.Run(fmt.Sprintf("%s, %v", name, v2), func(t *testing.T) {
				f := newFake(t, func(f *fake) { f.v2 = v2 })
				mark := &memoryMark{}
				clock := historytest.NewClockAt(time.Now().Add(-time.Hour).Truncate(time.Second))
				local := &leftOpen{memory.New(memory.Options{Now: clock.Now})}
				again := func() *Store {
					s, _ := open(t, f.target(), func(o *Options) { o.Local, o.Now, o.Mark, o.Lease = local, clock.Now, mark, held{} })
					return s
				}
				s := again()
				poll(t, s, clock, 20)
				settled(t, s)
				before, _ := mark.Load()
				if !there {
					f.change(func(f *fake) {
						f.strange = func(w http.ResponseWriter, _ *http.Request) bool { http.Error(w, "", 503); return true }
					})
				}
				for range 5 {
					poll(t, s, clock, 20)
				}
				if there {
					settled(t, s)
				}
				s.Release()
				require.NoError(t, mark.Save(before)) // it was killed
				clock.Advance(time.Minute)
				f.change(func(f *fake) {
					f.strange = nil
					for name := range f.kept { // of another Grafana
						f.kept[name][clock.Now().UnixMilli()] = 1
					}
					f.refuse = func(labels string, at int64) string {
						if at < f.newest(labels) {
							return "out of order sample"
						}
						return ""
					}
				})
				clock.Advance(15 * time.Second)
				s = again()
				settled(t, s)
				st := s.Remote()
				if there {
					require.Zero(t, st.RefusedInAll(), st.Refusal)
					require.EqualValues(t, 100, st.Again)
				} else {
					require.Equal(t, map[string]int64{outOfOrder: 100}, st.Refused)
					require.Zero(t, st.Again)
				}
				require.Zero(t, st.Unsent)
			})
		}
	}
}

// An engine that answers late gets what waits in few requests.
func TestBatchesThatWaitShareARequest(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		late := make(chan struct{})
		f := newFake(t, func(f *fake) {
			f.v2 = v2
			f.strange = func(http.ResponseWriter, *http.Request) bool { <-late; return false }
		})
		target := f.target()
		target.HTTP.Timeout = 0
		s, clock := open(t, target)
		const batches = 300
		for range batches { // as the answers of agents
			poll(t, s, clock, 10)
		}
		close(late)
		settled(t, s)
		require.Equal(t, 10*batches, f.count())
		require.Zero(t, f.twice)
		require.EqualValues(t, 10*batches, s.Remote().Sent)
		require.Less(t, len(f.received()), 12)
		require.Zero(t, s.Remote().Batches)
	}
}

func TestNoWaitIsLongerThanAMinute(t *testing.T) {
	s, _ := open(t, newFake(t).target(), func(o *Options) { o.backOff = time.Second })
	for tries := range 100 {
		for range 20 {
			require.LessOrEqual(t, s.backOff(tries), time.Minute)
		}
	}
}

// An older engine may take the place of another one, at the same address.
func TestAnEngineThatIsRolledBackIsWrittenToBy10(t *testing.T) {
	is2 := func(r *http.Request) bool { return strings.Contains(r.Header.Get("Content-Type"), "v2") }
	for name, answers := range map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"415": nil,
		"204 without a series": func(w http.ResponseWriter, r *http.Request) bool { // Prometheus before 2.54
			if is2(r) {
				w.WriteHeader(http.StatusNoContent)
			}
			return is2(r)
		},
		"400": func(w http.ResponseWriter, r *http.Request) bool {
			if is2(r) {
				http.Error(w, "proto: wrong wireType", http.StatusBadRequest)
			}
			return is2(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(f *fake) { f.v2 = true })
			s, clock := open(t, f.target())
			poll(t, s, clock, 20)
			settled(t, s)
			require.Equal(t, version2, s.Remote().Protocol)
			f.change(func(f *fake) { f.v2, f.strange = false, answers })
			for range 3 {
				poll(t, s, clock, 20)
				require.Eventually(t, func() bool { return s.Remote().Oldest.IsZero() }, 5*time.Second, time.Millisecond, "%+v", s.Remote())
			}
			require.Equal(t, 80, f.count())
			st := s.Remote()
			require.Equal(t, version1, st.Protocol)
			require.Zero(t, st.RefusedInAll())
			require.Empty(t, st.Failing)
		})
	}
}

// What answers in the place of an engine that takes 2.0 has not taken anything by 1.0.
func TestAFaultInThePlaceOfAnEngineLosesNothing(t *testing.T) {
	f := newFake(t, func(f *fake) { f.v2 = true })
	s, clock := open(t, f.target())
	poll(t, s, clock, 20)
	settled(t, s)
	f.change(func(f *fake) {
		f.strange = func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "no healthy upstream", 400)
			return true
		}
	})
	poll(t, s, clock, 20)
	require.Eventually(t, func() bool { return strings.Contains(s.Remote().Failing, "answered 400: no healthy upstream") }, 5*time.Second, time.Millisecond)
	f.change(func(f *fake) { f.strange = nil })
	settled(t, s)
	require.Equal(t, 40, f.count())
	require.Zero(t, s.Remote().RefusedInAll())
}

// A response of the engine before comes when the settings name another one already: it says nothing of
// that one, whose 400 may be another server's.
func TestAResponseOfTheTargetBeforeProvesNothing(t *testing.T) {
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	f := newFake(t, func(f *fake) {
		f.strange = func(_ http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.Header.Get("Content-Type"), "v2") {
				arrived <- struct{}{}
				<-release
			}
			return false
		}
	})
	wrong := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "unsupported path requested", http.StatusBadRequest)
	}))
	t.Cleanup(wrong.Close)
	s, clock := open(t, f.target())
	poll(t, s, clock, 20)
	<-arrived
	s.Apply(Target{URL: wrong.URL, WriteURL: wrong.URL + "/write", HTTP: &http.Client{}})
	close(release)
	poll(t, s, clock, 20)
	require.Eventually(t, func() bool { st := s.Remote(); return st.Failing != "" || st.RefusedInAll() > 0 }, 5*time.Second, time.Millisecond)
	st := s.Remote()
	require.Zero(t, st.RefusedInAll(), st.Refusal)
	require.Contains(t, st.Failing, "answered 400: unsupported path requested")
	require.EqualValues(t, 20, st.Unsent)
	s.Apply(f.target())
	settled(t, s)
	require.Equal(t, 40, f.count())
}

// A request may be taken although its response is lost, or another one comes in its place. What is refused
// as out of order when it is sent again is there then, and only then.
func TestWhatWasTakenWithoutAResponseIsNotRefused(t *testing.T) {
	for name, loses := range map[string]func(w http.ResponseWriter){
		"a proxy gives up": func(w http.ResponseWriter) { http.Error(w, "", http.StatusGatewayTimeout) },
		"it is cut":        func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		for _, taken := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, taken %v", name, taken), func(t *testing.T) {
				f := newFake(t, func(f *fake) {
					f.refuse = func(labels string, at int64) string {
						if at < f.newest(labels) {
							return "out of order sample"
						}
						return ""
					}
				})
				var left atomic.Int64 // requests until the one whose response is lost
				front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					lose := r.URL.Path == "/write" && left.Add(-1) == 0
					answer := httptest.NewRecorder()
					if !lose || taken {
						f.serve(answer, r)
					}
					if lose {
						loses(w)
						return
					}
					w.WriteHeader(answer.Code)
					_, _ = w.Write(answer.Body.Bytes())
				}))
				t.Cleanup(front.Close)
				s, clock := open(t, Target{URL: front.URL, WriteURL: front.URL + "/write", HTTP: &http.Client{Timeout: 2 * time.Second}}, func(o *Options) { o.queued = 50 })
				poll(t, s, clock, 20)
				settled(t, s)
				f.change(func(f *fake) {
					f.strange = func(w http.ResponseWriter, _ *http.Request) bool {
						http.Error(w, "", http.StatusUnauthorized)
						return true
					}
				})
				for range 10 { // they are read from the local history, several of each series in a request
					poll(t, s, clock, 20)
				}
				f.change(func(f *fake) {
					f.strange = nil
					for name := range f.kept {
						if !taken { // of another data source that writes the same series
							f.kept[name][clock.Now().UnixMilli()] = 1
						}
					}
				})
				left.Store(2) // the first one has one sample of each series
				settled(t, s)
				require.LessOrEqual(t, left.Load(), int64(0))
				st := s.Remote()
				require.Zero(t, st.Unsent)
				if taken {
					require.Zero(t, st.RefusedInAll(), st.Refusal)
					require.Equal(t, 20*11, f.count())
					require.EqualValues(t, 20*11, st.Sent+st.Again)
				} else {
					require.Equal(t, map[string]int64{outOfOrder: 20 * 10}, st.Refused)
					require.Zero(t, st.Again)
				}
			})
		}
	}
}

// A process that ends after all was taken leaves nothing: the time until the next one begins has no samples,
// which retention could drop.
func TestATimeWithoutAProcessIsNoLoss(t *testing.T) {
	for name, killed := range map[string]bool{"ended": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			f, mark := newFake(t), &memoryMark{}
			clock := historytest.NewClockAt(time.Now().Add(-3 * time.Hour).Truncate(time.Second))
			local := &leftOpen{memory.New(memory.Options{Now: clock.Now, Retention: 10 * time.Minute})}
			again := func() *Store {
				s, _ := open(t, f.target(), func(o *Options) { o.Local, o.Now, o.Mark = local, clock.Now, mark })
				return s
			}
			s := again()
			for range 5 {
				poll(t, s, clock, 20)
			}
			settled(t, s)
			before, _ := mark.Load()
			s.Release()
			if killed {
				require.NoError(t, mark.Save(before))
			}
			clock.Advance(2 * time.Hour)
			s = again()
			clock.Advance(500 * time.Millisecond) // the first poll comes some time after
			poll(t, s, clock, 20)
			settled(t, s)
			require.Equal(t, 20*6, f.count())
			if killed {
				require.Contains(t, s.Stats().Note, "before the remote engine took them (their number is not known)")
			} else {
				require.Empty(t, s.Stats().Note)
				require.Zero(t, s.Remote().LostFrom)
			}
		})
	}
}

// The setting timeout may be 0, without end: an engine that takes a request and does not answer would hold up all
// that follows.
func TestARequestEndsWithoutASettingOfItsTime(t *testing.T) {
	f := newFake(t)
	for set, want := range map[time.Duration]time.Duration{0: 30 * time.Second, time.Minute: time.Minute} {
		target := f.target()
		target.HTTP.Timeout = set
		s, _ := open(t, target)
		require.Equal(t, want, s.target.Load().HTTP.Timeout)
	}
}

// An engine that takes samples and answers no queries, for 10 s each, would hold up what waits for hours if each
// sample that it refuses were looked up.
func TestAnEngineThatAnswersNoLookUpIsAskedOnce(t *testing.T) {
	f := newFake(t)
	var lookUps atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/write" {
			if strings.HasSuffix(r.FormValue("query"), "]") {
				lookUps.Add(1)
			}
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
		f.serve(w, r)
	}))
	t.Cleanup(front.Close)
	s, clock := open(t, Target{URL: front.URL, WriteURL: front.URL + "/write", HTTP: &http.Client{}}, func(o *Options) { o.Lease = held{} })
	poll(t, s, clock, 20)
	settled(t, s)
	f.change(func(f *fake) { f.refuse = func(string, int64) string { return "out of order sample" } })
	poll(t, s, clock, 20)
	settled(t, s)
	require.Equal(t, map[string]int64{outOfOrder: 20}, s.Remote().Refused)
	require.EqualValues(t, 1, lookUps.Load())
	poll(t, s, clock, 20)
	settled(t, s)
	require.EqualValues(t, 2, lookUps.Load(), "it may answer again")
}
