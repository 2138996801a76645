package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"

	"github.com/stretchr/testify/require"
)

// The compile table as a golden file: each line of testdata/compile.golden is
// a query and, under it, its PromQL; each of testdata/invalid.golden a query
// and its error. Read them as the specification they are.

// A compileCase is a query without its refId, and how it is evaluated.
type compileCase struct {
	query   string
	instant bool
}

// everyCombination is each entity with each resource and each measure.
func everyCombination() []compileCase {
	var all []compileCase
	for _, e := range entityNames() {
		for _, r := range resourceNames() {
			for _, m := range measureNames(resourceNames()...) {
				all = append(all, compileCase{query: fmt.Sprintf(`{"entity":%q,"resource":%q,"measure":%q}`, e, r, m)})
			}
		}
	}
	return all
}

// variants are the effects of the other keys on a measure. Each is written once for
// a measure of every shape.
var variants = []compileCase{
	// groupBy
	{query: `{"entity":"cluster","resource":"cpus","measure":"allocated","groupBy":["cluster"]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":[]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":["agent_id","agent"]}`},
	{query: `{"entity":"agent","resource":"memory","measure":"utilization","groupBy":[]}`},
	{query: `{"entity":"agent","resource":"disk","measure":"free","groupBy":[]}`},
	{query: `{"entity":"task","resource":"cpus","measure":"allocated","groupBy":["framework","role"]}`},
	{query: `{"entity":"task","resource":"cpus","measure":"allocated","groupBy":["label_team"]}`},
	{query: `{"entity":"executor","resource":"memory","measure":"used","groupBy":["agent","framework"]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"active","groupBy":["state"]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"active","groupBy":["framework","state"]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"ended","groupBy":["state"]}`},
	{query: `{"entity":"role","resource":"cpus","measure":"quota_limit","groupBy":["cluster","role"]}`},

	// Info labels join each operand with its info series, within the aggregation.
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":["attr_rack"]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":["zone","agent","region"]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"utilization","groupBy":["attr_rack"]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"utilization","groupBy":["attr_rack"],"aggregate":"max"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"free","groupBy":["version"]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"free","groupBy":["version"],"aggregate":"min"}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"active","groupBy":["attr_rack"],"aggregate":"avg"}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"share","groupBy":["principal"]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","groupBy":["user"]}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"failed","groupBy":["attr_rack"]}`},
	{query: `{"entity":"task","resource":"cpus","measure":"allocated","groupBy":["attr_rack","principal"]}`},
	{query: `{"entity":"executor","resource":"memory","measure":"efficiency","groupBy":["user","version"],"aggregate":"min"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"attr_rack","operator":"=~","value":"r[12]"}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":["attr_rack"],"filters":[{"label":"attr_rack","operator":"=~","value":"r[12]"},{"label":"agent","operator":"!=","value":"a1"}]}`},

	// fits
	{query: `{"entity":"cluster","resource":"tasks","measure":"fits","shape":{"cpus":0.1}}`},
	{query: `{"entity":"cluster","resource":"tasks","measure":"fits","shape":{"cpus":1,"memory":"8GiB","disk":"0.5 TiB","gpus":2}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"memory":"512MiB"},"top":-3}`, instant: true},
	{query: `{"entity":"cluster","resource":"tasks","measure":"fits","shape":{"cpus":2,"memory":"1GiB"},"aggregate":"max"}`, instant: true},
	{query: `{"entity":"cluster","resource":"tasks","measure":"fits","shape":{"cpus":2},"aggregate":"min","groupBy":["zone"]}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"cpus":2,"memory":"1GiB"},"groupBy":["attr_rack"],"filters":[{"label":"attr_rack","operator":"=~","value":"r[12]"},{"label":"agent","operator":"!=","value":"a1"}]}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"cpus":2},"groupBy":[],"forecast":"6h"}`, instant: true},

	// filters
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"=","value":"marathon"}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"=","value":["marathon","a.b (c)|d"]}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"!=","value":["a.b","c"]}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"=~","value":["a.*","b|c"]}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"!~","value":["a.*","b"]}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"!~","value":"spark-.+"}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"=","value":["one"]}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"=","value":"a\"} or up{x=\"\\"}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","filters":[{"label":"framework","operator":"=","value":"日本 \n $__interval"}]}`},
	{query: `{"entity":"task","resource":"cpus","measure":"allocated","filters":[{"label":"label_team","operator":"=","value":""}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"free","filters":[{"label":"agent","operator":"=","value":"a1"}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"utilization","filters":[{"label":"agent","operator":"=","value":"a1"}]}`},
	{query: `{"entity":"role","resource":"cpus","measure":"free","filters":[{"label":"role","operator":"=~","value":"prod/.*"}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"share","filters":[{"label":"framework","operator":"=","value":"marathon"}]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"running","filters":[{"label":"framework","operator":"=","value":"marathon"}]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","filters":[{"label":"framework","operator":"=","value":"marathon"}]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"active","filters":[{"label":"state","operator":"=","value":"TASK_RUNNING"}]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"active","filters":[{"label":"state","operator":"=","value":["running","TASK_STAGING"]}]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"ended","filters":[{"label":"state","operator":"=~","value":"TASK_(FAILED|GONE.*)"}]}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"ended","filters":[{"label":"state","operator":"=~","value":"gone.*"}]}`},

	// aggregate
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":[],"aggregate":"sum"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":[],"aggregate":"avg"}`},
	{query: `{"entity":"task","resource":"memory","measure":"allocated","groupBy":["framework"],"aggregate":"min"}`},
	{query: `{"entity":"task","resource":"memory","measure":"allocated","groupBy":["framework"],"aggregate":"max"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":[],"aggregate":"count"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"free","groupBy":[],"aggregate":"max"}`},
	{query: `{"entity":"role","resource":"cpus","measure":"free","aggregate":"max"}`},
	{query: `{"entity":"cluster","resource":"cpus","measure":"utilization","aggregate":"avg"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"utilization","groupBy":[],"aggregate":"sum"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"utilization","groupBy":[],"aggregate":"max"}`},
	{query: `{"entity":"role","resource":"cpus","measure":"utilization","aggregate":"max"}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"share","groupBy":[],"aggregate":"max"}`},
	{query: `{"entity":"task","resource":"cpus","measure":"efficiency","groupBy":["framework"],"aggregate":"avg"}`},
	{query: `{"entity":"executor","resource":"cpus","measure":"efficiency","groupBy":["framework"],"aggregate":"min"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"active","groupBy":[],"aggregate":"avg"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"active","groupBy":["state"],"aggregate":"max"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"running","groupBy":[],"aggregate":"max"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"ended","groupBy":[],"aggregate":"max"}`},

	// counters: increase or rate, over a range or in an instant
	{query: `{"entity":"cluster","resource":"tasks","measure":"ended"}`, instant: true},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed"}`, instant: true},
	{query: `{"entity":"agent","resource":"tasks","measure":"lost","groupBy":["agent","state"]}`, instant: true},
	{query: `{"entity":"role","resource":"tasks","measure":"ended","rate":true}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":true}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":true}`, instant: true},

	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":"second"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":"minute"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":"minute","groupBy":["user"],"aggregate":"max","top":3}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":"minute","groupBy":[],"aggregate":"count"}`, instant: true},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":false}`},
	{query: `{"metric":"mesos_cluster_tasks_ended_total","rate":"minute"}`},
	{query: `{"metric":"mesos_cluster_tasks_ended_total","rate":"minute","groupBy":["state"],"aggregate":"max"}`},

	// top and forecast
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","top":5}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","top":5}`, instant: true},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","top":-3}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","top":-3}`, instant: true},
	{query: `{"entity":"framework","resource":"cpus","measure":"share","top":1}`},
	{query: `{"entity":"agent","resource":"disk","measure":"free","forecast":"1d"}`},
	{query: `{"entity":"agent","resource":"disk","measure":"free","forecast":"6h","top":-2}`},
	{query: `{"entity":"agent","resource":"disk","measure":"free","forecast":"6h","top":-2}`, instant: true},
	{query: `{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"90m"}`, instant: true},

	// metric: the series as they are, or aggregated where that is asked for
	{query: `{"metric":"mesos_cluster_agents"}`},
	{query: `{"metric":"mesos_cluster_agents","filters":[{"label":"state","operator":"=","value":"active"}]}`},
	{query: `{"metric":"mesos_cluster_agents","groupBy":[]}`},
	{query: `{"metric":"mesos_agent_tasks","groupBy":["agent"]}`},
	{query: `{"metric":"mesos_agent_tasks","groupBy":["attr_rack"],"aggregate":"max"}`},
	{query: `{"metric":"mesos_agent_info","groupBy":["version"],"aggregate":"count"}`},
	{query: `{"metric":"mesos_cluster_tasks_ended_total"}`},
	{query: `{"metric":"mesos_cluster_tasks_ended_total"}`, instant: true},
	{query: `{"metric":"mesos_cluster_tasks_ended_total","rate":true}`},
	{query: `{"metric":"mesos_cluster_tasks_ended_total","rate":true,"groupBy":["state"]}`},
	{query: `{"metric":"mesos_role_dominant_share_ratio","top":3}`},
	{query: `{"metric":"mesos_cluster_cpus_allocated","forecast":"2h"}`},

	// a dashboard's filters hold like the query's own, but for share's denominator
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","adhocFilters":[{"key":"framework","operator":"=","value":"marathon"}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","adhocFilters":[{"key":"framework","operator":"=|","value":"a","values":["a","b.c"]}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"allocated","adhocFilters":[{"key":"framework","operator":"!=|","values":["a","b.c"]}]}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"share","adhocFilters":[{"key":"framework","operator":"=~","value":"m.*"}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","adhocFilters":[{"key":"attr_rack","operator":"=","value":"r1"}]}`},
	{query: `{"entity":"role","resource":"cpus","measure":"allocated","adhocFilters":[{"key":"framework","operator":"!=","value":"marathon"}]}`},
	{query: `{"entity":"role","resource":"cpus","measure":"allocated","adhocFilters":[{"key":"role","operator":"<","value":"3"}]}`},
}

