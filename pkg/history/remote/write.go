package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	api "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/model/labels"
)

// A Target is the other engine.
type Target struct {
	URL      string // of Prometheus' HTTP API, without /api/v1
	WriteURL string // of remote write
	// HTTP sends the requests, with the credentials of this engine. It follows no
	// redirects: whoever answers one must not get them.
	HTTP *http.Client
	// Labels are added when writing, and left out when reading.
	Labels map[string]string
	// Close releases the client's connections; may be nil.
	Close func()

	labels []labels.Label // sorted
	most   int64          // bytes of an answer; 256 MiB if 0
}

func sorted(of map[string]string) []labels.Label {
	all := make([]labels.Label, 0, len(of))
	for name, value := range of {
		all = append(all, labels.Label{Name: name, Value: value})
	}
	slices.SortFunc(all, func(a, b labels.Label) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Bounds of a request.
const (
	maxRequestSamples = 2000
	maxRequestBytes   = 2 << 20 // of labels, before they are compressed
)

// cut returns how many of the samples are sent in the next request.
func cut(samples []sample) int {
	size := 0
	for i, x := range samples {
		if size += len(x.series.labels.Get(clusterLabel)) + int(x.series.labels.ByteSize()); i > 0 && (i == maxRequestSamples || size > maxRequestBytes) {
			return i
		}
	}
	return len(samples)
}

// A response is what the other engine said to a request of remote write.
type response struct {
	status     int // 0 where there was none
	text       string
	retryAfter time.Duration
	err        error // of the connection

	confirmed bool // it counts what it has written, as version 2.0 wants
	written   int
}

// The versions of remote write.
const (
	version1 = "1.0"
	version2 = "2.0"
)

// post sends one request of remote write.
func (t *Target) post(ctx context.Context, version string, samples []sample) response {
	base, path := t.WriteURL, ""
	if u, err := url.Parse(base); err == nil { // the API cleans a path that it joins
		path, u.Path, u.RawPath = u.Path, "", ""
		base = u.String()
	}
	var got response
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := &http.Client{Transport: noting{t.HTTP, &got}, CheckRedirect: noRedirects}
	sender, err := api.NewAPI(base, api.WithAPIHTTPClient(client), api.WithAPIPath(path), api.WithAPIBackoff(api.BackoffConfig{Min: time.Minute, Max: time.Minute, MaxRetries: 1}))
	if err != nil {
		return response{err: err}
	}
	kind, body := api.WriteV1MessageType, encodeV1
	if version == version2 {
		kind, body = api.WriteV2MessageType, encodeV2
	}
	// Retrying is up to the caller, who sees what is queued meanwhile.
	stats, err := sender.Write(ctx, kind, body(samples, t.labels), api.WithWriteRetryCallback(func(error) { cancel() }))
	got.written = stats.Samples
	if got.status == 0 && got.err == nil {
		got.err = err
	}
	return got
}

func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// noting sends requests with a client and notes the response, of which client_golang's
// API returns a text only.
type noting struct {
	client *http.Client
	got    *response
}

// maxErrorText is how many bytes are read of the response to a request of remote write.
const maxErrorText = 4 << 10

func (n noting) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	sent.RequestURI = ""
	res, err := n.client.Do(sent)
	if err != nil {
		n.got.err = err
		return nil, err
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorText)) // a part is as good
	_ = res.Body.Close()
	n.got.status, n.got.text = res.StatusCode, strings.TrimSpace(string(text))
	n.got.retryAfter = retryAfter(res.Header.Get("Retry-After"))
	n.got.confirmed = res.Header.Get("X-Prometheus-Remote-Write-Samples-Written") != ""
	res.Body = io.NopCloser(bytes.NewReader(text))
	return res, nil
}

// maxRetryAfter bounds what a response may ask for.
const maxRetryAfter = 10 * time.Minute

