package lease

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"community-mesos-datasource/pkg/netcause"
	"community-mesos-datasource/pkg/zookeeper"
)

// failure is why a server of ZooKeeper was of no use.
type failure struct {
	server string
	err    error
}

// sentence returns what went wrong, and what to do about it.
func (l *Lease) sentence(failures []failure) error {
	var said []string
	for _, f := range failures {
		if errors.Is(f.err, zookeeper.ErrAuth) {
			todo := "set zkDigest to the user:password that its ACL allows (secureJsonData.zkDigest)"
			if l.opts.Digest != "" {
				todo = "correct zkDigest (user:password), which is the same in all Grafanas (secureJsonData.zkDigest)"
			}
			return fmt.Errorf("ZooKeeper at %s does not allow this data source to make or change %s: %s", l.opts.Ensemble, l.path, todo)
		}
		if errors.Is(f.err, errReplaced) {
			return fmt.Errorf("%s was deleted or replaced in ZooKeeper while this Grafana held it: leave it to the plugin, which takes it again", l.path)
		}
		if errors.Is(f.err, errPermanent) {
			return fmt.Errorf("%s in ZooKeeper at %s was not made by this plugin, and does not end with who made it: delete it, or choose another path (jsonData.replicas)", l.path, l.opts.Ensemble)
		}
		var refused *zookeeper.RefusedError
		if errors.As(f.err, &refused) {
			what := cmp.Or(refused.Path, "a session")
			return fmt.Errorf("ZooKeeper at %s refuses %s: %s: %s", f.server, what, refused, l.remedy(refused))
		}
		said = append(said, f.server+" ("+reason(f.err)+")")
	}
	return fmt.Errorf("no answer from ZooKeeper, which knows which Grafana polls the cluster, at %s: check the address in replicas, that Grafana's server may connect to it, and that a quorum of ZooKeeper's servers is running (jsonData.replicas)",
		strings.Join(said, ", "))
}

// remedy returns what to do about a refusal, and the setting.
func (l *Lease) remedy(refused *zookeeper.RefusedError) string {
	const elsewhere = "or name another path in replicas (jsonData.replicas)"
	switch refused.Code {
	case zookeeper.CodeQuota:
		return "raise the quota of the path or of one above it (listquota and setquota of zkCli.sh), " + elsewhere
	case zookeeper.CodeEphemeralParent:
		return path.Dir(refused.Path) + " ends with a session of another program: name another path in replicas (jsonData.replicas)"
	case zookeeper.CodeWantsAuth:
		if l.opts.Digest == "" {
			return "set zkDigest to a user:password, where the server takes the scheme digest (enforce.auth.schemes); sasl is not supported (secureJsonData.zkDigest)"
		}
		return "allow the scheme digest at the server (enforce.auth.schemes), or sessions without sasl, which is not supported (secureJsonData.zkDigest)"
	}
	return "the log of that server may say why; mend it there, " + elsewhere
}

// reason returns the innermost text of an error, without the address, which is said already.
func reason(err error) string {
	switch {
	case err == nil:
		return "the session ended"
	case errors.Is(err, zookeeper.ErrNotZooKeeper):
		return "something else answers there, or it speaks TLS, which is not supported"
	case isTimeout(err):
		return "no answer in time"
	}
	if text, ok := netcause.Of(err); ok {
		return text
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed"
	}
	return err.Error()
}

func isTimeout(err error) bool { return errors.Is(err, errLate) || netcause.IsTimeout(err) }
