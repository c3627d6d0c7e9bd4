package console

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	keySize    = 32
	nonceSize  = 16
	sessionTTL = 12 * time.Hour
)

// What a token is for. It is part of what is signed: a link is no session.
const (
	linkToken    = "link"
	sessionToken = "session"
	apiToken     = "api"
)

var (
	errToken   = errors.New("not a token of this desk")
	errExpired = errors.New("the token has expired")
	errSpent   = errors.New("the token has been used")
)

// Keys sign the links, sessions and API tokens of one desk. They belong to whoever can read the key file. Tokens
// need no store: only those that must not be used again are remembered, in a file beside the key, until they
// would have expired anyway.
type Keys struct {
	key  []byte
	path string

	mu    sync.Mutex
	spent map[string]time.Time // nonce → expiry
}

// LoadKeys reads the key file, or creates it with a new key that only its owner can read. A file that others can
// read is an error.
func LoadKeys(path string) (*Keys, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("creating the desk's key: %w", err)
		}
		key, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the desk's key: %w", err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s can be read by others; run: chmod 600 %s", path, path)
	case len(key) != keySize:
		return nil, fmt.Errorf("%s has %d bytes instead of %d; delete it to get a new key (everybody must log in again)", path, len(key), keySize)
	}
	k := &Keys{key: key, path: path, spent: map[string]time.Time{}}
	return k, k.readSpent()
}

// createKey makes the file whole or not at all. Of two processes that do so at once, the first one's key stays.
func createKey(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".desk.key-*") // readable by its owner only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	key := make([]byte, keySize)
	rand.Read(key)
	_, err = f.Write(key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// NewLink makes a token that logs in once, at /login?token=.
func (k *Keys) NewLink(ttl time.Duration) string { return k.sign(linkToken, ttl) }

// APIToken makes a token for the API: "Authorization: Bearer …".
func (k *Keys) APIToken(ttl time.Duration) string { return k.sign(apiToken, ttl) }

// exchange turns the token of a link, once, into that of a session.
func (k *Keys) exchange(link string) (string, error) {
	if err := k.spend(linkToken, link); err != nil {
		return "", err
	}
	return k.sign(sessionToken, sessionTTL), nil
}

// sign makes a token: expiry, nonce, MAC.
func (k *Keys) sign(kind string, ttl time.Duration) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Add(ttl).Unix()))
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	b = append(b, nonce...)
	return base64.RawURLEncoding.EncodeToString(append(b, k.mac(kind, b)...))
}

func (k *Keys) mac(kind string, body []byte) []byte {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte("saring desk " + kind + "\x00"))
	h.Write(body)
	return h.Sum(nil)
}

// verify reads a token that k has signed for that purpose.
func (k *Keys) verify(kind, token string) (nonce string, expiry time.Time, err error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 8+nonceSize+sha256.Size {
		return "", time.Time{}, errToken
	}
	body, mac := b[:8+nonceSize], b[8+nonceSize:]
	if !hmac.Equal(mac, k.mac(kind, body)) {
		return "", time.Time{}, errToken
	}
	expiry = time.Unix(int64(binary.BigEndian.Uint64(body)), 0)
	if !time.Now().Before(expiry) {
		return "", time.Time{}, errExpired
	}
	return base64.RawURLEncoding.EncodeToString(body[8:]), expiry, nil
}

// check reports whether a token is good now.
func (k *Keys) check(kind, token string) error {
	nonce, _, err := k.verify(kind, token)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.spent[nonce]; ok {
		return errSpent
	}
	return nil
}

// spend makes a good token a used one. That is durable before it returns.
func (k *Keys) spend(kind, token string) error {
	nonce, expiry, err := k.verify(kind, token)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.spent[nonce]; ok {
		return errSpent
	}
	k.forgetExpired()
	k.spent[nonce] = expiry
	return k.writeSpent()
}

func (k *Keys) forgetExpired() {
	for nonce, expiry := range k.spent {
		if !time.Now().Before(expiry) {
			delete(k.spent, nonce)
		}
	}
}

// writeSpent replaces the file of used tokens: a nonce and an expiry in Unix seconds a line.
func (k *Keys) writeSpent() error {
	var b strings.Builder
	for nonce, expiry := range k.spent {
		fmt.Fprintf(&b, "%s %d\n", nonce, expiry.Unix())
	}
	f, err := os.CreateTemp(filepath.Dir(k.path), ".desk.used-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(b.String())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), k.path+".used")
}

func (k *Keys) readSpent() error {
	f, err := os.Open(k.path + ".used")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		nonce, at, _ := strings.Cut(s.Text(), " ")
		if sec, err := strconv.ParseInt(at, 10, 64); err == nil {
			k.spent[nonce] = time.Unix(sec, 0)
		}
	}
	return s.Err()
}