func retryAfter(header string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(strings.TrimSpace(header)); err == nil {
		wait = time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// Why samples are refused for good.
const (
	outOfOrder = "out_of_order" // the engine has a newer sample of the series
	tooOld     = "too_old"      // it takes none of that time any more
	duplicate  = "duplicate"    // it has another value of that time
	tooLarge   = "too_large"    // one sample alone does not fit into a request
	overLimit  = "limit"        // the tenant has as many series, or the series as many labels, as it may
	otherWhy   = "other"
)

// Reasons are why samples may be refused.
var Reasons = []string{outOfOrder, tooOld, duplicate, tooLarge, overLimit, otherWhy}

// reasonOf returns why samples were refused, by the texts of Prometheus, Mimir, Cortex and
// Thanos; "" where the text has none of theirs.
func reasonOf(text string) string {
	text = strings.ToLower(text)
	for _, known := range []struct{ part, reason string }{
		// Names of errors first: their sentences name several reasons.
		{"sample-timestamp-too-old", tooOld}, {"too-far-in-past", tooOld}, {"sample-out-of-order", outOfOrder}, {"sample-duplicate-timestamp", duplicate},
		{"err-mimir-max-", overLimit}, {"err-mimir-label-name-too-long", overLimit}, {"err-mimir-label-value-too-long", overLimit},
		{"series limit", overLimit}, {"too many labels", overLimit}, {"label name too long", overLimit}, {"label value too long", overLimit},
		{"out of order", outOfOrder}, {"out-of-order", outOfOrder},
		{"out of bounds", tooOld}, {"out-of-bounds", tooOld}, {"too old", tooOld}, {"too far in the past", tooOld}, {"outside of the allowed", tooOld},
		{"duplicate sample", duplicate}, {"duplicate timestamp", duplicate}, {"same timestamp", duplicate}, {"conflict", duplicate},
	} {
		if strings.Contains(text, known.part) {
			return known.reason
		}
	}
	return ""
}

// keepsPart reports whether a request that is refused is from an engine that keeps what it can
// of it, by 1.0 too: Mimir, Cortex and Thanos.
func (r response) keepsPart() bool {
	return r.status == http.StatusConflict || r.isMimirs() || strings.Contains(r.text, "user=")
}

// isMimirs reports whether the text has one of Mimir's names of errors.
func (r response) isMimirs() bool { return strings.Contains(r.text, "err-mimir-") }

// aboveBurst reports whether the request has more samples than Mimir takes of the tenant at a time (ingestion_burst_size;
// pkg/distributor/distributor.go of Mimir), so that it is refused however long one waits.
func (r response) aboveBurst() bool {
	return r.status == http.StatusTooManyRequests && strings.Contains(r.text, "ingestion burst size limit")
}

// countsOf reports whether the response to a refused request of n samples says how many of them are
// written, by 2.0. Mimir counts what arrived, refused or not, and so all.
func (r response) countsOf(n int) bool {
	return r.confirmed && 0 < r.written && r.written < n
}

// mayBeTaken reports whether the request of a response that is tried again may have been taken, in part or whole:
// the response was lost, or is that of a proxy.
func (r response) mayBeTaken() bool {
	return r.status == 0 || r.status/100 == 5 || r.status == http.StatusRequestTimeout || r.status == http.StatusTooManyRequests
}

// A verdict is what a response means for the samples of its request.
type verdict int

const (
	taken   verdict = iota
	refused         // they will never be taken: each is tried alone
	later           // the request may succeed later
	split           // the request is too large
	unknown         // this version of remote write is not understood
)

// verdictOf returns what a response means. Only 400 and 422 say something of samples. What
// the settings or the engine's operator can mend (credentials, addresses, limits) is
// tried again: nothing is lost by it. proven reports whether the engine has taken a request
// before: an address that is another server's answers 400 to everything.
func verdictOf(r response, version string, proven bool) verdict {
	switch reason := reasonOf(r.text); {
	case r.status/100 == 2 && version == version2 && !r.confirmed:
		return unknown // Prometheus before 2.54 finds no series in it, and takes none
	case r.status/100 == 2:
		return taken
	case r.status == http.StatusRequestEntityTooLarge, strings.Contains(r.text, "err-mimir-distributor-max-write-message-size"), r.aboveBurst():
		return split
	case r.status == http.StatusUnsupportedMediaType:
		return unknown
	case (r.status == http.StatusBadRequest || r.status == http.StatusConflict || r.status == http.StatusUnprocessableEntity) && (reason != "" || r.isMimirs()):
		return refused
	case r.status == http.StatusBadRequest && version == version2 && !r.confirmed:
		return unknown
	case (r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity) && proven:
		return refused
	default:
		return later
	}
}

// sentence returns what went wrong with a request that is tried again, and what to do.
func (r response) sentence(t *Target) string {
	at := t.WriteURL
	switch {
	case r.err != nil:
		return fmt.Sprintf("%s cannot be reached: %s", at, errorText(r.err))
	case r.status/100 == 3:
		return fmt.Sprintf("%s answers with a redirect (%d), which is not followed: write the address that it leads to (jsonData.remoteWriteUrl)", at, r.status)
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return fmt.Sprintf("%s refuses the credentials (%d%s): check remoteBasicAuthUser with its password or remoteBearerToken, and remoteTenant", at, r.status, quoted(r.text))
	case r.status == http.StatusNotFound, r.status == http.StatusMethodNotAllowed:
		return fmt.Sprintf("%s takes no remote write (%d%s): check the address (jsonData.remoteWriteUrl); Prometheus needs --web.enable-remote-write-receiver", at, r.status, quoted(r.text))
	case r.status == http.StatusTooManyRequests:
		return fmt.Sprintf("%s takes no more for now (429%s)", at, quoted(r.text))
	default:
		return fmt.Sprintf("%s answered %d%s", at, r.status, quoted(r.text))
	}
}

func quoted(text string) string {
	const most = 300 // Mimir names the setting of a limit after 200
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	if text == "" {
		return ""
	}
	return ": " + text
}