// mistakes are queries that must be errors which name what is wrong, besides
// those combinations of entity, resource and measure there are not.
var mistakes = []compileCase{
	{query: `{}`},
	{query: `[]`},
	{query: `{"entity":`},
	{query: `{"entity":7,"resource":"cpus","measure":"allocated"}`},
	{query: `{"queryType":"table","table":"jobs"}`},
	{query: `{"queryType":"sql","sql":" "}`},
	{query: `{"queryType":"events"}`},
	{query: `{"queryType":"events","format":"time_series"}`},
	{query: `{"queryType":"events","kinds":["task","slave"]}`},
	{query: `{"queryType":"events","kinds":"task"}`},
	{query: `{"queryType":"events","kinds":["master"],"format":"timeline"}`},
	{query: `{"queryType":"events","severity":"critical"}`},
	{query: `{"queryType":"events","severity":"$severity"}`},
	{query: `{"queryType":"events","limit":10001}`},
	{query: `{"queryType":"events","format":"timeline","limit":1001}`},
	{query: `{"queryType":"events","limit":-1}`},
	{query: `{"queryType":"events","format":"count","groupBy":["agnet"]}`},
	{query: `{"queryType":"events","filters":[{"label":"state","operator":"=","value":"failed"}]}`},
	{query: `{"queryType":"events","filters":[{"label":"label_","operator":"=","value":"failed"}]}`},
	{query: `{"queryType":"events","filters":[{"label":"agent","operator":"=~","value":"("}]}`},
	{query: `{"queryType":"events","filters":[{"label":"agent","operator":"~","value":"x"}]}`},
	{query: `{"queryType":"events","filters":[{"label":"agent","operator":"=","value":[]}]}`},
	{query: `{"queryType":"logs"}`},
	{query: `{"queryType":"topology","groupBy":["rack"]}`},
	{query: `{"queryType":"annotations"}`},
	{query: `{"queryType":"prometheus","expr":"up"}`},
	{query: `{"queryType":"promql"}`},
	{query: `{"queryType":"promql","expr":" "}`},
	{query: `{"version":2,"entity":"cluster","resource":"cpus","measure":"allocated"}`},
	{query: `{"version":0,"entity":"cluster","resource":"cpus","measure":"allocated"}`},
	{query: `{"entity":"slave","resource":"cpus","measure":"allocated"}`},
	{query: `{"entity":"agent","resource":"mem","measure":"allocated"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"idle"}`},
	{query: `{"entity":"agent","resource":"cpus"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","aggregate":"p95"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","format":"heatmap"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","interval":"soon"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","interval":"-1m"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","interval":60}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":"agent"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":["rack"]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":["attr_a b"]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":["attr_"]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","groupBy":["state"]}`},
	{query: `{"entity":"cluster","resource":"cpus","measure":"allocated","groupBy":["framework"]}`},
	{query: `{"entity":"role","resource":"cpus","measure":"allocated","groupBy":["principal"]}`},
	{query: `{"entity":"role","resource":"cpus","measure":"quota_limit","groupBy":[]}`},
	{query: `{"entity":"role","resource":"cpus","measure":"free","groupBy":["cluster"]}`},
	{query: `{"entity":"role","resource":"cpus","measure":"utilization","groupBy":[]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"utilization","aggregate":"count"}`},
	{query: `{"entity":"framework","resource":"cpus","measure":"share","aggregate":"count"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":{"agent":"a1"}}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"rack","operator":"=","value":"r1"}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"<","value":"a1"}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","value":"a1"}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"=","value":[]}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"="}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"=","value":5}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"=","value":null}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"=","value":["a",1]}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"=~","value":"a("}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"=~","value":["a","b)|(c"]}]}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","rate":true}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","rate":"yes"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":"hour"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","rate":60}`},
	{query: `{"metric":"mesos_executor_network_receive_bytes_total","rate":"minute"}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","top":101}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","top":-101}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","top":1.5}`},
	{query: `{"entity":"agent","resource":"cpus","measure":"allocated","forecast":"tomorrow"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"failed","forecast":"1d"}`},
	{query: `{"entity":"framework","resource":"tasks","measure":"fits","shape":{"cpus":1}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"running","shape":{"cpus":1}}`},
	{query: `{"metric":"mesos_cluster_agents","shape":{"cpus":1}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"cpus":-1}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"cpus":0.0001}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"gpus":1e300}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"cpus":"1"}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"memory":1024}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"memory":"8GB"}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"memory":"-8GiB"}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"disk":"99999999999999999999TiB"}}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"cpus":1},"filters":[{"label":"state","operator":"=","value":"active"}]}`},
	{query: `{"entity":"agent","resource":"tasks","measure":"fits","shape":{"cpus":1},"rate":true}`},
	{query: `{"metric":"mesos_cluster_tasks_ended_total","forecast":"1d"}`},
	{query: `{"metric":"mesos_cpus_allocated"}`},
	{query: `{"metric":"up} or {"}`},
	{query: `{"metric":"mesos_cluster_agents","entity":"agent","measure":"allocated"}`},
	{query: `{"metric":"mesos_cluster_agents","rate":true}`},
	{query: `{"metric":"mesos_cluster_agents","groupBy":["agent"]}`},
	{query: `{"metric":"mesos_cluster_agents","filters":[{"label":"attr_rack","operator":"=","value":"r1"}]}`},
}

