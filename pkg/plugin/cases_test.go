package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	promlabels "github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

// TestCases replays the cases of public bug reports (testdata/cases; README.md
// there has the format): the masters, agents and ZooKeeper that a report describes,
// with the settings and queries in it, against the whole plugin.
func TestCases(t *testing.T) { replayFolder(t, caseFiles) }

// TestRealFiles replays responses of masters and agents of Mesos 0.19 to 1.8 from
// public repositories (testdata/public-fixtures). What they must add up to was
// computed from the files by sums.mjs there.
func TestRealFiles(t *testing.T) { replayFolder(t, realFiles+"/replays") }

func replayFolder(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			for _, variant := range readCase(t, file).variants() {
				if variant == 0 {
					replayCase(t, readCase(t, file), 0)
					continue
				}
				t.Run(fmt.Sprintf("variant %d", variant), func(t *testing.T) { replayCase(t, readCase(t, file), variant) })
			}
		})
	}
}

const (
	caseFiles = "../../testdata/cases"
	realFiles = "../../testdata/public-fixtures"
)

// A caseFile is one case: what there was, what is right, and how that is checked.
type caseFile struct {
	Right string `json:"right"` // for people

	JSONData       map[string]any    `json:"jsonData"`
	SecureJSONData map[string]string `json:"secureJsonData"`
	hosts
	ZooKeeper   map[string]map[string]map[string]string `json:"zooKeeper"`   // content by name, by path, by server
	Certificate string                                  `json:"certificate"` // of hosts with https; without "no subjectAltName" one with it
	Header      map[string]string                       `json:"header"`      // of every query
	Query       json.RawMessage                         `json:"query"`
	Queries     []json.RawMessage                       `json:"queries"`

	// For people: what of it is asked is in Want.
	Ask, Names, Now, Range, Rule, Series json.RawMessage
	// What the editors are given, which src/cases.test.ts reads.
	Variable, Variables json.RawMessage

	Want *struct {
		hosts // in addition
		With  *struct {
			JSONData       map[string]any    `json:"jsonData"`
			SecureJSONData map[string]string `json:"secureJsonData"`
		} `json:"with"` // settings in addition
		Start   string                  `json:"start"`   // time of the first poll: 15:04:05
		Samples map[string][][2]float64 `json:"samples"` // by series: seconds since the start, value
		Checks  []caseCheck             `json:"checks"`
		Front   json.RawMessage         `json:"front"` // what src/cases.test.ts checks
	} `json:"want"`
}

type hosts struct {
	Answers map[string]map[string]json.RawMessage `json:"answers"` // by "GET /path", by host:port
}

// A caseCheck is what is right at a moment.
type caseCheck struct {
	Why     string `json:"why"`     // shown where the check fails
	At      string `json:"at"`      // since the first poll, like 30s
	Variant int    `json:"variant"` // of the answers; 0: any

	Health *struct {
		OK      bool   `json:"ok"`
		Message *parts `json:"message"`
		Details *parts `json:"details"`
	} `json:"health"`

	// Series are the values of series, by selector and moment; null is none.
	Series map[string]map[string]*float64 `json:"series"`

	Query  json.RawMessage   `json:"query"` // "the case's": every one that the case has
	Header map[string]string `json:"header"`
	From   string            `json:"from"` // since the start; absent: the start
	To     string            `json:"to"`   // since the start; absent: now

	Error   *parts                  `json:"error"`
	Notices *parts                  `json:"notices"`
	Values  map[string]float64      `json:"values"`  // of all series, by their labels: "framework=web, role=*"; "": without labels
	Value   *float64                `json:"value"`   // of the only series, whatever its labels
	Points  map[string][][2]float64 `json:"points"`  // the same in a range: seconds since the start, value
	Options []string                `json:"options"` // of a variable
	Empty   bool                    `json:"empty"`   // no value, and no error
	Unit    string                  `json:"unit"`
}

// parts are what a text must have and must not have.
type parts struct {
	Has   []string `json:"has"`
	Lacks []string `json:"lacks"`
}

func (x *parts) check(t *testing.T, said, why string) {
	t.Helper()
	if x == nil {
		return
	}
	require.NotEmpty(t, len(x.Has)+len(x.Lacks), "a check of nothing")
	for _, part := range x.Has {
		require.Contains(t, said, part, why)
	}
	for _, part := range x.Lacks {
		require.NotContains(t, said, part, why)
	}
}

func readCase(t *testing.T, file string) *caseFile {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	var c caseFile
	require.NoError(t, strict.Decode(&c))
	require.NotEmpty(t, c.Right, "right: what is right, for people")
	require.NotNil(t, c.Want, "want is missing: what the test checks (testdata/cases/README.md)")
	require.NotEmpty(t, len(c.Want.Checks)+len(c.Want.Front), "want has nothing to check")
	return &c
}

// variants returns the numbers of the variants that the answers have; 0 alone
// without any.
func (c *caseFile) variants() []int {
	found := map[int]bool{}
	for _, pages := range c.Answers {
		for page := range pages {
			for _, one := range readAnswers(pages[page]) {
				found[one.Variant] = true
			}
		}
	}
	if len(found) > 1 {
		delete(found, 0)
	}
	if len(found) == 0 {
		return []int{0}
	}
	return slices.Sorted(maps.Keys(found))
}

