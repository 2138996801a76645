package collector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

func TestAnotherProcessIsToldByItsUptime(t *testing.T) {
	const never = -1
	for name, c := range map[string]struct {
		uptimes []float64 // one every 15 s
		took    time.Duration
		at      int // the answer that tells
	}{
		"the same master":               {[]float64{100, 115, 130, 145}, 0, never},
		"a slow answer":                 {[]float64{100, 121, 130, 145, 166}, 7 * time.Second, never},
		"a leader that started later":   {[]float64{100, 115, 20, 35, 50}, 0, 3},
		"a leader that started earlier": {[]float64{100, 115, 1020, 1035, 1050}, 0, 3},
		"leaders that started together": {[]float64{100, 115, 131, 146}, 0, never},
		"answers of a cache":            {[]float64{100, 100, 100, 100, 160, 160, 160, 160}, 0, never},
		"one answer of another":         {[]float64{100, 115, 1020, 145, 160}, 0, never},
		"a master that has not the key": {[]float64{never, never, 30, never, 60}, 0, never},
		"an uptime that cannot be":      {[]float64{100, 115, 1e300, 1e300}, 0, never},
		"the router asks both in turn":  {[]float64{100, 1015, 130, 1045, 160}, 0, never},
		"the leader before leads again": {[]float64{100, 115, 20, 35, 160, 175}, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var l processes
			begin, told := time.Now(), never
			for i, uptime := range c.uptimes {
				m := &mesos.Metrics{Values: map[string]float64{"master/uptime_secs": uptime}}
				m.Sent, m.Took = begin.Add(time.Duration(i)*15*time.Second), c.took
				if before, since, other := l.answered(processOf(m)); other && told == never {
					told = i
					require.Equal(t, begin.Add(15*time.Second), before)
					require.Equal(t, begin.Add(30*time.Second), since)
				}
			}
			require.Equal(t, c.at, told)
		})
	}
}
