package mesos

import (
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// A MasterInfo is what a master writes into its znode (include/mesos/mesos.proto of
// Mesos): since 0.24 as JSON into json.info_NNNNNNNNNN, before that as protocol buffer
// into info_NNNNNNNNNN. The number is ZooKeeper's, so that both kinds have one order
// while a cluster is upgraded.

// The labels of masters' znodes (MASTER_INFO_JSON_LABEL, MASTER_INFO_LABEL).
const (
	jsonLabel     = "json.info_"
	protobufLabel = "info_"
)

// masterNumber returns the number of a master's znode, false for other children of
// the path.
func masterNumber(name string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, jsonLabel)
	if !ok {
		digits, ok = strings.CutPrefix(name, protobufLabel)
	}
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, err == nil
}

// masterInfo is the part of a MasterInfo that says where its master listens.
type masterInfo struct {
	hostname string
	ip       string
	port     int
}

var errNoMasterInfo = errors.New("the znode has no address of a master")

// readMasterInfo reads the content of a master's znode.
func readMasterInfo(name string, content []byte) (masterInfo, error) {
	read := masterInfoOfJSON
	if strings.HasPrefix(name, protobufLabel) {
		read = masterInfoOfProtobuf
	}
	info, err := read(content)
	if err == nil && info.hostname == "" && info.ip == "" {
		err = errNoMasterInfo
	}
	return info, err
}

func masterInfoOfJSON(content []byte) (masterInfo, error) {
	var read struct {
		Address struct {
			Hostname string `json:"hostname"`
			IP       string `json:"ip"`
			Port     int    `json:"port"`
		} `json:"address"`
		Hostname string `json:"hostname"`
		PID      string `json:"pid"`
		Port     int    `json:"port"`
	}
	if err := json.Unmarshal(content, &read); err != nil {
		return masterInfo{}, err
	}
	info := masterInfo{read.Address.Hostname, read.Address.IP, read.Address.Port}
	if info == (masterInfo{}) {
		info = masterInfo{hostname: read.Hostname, port: read.Port}
		info.addPID(read.PID)
	}
	return info, nil
}

// masterInfoOfProtobuf reads the fields ip (2), port (3), pid (4) and hostname (5) of a
// message.
func masterInfoOfProtobuf(content []byte) (masterInfo, error) {
	var info masterInfo
	var pid string
	for len(content) > 0 {
		number, kind, n := protowire.ConsumeTag(content)
		if n < 0 {
			return info, protowire.ParseError(n)
		}
		content = content[n:]
		switch {
		case kind == protowire.VarintType && (number == 2 || number == 3):
			value, n := protowire.ConsumeVarint(content)
			if n < 0 {
				return info, protowire.ParseError(n)
			}
			if number == 3 {
				info.port = int(min(value, 1<<17)) // beyond any port
			} else {
				// In network order, read as a number by a little-endian machine.
				info.ip = netip.AddrFrom4([4]byte{byte(value), byte(value >> 8), byte(value >> 16), byte(value >> 24)}).String()
			}
		case kind == protowire.BytesType && (number == 4 || number == 5):
			text, n := protowire.ConsumeString(content)
			if n < 0 {
				return info, protowire.ParseError(n)
			}
			if number == 4 {
				pid = text
			} else {
				info.hostname = text
			}
		}
		n = protowire.ConsumeFieldValue(number, kind, content)
		if n < 0 {
			return info, protowire.ParseError(n)
		}
		content = content[n:]
	}
	info.addPID(pid)
	return info, nil
}

// addPID adds what a libprocess PID (master@ip:port) has of the address: its IP
// address is written, and so the same on every machine.
func (m *masterInfo) addPID(pid string) {
	host, port, err := net.SplitHostPort(pidAddress(pid))
	if err != nil {
		return
	}
	if _, notIP := netip.ParseAddr(host); notIP == nil {
		m.ip = host
	} else if m.hostname == "" {
		m.hostname = host
	}
	if n, err := strconv.Atoi(port); err == nil && m.port == 0 {
		m.port = n
	}
}
