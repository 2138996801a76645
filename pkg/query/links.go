package query

import (
	"net/url"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// This file builds the links of frames: to Mesos' web UI, and to queries of the same data
// source.

// agentPage returns the address of an agent in Mesos' web UI, "" where there is none.
func agentPage(webUI, id string) string { return webUIPage(webUI, "slaves", id) }

// frameworkPage returns the address of a framework in Mesos' web UI, "" where there is none.
func frameworkPage(webUI, id string) string { return webUIPage(webUI, "frameworks", id) }

func webUIPage(webUI, page, id string) string {
	if webUI == "" || id == "" {
		return ""
	}
	return webUI + "/#/" + page + "/" + url.PathEscape(id)
}

// queryLink returns a link to a query of the data source that is asked; nil where the
// query does not name it. Grafana replaces ${__data.fields...} in the texts of query.
func queryLink(title string, of *DatasourceRef, query any) *data.DataLink {
	if of == nil || of.UID == "" {
		return nil
	}
	return &data.DataLink{Title: title, Internal: &data.InternalDataLink{Query: query, DatasourceUID: of.UID}}
}
