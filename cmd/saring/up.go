package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"saring/filter"
	"saring/ingest"
	"saring/queue"
	"saring/queue/government"
	"saring/queue/platform"
	"saring/review"
	"saring/review/console"
	"saring/review/index"
	"saring/rules"
)

// The roles of a process.
const (
	roleIngest = "ingest" // sources, the gate, POSTS
	roleFilter = "filter" // POSTS to FLAGS, PLATFORM and GOVERNMENT
	roleReview = "review" // the index and the desk
)

var allRoles = []string{roleIngest, roleFilter, roleReview}

// defaultListen is tried first; when it is taken and nobody asked for it, any free port will do.
const defaultListen = "127.0.0.1:8080"

func newUp() *cobra.Command {
	u := &up{}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything: sources, filter, warnings, notices, index and desk",
		Long: `Run all roles in this process with an embedded broker, whose files are in the data folder. Without a source, a
sample of posts written for the project is read, so that there is something to see.

Sources (--source, may be given several times):
  file:PATH        NDJSON, one post a line; goes on where it stopped
  -                NDJSON from standard input
  http             only POST /v1/posts (always open; NDJSON, a batch a request) and the broker's subject saring.raw
  telegram-bot     Telegram's Bot API; the token is in --telegram-token-file
  preview:NAME     the public page t.me/s/NAME
  export:PATH      Telegram Desktop's result.json of a public channel

Every flag can stand in a file given with --config, as YAML: "source: [http]", "listen: 0.0.0.0:8080", ….`,
		Example: `  saring up
  saring up --source file:posts.ndjson --data /var/lib/saring
  saring up --source preview:kabar_contoh
  saring up --source telegram-bot --telegram-token-file token.txt
  saring up --roles filter --nats nats://broker:4222 --creds filter.creds
  curl --data-binary @posts.ndjson http://127.0.0.1:8080/v1/posts`,
		Args: exactly(0, "no argument; sources are given with --source"),
		RunE: func(cmd *cobra.Command, _ []string) error { return u.run(cmd) },
	}
	u.flags(cmd)
	return cmd
}

// up is the command's options, and the parts once they run.
type up struct {
	connection
	config, listen, rules, log string
	publicURL, engine          string
	roles, sources             []string
	replicas                   int
	natsListen                 string
	sync                       time.Duration
	storeMB                    int64
	workers                    int
	ingestToken                string
	telegram                   telegramOptions
	trust                      []string
	brake                      filter.BrakeLimits

	cmd      *cobra.Command
	logger   *slog.Logger
	registry *prometheus.Registry
	broker   *queue.Broker
	intake   *ingest.Intake
	index    *index.Index
	live     *filter.Live
	rollout  *queue.Rollout
	keys     *console.Keys
	address  string // of the HTTP server, as a URL
	sample   bool
	flow     context.Context // of the stages
	telling  sync.WaitGroup
}

func (u *up) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	u.connection.flags(cmd)
	f.StringVar(&u.config, "config", "", "YAML file of flags; those on the command line come first")
	f.StringVar(&u.listen, "listen", defaultListen, "address of the desk, /v1/posts and /metrics")
	f.StringVar(&u.publicURL, "public-url", "", "address of the desk as browsers see it, such as https://desk.example, when a proxy stands before it")
	f.StringVar(&u.rules, "rules", "", "folder of lexicons, read again when a file changes (default: those that were pushed, or else those in the binary)")
	u.rolloutFlags(f)
	engineFlag(cmd, &u.engine)
	f.StringVar(&u.log, "log", "text", "how to log: text or json")
	f.StringSliceVar(&u.roles, "roles", allRoles, "what this process does")
	f.StringArrayVar(&u.sources, "source", nil, "where posts come from (see above)")
	f.IntVar(&u.replicas, "replicas", 1, "copies of each stream, when it is created on a cluster")
	f.StringVar(&u.natsListen, "nats-listen", "", "open a port of the embedded broker for raw posts of the platform")
	f.DurationVar(&u.sync, "sync", 0, "how often the embedded broker forces writes to disk; 0: before every acknowledgement")
	f.Int64Var(&u.storeMB, "store-mb", 0, "what the streams may hold together when they are created (default: half of the free disk, at most 16 GB)")
	f.IntVar(&u.workers, "workers", runtime.GOMAXPROCS(0), "goroutines that judge posts")
	f.StringVar(&u.ingestToken, "ingest-token-file", "", "file with the token that POST /v1/posts must carry")
	u.telegram.flags(cmd)
}

