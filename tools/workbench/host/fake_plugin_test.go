package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// TestMain makes this test binary its own fake plugin: started with Grafana's
// magic cookie in its environment it serves as a data source plugin, otherwise
// it runs the tests.
func TestMain(m *testing.M) {
	if os.Getenv(grpcplugin.MagicCookieKey) == grpcplugin.MagicCookieValue {
		newInstance := func(context.Context, backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
			return &fakePlugin{}, nil
		}
		if err := datasource.Manage("fake-datasource", newInstance, datasource.ManageOpts{}); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fakePlugin answers with what it was given.
type fakePlugin struct{}

// seen holds what the fake plugin received, as the value of a one-field frame.
type seen struct {
	Env       []string                           `json:"env,omitempty"`
	OrgID     int64                              `json:"orgId"`
	Login     string                             `json:"login"`
	Settings  backend.DataSourceInstanceSettings `json:"settings"`
	Secrets   map[string]string                  `json:"secrets"`
	Headers   map[string]string                  `json:"headers,omitempty"`
	JSON      json.RawMessage                    `json:"json,omitempty"`
	From, To  int64
	MaxPoints int64
	Interval  string
	Type      string
	Pid       int
}

func (fakePlugin) QueryData(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	for _, q := range req.Queries {
		var model struct {
			Fail string `json:"fail"`
		}
		if err := json.Unmarshal(q.JSON, &model); err != nil {
			return nil, err
		}
		switch model.Fail {
		case "die":
			os.Exit(7)
		case "rpc":
			return nil, errors.New("the inner cause")
		case "query":
			response.Responses[q.RefID] = backend.ErrDataResponse(backend.StatusBadRequest, "the query's own cause")
			continue
		}
		text, err := json.Marshal(seen{
			Env: os.Environ(), OrgID: req.PluginContext.OrgID, Login: req.PluginContext.User.Login,
			Settings: *req.PluginContext.DataSourceInstanceSettings,
			Secrets:  req.PluginContext.DataSourceInstanceSettings.DecryptedSecureJSONData,
			Headers:  req.Headers, JSON: q.JSON,
			From: q.TimeRange.From.UnixMilli(), To: q.TimeRange.To.UnixMilli(),
			MaxPoints: q.MaxDataPoints, Interval: q.Interval.String(), Type: q.QueryType, Pid: os.Getpid(),
		})
		if err != nil {
			return nil, err
		}
		frame := data.NewFrame("seen", data.NewField("value", data.Labels{"a": "b"}, []string{string(text)}))
		response.Responses[q.RefID] = backend.DataResponse{Frames: data.Frames{frame}}
	}
	return response, nil
}

func (fakePlugin) CheckHealth(_ context.Context, req *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	if strings.Contains(string(req.PluginContext.DataSourceInstanceSettings.JSONData), "sick") {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: "no leader"}, nil
	}
	return &backend.CheckHealthResult{
		Status: backend.HealthStatusOk, Message: "1 agent", JSONDetails: []byte(`{"verboseMessage":"leader a"}`),
	}, nil
}

func (fakePlugin) CallResource(_ context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	if req.Path == "broken" {
		return errors.New("the inner cause")
	}
	body, err := json.Marshal(map[string]any{
		"path": req.Path, "url": req.URL, "method": req.Method, "body": string(req.Body), "headers": req.Headers,
	})
	if err != nil {
		return err
	}
	half := len(body) / 2
	if err := sender.Send(&backend.CallResourceResponse{
		Status:  http.StatusTeapot,
		Headers: map[string][]string{"Content-Type": {"application/json"}, "Set-Cookie": {"a=b"}},
		Body:    body[:half],
	}); err != nil {
		return err
	}
	return sender.Send(&backend.CallResourceResponse{Body: body[half:]})
}
