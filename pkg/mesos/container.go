package mesos

import (
	"reflect"
	"slices"
	"strings"
)

// readImage reads the name of the image of a ContainerInfo, which is the same in /state and on
// the event stream: of Docker's containerizer, else of Mesos' own.
func (t *Task) readImage(d *source, like string) error {
	return tolerant(d, func(key []byte) error {
		switch string(key) {
		case "docker":
			return t.readName(d, "image", like)
		case "mesos":
			return tolerant(d, func(key []byte) error {
				if string(key) != "image" {
					return pass(d)
				}
				return tolerant(d, func(key []byte) error {
					switch string(key) {
					case "docker", "appc":
						return t.readName(d, "name", like)
					}
					return pass(d)
				})
			})
		}
		return pass(d)
	})
}

// readName reads the name of an image, a member of an object.
func (t *Task) readName(d *source, name, like string) error {
	return tolerant(d, func(key []byte) error {
		if string(key) != name || d.PeekKind() != '"' {
			return pass(d)
		}
		return readText(d, &t.Image, like)
	})
}

// tolerant calls member as members does, and passes over what is no object: an image that cannot
// be read is no reason to refuse a whole /state.
func tolerant(d *source, member func(name []byte) error) error {
	if d.PeekKind() != '{' {
		return pass(d)
	}
	return members(d, reflect.TypeFor[TaskContainer](), member)
}

const (
	maxAddresses = 16 // of a container
	maxAddress   = 64 // bytes of one
)

// read reads a ContainerStatus, which is the same in /state and on the event stream. What
// it does not tell stays as it was: a later status may tell less.
func (c *TaskContainer) read(d *source) error {
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

func (c *TaskContainer) readNetworks(d *source) error {
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