// run starts the roles, waits for the end, and stops them in the order of the flow.
func (u *up) run(cmd *cobra.Command) error {
	u.cmd = cmd
	ctx := cmd.Context()
	if err := u.configure(); err != nil {
		return err
	}
	if err := u.open(ctx); err != nil {
		return err
	}
	defer u.close()

	heads, err := u.heads()
	if err != nil {
		return err
	}
	u.greet()

	// The heads of the flow (sources, requests) end first; what they left on its way is finished by the stages.
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	flow, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	u.flow = flow
	stages, sources := start(flow, u.stages(), fail), start(ctx, heads, fail)

	<-ctx.Done()
	fmt.Fprintln(cmd.ErrOrStderr(), "stopping: finishing what is on its way (Ctrl-C again ends at once)")
	failed := sources.Wait()
	if u.intake != nil {
		drain, done := context.WithTimeout(flow, time.Minute)
		failed = errors.Join(failed, u.intake.Drain(drain))
		done()
	}
	stop()
	failed = errors.Join(failed, stages.Wait())
	u.telling.Wait()
	if failed == nil {
		fmt.Fprintln(cmd.ErrOrStderr(), "stopped")
	}
	return failed
}

// A part runs until its context ends.
type part func(context.Context) error

// start runs parts together. One that ends with an error before its time ends everything, by fail.
func start(ctx context.Context, parts []part, fail context.CancelCauseFunc) *errgroup.Group {
	var g errgroup.Group
	for _, run := range parts {
		g.Go(func() error {
			err := run(ctx)
			if err == nil || ctx.Err() != nil {
				return nil
			}
			fail(err)
			return err
		})
	}
	return &g
}

// heads are the parts at which posts and people come in.
func (u *up) heads() ([]part, error) {
	serving, err := u.serve()
	if err != nil {
		return nil, err
	}
	heads := []part{serving}
	if !u.does(roleIngest) {
		return heads, nil
	}
	list, err := u.openSources()
	for _, s := range list {
		heads = append(heads, func(ctx context.Context) error { return ingest.Supervise(ctx, s, u.intake, u.logger) })
	}
	return heads, err
}

// stages are the parts that posts and flags go through.
func (u *up) stages() []part {
	parts := []part{u.broker.Watch, giveBack}
	if u.does(roleFilter) {
		warnings, notices := platform.Output(platform.NewMetrics(u.registry)), government.Output(government.NewMetrics(u.registry))
		parts = append(parts, u.rollout.Run, func(ctx context.Context) error {
			return u.broker.RunFilter(ctx, u.live, u.workers, warnings, notices)
		})
		if u.rules != "" {
			parts = append(parts, u.watchRules)
		}
	}
	if u.does(roleReview) {
		parts = append(parts, func(ctx context.Context) error { return u.index.Follow(ctx, u.broker, u.queueMetrics) })
	}
	return parts
}

func (u *up) does(role string) bool { return slices.Contains(u.roles, role) }