func replayCase(t *testing.T, c *caseFile, variant int) {
	if len(c.Want.Checks) == 0 {
		return // src/cases.test.ts has all of it
	}
	s := newFixture(t, nil)
	start := begin
	if c.Want.Start != "" {
		of, err := time.Parse(time.TimeOnly, c.Want.Start)
		require.NoError(t, err)
		start = begin.Truncate(24 * time.Hour).Add(of.Sub(of.Truncate(24 * time.Hour)))
		require.False(t, start.Before(begin), "starts before the tests' time (%s)", begin.Format(time.TimeOnly))
	}
	s.clock.Advance(start.Sub(begin))
	net := newCaseNet(t, c, variant, s.clock, start)
	s.registry.dial = net.dial
	settings, secrets := maps.Clone(c.JSONData), maps.Clone(c.SecureJSONData)
	if settings == nil {
		settings = map[string]any{}
	}
	if secrets == nil {
		secrets = map[string]string{}
	}
	if with := c.Want.With; with != nil {
		maps.Copy(settings, with.JSONData)
		maps.Copy(secrets, with.SecureJSONData)
	}
	for key, value := range secrets {
		secrets[key] = strings.ReplaceAll(value, "<the right PEM>", net.authority.pem)
	}
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		raw, err := json.Marshal(settings)
		require.NoError(t, err)
		ds.JSONData, ds.DecryptedSecureJSONData = raw, secrets
		if user, ok := settings["basicAuthUser"].(string); ok { // a column of Grafana's own, not of jsonData
			ds.BasicAuthEnabled, ds.BasicAuthUser = true, user
		}
	})
	_, _ = s.registry.For(t.Context(), s.context()) // what is wrong with the settings is what checks ask for
	s.clock.Settle()
	r := caseReplay{fixture: s, c: c, start: start}
	r.append(c.Want.Samples)
	for i, check := range c.Want.Checks {
		if check.Variant != 0 && check.Variant != variant {
			continue
		}
		why := fmt.Sprintf("check %d at %s: %s", i+1, check.At, check.Why)
		if check.At != "" {
			at := r.moment(check.At)
			require.False(t, at.Before(s.clock.Now()), "%s: checks are in the order of their times", why)
			s.clock.Advance(at.Sub(s.clock.Now()))
		}
		r.check(check, why)
	}
}

// A caseReplay is a running case.
type caseReplay struct {
	*fixture
	c     *caseFile
	start time.Time
}

// moment returns a time written as a duration since the start.
func (r *caseReplay) moment(since string) time.Time {
	r.t.Helper()
	d, err := time.ParseDuration(since)
	require.NoError(r.t, err)
	return r.start.Add(d)
}

// append adds the case's own samples to the history.
func (r *caseReplay) append(samples map[string][][2]float64) {
	r.t.Helper()
	if len(samples) == 0 {
		return
	}
	batch := r.source().store.Batch(r.t.Context())
	for name, points := range samples {
		for _, p := range points {
			_, err := batch.Append(0, func() promlabels.Labels { return promlabels.FromStrings(promlabels.MetricName, name) }, r.start.UnixMilli()+int64(p[0]*1000), p[1])
			require.NoError(r.t, err)
		}
	}
	require.NoError(r.t, batch.Commit())
}

func (r *caseReplay) check(check caseCheck, why string) {
	t := r.t
	t.Helper()
	require.True(t, check.Health != nil || check.Series != nil || check.Query != nil, "%s: checks nothing", why)
	if want := check.Health; want != nil {
		health, details := r.fixture.check()
		t.Logf("Save & test: %s\n%s", health.Message, details)
		require.Equal(t, want.OK, health.Status == backend.HealthStatusOk, "%s: %s", why, health.Message)
		want.Message.check(t, health.Message, why)
		want.Details.check(t, details, why)
	}
	for _, selector := range slices.Sorted(maps.Keys(check.Series)) {
		at := check.Series[selector]
		require.NotEmpty(t, at, why)
		for _, since := range slices.Sorted(maps.Keys(at)) {
			r.seriesAt(selector, since, at[since], why)
		}
	}
	if check.Query == nil {
		return
	}
	queries := []json.RawMessage{check.Query}
	if string(check.Query) == `"the case's"` {
		queries = r.c.Queries
		if r.c.Query != nil {
			queries = append(queries, r.c.Query)
		}
		require.NotEmpty(t, queries, why)
	}
	require.True(t, check.Error != nil || check.Notices != nil || check.Values != nil || check.Value != nil || check.Points != nil || check.Options != nil || check.Empty,
		"%s: checks nothing of the answer", why)
	from, to := r.start, r.clock.Now()
	if check.From != "" {
		from = r.moment(check.From)
	}
	if check.To != "" {
		to = r.moment(check.To)
	}
	for _, query := range queries {
		var short bytes.Buffer
		require.NoError(t, json.Compact(&short, query))
		why := fmt.Sprintf("%s: %s", why, &short)
		r.answered(check, r.send(query, check.Header, from, to), why)
	}
}

