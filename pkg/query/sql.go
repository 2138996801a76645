package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/tables"
)

// This file is queryType sql: one SELECT over the tables of package tables, and its
// answer as a table.

// checkSQL returns what is wrong with a query of SQL, and fills in its defaults.
func checkSQL(q *SQLQuery) error {
	if q.Format == "" {
		q.Format = SQLTable
	}
	if !slices.Contains(sqlFormats, q.Format) {
		return unknown("format", string(q.Format), sqlFormats)
	}
	if strings.TrimSpace(q.SQL) == "" {
		return bad("sql", "is empty: write a SELECT, for example SELECT name, state FROM tasks")
	}
	return nil
}

// SQL runs statements; *tables.Engine is one.
type SQL interface {
	Run(context.Context, tables.Request) (*tables.Result, error)
}

// errNoTables is for a data source without tables.
var errNoTables = bad("queryType", "this data source has no tables")

// answerSQL answers a query of SQL.
func answerSQL(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, notices []data.Notice) (data.Frames, error) {
	result, err := src.rows(ctx, p.sql.SQL, o, maxTableRows)
	if err != nil {
		return nil, within("sql", err)
	}
	frame := tableFrame(result)
	if result.More {
		notices = append(notices, warning("The first %d rows are shown, there are more: use WHERE or LIMIT.", result.Rows))
	}
	frame.Meta.ExecutedQueryString = cutAt(p.sql.SQL, maxShownExpr)
	frame.Meta.Notices = notices
	if err := promql.HoldAnswer(ctx, cells(data.Frames{frame})); err != nil {
		return nil, err
	}
	return data.Frames{frame}, nil
}

// rows runs a statement.
func (src Source) rows(ctx context.Context, sql string, o Options, limit int) (result *tables.Result, err error) {
	if src.SQL == nil || src.View == nil {
		return nil, errNoTables
	}
	view := src.View()
	if view == nil {
		return nil, bad("", "the cluster has not been read yet, so its tables are empty: see Save & test for the reason")
	}
	var wrong error
	weight := promql.Reading{Weight: int64(limit) * rowSamples, Work: float64(len(view.Cluster.Tasks)), Alert: o.Alert}
	err = src.Engine.Read(ctx, weight, func(ctx context.Context) (err error) {
		result, err = src.SQL.Run(ctx, tables.Request{SQL: sql, View: view, Limit: limit, Alert: o.Alert})
		if of, ok := errors.AsType[*tables.Error](err); ok {
			wrong = bad("", "%s", of.Error())
			return nil
		}
		return err
	})
	if wrong != nil {
		return nil, wrong
	}
	return result, err
}

// rowSamples is about how many samples a row takes as much memory as.
const rowSamples = 40

// tableFrame returns an answer as a table.
func tableFrame(result *tables.Result) *data.Frame {
	frame := data.NewFrame("")
	for i, name := range columnNames(result) {
		field := fieldOf(&result.Columns[i])
		field.Name = name
		frame.Fields = append(frame.Fields, field)
	}
	frame.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: typeVersion, PreferredVisualization: data.VisTypeTable}
	return frame
}

// columnNames returns the names of the columns, each once: id, id 2.
func columnNames(result *tables.Result) []string {
	names := make([]string, 0, len(result.Columns))
	for _, c := range result.Columns {
		name := c.Name
		for n := 2; slices.Contains(names, name); n++ {
			name = fmt.Sprintf("%s %d", c.Name, n)
		}
		names = append(names, name)
	}
	return names
}

// fieldOf returns a column as a field.
func fieldOf(c *tables.ResultColumn) *data.Field {
	var field *data.Field
	switch c.Type {
	case tables.Integer:
		field = data.NewField("", nil, c.Integers)
	case tables.Real:
		field = data.NewField("", nil, c.Reals)
	case tables.Boolean:
		field = data.NewField("", nil, c.Booleans)
	case tables.Time:
		field = data.NewField("", nil, c.Times)
	case tables.JSON:
		values := make([]*json.RawMessage, len(c.Texts))
		for i, text := range c.Texts {
			if text != nil {
				raw := json.RawMessage(*text)
				values[i] = &raw
			}
		}
		field = data.NewField("", nil, values)
	default:
		field = data.NewField("", nil, c.Texts)
	}
	if c.Unit != "" || c.Help != "" {
		field.Config = &data.FieldConfig{Unit: string(c.Unit), Description: c.Help}
	}
	return field
}