// configure settles the options.
func (u *up) configure() error {
	if err := applyConfig(u.cmd, u.config); err != nil {
		return err
	}
	for _, r := range u.roles {
		if !slices.Contains(allRoles, r) {
			return usageError{fmt.Errorf("there is no role %q; the roles are %s", r, strings.Join(allRoles, ", "))}
		}
	}
	handler := slog.Handler(slog.NewTextHandler(u.cmd.ErrOrStderr(), nil))
	switch u.log {
	case "text":
	case "json":
		handler = slog.NewJSONHandler(u.cmd.ErrOrStderr(), nil)
	default:
		return usageError{fmt.Errorf("--log is %q; it is text or json", u.log)}
	}
	u.logger = slog.New(handler)
	if _, _, err := net.SplitHostPort(u.listen); err != nil {
		return usageError{fmt.Errorf("--listen %q: want HOST:PORT, such as %s", u.listen, defaultListen)}
	}
	if p, err := url.Parse(u.publicURL); u.publicURL != "" && (err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https") {
		return usageError{fmt.Errorf("--public-url %q: want an address such as https://desk.example", u.publicURL)}
	}
	if u.natsListen != "" && u.nats != "" {
		return usageError{errors.New("--nats-listen opens the embedded broker; with --nats there is none")}
	}
	u.sample = len(u.sources) == 0 && u.nats == "" && u.config == "" && u.does(roleIngest)
	return nil
}

// open opens what the roles need.
func (u *up) open(ctx context.Context) error {
	u.registry = prometheus.NewRegistry()
	u.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	u.queueMetrics = queue.NewMetrics(u.registry)
	var err error
	if u.does(roleFilter) {
		rs, err := loadRules(u.rules)
		if err != nil {
			return err
		}
		if u.live, err = filter.NewLive(rs, filter.Engine(u.engine), filter.NewMetrics(u.registry)); err != nil {
			return err
		}
	}
	opts := u.options()
	opts.Log, opts.Replicas, opts.Listen, opts.Sync, opts.StoreBytes = u.logger, u.replicas, u.natsListen, u.sync, u.storeMB<<20
	if u.broker, err = queue.Open(ctx, opts); err != nil {
		return err
	}
	if err := u.openRoles(ctx); err != nil {
		u.close()
		return err
	}
	return nil
}

func (u *up) openRoles(ctx context.Context) error {
	var err error
	if err := u.openRollout(ctx); err != nil {
		return err
	}
	if u.does(roleIngest) {
		u.intake = ingest.NewIntake(u.broker, ingest.NewMetrics(u.registry), queue.NewID)
	}
	if u.keys, err = console.LoadKeys(filepath.Join(u.data, deskKey)); err != nil {
		return err
	}
	if !u.does(roleReview) {
		return nil
	}
	streams, err := u.broker.Identity(ctx)
	if err != nil {
		return err
	}
	u.index, err = index.Open(filepath.Join(u.data, indexDir), streams, u.logger, index.NewMetrics(u.registry))
	return err
}

func (u *up) close() {
	if u.index != nil {
		if err := u.index.Close(); err != nil {
			u.logger.Error("closing the index", "error", err)
		}
	}
	_ = os.Remove(filepath.Join(u.data, addressFile))
	u.broker.Close()
}

// watchRules hands over what the folder holds whenever it changes.
func (u *up) watchRules(ctx context.Context) error {
	return rules.Watch(ctx, u.rules, u.rollout.Folder)
}

// serve opens the HTTP address and returns what serves it.
func (u *up) serve() (func(context.Context) error, error) {
	handler, err := u.handler()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", u.listen)
	if err != nil && !u.cmd.Flags().Changed("listen") {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --listen", err)
	}
	u.address = "http://" + reachable(l.Addr().String())
	if err := os.WriteFile(filepath.Join(u.data, addressFile), []byte(u.address+"\n"), 0o600); err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(u.logger.Handler(), slog.LevelWarn)}
	return func(ctx context.Context) error {
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(l) }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
			defer cancel()
			return server.Shutdown(grace)
		}
	}, nil
}

// reachable turns an address that means every interface into one that a browser can open.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// decide publishes a moderator's decision.
func (u *up) decide(ctx context.Context, d review.Decision) error {
	return queue.Publish(ctx, u.broker, review.Decisions, time.Time{}, review.NewDecisionEvent(d))
}
