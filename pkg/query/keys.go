package query

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"community-mesos-datasource/pkg/display"
)

// This file finds keys of a query that nobody knows. They are most likely
// misspelt: a rule with `filter` for `filters` would watch everything. So they
// are an error for rules, which show no notices, and a notice elsewhere.

// grafanaKeys are the keys that Grafana adds to queries of any data source.
var grafanaKeys = []string{
	"datasourceId", "intervalMs", "maxDataPoints", "queryCachingTTL", "pluginVersion", "scopes", "panelId", "panelPluginId",
	// Of the SDK's common query properties.
	"timeRange", "resultAssertions",
	// Of Explore and of saved queries.
	"requestId", "queryLibraryRef",
	// Left in queries that were made with Grafana's Prometheus data source.
	"editorMode", "exemplar", "utcOffsetSec", "intervalFactor", "useBackend", "disableTextWrap", "fullMetaSearch", "includeNullMetadata",
}

// grafanaFilterKeys are the keys that Grafana keeps in a dashboard's filters for itself.
var grafanaFilterKeys = []string{
	"condition", "keyLabel", "valueLabels", "forceEdit", "origin", "matchAllFilter", "nonApplicable", "nonApplicableReason", "restorable",
}

var (
	// queryKeys are those of every query type: a query that was changed to another
	// type may keep the keys of the one before.
	queryKeys = unique(slices.Concat(keysOf(MetricsQuery{}), keysOf(PromQLQuery{}), keysOf(EventsQuery{}), keysOf(TableQuery{}),
		keysOf(SQLQuery{}), keysOf(LogsQuery{}), keysOf(TopologyQuery{}), keysOf(VariableQuery{})))
	// misleadingKeys are keys of one query type that are misspelt keys in all others.
	misleadingKeys = map[string]QueryType{"filter": QueryTypeLogs}

	filterKeys = keysOf(Filter{})
	adhocKeys  = keysOf(AdhocFilter{})
)

// unknownKeys are keys nobody knows, each with its place: group_by, filters[0].lable.
type unknownKeys []unknownKey

type unknownKey struct {
	key     string // the whole of it
	similar string // a known key it may stand for; "" for none
	// own is the key without its place, known are those that its object has.
	own   string
	known []string
}

// unknownKeysOf returns the unknown keys of a query, sorted. What is not an
// object is left to the decoder.
func unknownKeysOf(raw json.RawMessage) unknownKeys {
	query := objectOf(raw)
	var queryType string
	_ = json.Unmarshal(query["queryType"], &queryType) // a wrong type is an error of its own
	known := slices.DeleteFunc(slices.Clone(queryKeys), func(key string) bool {
		of, misleads := misleadingKeys[key]
		return misleads && string(of) != queryType
	})
	all := unknownAmong("", query, known, grafanaKeys)
	all = append(all, unknownAmong("shape.", objectOf(query["shape"]), keysOf(Shape{}), nil)...)
	all = append(all, unknownIn("filters", query["filters"], filterKeys)...)
	all = append(all, unknownIn("orderBy", query["orderBy"], keysOf(OrderBy{}))...)
	all = append(all, unknownIn("adhocFilters", query["adhocFilters"], adhocKeys, grafanaFilterKeys...)...)
	return all.named()
}

// named fills in the known keys that the first unknown ones may stand for: of the others
// only the number is told.
func (u unknownKeys) named() unknownKeys {
	for i := range u[:min(len(u), maxUnknown)] {
		u[i].similar = display.Similar(u[i].own, u[i].known)
	}
	return u
}

// unknownIn returns the unknown keys of the objects in a list.
func unknownIn(name string, raw json.RawMessage, known []string, alsoKnown ...string) unknownKeys {
	var members []json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	var found unknownKeys
	for i, member := range members {
		found = append(found, unknownAmong(fmt.Sprintf("%s[%d].", name, i), objectOf(member), known, alsoKnown)...)
	}
	return found
}

// objectOf returns the members of a JSON object, nil for what is none.
func objectOf(raw json.RawMessage) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return members
}

// unknownAmong returns the unknown keys of one object, sorted. Those of
// alsoKnown are accepted and not suggested.
func unknownAmong(place string, object map[string]json.RawMessage, known, alsoKnown []string) unknownKeys {
	var found unknownKeys
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if slices.Contains(known, key) || slices.Contains(alsoKnown, key) {
			continue
		}
		found = append(found, unknownKey{key: place + cut(key), own: cut(key), known: known})
	}
	return found
}

// onlyKeys returns an error for the first unknown key of an object that Grafana
// adds no keys to.
func onlyKeys(raw json.RawMessage, known []string) error {
	var keys map[string]json.RawMessage
	if err := decode(raw, &keys); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(known, key) {
			return bad("", "unknown key %s", notKnown(key, known))
		}
	}
	return nil
}

// notKnown names a key, the one it may stand for, and those there are.
func notKnown(key string, known []string) string {
	return fmt.Sprintf("%q%s. Available: %s", cut(key), display.DidYouMean(cut(key), known), strings.Join(known, ", "))
}

// maxUnknown is how many unknown keys are named.
const maxUnknown = 5

// sentences returns a sentence for each key, up to maxUnknown, and one for the rest.
func (u unknownKeys) sentences() []string {
	var all []string
	for _, k := range u[:min(len(u), maxUnknown)] {
		all = append(all, "The query has the unknown key "+k.String()+".")
	}
	if more := len(u) - maxUnknown; more > 0 {
		all = append(all, fmt.Sprintf("The query has %d more unknown keys.", more))
	}
	return all
}

// err returns the error for a rule, nil where all keys are known.
func (u unknownKeys) err() error {
	if len(u) == 0 {
		return nil
	}
	var all []string
	for _, k := range u[:min(len(u), maxUnknown)] {
		all = append(all, k.String())
	}
	text := "unknown key "
	if len(u) > 1 {
		text = "unknown keys "
	}
	return bad("", "%s%s: correct or remove it in the query", text, strings.Join(all, ", "))
}

func (k unknownKey) String() string {
	if k.similar == "" {
		return fmt.Sprintf("%q", k.key)
	}
	return fmt.Sprintf("%q (did you mean %q?)", k.key, k.similar)
}

// keysOf lists the JSON keys of a struct, those of embedded ones included.
func keysOf(of any) []string {
	var keys []string
	for _, field := range reflect.VisibleFields(reflect.TypeOf(of)) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			keys = append(keys, name)
		}
	}
	return keys
}
