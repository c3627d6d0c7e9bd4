package console

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

const (
	sessionCookie  = "saring_session"
	languageCookie = "saring_language"
	textsCookie    = "saring_texts" // "hide": texts are shown only when asked for
)

// session lets only those in who have logged in.
func (d *desk) session(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !d.loggedIn(r) {
			d.loginPage(w, r, http.StatusUnauthorized, "login.needed")
			return
		}
		next(w, r)
	})
}

func (d *desk) loggedIn(r *http.Request) bool {
	c, err := r.Cookie(sessionCookie)
	return err == nil && d.Keys.check(sessionToken, c.Value) == nil
}

// bearer lets a session or an API token in.
func (d *desk) bearer(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if ok && d.Keys.check(apiToken, token) == nil || d.loggedIn(r) {
			next(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="saring"`)
		d.apiError(w, http.StatusUnauthorized, apiFailure{Error: "a session or a token of this desk is required"})
	})
}

// login exchanges the token of a link for a session, once, and leaves it out of the address.
func (d *desk) login(w http.ResponseWriter, r *http.Request) {
	session, err := d.Keys.exchange(r.URL.Query().Get("token"))
	switch {
	case errors.Is(err, errExpired):
		d.loginPage(w, r, http.StatusForbidden, "login.expired")
	case errors.Is(err, errSpent):
		d.loginPage(w, r, http.StatusForbidden, "login.spent")
	case errors.Is(err, errToken):
		d.loginPage(w, r, http.StatusForbidden, "login.bad")
	case err != nil:
		d.Log.Error("desk: a login could not be recorded", "error", err)
		d.fail(w, r, http.StatusInternalServerError, "error.internal")
	default:
		d.setCookie(w, sessionCookie, session, sessionTTL)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// logout ends the session, for this browser and for whoever has a copy of its cookie.
func (d *desk) logout(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie(sessionCookie)
	if err == nil {
		err = d.Keys.spend(sessionToken, c.Value)
	}
	if err != nil {
		d.Log.Error("desk: a logout could not be recorded", "error", err)
		d.fail(w, r, http.StatusInternalServerError, "error.internal")
		return
	}
	d.setCookie(w, sessionCookie, "", -time.Second)
	d.loginPage(w, r, http.StatusOK, "login.out")
}

// preferences changes the language, or whether texts are shown, and goes back to where the moderator was.
func (d *desk) preferences(w http.ResponseWriter, r *http.Request) {
	const year = 365 * 24 * time.Hour
	if lang := r.PostFormValue("language"); d.pages[lang] != nil {
		d.setCookie(w, languageCookie, lang, year)
	}
	switch texts := r.PostFormValue("texts"); texts {
	case "show", "hide":
		d.setCookie(w, textsCookie, texts, year)
	}
	http.Redirect(w, r, localPath(r.PostFormValue("back")), http.StatusSeeOther)
}

// localPath is an address of this desk, whatever was sent.
func localPath(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return "/"
	}
	return s
}

// setCookie sets a cookie that scripts cannot read; a negative ttl deletes it. It is lax and not strict so that the
// link of saring login works from whatever it is opened in; what changes something is protected on its own.
func (d *desk) setCookie(w http.ResponseWriter, name, value string, ttl time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(ttl / time.Second),
		HttpOnly: true, Secure: d.Secure, SameSite: http.SameSiteLaxMode,
	})
}
