package plugin

import (
	"cmp"
	"net/url"
	"strings"

	"community-mesos-datasource/pkg/mesos"
)

// webUI returns the address of Mesos' web UI, for links: the setting webUrl, else that of the
// leader; "" while none is known. leader is host:port, behind a router with its path.
func (s *Settings) webUI(leader string) string {
	if s.WebURL != "" {
		return s.WebURL
	}
	if leader == "" {
		return ""
	}
	scheme := ""
	for _, master := range s.Masters {
		u, err := url.Parse(master)
		if err != nil || mesos.IsZooKeeper(master) {
			continue
		}
		if host, path, _ := strings.Cut(leader, "/"); strings.EqualFold(hostOf(host), u.Hostname()) && strings.Trim(u.Path, "/") == path {
			scheme = u.Scheme
			break
		}
		scheme = cmp.Or(scheme, u.Scheme)
	}
	return cmp.Or(scheme, s.mastersScheme()) + "://" + leader
}

// hostOf returns the host of host:port.
func hostOf(address string) string {
	return (&url.URL{Host: address}).Hostname()
}
