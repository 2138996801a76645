package catalogue

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"community-mesos-datasource/pkg/series"
)

// This file reads metrics.json: groups of rows, a row per line. A row is a
// series, or several similar ones: `for` repeats it for resources, type timer makes the
// five series of a Mesos timer. What a row leaves out comes from its group, and the
// name follows from the key unless `series` is given (pattern.go, mechanical).

//go:embed metrics.json
var metricsJSON []byte

// file is metrics.json.
type file struct {
	About string `json:"about"`
	// Mesos is the Mesos revision of the paths in sources.
	Mesos     string     `json:"mesos"`
	Resources []resource `json:"resources"`
	Groups    []group    `json:"groups"`
}

// A resource holds the values for {resource}, {key}, {suffix}, {noun} and {Noun}
// of a row with `for`.
type resource struct {
	Resource string  `json:"resource"` // in series names
	Key      string  `json:"key"`      // in Mesos' keys
	Unit     Unit    `json:"unit"`
	Suffix   string  `json:"suffix"` // of the series' name
	Factor   float64 `json:"factor"` // Mesos' number to the series' unit; absent: 1
	Noun     string  `json:"noun"`   // in the middle of a sentence
	Since    string  `json:"since"`  // the first Mesos release that knew the resource
}

// A group is a heading of docs/metrics.md, with what its rows have in common.
type group struct {
	Name   string `json:"name"`
	Intro  string `json:"intro"`
	common        // for rows without values of their own
	Rows   []row  `json:"rows"`
}

// common holds the values that a group may have for all its rows.
type common struct {
	Entity string      `json:"entity"`
	Origin Origin      `json:"origin"` // whose snapshot the keys are of
	Poll   series.Poll `json:"poll"`
	Source string      `json:"source"`
	// Labels of a row come after its group's, those its key holds after both.
	Labels     []string `json:"labels"`
	OpenLabels []string `json:"openLabels"`
}

// A row is one metric.
type row struct {
	common
	// Key is the Mesos key or pattern (see pattern.go) and Since the first release with
	// it, or with what the series is made of in /state or /roles; Keys instead, where
	// several make one series.
	Key   string   `json:"key"`
	Since string   `json:"since"`
	Keys  []keyRow `json:"keys"`
	// Series is the name where it differs from the mechanical one.
	Series   string   `json:"series"`
	Type     Type     `json:"type"`   // or timer
	Window   string   `json:"window"` // of a timer: how long Mesos' statistics reach back; absent: it has none
	Unit     Unit     `json:"unit"`   // absent: count
	For      []string `json:"for"`    // resources to repeat the row for
	Resource string   `json:"resource"`
	Measure  string   `json:"measure"`
	Process  bool     `json:"process"`
	Help     string   `json:"help"` // of a timer: what takes the time

	factor float64
}

type keyRow struct {
	Key   string `json:"key"`
	Since string `json:"since"`
}

// timer is the type of a row for process::metrics::Timer (libprocess): a last
// value and statistics of a window.
const timer Type = "timer"

// catalog holds the parsed metrics.json.
type catalog struct {
	file
	series   []*Series // by name
	written  []*Series // as metrics.json has them
	byName   map[string]*Series
	patterns map[Origin]*patterns
	// modules are the first parts of agents' keys: slave, gc, containerizer, ...
	modules map[string]bool
}

// loaded returns the parsed metrics.json, which is part of the program. A mistake
// in it panics, in the first test that runs.
var loaded = sync.OnceValue(func() *catalog {
	c, err := load(metricsJSON)
	if err != nil {
		panic(fmt.Sprintf("catalogue/metrics.json: %v", err))
	}
	return c
})

