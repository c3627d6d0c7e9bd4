package console

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func loadKeys(t *testing.T, path string) *Keys {
	t.Helper()
	k, err := LoadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.key")
	var wg sync.WaitGroup
	for range 8 { // at once: all must end with the same key
		wg.Go(func() { LoadKeys(path) })
	}
	wg.Wait()
	k := loadKeys(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != keySize {
		t.Errorf("%v, %v", info, err)
	}
	if err := loadKeys(t, path).check(apiToken, k.APIToken(time.Minute)); err != nil {
		t.Errorf("a token of another process with the same file: %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeys(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by others: %v", err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("short"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeys(path); err == nil || !strings.Contains(err.Error(), "5 bytes") {
		t.Errorf("short: %v", err)
	}
	if _, err := LoadKeys(filepath.Join(path, "no", "folder")); err == nil {
		t.Error("no folder: no error")
	}
}

func TestTokens(t *testing.T) {
	dir := t.TempDir()
	k := loadKeys(t, filepath.Join(dir, "desk.key"))
	other := loadKeys(t, filepath.Join(dir, "other.key"))
	good := k.APIToken(time.Minute)
	flipped := []byte(good)
	flipped[10] ^= 1
	for name, tc := range map[string]struct {
		kind, token string
		want        error
	}{
		"good":              {apiToken, good, nil},
		"of another kind":   {sessionToken, good, errToken},
		"a link":            {sessionToken, k.NewLink(time.Minute), errToken},
		"of another desk":   {apiToken, other.APIToken(time.Minute), errToken},
		"expired":           {apiToken, k.APIToken(-time.Second), errExpired},
		"changed":           {apiToken, string(flipped), errToken},
		"empty":             {apiToken, "", errToken},
		"cut off":           {apiToken, good[:20], errToken},
		"not base64":        {apiToken, "%%%", errToken},
		"with more behind":  {apiToken, good + "AA", errToken},
		"a session for api": {apiToken, k.sign(sessionToken, time.Minute), errToken},
	} {
		if err := k.check(tc.kind, tc.token); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestLinkWorksOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.key")
	k := loadKeys(t, path)
	link := k.NewLink(time.Minute)
	session, err := k.exchange(link)
	if err != nil || k.check(sessionToken, session) != nil {
		t.Fatalf("%v", err)
	}
	if _, err := k.exchange(link); !errors.Is(err, errSpent) {
		t.Errorf("used twice: %v", err)
	}
	after := loadKeys(t, path) // a restart
	if _, err := after.exchange(link); !errors.Is(err, errSpent) {
		t.Errorf("used again after a restart: %v", err)
	}
	if err := after.check(sessionToken, session); err != nil {
		t.Errorf("the session did not survive the restart: %v", err)
	}
	if _, err := k.exchange(k.NewLink(-time.Second)); !errors.Is(err, errExpired) {
		t.Errorf("expired: %v", err)
	}
}

func TestUsedTokensAreForgottenWhenTheyExpire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.key")
	k := loadKeys(t, path)
	k.spent["old"] = time.Now().Add(-time.Hour)
	if _, err := k.exchange(k.NewLink(time.Minute)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path + ".used")
	if err != nil || len(k.spent) != 1 || strings.Contains(string(data), "old") || strings.Count(string(data), "\n") != 1 {
		t.Errorf("%d kept, file %q, %v", len(k.spent), data, err)
	}
}
