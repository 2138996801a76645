package mesos

import (
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxAddresses = 16 // of a container
	maxAddress   = 64 // bytes of one
)

// read reads a ContainerStatus, which is the same in /state and on the event stream. What
// it does not tell stays as it was: a later status may tell less.
func (c *TaskContainer) read(d *jsontext.Decoder) error {
	return members(d, reflect.TypeFor[TaskContainer](), func(key []byte) error {
		switch string(key) {
		case "container_id":
			return readID(d, &c.ID, c.ID)
		case "network_infos":
			return c.readNetworks(d)
		}
		return pass(d)
	})
}

func (c *TaskContainer) readNetworks(d *jsontext.Decoder) error {
	var few [4]string
	addresses := few[:0]
	err := elements(d, reflect.TypeFor[TaskContainer](), func() error {
		return members(d, reflect.TypeFor[TaskContainer](), func(key []byte) error {
			if string(key) != "ip_addresses" {
				return pass(d)
			}
			return elements(d, reflect.TypeFor[TaskContainer](), func() error {
				return members(d, reflect.TypeFor[TaskContainer](), func(key []byte) error {
					if string(key) != "ip_address" {
						return pass(d)
					}
					var address string
					err := readText(d, &address, c.Addresses)
					if address != "" && len(address) <= maxAddress && len(addresses) < maxAddresses && !slices.Contains(addresses, address) {
						addresses = append(addresses, address)
					}
					return err
				})
			})
		})
	})
	switch len(addresses) {
	case 0:
	case 1:
		c.Addresses = addresses[0]
	default:
		c.Addresses = strings.Join(addresses, ",")
	}
	return err
}
