package remote

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/promql"
)

// answering returns a store in front of an engine whose HTTP API answers so, with ten minutes
// of local history, and an engine of queries.
func answering(t *testing.T, answer http.HandlerFunc) (*Store, *promql.Engine, time.Time) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/write") {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_ = r.ParseForm() // else the server does not notice that the client has gone
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	s, clock := open(t, Target{URL: server.URL, WriteURL: server.URL + "/api/v1/write", HTTP: &http.Client{}, most: 1 << 20}, func(o *Options) { o.Local = memory.New(memory.Options{Now: o.Now}) })
	for range 40 {
		poll(t, s, clock, 2)
	}
	settled(t, s)
	engine := promql.NewEngine(promql.EngineOptions{MaxSamples: 1000})
	t.Cleanup(engine.Close)
	return s, engine, clock.Now()
}

func TestWhatTheRemoteEngineAnswersIsBoundedAndSaid(t *testing.T) {
	status := func(code int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
	}
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   promql.ErrorKind
		text   string
	}{
		"refused": {status(400, `{"status":"error","errorType":"bad_data","error":"invalid parameter"}`), promql.ErrorEval, "The query cannot be evaluated: the remote engine refuses it: invalid parameter"},
		"limits":  {status(422, `{"status":"error","errorType":"execution","error":"query processing would load too many samples"}`), promql.ErrorEval, "would load too many samples"},
		"429":     {status(429, `too many outstanding requests`), promql.ErrorRemote, "answered 429: too many outstanding requests"},
		"401":     {status(401, `no org id`), promql.ErrorRemote, "refuses the credentials (401: no org id): check remoteBasicAuthUser"},
		"404":     {status(404, ``), promql.ErrorRemote, "has no HTTP API of Prometheus there (404): check the address, without /api/v1 (jsonData.remoteUrl)"},
		"503":     {status(503, `upstream`), promql.ErrorRemote, "answered 503: upstream"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, promql.ErrorRemote,
			"answers with a redirect (302), which is not followed: write the address that it leads to (jsonData.remoteUrl)"},
		"a page":     {says(`<html>`), promql.ErrorRemote, "the remote engine's answer is not Prometheus' JSON"},
		"half of it": {says(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"`), promql.ErrorRemote, "is not Prometheus' JSON"},
		"a number":   {says(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}}`), promql.ErrorRemote, "is not Prometheus' JSON"},
		"no type":    {says(`{"status":"success","data":{"result":[]}}`), promql.ErrorRemote, "unknown type of result"},
		"no value":   {says(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"],[123]]}]}}`), promql.ErrorRemote, "is not Prometheus' JSON: a time and a value are expected"},
		"no time":    {says(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[]}]}}`), promql.ErrorRemote, "is not Prometheus' JSON: a time and a value are expected"},
		"3 values":   {says(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2","3"]}]}}`), promql.ErrorRemote, "is not Prometheus' JSON: a time and a value are expected"},
		"no data":    {says(`{"status":"success"}`), promql.ErrorRemote, "is not Prometheus' JSON: data is missing"},
		"null":       {says(`{"status":"success","data":null}`), promql.ErrorRemote, "is not Prometheus' JSON: data is missing"},
		"no result":  {says(`{"status":"success","data":{"resultType":"matrix"}}`), promql.ErrorRemote, "is not Prometheus' JSON: the result is missing"},
		"no scalar":  {says(`{"status":"success","data":{"resultType":"scalar","result":[]}}`), promql.ErrorRemote, "is not Prometheus' JSON: the result is missing"},
		"half of 2":  {says(`{"status":"success","data":{"resultType":"scalar","result":[1]}}`), promql.ErrorRemote, "is not Prometheus' JSON: a time and a value are expected"},
		"no number":  {says(`{"status":"success","data":{"result":[1,"x"],"resultType":"scalar"}}`), promql.ErrorRemote, "is not Prometheus' JSON"},
		"an error":   {says(`{"status":"error","error":"why"}`), promql.ErrorRemote, `answered "error": why`},
		"slow":       {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, promql.ErrorTimeout, "took longer than it may"},
		"huge": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"1"]`))
			for i := range 2000 {
				_, _ = fmt.Fprintf(w, `,[%d,"1"]`, i+1)
			}
			_, _ = w.Write([]byte(`]}]}}`))
		}, promql.ErrorSamples, "needs more than 1000 samples at once"},
		"too long": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"status":"`))
			some := []byte(strings.Repeat("x", 64<<10))
			for range 32 {
				if _, err := w.Write(some); err != nil {
					return
				}
			}
		}, promql.ErrorEval, "the remote engine's answer has more than 1 MiB: shorten the time range, raise the step, or select fewer series"},
	} {
		t.Run(name, func(t *testing.T) {
			s, engine, now := answering(t, c.answer)
			request := promql.Request{Store: s, Expr: `mesos_test`, Start: now.Add(-time.Hour), End: now, Step: time.Minute, Lookback: 40 * time.Second, Alert: true}
			asked := engine
			if c.kind == promql.ErrorTimeout {
				asked = promql.NewEngine(promql.EngineOptions{Timeout: 200 * time.Millisecond})
				defer asked.Close()
			}
			_, err := asked.Range(t.Context(), request)
			require.Error(t, err)
			require.ErrorContains(t, err, c.text)
			require.Equal(t, c.kind, promql.KindOf(err), err)
			// What is local is answered without it.
			request.Start = now.Add(-5 * time.Minute)
			res, err := engine.Range(t.Context(), request)
			require.NoError(t, err)
			require.Len(t, res.Matrix, 2)
		})
	}
}

