package samples

import (
	"fmt"
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
