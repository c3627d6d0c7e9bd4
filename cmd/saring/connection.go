package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"saring/queue"
	"saring/review/console"
)

// Files of the data folder.
const (
	indexDir    = "index"
	deskKey     = "desk.key"
	rulesetKey  = "ruleset.key"
	addressFile = "address" // of the process that runs on the data folder
	defaultData = "saring-data"
)

// errNotRunning says that no process runs on the data folder.
var errNotRunning = errors.New("no saring runs on the data folder")

// desk finds the process that runs on the data folder: its address and the folder's key.
func (c *connection) desk() (address string, keys *console.Keys, err error) {
	data, err := os.ReadFile(filepath.Join(c.data, addressFile))
	if errors.Is(err, os.ErrNotExist) || err == nil && !queue.Running(c.data) {
		return "", nil, errNotRunning
	}
	if err != nil {
		return "", nil, err
	}
	keys, err = console.LoadKeys(filepath.Join(c.data, deskKey))
	return strings.TrimSpace(string(data)), keys, err
}

// connection is the flags that say which broker and which data folder.
type connection struct {
	data, nats, creds, ca, cert, key string
	queueMetrics                     *queue.Metrics
}

func (c *connection) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.data, "data", defaultData, "data folder")
	f.StringVar(&c.nats, "nats", "", "address of a NATS broker with JetStream (default: embedded)")
	f.StringVar(&c.creds, "creds", "", "credentials file for the broker")
	f.StringVar(&c.ca, "tls-ca", "", "PEM file with the authority of the broker's certificate")
	f.StringVar(&c.cert, "tls-cert", "", "PEM file with our certificate for the broker")
	f.StringVar(&c.key, "tls-key", "", "PEM file with its key")
}

// typed is the connection as the next command has to name it. An address may hold a password, so it is not repeated.
func (c *connection) typed() string {
	if c.nats != "" {
		return "--nats ADDRESS"
	}
	if c.data == defaultData {
		return ""
	}
	return "--data " + c.data
}

func (c *connection) options() queue.Options {
	return queue.Options{Dir: c.data, URL: c.nats, Credentials: c.creds, CA: c.ca, Cert: c.cert, Key: c.key, Metrics: c.queueMetrics}
}
