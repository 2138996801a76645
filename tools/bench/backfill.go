//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/prompb"
)

// backfillFound holds what was written.
type backfillFound struct {
	Scrapes int   `json:"scrapes"`
	Series  int   `json:"series"`
	Samples int64 `json:"samples"`
}

// backfill fills a Prometheus with what it would have if it had scraped an
// exporter for days: it moves the cluster's clock, scrapes, and writes the
// samples with the clock's time by remote write.
func backfill(o options) (any, error) {
	var found backfillFound
	known := map[uint64]bool{}
	end := o.start + int64(o.days)*24*3600
	for at := o.start; at < end; at += int64(o.step / time.Second) {
		if err := post(fmt.Sprintf("%s/clock?now=%d", o.control, at), nil); err != nil {
			return nil, fmt.Errorf("moving the cluster's clock: %w", err)
		}
		samples, err := scrape(o.exporter, at*1000)
		if err != nil {
			return nil, fmt.Errorf("scraping %s: %w", o.exporter, err)
		}
		for _, s := range samples {
			known[labelsOf(s).Hash()] = true
		}
		request := prompb.WriteRequest{Timeseries: samples}
		body, err := request.Marshal()
		if err != nil {
			return nil, err
		}
		if err := post(o.write, snappy.Encode(nil, body)); err != nil {
			return nil, fmt.Errorf("writing to Prometheus: %w", err)
		}
		found.Scrapes++
		found.Samples += int64(len(samples))
	}
	found.Series = len(known)
	return found, nil
}

// scrape reads an exporter's page as Prometheus does, with the labels that a
// scrape adds.
func scrape(url string, at int64) ([]prompb.TimeSeries, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	parser, err := textparse.New(text, resp.Header.Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return nil, err
	}
	var all []prompb.TimeSeries
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		_, _, value := parser.Series()
		var lset labels.Labels
		parser.Labels(&lset)
		builder := labels.NewBuilder(lset)
		builder.Set("instance", "exporter:9105")
		builder.Set("job", "mesos")
		var series prompb.TimeSeries
		builder.Labels().Range(func(l labels.Label) {
			series.Labels = append(series.Labels, prompb.Label{Name: l.Name, Value: l.Value})
		})
		series.Samples = []prompb.Sample{{Value: value, Timestamp: at}}
		all = append(all, series)
	}
}

func labelsOf(series prompb.TimeSeries) labels.Labels {
	builder := labels.NewScratchBuilder(len(series.Labels))
	for _, l := range series.Labels {
		builder.Add(l.Name, l.Value)
	}
	return builder.Labels()
}

// post sends a body, which is one of remote write where there is any.
func post(url string, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-protobuf")
		req.Header.Set("Content-Encoding", "snappy")
		req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return fmt.Errorf("%s: %s", resp.Status, said)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
