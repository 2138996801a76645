package query

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/experimental/schemabuilder"
	"github.com/invopop/jsonschema"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

// The test that keeps schema.json equal to model.go:
//
//	go test ./pkg/query -run TestSchema -update
//
// writes it. tools/scripts/generate-types.ts makes the frontend's types from it.

var update = flag.Bool("update", false, "write the files that tests compare with")

const schemaFile = "schema.json"

// enums are the types that become unions in TypeScript.
var enums = []reflect.Type{
	reflect.TypeFor[QueryType](), reflect.TypeFor[Entity](), reflect.TypeFor[Resource](), reflect.TypeFor[Measure](),
	reflect.TypeFor[Aggregate](), reflect.TypeFor[Format](), reflect.TypeFor[Operator](), reflect.TypeFor[VariableField](),
	reflect.TypeFor[EventsFormat](), reflect.TypeFor[events.Kind](), reflect.TypeFor[events.Severity](),
	reflect.TypeFor[SQLFormat](), reflect.TypeFor[Rate](), reflect.TypeFor[Direction](), reflect.TypeFor[ComparisonOperator](),
}

// schemaNames are the names of types whose own would say too little.
var schemaNames = map[reflect.Type]string{
	reflect.TypeFor[events.Kind](): "EventKind", reflect.TypeFor[events.Severity](): "EventSeverity",
}

func schemaName(of reflect.Type) string {
	if name, has := schemaNames[of]; has {
		return name
	}
	return of.Name()
}

func TestSchemaIsThatOfTheModel(t *testing.T) {
	got := buildSchema(t)
	if *update {
		require.NoError(t, os.WriteFile(schemaFile, got, 0o644))
	}
	want, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "the query model changed: go test ./pkg/query -run TestSchema -update, then node tools/scripts/generate-types.ts")
}

func TestSchemaNamesEveryValueTheBackendAccepts(t *testing.T) {
	var schema struct {
		Definitions map[string]struct {
			Enum []string `json:"enum"`
		} `json:"definitions"`
	}
	require.NoError(t, json.Unmarshal(buildSchema(t), &schema))
	require.ElementsMatch(t, names(entityNames()), schema.Definitions["Entity"].Enum)
	require.ElementsMatch(t, names(resourceNames()), schema.Definitions["Resource"].Enum)
	require.ElementsMatch(t, names(measureNames(resourceNames()...)), schema.Definitions["Measure"].Enum)
	require.ElementsMatch(t, names(aggregateNames), schema.Definitions["Aggregate"].Enum)
	require.ElementsMatch(t, names(operatorNames), schema.Definitions["Operator"].Enum)
	require.ElementsMatch(t, names(formatNames), schema.Definitions["Format"].Enum)
	require.ElementsMatch(t, names(eventsFormats), schema.Definitions["EventsFormat"].Enum)
	require.ElementsMatch(t, names(rateNames), schema.Definitions["Rate"].Enum)
	require.ElementsMatch(t, names(sqlFormats), schema.Definitions["SQLFormat"].Enum)
	require.ElementsMatch(t, names(directions), schema.Definitions["Direction"].Enum)
	require.ElementsMatch(t, names(comparisons), schema.Definitions["ComparisonOperator"].Enum)
	require.ElementsMatch(t, names(events.Kinds), schema.Definitions["EventKind"].Enum)
	require.ElementsMatch(t, names(events.Severities), schema.Definitions["EventSeverity"].Enum)
	require.ElementsMatch(t, names(fieldNames), schema.Definitions["VariableField"].Enum)
	require.ElementsMatch(t, names(queryTypeNames), schema.Definitions["QueryType"].Enum)
}

// buildSchema reflects the query types with the SDK's schema builder, which
// finds values and comments in the source, and gives the enums names, so that
// TypeScript gets a named union of each.
func buildSchema(t *testing.T) []byte {
	t.Helper()
	builder, err := schemabuilder.NewSchemaBuilder(schemabuilder.BuilderOptions{
		PluginID: []string{"community-mesos-datasource"},
		ScanCode: []schemabuilder.CodePaths{
			{BasePackage: reflect.TypeFor[MetricsQuery]().PkgPath(), CodePath: "./"},
			{BasePackage: reflect.TypeFor[events.Kind]().PkgPath(), CodePath: "../events"},
		},
		Enums: enums,
	})
	require.NoError(t, err)

	reflector := builder.Reflector()
	reflector.DoNotReference = false
	reflector.Anonymous = true
	reflector.AllowAdditionalProperties = true
	named := map[string]*jsonschema.Schema{}
	sdkMapper := reflector.Mapper
	reflector.Mapper = func(of reflect.Type) *jsonschema.Schema {
		if of == reflect.TypeFor[Values]() {
			text := &jsonschema.Schema{Type: "string"}
			return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "array", Items: text}}}
		}
		schema := sdkMapper(of)
		if schema == nil {
			return nil
		}
		schema.Description = reflector.CommentMap[of.PkgPath()+"."+of.Name()]
		named[schemaName(of)] = schema
		ref := &jsonschema.Schema{Ref: "#/definitions/" + schemaName(of)}
		if of == reflect.TypeFor[Rate]() {
			return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "boolean"}, ref}}
		}
		return ref
	}

	definitions := map[string]any{}
	var members []any // of the union
	for _, queryType := range queryTypeNames {
		of := map[QueryType]reflect.Type{
			QueryTypeMetrics:  reflect.TypeFor[MetricsQuery](),
			QueryTypePromQL:   reflect.TypeFor[PromQLQuery](),
			QueryTypeEvents:   reflect.TypeFor[EventsQuery](),
			QueryTypeTable:    reflect.TypeFor[TableQuery](),
			QueryTypeSQL:      reflect.TypeFor[SQLQuery](),
			QueryTypeLogs:     reflect.TypeFor[LogsQuery](),
			QueryTypeTopology: reflect.TypeFor[TopologyQuery](),
			QueryTypeVariable: reflect.TypeFor[VariableQuery](),
		}[queryType]
		members = append(members, map[string]any{"$ref": "#/definitions/" + of.Name()})
		for name, schema := range reflector.ReflectFromType(of).Definitions {
			if name == of.Name() { // the key that identifies the members of the union
				schema.Properties.Set("queryType", &jsonschema.Schema{Type: "string", Enum: []any{queryType}})
			}
			definitions[name] = schema
		}
	}
	named[reflect.TypeFor[QueryType]().Name()] = sdkMapper(reflect.TypeFor[QueryType]())
	for name, schema := range named {
		definitions[name] = schema
	}
	text, err := json.MarshalIndent(map[string]any{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "MesosQuery",
		"description": "A query of the Apache Mesos data source. Generated from pkg/query/model.go by `npm run generate`; do not edit.",
		"anyOf":       members,
		"definitions": definitions,
	}, "", "  ")
	require.NoError(t, err)
	// The reflector writes draft 2020's name of definitions.
	return append(bytes.ReplaceAll(text, []byte("#/$defs/"), []byte("#/definitions/")), '\n')
}
