package history

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

func TestCheckedLabels(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, test := range []struct {
		what string
		in   labels.Labels
		err  string
	}{
		{"as usual", labels.FromStrings("__name__", "a", "task", "b"), ""},
		{"as long as allowed", labels.FromStrings("__name__", "a", "task", strings.Repeat("x", MaxLabelBytes-100)), ""},
		{"no labels", labels.EmptyLabels(), "a series without labels cannot be kept"},
		{"empty labels", labels.FromStrings("a", ""), "a series without labels cannot be kept"},
		{"a label twice", labels.FromStrings("__name__", "a", "x", "1", "x", "2"), `has the label "x" twice`},
		{"a long value", labels.FromStrings("__name__", "mesos_task", "task", "b", "task_id", long),
			`a series of "mesos_task" cannot be kept: its labels have 10486`},
		{"a long name", labels.FromStrings("__name__", "a", long, "b"), `shorten "xxx`},
		{"long altogether", labels.FromStrings("__name__", "a", "b", strings.Repeat("y", MaxLabelBytes/2), "c", strings.Repeat("z", MaxLabelBytes/2)), `shorten "b", whose value begins with "yyy`},
	} {
		t.Run(test.what, func(t *testing.T) {
			kept, err := CheckedLabels(test.in)
			if test.err == "" {
				require.NoError(t, err)
				require.Equal(t, test.in.String(), kept.String())
				return
			}
			require.ErrorContains(t, err, test.err)
			require.Less(t, len(err.Error()), 500, "the sentence does not repeat the label")
		})
	}
}
