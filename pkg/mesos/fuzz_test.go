package mesos

import (
	"bytes"
	stdjson "encoding/json"
	"io"
	"maps"
	"math"
	"net"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/zookeeper"
)

// sturdy requires that whatever the bytes are, decoding them ends in an answer
// or in an error of a category.
func sturdy[T any](f *testing.F, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Add([]byte(`{"a":Infinity}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		into := new(T)
		if _, err := decodeBody(body, into); err != nil {
			require.Contains(t, []Category{Protocol, NotMesos}, CategoryOf(err), "%v", err)
			require.True(t, utf8.ValidString(err.Error()))
			require.Less(t, len(err.Error()), 2000)
		}
	})
}

func FuzzState(f *testing.F) {
	sturdy[State](f,
		`{"id":"a","slaves":[{"id":"s","attributes":{"a":"b","c":1.5},"reserved_resources":{"r":{"cpus":1}},"domain":{"fault_domain":{"region":{"name":"r"}}}}],"recovered_slaves":[]}`,
		`{"frameworks":[{"tasks":[{"statuses":[{"healthy":true,"timestamp":1.5}],"labels":[{"key":"k","value":"v"}]}],"executors":[{"resources":{"mem":32}}]}]}`)
}

func FuzzRoles(f *testing.F) {
	sturdy[Roles](f, `{"roles":[{"name":"a/b","weight":1.0,"quota":{"limit":{"cpus":1}},"frameworks":["f"],"allocated":{"mem":1}}]}`)
}

func FuzzVersion(f *testing.F) { sturdy[Version](f, `{"version":"1.12.0","git_sha":"c1b4"}`) }

func FuzzStatistics(f *testing.F) {
	sturdy[containers](f,
		`[{"executor_id":"e","framework_id":"f","statistics":{"timestamp":1.5,"cpus_user_time_secs":0,"threads":null,"x":{}}},{}]`,
		`[{"statistics":{"blkio_statistics":{"throttling":[{"device":{"major_number":8,"minor_number":0},"io_serviced":[{"op":"READ","value":1}]}]}}}]`)
}

func FuzzFlags(f *testing.F) { sturdy[Flags](f, `{"flags":{"port":"5050"}}`) }

// FuzzSnapshot compares with encoding/json: what that reads, is read alike.
func FuzzSnapshot(f *testing.F) {
	for _, seed := range []string{`{"master/elected":1.0,"a/b":-2e3}`, `{"a/b":null}`, `{"a/b":"1"}`, `{"a":1,"a":null}`, `{"a\ud800":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var expected map[string]*float64
		wanted := stdjson.Unmarshal(body, &expected)
		var values readings
		_, err := decodeBody(body, &values)
		if wanted != nil || expected == nil { // null is an object to encoding/json
			return
		}
		require.NoError(t, err)
		maps.DeleteFunc(expected, func(_ string, v *float64) bool { return v == nil })
		require.Len(t, values, len(expected))
		for key, v := range expected {
			require.Equal(t, *v, values[key])
			require.False(t, math.IsInf(*v, 0))
		}
	})
}

// FuzzFinite compares the windows with the whole: the same bytes, whatever the
// sizes in which they come. Valid JSON has no bare infinity and stays as it is.
func FuzzFinite(f *testing.F) {
	for _, c := range infinities {
		f.Add([]byte(c.in), 5)
	}
	f.Fuzz(func(t *testing.T, body []byte, lead int) {
		expected := bare.ReplaceAllFunc(body, func(hit []byte) []byte {
			colon := bytes.Index(hit, []byte(`":`)) + 2
			return append(append(bytes.Clone(hit[:colon]), "null"...), bytes.Repeat([]byte{' '}, len(hit)-colon-4)...)
		})
		for _, at := range short.FindAllIndex(expected, -1) {
			from, to := at[0], at[1] // from the last byte of the key on
			switch {
			case bytes.Contains(expected[max(0, from-6):from], []byte(`\`)):
			case from > 0 && expected[from-1] != '"':
				copy(expected[from-1:to], `~":null`)
			default:
				copy(expected[from:to], `":null`)
			}
		}
		once, err := io.ReadAll(newFinite(bytes.NewReader(body)))
		require.NoError(t, err)
		require.Equal(t, string(expected), string(once))
		slow, err := io.ReadAll(newFinite(iotest.OneByteReader(bytes.NewReader(body))))
		require.NoError(t, err)
		require.Equal(t, string(expected), string(slow))
		if lead = windowSize - len(body) + lead%(2*longest); lead > 0 {
			blanks := strings.Repeat("~", lead)
			late, err := io.ReadAll(newFinite(strings.NewReader(blanks + string(body))))
			require.NoError(t, err)
			if !bytes.HasPrefix(body, []byte(`":`)) { // the lead would make it end a string
				require.Equal(t, string(expected), string(late[lead:]))
			}
		}
		if stdjson.Valid(body) {
			require.Equal(t, string(body), string(once), "valid JSON is left alone")
		}
	})
}

// bare is what the filter looks for: a byte of the key, its quote, the value.
var (
	bare  = regexp.MustCompile(`(?s)[^{\[,:\\ \t\r\n]":(?:-?Infinity|-(?:NaN|nan|inf))`)
	short = regexp.MustCompile(`(?s)[^{\[,:\\ \t\r\n"]":(?:NaN|nan|inf)`)
)

func FuzzParseMasters(f *testing.F) {
	for _, c := range masterCases {
		f.Add(strings.Join(c.in, " "))
	}
	f.Fuzz(func(t *testing.T, line string) {
		targets, zooKeeper, err := parseMasters(strings.Split(line, " "))
		if err != nil {
			return
		}
		require.Equal(t, zooKeeper == nil, len(targets) > 0, "one or the other")
		if zooKeeper != nil {
			require.NotContains(t, line, "@")
			require.NotEmpty(t, zooKeeper.Servers)
			again, err := parseEnsemble("zk://" + strings.Join(zooKeeper.Servers, ",") + zooKeeper.Path)
			require.NoError(t, err)
			require.Equal(t, zooKeeper, again)
		}
		for _, target := range targets {
			require.Contains(t, []string{"http", "https"}, target.URL.Scheme)
			require.Equal(t, target.Address, target.URL.Host+target.path())
			require.Nil(t, target.URL.User)
			require.False(t, strings.HasSuffix(target.path(), "/"))
			again, _, err := parseMasters([]string{target.URL.String()})
			require.NoError(t, err)
			require.Equal(t, target.Address, again[0].Address)
		}
	})
}

func FuzzLocation(f *testing.F) {
	for _, seed := range []string{
		"//localhost:5050", "//[::1]:5050/master/state", "http://a:1", "//u:p@a:1", "//a", "/state", "https://a/mesos/", "//a:1/redirect?x=y", "//a:1/%2e%2e/state",
	} {
		f.Add(seed)
	}
	masters, _, err := parseMasters([]string{"http://a:1", "https://a/mesos", "http://[::1]:5050"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, header string) {
		at, ok := readLocation(header, masters[1])
		if !ok {
			return
		}
		require.NotContains(t, at.host, "@", "no user")
		host, port, err := net.SplitHostPort(at.host)
		require.NoError(t, err)
		require.NotEmpty(t, host)
		require.NoError(t, checkPort(port))
		if master := at.master(masters, statePage); master != nil {
			require.True(t, sameAddress(master.URL.Host, at.host))
		}
	})
}

func FuzzMasterInfo(f *testing.F) {
	for _, seed := range []string{
		mesostest.MasterInfo("localhost", 5050), `{"address":{"ip":"::1","port":1}}`, `{"address":{"hostname":"a@b","port":1}}`,
		`{"address":{"hostname":"a/b","port":1}}`, `{"address":{"port":5050}}`, `{"address":[]}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Add([]byte(oldMasterInfo("m1", "master@10.0.0.4:5050", loopback4, 5050)))
	f.Add([]byte(oldMasterInfo("a/b", "master@u:p@10.0.0.4:5050", loopback4, 1<<40)))
	r := &detector{Ensemble: &zookeeper.Ensemble{Servers: []string{"127.0.0.1:2181"}, Path: "/mesos"}, scheme: "http"}
	f.Fuzz(func(t *testing.T, content []byte) {
		target, err := r.target("json.info_0000000001", content)
		if err != nil {
			require.NotEmpty(t, CategoryOf(err))
			target, err = r.target("info_0000000001", content)
		}
		if err != nil {
			require.NotEmpty(t, CategoryOf(err))
			return
		}
		u, err := url.Parse(target.URL.String())
		require.NoError(t, err)
		require.Equal(t, target.Address, u.Host, "one host and port, whatever the znode says")
		require.Nil(t, u.User)
		require.Empty(t, u.Path)
	})
}