func TestWarningsOfTheRemoteEngineAreShown(t *testing.T) {
	s, engine, now := answering(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		require.Contains(t, r.Form.Get("query"), `cluster="c"`)
		_, _ = w.Write([]byte(`{"status":"success","warnings":["a store is away"],"infos":["metric might not be a counter"],"data":{"resultType":"vector","result":[{"metric":{"a":"b","__name__":"x"},"value":[1.5,"NaN"],"histogram":[1,{"count":"1"}]}],"stats":{}}}`))
	})
	res, err := engine.Instant(t.Context(), promql.Request{Store: s, Expr: `mesos_test offset 2h`, End: now, Lookback: time.Minute})
	require.NoError(t, err)
	require.Equal(t, []string{"a store is away"}, res.Warnings)
	require.Equal(t, []string{"metric might not be a counter"}, res.Infos)
	require.Len(t, res.Vector, 1)
	require.EqualValues(t, 1500, res.Vector[0].T)
}

// An alert rule shows no warnings: what is asked for it must be whole, or an error.
func TestAnAnswerInPartIsSaidAndNotForRules(t *testing.T) {
	var asked atomic.Value
	s, engine, now := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Form.Get("query"), "mesos_test") {
			asked.Store(r.Form)
		}
		_, _ = w.Write([]byte(`{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1.5,"1"]}]}}`))
	})
	for _, alert := range []bool{false, true} {
		res, err := engine.Instant(t.Context(), promql.Request{Store: s, Expr: `mesos_test offset 2h`, End: now, Lookback: time.Minute, Alert: alert})
		require.NoError(t, err)
		require.Equal(t, []string{"The remote engine's answer is partial: a part of it did not answer"}, res.Warnings)
		form := asked.Load().(url.Values)
		require.Equal(t, alert, form.Get("partial_response") == "false", "Thanos")
		require.Equal(t, alert, form.Get("deny_partial_response") == "1", "VictoriaMetrics")
	}
}

