package catalogue

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// This file reads aliases.json: the names that other tools give to series, and which
// series here have their numbers. Expressions with these names are rewritten when they
// are read (pkg/query); nothing is written under them. A name of metrics.json is never
// an alias.
//
// A row has `key`, a key or pattern of metrics.json or a series with or without
// conditions, or `parts`, one of these for each value of the label `by`. A part may be
// two of them with - or / between. `for` repeats a row for resources, as in
// metrics.json, and `each` for the values of {way}.

//go:embed aliases.json
var aliasesJSON []byte

// An Alias is a series of another tool and what answers it.
type Alias struct {
	Name string `json:"name"`
	Tool string `json:"tool"`
	Type Type   `json:"type"`
	// By is the label that tells the parts apart; "" where there is one part.
	By string `json:"by,omitempty"`
	// Alone is the value of By whose part answers a selector that has no condition on
	// By; "": all of them do.
	Alone string      `json:"alone,omitempty"`
	Parts []AliasPart `json:"parts"`
	// Labels holds the labels here by the tool's names of them.
	Labels map[string]string `json:"labels,omitempty"`
	// Prefix holds what the tool's values of a label begin with and those here do not.
	Prefix map[string]string `json:"prefix,omitempty"`
	// Note is a sentence about a difference.
	Note string `json:"note,omitempty"`
	// Instead lists series to use where nothing answers the alias, and Why is a sentence
	// about that.
	Instead string `json:"instead,omitempty"`
	Why     string `json:"why,omitempty"`

	mechanical bool // it is mesos_ and a key
}

// An AliasPart answers one value of an alias' label By.
type AliasPart struct {
	Value string `json:"value,omitempty"`
	// Terms is one series, or two of which the part is the difference or the quotient, by Op.
	Terms []AliasTerm `json:"terms"`
	Op    string      `json:"op,omitempty"` // "", - or /
	// Factor converts numbers here to the alias' unit.
	Factor float64 `json:"factor"`
}

// An AliasTerm is a series with conditions on its labels.
type AliasTerm struct {
	Series string            `json:"series"`
	Match  map[string]string `json:"match,omitempty"`
}

// String returns the term as a selector.
func (t AliasTerm) String() string { return t.Series + matchers(t.Match) }

// aliasFile is aliases.json.
type aliasFile struct {
	About string      `json:"about"`
	Tools []aliasTool `json:"tools"`
}

type aliasTool struct {
	Tool   string `json:"tool"`
	Source string `json:"source"` // for people
	// Mechanical reports that the tool calls every key by its own name.
	Mechanical bool       `json:"mechanical"`
	Aliases    []aliasRow `json:"aliases"`
}

type aliasRow struct {
	Name      string            `json:"name"`
	For       []string          `json:"for"`
	Each      []string          `json:"each"`
	Type      Type              `json:"type"`
	Key       string            `json:"key"`
	By        string            `json:"by"`
	Alone     string            `json:"alone"`
	Parts     map[string]string `json:"parts"`
	Labels    map[string]string `json:"labels"`
	Prefix    map[string]string `json:"prefix"`
	Container bool              `json:"container"` // it has the labels of DC/OS' containers
	Note      string            `json:"note"`
	Instead   string            `json:"instead"`
	Why       string            `json:"why"`
}

// containerLabels are the labels of a container that DC/OS adds.
var containerLabels = map[string]string{
	"container_id": "executor_id", "task_name": "executor_id", "service_name": "framework", "framework_name": "framework",
}

type aliasCatalog struct {
	tools  []aliasTool
	all    []*Alias // by name
	byName map[string]*Alias
}

var loadedAliases = sync.OnceValue(func() *aliasCatalog {
	c, err := loadAliases(aliasesJSON, loaded())
	if err != nil {
		panic(fmt.Sprintf("catalogue/aliases.json: %v", err))
	}
	return c
})

// Aliases returns all aliases, sorted by name. What the elements point to is not to be changed.
func Aliases() []*Alias { return slices.Clone(loadedAliases().all) }

// LookupAlias returns an alias by its name. Names of the catalogue are none.
func LookupAlias(name string) (*Alias, bool) {
	a, ok := loadedAliases().byName[name]
	return a, ok
}

func loadAliases(data []byte, known *catalog) (*aliasCatalog, error) {
	var file aliasFile
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, err
	}
	c := &aliasCatalog{tools: file.Tools, byName: map[string]*Alias{}}
	for _, tool := range file.Tools {
		for _, short := range tool.Aliases {
			for _, row := range short.expand(known) {
				if err := c.add(known, tool.Tool, row, true); err != nil {
					return nil, fmt.Errorf("%s: %w", row.Name, err)
				}
			}
		}
		if !tool.Mechanical {
			continue
		}
		for _, row := range mechanicalRows(known) {
			if err := c.add(known, tool.Tool, row, false); err != nil {
				return nil, fmt.Errorf("%s: %w", row.Name, err)
			}
		}
	}
	slices.SortFunc(c.all, func(a, b *Alias) int { return strings.Compare(a.Name, b.Name) })
	return c, nil
}

