package query

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/tables"
)

// This file links the rows of tables: from a task to its logs, sandbox, agent and framework.
// A column has its links wherever it comes from a table as it is, whatever it is called.

// linkColumns adds the links of an answer's columns.
func linkColumns(frame *data.Frame, result *tables.Result, of *DatasourceRef, webUI string) {
	for i, field := range frame.Fields {
		links := linksOf(frame, result, i, of, webUI)
		if len(links) == 0 {
			continue
		}
		if field.Config == nil {
			field.Config = &data.FieldConfig{}
		}
		field.Config.Links = links
	}
}

// linksOf returns the links of a column.
func linksOf(frame *data.Frame, result *tables.Result, i int, of *DatasourceRef, webUI string) (links []data.DataLink) {
	internal := func(title string, query any) {
		if link := queryLink(title, of, query); link != nil {
			links = append(links, *link)
		}
	}
	rows := func(table, column string) any {
		return map[string]any{"queryType": QueryTypeTable, "table": table, "filters": []any{
			map[string]any{"label": column, "operator": ComparisonEqual, "value": "${__value.raw}"},
		}}
	}
	page := func(of string) {
		if webUI != "" {
			links = append(links, data.DataLink{Title: "Mesos' web UI", URL: webUI + "/#/" + of + "/${__value.raw:percentencode}", TargetBlank: true})
		}
	}
	switch result.Columns[i].Origin {
	case "task_id":
		for _, file := range []string{"stdout", "stderr"} {
			logs := map[string]any{"queryType": QueryTypeLogs, "taskId": "${__value.raw}", "file": file}
			if framework := fieldOfOrigin(frame, result, "framework_id"); framework != "" {
				logs["frameworkId"] = framework
			}
			internal("Logs ("+file+")", logs)
		}
		internal("Task", rows("tasks", "task_id"))
	case "agent_id":
		internal("Agent", rows("agents", "agent_id"))
		internal("Tasks of this agent", rows("tasks", "agent_id"))
		page("slaves")
	case "agent":
		internal("Agent", rows("agents", "agent"))
		internal("Tasks of this agent", rows("tasks", "agent"))
	case "framework_id":
		internal("Framework", rows("frameworks", "framework_id"))
		internal("Tasks of this framework", rows("tasks", "framework_id"))
		page("frameworks")
	case "framework":
		internal("Framework", rows("frameworks", "framework"))
		internal("Tasks of this framework", rows("tasks", "framework"))
	case "sandbox_url":
		links = append(links, data.DataLink{Title: "Sandbox in Mesos' web UI", URL: "${__value.raw}", TargetBlank: true})
	case "webui_url":
		links = append(links, data.DataLink{Title: "The framework's web UI", URL: "${__value.raw}", TargetBlank: true})
	}
	return links
}

// fieldOfOrigin returns the variable of a row's value of another column, "" where the answer
// does not have it.
func fieldOfOrigin(frame *data.Frame, result *tables.Result, origin string) string {
	for i := range result.Columns {
		if result.Columns[i].Origin == origin && !strings.ContainsAny(frame.Fields[i].Name, `"\`) {
			return fmt.Sprintf(`${__data.fields["%s"]}`, frame.Fields[i].Name)
		}
	}
	return ""
}
