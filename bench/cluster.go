package bench

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// A Cluster is NATS servers of this process that hold copies of each other's streams. Each listens on loopback, so
// what is said between them goes through the system as it would between machines, without the distance.
type Cluster struct{ servers []*server.Server }

// StartCluster starts n servers with their files in dir and returns when they have found each other. sync is how often
// they force writes to the disk, 0 for before every acknowledgement.
func StartCluster(dir string, n int, sync time.Duration) (*Cluster, error) {
	ports, err := freePorts(n)
	if err != nil {
		return nil, err
	}
	var routes []*url.URL
	for _, p := range ports {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", p)})
	}
	c := &Cluster{}
	for i, p := range ports {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("node-%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT,
			Cluster: server.ClusterOpts{Name: "bench", Host: "127.0.0.1", Port: p}, Routes: routes,
			JetStream: true, StoreDir: filepath.Join(dir, fmt.Sprint(i)), JetStreamMaxStore: 1 << 40, JetStreamMaxMemory: 64 << 20,
			SyncAlways: sync == 0, SyncInterval: sync, MaxPayload: 2 << 20, NoSigs: true, NoLog: true,
		})
		if err != nil {
			c.Stop()
			return nil, fmt.Errorf("node %d: %w", i, err)
		}
		c.servers = append(c.servers, s)
		s.Start()
	}
	for end := time.Now().Add(time.Minute); !c.complete(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.Stop()
			return nil, errors.New("the nodes have not found each other within a minute")
		}
	}
	return c, nil
}

// complete reports whether the nodes have a leader that knows them all.
func (c *Cluster) complete() bool {
	for _, s := range c.servers {
		if s.ReadyForConnections(time.Millisecond) && s.JetStreamIsLeader() {
			return len(s.JetStreamClusterPeers()) == len(c.servers)
		}
	}
	return false
}

// URL is the address of all nodes.
func (c *Cluster) URL() string {
	var out []string
	for _, s := range c.servers {
		out = append(out, s.ClientURL())
	}
	return strings.Join(out, ",")
}

// Stop ends the nodes.
func (c *Cluster) Stop() {
	for _, s := range c.servers {
		s.Shutdown()
	}
	for _, s := range c.servers {
		s.WaitForShutdown()
	}
}

// freePorts finds ports of loopback that nobody listens on.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // when all are found, or one would be found twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