// mechanicalRows returns a row for every key without placeholders: mesos_ and the key,
// as Telegraf writes it.
func mechanicalRows(known *catalog) (rows []aliasRow) {
	for _, origin := range []Origin{Master, Agent} {
		for _, e := range known.patterns[origin].entries {
			if e.match == nil {
				rows = append(rows, aliasRow{Name: unspelled(plainName(e.text)), Type: e.series.Type, Key: e.text})
			}
		}
	}
	return rows
}

// expand returns the rows that a row stands for.
func (r aliasRow) expand(known *catalog) (rows []aliasRow) {
	if r.For == nil && r.Each == nil {
		return []aliasRow{r}
	}
	for _, way := range r.Each {
		rows = append(rows, r.filled(strings.NewReplacer("{way}", way)))
	}
	for _, res := range known.Resources {
		if slices.Contains(r.For, res.Resource) {
			rows = append(rows, r.filled(strings.NewReplacer("{key}", res.Key, "{resource}", res.Resource, "{suffix}", res.Suffix)))
		}
	}
	return rows
}

func (r aliasRow) filled(fill *strings.Replacer) aliasRow {
	r.Name, r.Key, r.For, r.Each = fill.Replace(r.Name), fill.Replace(r.Key), nil, nil
	parts := make(map[string]string, len(r.Parts))
	for value, text := range r.Parts {
		parts[value] = fill.Replace(text)
	}
	r.Parts = parts
	return r
}

// add enters a row. A name that there is already keeps its meaning; must reports that it
// is a mistake.
func (c *aliasCatalog) add(known *catalog, tool string, r aliasRow, must bool) error {
	_, own := known.byName[r.Name]
	if _, twice := c.byName[r.Name]; own || twice {
		if must {
			return fmt.Errorf("there is a series or an alias with that name already")
		}
		return nil
	}
	a := &Alias{Name: r.Name, Tool: tool, Type: r.Type, By: r.By, Alone: r.Alone, Labels: r.Labels, Prefix: r.Prefix, Note: r.Note, Instead: r.Instead, Why: r.Why, mechanical: !must}
	if r.Container {
		a.Labels = containerLabels
	}
	if r.Key != "" {
		r.Parts = map[string]string{"": r.Key}
	}
	for _, value := range slices.Sorted(maps.Keys(r.Parts)) {
		part, err := known.aliasPart(r.Name, r.Parts[value])
		if err != nil {
			return err
		}
		part.Value = value
		a.Parts = append(a.Parts, part)
	}
	if len(a.Parts) == 0 && a.Instead == "" {
		return fmt.Errorf("a row needs key, parts or instead")
	}
	for there, here := range a.Labels {
		for _, part := range a.Parts {
			for _, term := range part.Terms {
				if s := known.byName[term.Series]; !slices.Contains(s.Labels, here) {
					return fmt.Errorf("%s has no label %s, which %s stands for", s.Name, here, there)
				}
			}
		}
	}
	c.byName[a.Name] = a
	c.all = append(c.all, a)
	return nil
}

// aliasPart reads a part: a term, or two with an operator between.
func (c *catalog) aliasPart(name, text string) (AliasPart, error) {
	part := AliasPart{Factor: 1}
	terms := []string{text}
	for _, op := range []string{"-", "/"} {
		if left, right, found := strings.Cut(text, " "+op+" "); found {
			terms, part.Op = []string{left, right}, op
		}
	}
	for _, term := range terms {
		read, factor, err := c.aliasTerm(term)
		if err != nil {
			return AliasPart{}, err
		}
		part.Terms = append(part.Terms, read)
		if part.Op != "/" && !promisesUnit(name) {
			part.Factor = 1 / factor
		}
	}
	return part, nil
}

// aliasTerm returns the series of a key, a pattern or a selector, and the factor by which
// Mesos' number became the series' unit.
func (c *catalog) aliasTerm(text string) (AliasTerm, float64, error) {
	for _, origin := range []Origin{Master, Agent} {
		for _, e := range c.patterns[origin].entries {
			if e.text == text {
				return AliasTerm{Series: e.series.Name, Match: e.fixed}, cmp.Or(e.factor, 1), nil
			}
		}
	}
	conditions, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
	if err != nil {
		return AliasTerm{}, 0, fmt.Errorf("%q is neither a key nor a series", text)
	}
	var term AliasTerm
	for _, m := range conditions {
		switch {
		case m.Name == labels.MetricName:
			term.Series = m.Value
		case term.Match == nil:
			term.Match = map[string]string{m.Name: m.Value}
		default:
			term.Match[m.Name] = m.Value
		}
	}
	s, ok := c.byName[term.Series]
	if !ok {
		return AliasTerm{}, 0, fmt.Errorf("%q is neither a key nor a series", text)
	}
	if s.Unit == Bytes {
		for _, res := range c.Resources {
			if res.Resource == s.Resource {
				return term, cmp.Or(res.Factor, 1), nil
			}
		}
	}
	return term, 1, nil
}

// promisesUnit reports whether a name says that values are in the units here.
func promisesUnit(name string) bool {
	name = strings.TrimSuffix(name, "_total")
	return strings.HasSuffix(name, "_bytes") || strings.HasSuffix(name, "_seconds")
}
