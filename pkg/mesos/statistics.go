package mesos

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The containers in an agent's /monitor/statistics: ResourceStatistics
// in include/mesos/mesos.proto. Which of the numbers are there depends on the
// agent's isolators: with cgroups some thirty, with posix/cpu and posix/mem
// only CPU times, mem_rss_bytes and limits. A container that starts or ends may
// have none.

// Statistics is the response of /monitor/statistics of an agent.
type Statistics struct {
	Answer

	Containers []Container
}

// Container is an executor with all its tasks: nested containers are within
// its numbers. ExecutorID is the task's own ID where the task came with a
// command instead of an executor.
type Container struct {
	ExecutorID  string   `json:"executor_id"`
	FrameworkID string   `json:"framework_id"`
	ID          string   `json:"container_id"` // another one is another container; "" where the agent does not tell it
	Readings    Readings `json:"statistics"`
}

// containers is the list as the agent sends it.
type containers []Container

// Readings are a container's numbers.
type Readings struct {
	values [len(statistics)]float64
	known  uint64 // a bit per statistic
	// Devices is block device use, by device and operation.
	Devices []DeviceReading
}

// DeviceReading holds what a container has read from and written to a block device.
type DeviceReading struct {
	Device    string // major:minor
	Operation string // read, write, sync, async, discard
	// Bytes and Operations are cumulative; one that the agent did not say is
	// not known.
	Bytes, Operations           float64
	BytesKnown, OperationsKnown bool
}

// Statistic is one of a container's numbers.
type Statistic int

// NumStatistics is the number of statistics that are read.
const NumStatistics = len(statistics)

// Key returns the JSON key of a statistic.
func (s Statistic) Key() string { return statistics[s] }

// statistics are the numbers that are read, by their JSON keys. Times are in
// seconds, sizes in bytes. The others are skipped.
var statistics = [...]string{
	"timestamp", // of the reading, the agent's clock, Unix seconds
	"cpus_user_time_secs", "cpus_system_time_secs", "cpus_limit", "cpus_soft_limit",
	"cpus_nr_periods", "cpus_nr_throttled", "cpus_throttled_time_secs",
	"mem_rss_bytes", "mem_total_bytes", "mem_total_memsw_bytes", "mem_anon_bytes", "mem_cache_bytes", "mem_file_bytes",
	"mem_mapped_file_bytes", "mem_swap_bytes", "mem_unevictable_bytes", "mem_kmem_usage_bytes", "mem_kmem_tcp_usage_bytes",
	"mem_limit_bytes", "mem_soft_limit_bytes",
	"mem_low_pressure_counter", "mem_medium_pressure_counter", "mem_critical_pressure_counter",
	"disk_used_bytes", "disk_limit_bytes",
	"processes", "threads",
	"net_rx_bytes", "net_rx_packets", "net_rx_errors", "net_rx_dropped",
	"net_tx_bytes", "net_tx_packets", "net_tx_errors", "net_tx_dropped",
}

var statisticsByKey = func() map[string]Statistic {
	byKey := make(map[string]Statistic, len(statistics))
	for i, key := range statistics {
		byKey[key] = Statistic(i)
	}
	return byKey
}()

// StatisticOf returns the statistic with a JSON key. It panics for a key that is
// not read, which is a mistake of the program.
func StatisticOf(key string) Statistic {
	s, ok := statisticsByKey[key]
	if !ok {
		panic(fmt.Sprintf("%q is not among the statistics that are read", key))
	}
	return s
}

// Of returns the value of a statistic, and whether the response had it.
func (r *Readings) Of(s Statistic) (float64, bool) {
	return r.values[s], r.known&(1<<s) != 0
}

// Set sets the value of a statistic.
func (r *Readings) Set(s Statistic, value float64) {
	r.values[s] = value
	r.known |= 1 << s
}

// Unset makes a statistic unknown.
func (r *Readings) Unset(s Statistic) {
	r.values[s] = 0
	r.known &^= 1 << s
}

// Empty reports whether nothing was read.
func (r *Readings) Empty() bool { return r.known == 0 && len(r.Devices) == 0 }

// number reads a number. One that a double does not hold is infinite: the decoder
// would refuse the whole response for it.
func number(d *jsontext.Decoder) (float64, error) {
	if d.PeekKind() != '0' {
		var value float64
		return value, json.UnmarshalDecode(d, &value)
	}
	token, err := d.ReadToken()
	if err != nil {
		return 0, err
	}
	value, _ := token.Float() // with an error it is infinite
	return value, nil
}

// UnmarshalJSONFrom reads the statistics object of a container.
func (r *Readings) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*r = Readings{}
	return members(from(d), reflect.TypeFor[Readings](), func(key []byte) error {
		s, ok := statisticsByKey[string(key)]
		switch {
		case string(key) == "blkio_statistics":
			return r.readDevices(d)
		case !ok, d.PeekKind() == 'n': // null is as good as absent
			return d.SkipValue()
		}
		value, err := number(d)
		if err != nil {
			return err
		}
		r.Set(s, value)
		return nil
	})
}

// blkio is the part of blkio_statistics that is read: what passed the
// throttling of block devices (CgroupInfo.Blkio in include/mesos/mesos.proto).
type blkio struct {
	Throttling []struct {
		// Device is absent from the entry with the total of all devices.
		Device *struct {
			Major int64 `json:"major_number"`
			Minor int64 `json:"minor_number"`
		} `json:"device"`
		Bytes      []blkioValue `json:"io_service_bytes"`
		Operations []blkioValue `json:"io_serviced"`
	} `json:"throttling"`
}

type blkioValue struct {
	Operation string  `json:"op"` // TOTAL, READ, WRITE, SYNC, ASYNC, DISCARD
	Value     float64 `json:"value"`
}

// readDevices reads blkio_statistics: sums over all devices and over all
// operations (TOTAL) are left out, for they would count twice.
func (r *Readings) readDevices(d *jsontext.Decoder) error {
	var b blkio
	if err := json.UnmarshalDecode(d, &b); err != nil {
		return err
	}
	for _, entry := range b.Throttling {
		if entry.Device == nil {
			continue
		}
		device := fmt.Sprintf("%d:%d", entry.Device.Major, entry.Device.Minor)
		for _, v := range entry.Bytes {
			if reading := r.device(device, v.Operation); reading != nil {
				reading.Bytes, reading.BytesKnown = v.Value, true
			}
		}
		for _, v := range entry.Operations {
			if reading := r.device(device, v.Operation); reading != nil {
				reading.Operations, reading.OperationsKnown = v.Value, true
			}
		}
	}
	return nil
}

// device returns the reading of a device and an operation, which it adds where
// there is none; nil for the total of all operations.
func (r *Readings) device(device, operation string) *DeviceReading {
	operation = strings.ToLower(operation)
	if operation == "total" || operation == "" {
		return nil
	}
	for i := range r.Devices {
		if d := &r.Devices[i]; d.Device == device && d.Operation == operation {
			return d
		}
	}
	r.Devices = append(r.Devices, DeviceReading{Device: device, Operation: operation})
	return &r.Devices[len(r.Devices)-1]
}
