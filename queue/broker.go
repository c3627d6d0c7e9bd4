package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/semaphore"
)

// Options say which broker to use and how.
type Options struct {
	// Dir is the data folder, which one process has at a time; the embedded broker keeps its files in a folder
	// "broker" of it. With a remote broker it may be "": then no folder is taken.
	Dir string
	// URL is a remote broker, "" for the embedded one. Credentials is a .creds file; CA, Cert and Key are PEM files.
	URL, Credentials, CA, Cert, Key string
	// Replicas is how many copies a stream has when it is created (remote brokers only), 0 for 1.
	Replicas int
	// Listen opens a port of the embedded broker for the platform to publish raw posts, "" for none.
	Listen string
	// Sync is how often the embedded broker forces what it has stored to the disk: 0 for before every
	// acknowledgement, so that a power cut loses nothing that was acknowledged.
	Sync time.Duration
	// StoreBytes bounds what the streams may hold together when they are created, 0 for half of the free disk,
	// at most 16 GB.
	StoreBytes int64
	Log        *slog.Logger
	Metrics    *Metrics
}

// A Broker is a connection to JetStream with the streams of Saring in place.
type Broker struct {
	opts   Options
	log    *slog.Logger
	lock   *flock.Flock
	server *server.Server
	nc     *nats.Conn
	js     jetstream.JetStream
	cursor jetstream.KeyValue
	window *semaphore.Weighted // bytes on their way to the broker, see PublishAll
	// batches says that the broker forces each message to the disk, so that many are better stored as one batch.
	batches bool
	handles sync.Map // by name of stream, see last
}

// Open connects, starting the embedded broker if no URL is given, and creates or checks the streams.
func Open(ctx context.Context, opts Options) (*Broker, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	b := &Broker{opts: opts, log: opts.Log, window: semaphore.NewWeighted(window), batches: opts.URL == "" && opts.Sync == 0}
	if err := b.open(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Broker) open(ctx context.Context) error {
	if b.opts.Dir != "" {
		if err := b.acquire(); err != nil {
			return err
		}
	}
	var err error
	if b.opts.URL == "" {
		if err = b.embed(); err != nil {
			return err
		}
	} else if err = b.dial(ctx); err != nil {
		return err
	}
	b.js, err = jetstream.New(b.nc, jetstream.WithPublishAsyncMaxPending(maxAsync), jetstream.WithPublishAsyncTimeout(publishWait))
	if err != nil {
		return err
	}
	if err := b.EnsureStreams(ctx); err != nil {
		return err
	}
	b.cursor, err = b.bucket(ctx, cursors)
	return err
}

func (b *Broker) replicas() int { return max(1, b.opts.Replicas) }

// embed starts a broker in this process.
func (b *Broker) embed() error {
	dir := filepath.Join(b.opts.Dir, "broker")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	so := &server.Options{
		ServerName: "saring",
		DontListen: true,
		JetStream:  true,
		StoreDir:   dir,
		// The streams have limits of their own; the disk is watched (see Room).
		JetStreamMaxStore:  1 << 62,
		JetStreamMaxMemory: 64 << 20,
		NoSigs:             true,
		SyncAlways:         b.opts.Sync == 0,
		SyncInterval:       b.opts.Sync,
		MaxPayload:         2 << 20,
	}
	auth := nats.Option(func(*nats.Options) error { return nil })
	if b.opts.Listen != "" { // then there are users, and we are one of them
		own := rand.Text()
		auth = nats.UserInfo("saring", own)
		if err := b.listen(so, own); err != nil {
			return err
		}
	}
	s, err := server.NewServer(so)
	if err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	b.server = s
	fatal := make(chan string, 1)
	s.SetLoggerV2(serverLog{b.log, fatal}, false, false, false)
	s.Start()
	if err := ready(s, fatal); err != nil {
		return fmt.Errorf("embedded broker in %s: %w", dir, err)
	}
	b.nc, err = nats.Connect("", nats.InProcessServer(s), auth, nats.Name("saring"),
		nats.MaxReconnects(-1), nats.ErrorHandler(b.asyncError))
	if err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	return nil
}

// ready waits until the embedded broker takes connections, or says why it never will.
func ready(s *server.Server, fatal <-chan string) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if s.ReadyForConnections(50 * time.Millisecond) {
			return nil
		}
		select {
		case why := <-fatal:
			return errors.New(why)
		default:
		}
	}
	return errors.New("not ready after a minute; look at the log, and at the disk")
}

// RawUser is the user of the platform on the embedded broker's port; its password is in the data folder.
const RawUser = "platform"

// RawInbox is where that user gets its answers, and nobody else: set it as the inbox prefix of the connection.
const RawInbox = "_INBOX_platform"

// rawPassword is the file of the password, mode 0600.
const rawPassword = "platform.password"

