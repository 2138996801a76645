package collector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

func TestAttributesBecomeLabels(t *testing.T) {
	many := map[string]mesos.Attribute{}
	for n := range 30 {
		many[fmt.Sprintf("a%02d", n)] = "v"
	}
	for _, c := range []struct {
		name       string
		attributes map[string]mesos.Attribute
		want       string
	}{
		{"none", nil, ""},
		{"as they are", map[string]mesos.Attribute{"rack": "r1", "n": "3"}, "attr_n=3 attr_rack=r1"},
		{"other characters become _", map[string]mesos.Attribute{"os.name-ü": "x y"}, "attr_os_name__=x y"},
		{"names that become the same are told apart", map[string]mesos.Attribute{"a.b": "1", "a-b": "2", "c": "3"},
			"attr_a_b_conflict1=2 attr_a_b_conflict2=1 attr_c=3"},
		{"values to 128 bytes, no character cut", map[string]mesos.Attribute{"a": mesos.Attribute(strings.Repeat("ü", 100))}, "attr_a=" + strings.Repeat("ü", 64)},
		{"what is not UTF-8 is replaced", map[string]mesos.Attribute{"a": "x\xff"}, "attr_a=x\uFFFD"},
		{"a NUL does not split a value", map[string]mesos.Attribute{"a": "x\x00y"}, "attr_a=x\uFFFDy"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, text(attributeLabels(c.attributes))) })
	}
	require.Len(t, strings.Fields(text(attributeLabels(many))), 20)
}

func text(p pairs) string {
	var parts []string
	p.each(func(name, value string) { parts = append(parts, name+"="+value) })
	return strings.Join(parts, " ")
}

func TestOnlyWebLinksWithoutCredentialsAreKept(t *testing.T) {
	for given, want := range map[string]string{
		"http://marathon:8080":       "http://marathon:8080",
		"https://u:p@marathon/v2?x=": "https://marathon/v2?x=",
		"javascript:alert(1)":        "",
		"marathon:8080":              "",
		"http://":                    "",
		"":                           "",
	} {
		require.Equal(t, want, linkOnly(given), given)
	}
}

func TestTheLadderOfStateIntervals(t *testing.T) {
	const poll = 15 * time.Second
	for _, c := range []struct {
		agents int
		poll   time.Duration
		head   time.Duration
		want   time.Duration
	}{
		{0, poll, 0, poll},
		{499, poll, 0, poll},
		{500, poll, 0, 20 * time.Second},
		{500, 30 * time.Second, 0, 30 * time.Second}, // never more often than the snapshot
		{999, poll, 0, 20 * time.Second},
		{1_000, poll, 0, time.Minute},
		{4_999, poll, 0, time.Minute},
		{5_000, poll, 0, 2 * time.Minute},
		{10_000, poll, 0, 4 * time.Minute},
		{15_000, poll, 0, 8 * time.Minute},
		{20_000, poll, 0, 16 * time.Minute},
		{10, poll, 700 * time.Millisecond, poll},
		{10, poll, 2 * time.Second, 40 * time.Second},
		{10, poll, 2010 * time.Millisecond, 41 * time.Second},
	} {
		require.Equal(t, c.want, stateInterval(c.poll, c.agents, c.head), "%+v", c)
	}
}

func TestBackOffEndsAtTwiceTheInterval(t *testing.T) {
	for failures, want := range []time.Duration{10, 10, 15, 20, 20, 20} {
		require.Equal(t, want*time.Second, backOff(10*time.Second, failures, 0.5), failures)
	}
	require.Equal(t, 18*time.Second, backOff(10*time.Second, 9, 0))
	require.Equal(t, 22*time.Second, backOff(10*time.Second, 9, 1))
	require.Equal(t, 1500*time.Millisecond, retryAfter(15*time.Second))
	require.Equal(t, 5*time.Second, retryAfter(time.Hour))
}