// seriesAt compares the value of the only series that a selector selects. It goes on
// after a difference, so that all of a file are seen at once.
func (r *caseReplay) seriesAt(selector, since string, want *float64, why string) {
	r.t.Helper()
	raw, err := json.Marshal(map[string]any{"queryType": "promql", "expr": selector, "instant": true})
	require.NoError(r.t, err)
	response := r.send(raw, nil, r.start, r.moment(since))
	require.NoError(r.t, response.Error, "%s: %s", why, selector)
	got := valuesOf(response.Frames)
	found := slices.Collect(maps.Values(got))
	switch {
	case want == nil && len(got) == 0:
	case want == nil:
		r.t.Errorf("%s: %s at %s: want none, got %v", why, selector, since, got)
	case len(got) != 1:
		r.t.Errorf("%s: %s at %s: want %v, got %d series: %v", why, selector, since, *want, len(got), got)
	case !equal(*want, found[0][0].value):
		r.t.Errorf("%s: %s at %s: want %v, got %v", why, selector, since, *want, found[0][0].value)
	}
}

// send sends a query with the case's headers and more.
func (r *caseReplay) send(query json.RawMessage, header map[string]string, from, to time.Time) backend.DataResponse {
	r.t.Helper()
	all := maps.Clone(r.c.Header)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, header)
	asked := r.asked(string(query))
	asked.TimeRange = backend.TimeRange{From: from, To: to}
	answer, err := r.plugin.QueryData(r.t.Context(), &backend.QueryDataRequest{
		PluginContext: r.context(), Headers: all, Queries: []backend.DataQuery{asked},
	})
	require.NoError(r.t, err, "panels show nothing of a Go error")
	return answer.Responses["A"]
}

// answered compares an answer with what is right.
func (r *caseReplay) answered(check caseCheck, response backend.DataResponse, why string) {
	t := r.t
	t.Helper()
	if check.Error != nil {
		require.Error(t, response.Error, why)
		t.Logf("error: %s", response.Error)
		check.Error.check(t, response.Error.Error(), why)
		return
	}
	require.NoError(t, response.Error, why)
	t.Logf("notices: %s", notices(response))
	check.Notices.check(t, notices(response), why)
	got := valuesOf(response.Frames)
	if check.Empty {
		require.Empty(t, got, why)
	}
	if check.Options != nil {
		require.Equal(t, check.Options, optionsOf(response.Frames), why)
	}
	if check.Value != nil {
		require.Len(t, got, 1, why)
		for _, points := range got {
			same(t, *check.Value, points[len(points)-1].value, why)
		}
	}
	if check.Values != nil {
		require.ElementsMatch(t, slices.Collect(maps.Keys(check.Values)), slices.Collect(maps.Keys(got)), why)
		for name, want := range check.Values {
			same(t, want, got[name][len(got[name])-1].value, why+": "+name)
		}
	}
	if check.Points != nil {
		require.ElementsMatch(t, slices.Collect(maps.Keys(check.Points)), slices.Collect(maps.Keys(got)), why)
		for name, want := range check.Points {
			require.Len(t, got[name], len(want), "%s: %s: %v", why, name, got[name])
			for i, p := range want {
				require.Equal(t, r.start.Add(time.Duration(p[0]*float64(time.Second))), begin.Add(got[name][i].at), why)
				same(t, p[1], got[name][i].value, why)
			}
		}
	}
	if check.Unit != "" {
		for _, frame := range response.Frames {
			for _, field := range frame.Fields {
				if field.Type().Numeric() {
					require.Equal(t, check.Unit, field.Config.Unit, why)
				}
			}
		}
	}
}

// equal reports whether numbers are equal but for the last bits of a sum. 0 is 0.
func equal(want, got float64) bool { return math.Abs(want-got) <= 1e-9*math.Abs(want) }

func same(t *testing.T, want, got float64, why string) {
	t.Helper()
	require.True(t, equal(want, got), "%s: want %v, got %v", why, want, got)
}

// valuesOf returns the points of each series, by its labels. Those of an instant
// answer have no time.
func valuesOf(frames data.Frames) map[string][]point {
	all := map[string][]point{}
	for _, frame := range frames {
		var times *data.Field
		for _, field := range frame.Fields {
			if field.Type() == data.FieldTypeTime {
				times = field
				continue
			}
			if !field.Type().Numeric() {
				continue
			}
			for i := range field.Len() {
				value, err := field.FloatAt(i)
				if err != nil {
					continue
				}
				p := point{value: value}
				if times != nil {
					p.at = times.At(i).(time.Time).Sub(begin)
				}
				all[field.Labels.String()] = append(all[field.Labels.String()], p)
			}
		}
	}
	return all
}

// optionsOf returns the values that a variable's answer offers.
func optionsOf(frames data.Frames) []string {
	options := []string{}
	for _, frame := range frames {
		if field, _ := frame.FieldByName("value"); field != nil {
			for i := range field.Len() {
				options = append(options, field.At(i).(string))
			}
		}
	}
	return options
}
