package console

import (
	"net/http"
	"strings"
	"time"
)

// Link is the address that logs in once at the desk of that address.
func (k *Keys) Link(address string, ttl time.Duration) string {
	return strings.TrimSuffix(address, "/") + "/login?token=" + k.NewLink(ttl)
}

// RequireAPI lets only an APIToken in: for what a command of the same machine asks, and no browser.
func (k *Keys) RequireAPI(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if k.check(apiToken, token) != nil {
			w.Header().Set("WWW-Authenticate", `Bearer realm="saring"`)
			http.Error(w, "a token of this data folder is required", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
