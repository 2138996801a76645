// The backend of the Apache Mesos data source: the executable gpx_mesos that
// Grafana starts.
package main

import (
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"community-mesos-datasource/pkg/plugin"
)

func main() {
	plugin.SaveMemory()
	if err := plugin.Run(); err != nil {
		log.DefaultLogger.Error("The plugin ended with an error", "error", err)
		os.Exit(1)
	}
}