// listen opens the broker's port for one user that may publish raw posts, get its answers, and nothing else. own is
// the password of this process.
func (b *Broker) listen(so *server.Options, own string) error {
	host, port, err := net.SplitHostPort(b.opts.Listen)
	if err != nil {
		return fmt.Errorf("broker address %q: want HOST:PORT, such as 127.0.0.1:4222", b.opts.Listen)
	}
	if so.Port, err = strconv.Atoi(port); err != nil {
		return fmt.Errorf("broker address %q: the port is no number", b.opts.Listen)
	}
	file := filepath.Join(b.opts.Dir, rawPassword)
	password, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		password = []byte(rand.Text())
		err = os.WriteFile(file, password, 0o600)
	}
	if err != nil {
		return err
	}
	so.Host, so.DontListen = host, false
	raw, err := hash(strings.TrimSpace(string(password)))
	if err != nil {
		return err
	}
	if own, err = hash(own); err != nil {
		return err
	}
	so.Users = append(so.Users, &server.User{Username: "saring", Password: own}, &server.User{
		Username: RawUser, Password: raw,
		Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: []string{RawSubject}},
			Subscribe: &server.SubjectPermission{Allow: []string{RawInbox + ".>"}},
		},
	})
	return nil
}

// hash makes what the broker compares a password with. The passwords are random and long, so the cost is low.
func hash(password string) (string, error) {
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	return string(h), err
}

// lockFile is locked by the process that has the data folder, and holds its number.
const lockFile = "lock"

// Running reports whether a process has the data folder.
func Running(dir string) bool {
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetFlag(os.O_RDWR))
	got, err := lock.TryLock()
	if got {
		_ = lock.Unlock()
	}
	return err == nil && !got
}

// acquire makes sure that only this process uses the data folder.
func (b *Broker) acquire() error {
	if err := os.MkdirAll(b.opts.Dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	file := filepath.Join(b.opts.Dir, lockFile)
	lock := flock.New(file)
	got, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if !got {
		who, _ := os.ReadFile(file)
		return &InUse{Dir: b.opts.Dir, Process: strings.TrimSpace(string(who))}
	}
	b.lock = lock
	return os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

// InUse says that another process has the data folder.
type InUse struct{ Dir, Process string }

func (e *InUse) Error() string {
	return fmt.Sprintf("the data folder %s is in use by another saring (process %s); stop that one, or name another folder with --data", e.Dir, e.Process)
}

// dial connects to a remote broker.
func (b *Broker) dial(ctx context.Context) error {
	opts := []nats.Option{nats.Name("saring"), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectBufSize(-1), nats.ErrorHandler(b.asyncError), nats.Timeout(5 * time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.log.Warn("broker connection lost", "error", err) }),
		nats.ReconnectHandler(func(nc *nats.Conn) { b.log.Info("broker connected again", "server", nc.ConnectedServerName()) }),
	}
	if b.opts.Credentials != "" {
		opts = append(opts, nats.UserCredentials(b.opts.Credentials))
	}
	if b.opts.CA != "" {
		opts = append(opts, nats.RootCAs(b.opts.CA))
	}
	if b.opts.Cert != "" || b.opts.Key != "" {
		opts = append(opts, nats.ClientCert(b.opts.Cert, b.opts.Key))
	}
	var err error
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		if b.nc, err = nats.Connect(b.opts.URL, opts...); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		if wait >= 2*time.Second {
			// The address may hold a password, so it is not repeated.
			return fmt.Errorf("no broker at the address of --nats: %w; check the address, the credentials and that JetStream is on", err)
		}
	}
}

func (b *Broker) asyncError(_ *nats.Conn, _ *nats.Subscription, err error) {
	b.log.Warn("broker", "error", err)
}

// Close ends the connection and the embedded broker, and frees the data folder.
func (b *Broker) Close() {
	if b.nc != nil {
		b.nc.Close()
	}
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
	if b.lock != nil {
		_ = b.lock.Unlock()
	}
}

// Ready returns nil when the broker answers and its streams have room.
func (b *Broker) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, name := range []string{Posts, FlagStream, Platform, Government} {
		s, err := b.js.Stream(ctx, name)
		if err != nil {
			return fmt.Errorf("the broker does not answer for the stream %s: %w", name, err)
		}
		info := s.CachedInfo()
		if limit := info.Config.MaxBytes; limit > 0 && info.State.Bytes > uint64(limit)/100*98 {
			return fmt.Errorf("the stream %s is full (%d MB); give it more room with `nats stream edit`, see docs/operating.md", name, limit>>20)
		}
	}
	return nil
}

// Conn is the connection, for what this package has no word for.
func (b *Broker) Conn() *nats.Conn { return b.nc }

// NewID makes a message id that nobody else makes.
func NewID() string { return rand.Text() }

// serverLog passes what the embedded broker has to say of trouble to the log.
type serverLog struct {
	log   *slog.Logger
	fatal chan<- string
}

func (l serverLog) Noticef(string, ...any)    {}
func (l serverLog) Debugf(string, ...any)     {}
func (l serverLog) Tracef(string, ...any)     {}
func (l serverLog) Warnf(f string, v ...any)  { l.log.Warn("broker", "says", fmt.Sprintf(f, v...)) }
func (l serverLog) Errorf(f string, v ...any) { l.log.Error("broker", "says", fmt.Sprintf(f, v...)) }
func (l serverLog) Fatalf(f string, v ...any) {
	l.Errorf(f, v...)
	select {
	case l.fatal <- fmt.Sprintf(f, v...):
	default:
	}
}