func TestCompileTableIsAsWritten(t *testing.T) {
	var text strings.Builder
	for _, c := range append(everyCombination(), variants...) {
		p, err := parse(json.RawMessage(c.query))
		require.NoError(t, err, c.query)
		compiled, err := compile(p, c.instant)
		if err != nil {
			continue // in the other golden file
		}
		_, err = promql.ParseExpr(placeholder.interpolate(compiled.expr))
		require.NoError(t, err, "%s became %s", c.query, compiled.expr)
		fmt.Fprintf(&text, "%s%s\n    %s\n", c.query, instantly(c), compiled.expr)
		for _, notice := range compiled.notices {
			fmt.Fprintf(&text, "    # %s\n", notice)
		}
	}
	golden(t, "compile.golden", text.String())
}

// What compiling says of an expression is what the expression reads.
func TestCompileKnowsWhatItsExpressionReads(t *testing.T) {
	times := stepRange{step: time.Minute, poll: every, from: noon.Add(-time.Hour), to: noon}
	onPoll := []compileCase{
		{query: `{"metric":"mesos_up","filters":[{"label":"poll","operator":"=","value":"snapshot"}]}`},
		{query: `{"metric":"mesos_up","filters":[{"label":"poll","operator":"!=","value":["snapshot","state"]}]}`, instant: true},
	}
	checked := 0
	for _, c := range slices.Concat(everyCombination(), variants, onPoll) {
		plan, err := compileJSON(c)
		if err != nil {
			continue
		}
		text, reach, err := plan.at(times)
		require.NoError(t, err)
		want, err := readsOf(text)
		require.NoError(t, err)
		require.Equal(t, want.names, plan.reads.names, c.query)
		require.ElementsMatch(t, want.polls, plan.reads.polls, c.query)
		require.False(t, plan.reads.any || want.any)
		if plan.top == 0 || plan.instant { // chosen over the range, which is asked for anyway
			require.Equal(t, want.reach, reach, c.query)
		}
		checked++
	}
	require.Greater(t, checked, 250)
	one, err := compileJSON(onPoll[0])
	require.NoError(t, err)
	require.Equal(t, []series.Poll{series.PollSnapshot}, one.reads.polls)
}