// Engines order the fields of an answer as they like.
func TestTheTypeOfAnAnswerMayFollowIt(t *testing.T) {
	for _, text := range []string{`{"status":"success","data":{"result":[1.5,"42.5"],"resultType":"scalar"}}`, `{"data":{"resultType":"scalar","result":[1.5,"42.5"]},"status":"success"}`} {
		answer, err := decode(strings.NewReader(text), nil, 10)
		require.NoError(t, err)
		require.Equal(t, prom.Scalar{T: 1500, V: 42.5}, answer.Scalar, text)
	}
	answer, err := decode(strings.NewReader(`{"status":"success","data":{"result":[1,"x"],"resultType":"string"}}`), nil, 10)
	require.NoError(t, err)
	require.Equal(t, prom.String{T: 1000, V: "x"}, answer.String)
	answer, err = decode(strings.NewReader(`{"status":"success","data":{"resultType":"vector","result":[]}}`), nil, 10)
	require.NoError(t, err)
	require.Empty(t, answer.Vector)
}

// A label has one value, whatever an engine sends.
func TestLabelsThatAreNamedTwiceCountOnce(t *testing.T) {
	answer, err := decode(strings.NewReader(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"b":"1","a":"2","b":"3"},"value":[1,"1"]}]}}`), nil, 10)
	require.NoError(t, err)
	require.Equal(t, `{a="2", b="1"}`, answer.Vector[0].Metric.String())
}

// Some engines keep the names of metrics where PromQL has none: two metrics are no one series.
func TestSeriesOfSeveralMetricsAreNotMixed(t *testing.T) {
	var b atomic.Value // of the second metric
	s, engine, now := answering(t, func(w http.ResponseWriter, r *http.Request) {
		kind, values := "vector", `"value":[1,"%s"]`
		if strings.HasSuffix(r.URL.Path, "query_range") {
			kind, values = "matrix", `"values":[[1,"%s"]]`
		}
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"`+kind+`","result":[{"metric":{"__name__":"a"},`+values+`},{"metric":{"__name__":"b"},`+values+`}]}}`, "1", b.Load())
	})
	for _, step := range []time.Duration{0, time.Minute} {
		ask := func(expr string) error {
			request := promql.Request{Store: s, Expr: expr, Start: now.Add(-time.Hour), End: now, Step: step, Lookback: time.Minute}
			var err error
			if step == 0 {
				request.End = request.Start
				_, err = engine.Instant(t.Context(), request)
			} else {
				_, err = engine.Range(t.Context(), request)
			}
			return err
		}
		b.Store("2")
		require.ErrorContains(t, ask(`max_over_time({__name__=~"a|b"}[5m])`), "the remote engine's answer has several series {}, which differ by the name of their metric alone: select one metric")
		require.NoError(t, ask(`{__name__=~"a|b"}`))
		b.Store("1")
		require.NoError(t, ask(`max_over_time({__name__=~"a|b"}[5m])`))
	}
}