func load(data []byte) (*catalog, error) {
	c := &catalog{
		byName:   map[string]*Series{},
		patterns: map[Origin]*patterns{Master: {}, Agent: {}},
		modules:  map[string]bool{},
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c.file); err != nil {
		return nil, err
	}
	for _, g := range c.Groups {
		for _, short := range g.Rows {
			rows, err := c.expand(g, short)
			if err != nil {
				return nil, fmt.Errorf("%s: %s%s: %w", g.Name, short.Series, short.Key, err)
			}
			for _, r := range rows {
				if err := c.add(g, r); err != nil {
					return nil, fmt.Errorf("%s: %s%s: %w", g.Name, r.Series, r.Key, err)
				}
			}
		}
	}
	c.written = slices.Clone(c.series)
	slices.SortFunc(c.series, func(a, b *Series) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range c.patterns {
		p.sort()
	}
	return c, nil
}

// expand returns the rows that a row stands for, one per resource, with the
// group's defaults.
func (c *catalog) expand(g group, r row) ([]row, error) {
	r.Entity = cmp.Or(r.Entity, g.Entity)
	r.Origin = cmp.Or(r.Origin, g.Origin)
	r.Poll = cmp.Or(r.Poll, g.Poll)
	r.Source = cmp.Or(r.Source, g.Source)
	r.Unit = cmp.Or(r.Unit, Count)
	r.Labels = slices.Concat(g.Labels, r.Labels)
	r.OpenLabels = slices.Concat(g.OpenLabels, r.OpenLabels)
	r.factor = 1
	if r.Key != "" {
		r.Keys = []keyRow{{r.Key, r.Since}}
	}
	if len(r.Keys) > 0 && r.Origin == "" {
		return nil, fmt.Errorf("a row with a key needs an origin, master or agent")
	}
	if r.For == nil {
		return []row{r}, nil
	}
	var rows []row
	for _, name := range r.For {
		i := slices.IndexFunc(c.Resources, func(res resource) bool { return res.Resource == name })
		if i < 0 {
			return nil, fmt.Errorf("%q is not among the resources", name)
		}
		rows = append(rows, r.of(c.Resources[i]))
	}
	return rows, nil
}

// of returns the row for one resource. A row that counts something else than the
// resource, a ratio say, names its unit and keeps it.
func (r row) of(res resource) row {
	fill := strings.NewReplacer(
		"{resource}", res.Resource, "{key}", res.Key, "{suffix}", res.Suffix,
		"{noun}", res.Noun, "{Noun}", strings.ToUpper(res.Noun[:1])+res.Noun[1:])
	r.Series = fill.Replace(r.Series)
	r.Help = fill.Replace(r.Help)
	r.Resource = res.Resource
	if r.Unit == Count {
		r.Unit = res.Unit
		r.factor = cmp.Or(res.Factor, 1)
	}
	keys := make([]keyRow, len(r.Keys))
	for i, k := range r.Keys {
		keys[i] = keyRow{fill.Replace(k.Key), laterRelease(k.Since, res.Since)}
	}
	r.Keys = keys
	if r.Since != "" {
		r.Since = laterRelease(r.Since, res.Since)
	}
	return r
}

// quantiles are the statistics of a Mesos timer's window
// (3rdparty/libprocess/include/process/statistics.hpp).
var quantiles = []struct{ key, label string }{
	{"p50", "0.5"}, {"p90", "0.9"}, {"p95", "0.95"}, {"p99", "0.99"}, {"p999", "0.999"}, {"p9999", "0.9999"},
}

// add enters an expanded row: its series, and the keys that map to them.
func (c *catalog) add(g group, r row) error {
	if r.Type == timer {
		return c.addTimer(g, r)
	}
	name := r.Series
	if name == "" {
		name = mechanical(r.Origin, r.Keys[0].Key, r.Type, r.Unit)
	}
	s, err := c.define(g, r, name)
	if err != nil {
		return err
	}
	if len(r.Keys) == 0 { // of /state or /roles
		s.Since = r.Since
	}
	for _, k := range r.Keys {
		if err := c.lead(r.Origin, k, s, r.factor); err != nil {
			return err
		}
	}
	return nil
}

// addTimer enters a timer X_ms: X_last_seconds and, where Mesos keeps a window
// of it, X_seconds with quantiles, X_min_seconds, X_max_seconds and
// X_window_samples. A summary has no sum and count: Mesos drops what
// has left the window.
func (c *catalog) addTimer(g group, r row) error {
	key, ok := strings.CutSuffix(r.Key, "_ms")
	if !ok {
		return fmt.Errorf("a timer's key ends in _ms")
	}
	base := mechanical(r.Origin, key, Gauge, None)
	what, of := r.Help, fmt.Sprintf(" in the last %s. Absent until Mesos has two samples.", r.Window)

	parts := []struct {
		name, help string
		typ        Type
		unit       Unit
		stat       string
		labels     map[string]string
	}{{"_last_seconds", "Time of " + what + ", the last one.", Gauge, Seconds, "", nil}}
	if r.Window != "" {
		parts = append(parts, parts[0], parts[0], parts[0])
		parts[1].name, parts[1].help, parts[1].stat = "_min_seconds", "Shortest time of "+what+of, "/min"
		parts[2].name, parts[2].help, parts[2].stat = "_max_seconds", "Longest time of "+what+of, "/max"
		parts[3].name, parts[3].help, parts[3].stat = "_window_samples", "Samples of the time of "+what+of, "/count"
		parts[3].unit = Count
		for _, q := range quantiles {
			p := parts[0]
			p.name, p.help, p.typ, p.stat = "_seconds", "Quantiles of the time of "+what+of, Summary, "/"+q.key
			p.labels = map[string]string{"quantile": q.label}
			parts = append(parts, p)
		}
	}
	for _, p := range parts {
		one := r
		one.Type, one.Unit, one.Help, one.Keys = p.typ, p.unit, p.help, nil
		s, known := c.byName[base+p.name]
		if !known {
			if p.typ == Summary {
				one.Labels = slices.Concat(r.Labels, []string{"quantile"})
			}
			var err error
			if s, err = c.define(g, one, base+p.name); err != nil {
				return err
			}
		}
		factor := 0.001
		if p.unit == Count {
			factor = 1
		}
		if err := c.lead(r.Origin, keyRow{r.Key + p.stat, r.Since}, s, factor); err != nil {
			return err
		}
		if n := c.patterns[r.Origin].entries; p.labels != nil {
			n[len(n)-1].fixed = p.labels
		}
	}
	return nil
}

// define enters a series.
func (c *catalog) define(g group, r row, name string) (*Series, error) {
	if c.byName[name] != nil {
		return nil, fmt.Errorf("there is a series %s already; keys of one series share a row", name)
	}
	s := &Series{
		Name: name, Type: r.Type, Unit: r.Unit, Help: r.Help,
		Labels: r.Labels, OpenLabels: r.OpenLabels, Poll: r.Poll, Group: g.Name,
		Entity: r.Entity, Resource: r.Resource, Measure: r.Measure,
		Process: r.Process, Source: r.Source,
	}
	c.series = append(c.series, s)
	c.byName[name] = s
	return s, nil
}

// lead maps a key to a series, and adds the key's labels to the series.
func (c *catalog) lead(origin Origin, k keyRow, s *Series, factor float64) error {
	if k.Since == "" {
		return fmt.Errorf("%s: since which Mesos release?", k.Key)
	}
	expanded, err := parsePattern(k.Key)
	if err != nil {
		return err
	}
	for _, e := range expanded {
		e.series, e.factor, e.since = s, factor, k.Since
		if !c.patterns[origin].add(e) {
			return fmt.Errorf("%s is there already", e.text)
		}
		s.Keys = append(s.Keys, e.text)
		for _, label := range e.labelNames() {
			if !slices.Contains(s.Labels, label) {
				s.Labels = append(slices.Clip(s.Labels), label)
			}
		}
		if origin == Agent {
			module, _, _ := strings.Cut(e.text, "/")
			c.modules[module] = true
		}
	}
	if s.Since == "" || laterRelease(s.Since, k.Since) == s.Since {
		s.Since = k.Since
	}
	return nil
}

// laterRelease returns the later of two Mesos releases as metrics.json writes them:
// "1.8.0", "<=0.19.0" for the oldest looked at, "unreleased (...)", "" for any.
func laterRelease(a, b string) string {
	if rank(a) >= rank(b) {
		return a
	}
	return b
}

// Older reports whether a version of Mesos, as /state has it, is older than a release of
// metrics.json. It is false for versions that cannot be read.
func Older(version, release string) bool {
	of := rank(version)
	return of >= 0 && of < rank(release)
}

func rank(release string) int {
	if strings.HasPrefix(release, "unreleased") {
		return 1 << 30
	}
	var major, minor, patch int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(release, "<="), "%d.%d.%d", &major, &minor, &patch); n != 3 {
		return -1
	}
	return major<<20 + minor<<10 + patch
}
