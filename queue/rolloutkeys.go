package queue

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// What begins a line of a key file.
const (
	publicMark  = "saring-ruleset-key:"
	privateMark = "saring-ruleset-secret:"
)

// Keys are the public keys that may announce rulesets, by their id.
type Keys map[string]ed25519.PublicKey

// keyID names a public key: 16 hexadecimal digits.
func keyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// ReadKeys reads a file of public keys, one a line: saring-ruleset-key:BASE64, then a comment if one likes. Empty lines
// and those that begin with # are skipped.
func ReadKeys(file string) (Keys, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	keys := Keys{}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		first, _, _ := strings.Cut(line, " ")
		raw, ok := marked(first, publicMark, ed25519.PublicKeySize)
		if !ok {
			return nil, fmt.Errorf("keys: %s:%d: want %sBASE64, as the .pub file of `saring rules keygen` has it", file, n, publicMark)
		}
		keys.Trust(raw)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("keys: %s has no key; copy a line of a .pub file of `saring rules keygen` into it", file)
	}
	return keys, nil
}

// Trust adds a key.
func (ks Keys) Trust(public ed25519.PublicKey) { ks[keyID(public)] = public }

// With returns the keys of both.
func (ks Keys) With(more Keys) Keys {
	all := maps.Clone(more)
	maps.Copy(all, ks)
	return all
}

// marked reads a mark and so many bytes in base64.
func marked(text, mark string, size int) ([]byte, bool) {
	text, ok := strings.CutPrefix(strings.TrimSpace(text), mark)
	raw, err := base64.StdEncoding.DecodeString(text)
	return raw, ok && err == nil && len(raw) == size
}

// A SigningKey announces rulesets.
type SigningKey struct{ private ed25519.PrivateKey }

// ID names the key.
func (k SigningKey) ID() string { return keyID(k.public()) }

// Keys are the one public key that belongs to it.
func (k SigningKey) Keys() Keys { return Keys{k.ID(): k.public()} }

// Public is the line for --trust.
func (k SigningKey) Public() string {
	return publicMark + base64.StdEncoding.EncodeToString(k.public())
}

func (k SigningKey) public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// NewSigningKey makes a key and writes it to a new file that only its owner can read, and its public line to the same
// name with .pub. Of two processes that do so at once, the first one's key stays.
func NewSigningKey(file string) (SigningKey, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return SigningKey{}, err
	}
	k := SigningKey{private}
	if err := createKeyFile(file, privateMark+base64.StdEncoding.EncodeToString(private.Seed())+"\n"); err != nil {
		return SigningKey{}, fmt.Errorf("key: %w", err)
	}
	return k, os.WriteFile(file+".pub", []byte(k.Public()+" "+filepath.Base(file)+"\n"), 0o644)
}

// createKeyFile makes the file whole or not at all.
func createKeyFile(file, content string) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".key-*") // readable by its owner only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), file) // fails when there is one
}

// LoadSigningKey reads what NewSigningKey wrote. A file that others can read is an error.
func LoadSigningKey(file string) (SigningKey, error) {
	info, err := os.Stat(file)
	if err != nil {
		return SigningKey{}, fmt.Errorf("key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return SigningKey{}, fmt.Errorf("key: %s can be read by others; run: chmod 600 %s", file, file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return SigningKey{}, fmt.Errorf("key: %w", err)
	}
	seed, ok := marked(string(data), privateMark, ed25519.SeedSize)
	if !ok {
		return SigningKey{}, fmt.Errorf("key: %s is no key of rulesets; `saring rules keygen FILE` makes one", file)
	}
	return SigningKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// EnsureSigningKey loads a key, or makes it at the first time.
func EnsureSigningKey(file string) (SigningKey, error) {
	k, err := LoadSigningKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = NewSigningKey(file); errors.Is(err, fs.ErrExist) { // another process was faster
		return LoadSigningKey(file)
	}
	return k, err
}
