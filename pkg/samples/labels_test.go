package samples

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

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
		{"other characters become _", map[string]mesos.Attribute{"os.name-ü": "x y"}, "attr_os_name___x3b4a1bc4=x y"},
		{"keys that become the same are told apart", map[string]mesos.Attribute{"a.b": "1", "a-b": "2", "a_b": "3", "c": "4"},
			"attr_a_b_xd44362d6=2 attr_a_b_x2e7336dc=1 attr_a_b=3 attr_c=4"},
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

// What an operator writes beside a key must not change the label that it becomes,
// and two keys never become one label.
func TestTheNameOfALabelDependsOnItsKeyAlone(t *testing.T) {
	first := labelName("my.key")
	keys := []string{
		"rack", "my_key", "my.key", "my-key", "my key", "a.b", "a-b", "a_b_conflict1", "ä", "ö", "",
		first, labelName(first), // that look like what another key becomes
		strings.Repeat("k", MaxChosen), strings.Repeat("k", MaxChosen+1), strings.Repeat("k", MaxChosen+2),
		strings.Repeat("ü", 100), strings.Repeat("ü", 101),
	}
	names := map[string]string{}
	for _, key := range keys {
		name := labelName(key)
		require.Regexp(t, "^[a-zA-Z0-9_]*$", name)
		require.LessOrEqual(t, len(name), MaxChosen)
		require.Empty(t, names[name], "%q and %q", key, names[name])
		names[name] = key
	}
	for _, plain := range []string{"rack", "my_key", "a_b_conflict1", "built_20240101", strings.Repeat("k", MaxChosen)} {
		require.Equal(t, plain, labelName(plain))
	}
	both := taskLabels([]mesos.Label{{Key: "my.key", Value: "1"}, {Key: "my-key", Value: "2"}}, []string{"my.key", "my-key"})
	one := taskLabels([]mesos.Label{{Key: "my.key", Value: "1"}}, []string{"my.key", "my-key"})
	require.Contains(t, text(both), text(one))
	require.Equal(t, "label_a=1", text(taskLabels([]mesos.Label{{Key: "a", Value: "1"}}, []string{"a", "a"})), "named twice in the settings")
}

// Random keys on random things: a key has the same label everywhere, and no two keys
// have one.
func TestAKeyHasOneLabelOnAllThings(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"my", "key", "K", ".", "-", "_", " ", "/", "ü", "_x", "0a1b2c3d", "9", strings.Repeat("k", 60)}
	keys := map[string]bool{}
	for len(keys) < 300 {
		var key strings.Builder
		for range 1 + random.IntN(5) {
			key.WriteString(parts[random.IntN(len(parts))])
		}
		keys[key.String()] = true
	}
	for _, key := range slices.Collect(maps.Keys(keys)) {
		keys[labelName(key)] = true // a key may look like the label of another
	}
	all := slices.Sorted(maps.Keys(keys))
	labelOf, keyOf := map[string]string{}, map[string]string{}
	for range 2000 {
		var labels []mesos.Label
		attributes := map[string]mesos.Attribute{}
		for range 1 + random.IntN(15) {
			key := all[random.IntN(len(all))]
			labels = append(labels, mesos.Label{Key: key, Value: key})
			attributes[key] = mesos.Attribute(key)
		}
		for prefix, got := range map[string]pairs{"label_": taskLabels(labels, all), "attr_": attributeLabels(attributes)} {
			n := 0
			got.each(func(name, value string) {
				n++
				name, found := strings.CutPrefix(name, prefix)
				require.True(t, found)
				require.LessOrEqual(t, len(name), MaxChosen)
				if before, known := keyOf[name]; known {
					require.Equal(t, before, value, name)
				}
				keyOf[name] = value
				if before, known := labelOf[value]; known && len(value) < MaxChosen {
					require.Equal(t, before, name, value)
				}
				labelOf[value] = name
			})
			require.Equal(t, len(attributes), n, "%s: %q %v", prefix, text(got), attributes)
		}
	}
}