// Which samples an expression reaches decides who answers it.
func TestReachDecidesWhoAnswers(t *testing.T) {
	var asked atomic.Bool
	s, engine, now := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if _, own := reachQuery(r); !own { // of the store itself
			asked.Store(true)
		}
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[]}}`))
	})
	for expr, elsewhere := range map[string]bool{
		`mesos_test`:                                             false,
		`rate(mesos_test[5m])`:                                   false,
		`mesos_test offset 5m`:                                   false,
		`rate(mesos_test[15m])`:                                  true,
		`mesos_test offset 15m`:                                  true,
		`max_over_time(mesos_test[15m:1m])`:                      true,
		`max_over_time(rate(mesos_test[6m])[6m:1m])`:             true,
		`mesos_test / (mesos_test offset 1d)`:                    true,
		`mesos_test @ ` + fmt.Sprint(now.Add(-time.Hour).Unix()): true,
		`mesos_test @ end()`:                                     false,
		`vector(1)`:                                              false,
		`time() - 86400`:                                         false,
	} {
		asked.Store(false)
		_, err := engine.Instant(t.Context(), promql.Request{Store: s, Expr: expr, End: now.Add(-time.Second), Lookback: 40 * time.Second})
		require.NoError(t, err, expr)
		require.Equal(t, elsewhere, asked.Load(), expr)
	}
}

// Without the name nothing can be bound, so nothing is asked.
func TestNothingIsAskedWithoutTheNameOfTheCluster(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) }))
	defer server.Close()
	s, clock := open(t, Target{URL: server.URL, WriteURL: server.URL, HTTP: &http.Client{}}, func(o *Options) { o.Cluster = "" })
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	_, err := engine.Instant(t.Context(), promql.Request{Store: s, Expr: `mesos_up`, End: clock.Now()})
	require.ErrorContains(t, err, "the remote engine cannot be asked before the name of the cluster is known, which the first successful poll brings: wait for it, or write the name (jsonData.clusterName)")
	require.Equal(t, promql.ErrorRemote, promql.KindOf(err))
}

// Look-ups say where they are of a part.
func TestLookUpsFallBackToWhatIsLocal(t *testing.T) {
	s, engine, now := answering(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusBadGateway) })
	l := promql.LookUp{Store: s, Start: now.Add(-time.Hour), End: now, Match: [][]*labels.Matcher{historytest.Matchers(t, "mesos_test")}}
	values, err := engine.LabelValues(t.Context(), "i", l)
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1"}, values.Values)
	require.Len(t, values.Warnings, 1)
	require.Contains(t, values.Warnings[0], "only what is kept locally is listed: the remote engine ")
	l.Start = now.Add(-time.Minute)
	names, err := engine.LabelNames(t.Context(), l)
	require.NoError(t, err)
	require.Empty(t, names.Warnings)
	require.Equal(t, []string{"__name__", "cluster", "i"}, names.Values)
}

// A server closes connections that are idle for some seconds, which a query may not know yet.
func TestAQueryOverAConnectionThatWasClosedIsSentAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	var connections atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() { // answers one query, and closes the connection with the next
				defer conn.Close()
				in := bufio.NewReader(conn)
				for n := range 2 {
					r, err := http.ReadRequest(in)
					if err != nil || n > 0 {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					const body = `{"status":"success","data":{"resultType":"vector","result":[]}}`
					_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				}
			}()
		}
	}()
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	target := Target{URL: "http://" + listener.Addr().String(), HTTP: client, most: maxAnswer}
	for range 5 {
		require.NoError(t, target.call(t.Context(), http.MethodPost, "/api/v1/query", url.Values{"query": {"1"}}, func(body io.Reader) error {
			_, err := io.Copy(io.Discard, body)
			return err
		}))
	}
	require.EqualValues(t, 5, connections.Load())
}

// A label that is added when writing is taken off what is selected. One of the same name that an
// expression makes is its result.
func TestLabelsThatAnExpressionMakesStay(t *testing.T) {
	s, engine, now := answering(t, func(w http.ResponseWriter, r *http.Request) {
		kind, value := "vector", `"value":[1,"%d"]`
		if strings.HasSuffix(r.URL.Path, "query_range") || strings.HasSuffix(r.Form.Get("query"), "]") {
			kind, value = "matrix", `"values":[[1,"%d"]]`
		}
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"`+kind+`","result":[{"metric":{"env":"a"},`+value+`},{"metric":{"env":"b"},`+value+`}]}}`, 1, 2)
	})
	with := *s.target.Load()
	with.Labels = map[string]string{"env": "prod"}
	s.Apply(with)
	const made = `sum by (env) (label_replace(mesos_test, "env", "$1", "i", "(.*)"))`
	request := promql.Request{Store: s, Expr: made, Start: now.Add(-time.Hour), End: now, Step: time.Minute, Lookback: time.Minute}
	res, err := engine.Range(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, []string{`{env="a"} 1000=1`, `{env="b"} 1000=2`}, texts(res.Matrix))
	request.End = request.Start
	res, err = engine.Instant(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, []string{`{env="a"} 0=1`, `{env="b"} 0=2`}, vectorTexts(res.Vector))
	// What is selected over a range and given to no function has it.
	request.Expr = `mesos_test[5m]`
	res, err = engine.Instant(t.Context(), request)
	require.NoError(t, err)
	require.Len(t, res.Matrix, 1)
	require.Equal(t, "{}", res.Matrix[0].Metric.String())
}