func TestEveryInvalidCombinationSaysWhatIsWrong(t *testing.T) {
	var text strings.Builder
	for _, c := range append(everyCombination(), mistakes...) {
		_, err := compileJSON(c)
		if err == nil {
			continue // in the other golden file
		}
		_, invalid := errors.AsType[*InvalidError](err)
		require.True(t, invalid, "%s: %T", c.query, err)
		fmt.Fprintf(&text, "%s%s\n    %s\n", c.query, instantly(c), err)
	}
	for _, c := range mistakes {
		_, err := compileJSON(c)
		require.Error(t, err, c.query)
	}
	golden(t, "invalid.golden", text.String())
}

func TestVariantsAreAllValid(t *testing.T) {
	for _, c := range variants {
		_, err := compileJSON(c)
		require.NoError(t, err, c.query)
	}
}

func TestForecastLooksAtNoMorePointsThanItNeeds(t *testing.T) {
	for step, want := range map[time.Duration]string{
		0:                `predict_linear((sum(mesos_cluster_cpus_allocated))[1d:4m], 86400)`,
		time.Minute:      `predict_linear((sum(mesos_cluster_cpus_allocated))[1d:4m], 86400)`,
		10 * time.Minute: `predict_linear((sum(mesos_cluster_cpus_allocated))[1d:10m], 86400)`,
	} {
		p, err := parse(json.RawMessage(`{"entity":"cluster","resource":"cpus","measure":"allocated","forecast":"1d"}`))
		require.NoError(t, err)
		got, err := compile(p, false)
		require.NoError(t, err)
		require.Equal(t, want, got.around(step))
	}
}

func compileJSON(c compileCase) (plan, error) {
	p, err := parse(json.RawMessage(c.query))
	if err != nil {
		return plan{}, err
	}
	return compile(p, c.instant)
}

func instantly(c compileCase) string {
	if c.instant {
		return " instant"
	}
	return ""
}

// golden compares a text with a file of testdata, and says where they part.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "%s: go test ./pkg/query -update writes it again; read the difference before you keep it", file)
}
