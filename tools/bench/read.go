//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"time"

	fastgzip "github.com/klauspost/compress/gzip"

	"community-mesos-datasource/pkg/mesos"
)

// readFound holds the cost of reading one /state, in CPU seconds: medians.
type readFound struct {
	Plain   int64   `json:"plain"` // bytes
	Zipped  int64   `json:"zipped"`
	Agents  int     `json:"agents"`
	Tasks   int     `json:"tasks"`
	Unpack  float64 `json:"unpack"`
	Read    float64 `json:"read"`
	Naive   float64 `json:"naive"`
	Generic float64 `json:"generic"`
}

// read compares readers of the same body, which is in memory: the project's
// client, decompression alone, and two naive readers that decode the whole body
// with encoding/json, into narrow structs and into any. Each has
// Go's own settings of garbage collection: those of the executable are made for
// a process that holds a history.
func read(o options) (any, error) {
	body, err := fetch(o.master + "/state")
	if err != nil {
		return nil, err
	}
	found := readFound{Zipped: int64(len(body))}
	client, err := mesos.New(mesos.Config{Masters: []string{o.master}, HTTP: &http.Client{Transport: canned(body)}})
	if err != nil {
		return nil, err
	}
	defer client.Close()

	readers := []struct {
		into *float64
		once bool // too slow to be repeated
		read func() error
	}{
		{into: &found.Unpack, read: func() (err error) {
			unpacked, err := fastgzip.NewReader(bytes.NewReader(body))
			if err == nil {
				found.Plain, err = io.Copy(io.Discard, unpacked)
			}
			return err
		}},
		{into: &found.Read, read: func() error {
			state, err := client.State(context.Background())
			if err == nil {
				found.Agents, found.Tasks = len(state.Slaves), tasksOf(state)
			}
			return err
		}},
		{into: &found.Naive, read: func() error { return whole(body, new(naiveState)) }},
		{into: &found.Generic, once: true, read: func() error { return whole(body, new(any)) }},
	}
	spent := make([][]float64, len(readers))
	for round := range o.rounds {
		for i, r := range readers {
			if r.once && round > 0 {
				continue
			}
			runtime.GC()
			before := cpu()
			if err := r.read(); err != nil {
				return nil, err
			}
			spent[i] = append(spent[i], (cpu() - before).Seconds())
		}
	}
	for i, r := range readers {
		*r.into = median(spent[i])
	}
	return found, nil
}

// fetch returns a response as it is sent.
func fetch(url string) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Encoding") != "gzip" {
		return nil, fmt.Errorf("%s: status %d, encoding %q; expected 200 and gzip", url, resp.StatusCode, resp.Header.Get("Content-Encoding"))
	}
	return io.ReadAll(resp.Body)
}

// canned answers /state with a body, and /redirect as a leader.
type canned []byte

// RoundTrip implements http.RoundTripper.
func (body canned) RoundTrip(req *http.Request) (*http.Response, error) {
	answer := func(status int, header http.Header, body []byte) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
	}
	if req.URL.Path == "/redirect" {
		return answer(http.StatusTemporaryRedirect, http.Header{"Location": {"//" + req.URL.Host}}, nil)
	}
	return answer(http.StatusOK, http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"application/json"}}, body)
}

// whole decodes a whole body, as most programs do.
func whole(body []byte, into any) error {
	unpacked, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(unpacked)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

// naiveState holds the fields of /state that counting tasks by agent and
// framework needs.
type naiveState struct {
	Slaves []struct {
		ID        string         `json:"id"`
		Hostname  string         `json:"hostname"`
		Active    bool           `json:"active"`
		Resources naiveResources `json:"resources"`
		Used      naiveResources `json:"used_resources"`
		Offered   naiveResources `json:"offered_resources"`
	} `json:"slaves"`
	Frameworks []struct {
		ID    string         `json:"id"`
		Name  string         `json:"name"`
		Used  naiveResources `json:"used_resources"`
		Tasks []struct {
			ID        string         `json:"id"`
			Name      string         `json:"name"`
			SlaveID   string         `json:"slave_id"`
			State     string         `json:"state"`
			Role      string         `json:"role"`
			Resources naiveResources `json:"resources"`
			Statuses  []struct {
				State     string  `json:"state"`
				Timestamp float64 `json:"timestamp"`
			} `json:"statuses"`
		} `json:"tasks"`
	} `json:"frameworks"`
}

type naiveResources struct {
	CPUs float64 `json:"cpus"`
	GPUs float64 `json:"gpus"`
	Mem  float64 `json:"mem"`
	Disk float64 `json:"disk"`
}

func tasksOf(s *mesos.State) int {
	n := 0
	for _, f := range s.Frameworks {
		n += len(f.Tasks)
	}
	return n
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// milliseconds returns a duration in milliseconds, with fractions.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
