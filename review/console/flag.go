package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"saring/review"
	"saring/review/index"
)

// flagData is for the page of one flag.
type flagData struct {
	index.Item
	Spans    []index.Span
	Back     string // the results that the moderator came from
	Why      string // the page that explains it
	Action   string // where the forms are sent
	Forms    []decisionForm
	Saved    string              // the key of what to say after a decision
	Mistaken bool                // whether a form was sent that could not be read
	Measured map[string]measured // the precision of each rule that has a flag
	Known    bool                // whether it is
}

// A decisionForm offers one outcome. Its decision has an id already, so that sending it twice is one decision.
type decisionForm struct {
	ID      string
	Outcome review.Outcome
	Reasons []review.Reason
}

func newForms() []decisionForm {
	var forms []decisionForm
	for _, o := range review.Outcomes {
		f := decisionForm{ID: review.NewID(), Outcome: o}
		for _, code := range review.ReasonCodes(o) {
			r, _ := review.ReasonByCode(code)
			f.Reasons = append(f.Reasons, r)
		}
		forms = append(forms, f)
	}
	return forms
}

func (d *desk) flag(w http.ResponseWriter, r *http.Request) {
	saved := ""
	switch r.URL.Query().Get("saved") {
	case "now":
		saved = "decide.saved"
	case "late":
		saved = "decide.saved.late"
	}
	d.showFlag(w, r, http.StatusOK, saved)
}

func (d *desk) showFlag(w http.ResponseWriter, r *http.Request, status int, saved string) {
	it, ok := d.get(w, r)
	if !ok {
		return
	}
	q, err := index.ParseQuery(placeOf(r).Q)
	if err != nil {
		q = index.Query{} // nothing of it is marked
	}
	at := placeOf(r)
	data := flagData{
		Item: it, Spans: index.Spans(&it.Flag, q), Back: at.path("/"), Why: withParameter(at.path("/explain"), "flag="+url.QueryEscape(it.Flag.ID)), Saved: saved, Mistaken: status == http.StatusBadRequest,
		Action: at.path("/flags/" + url.PathEscape(it.Flag.ID) + "/decision"), Forms: newForms(),
	}
	data.Measured, data.Known = d.precisionOf(r.Context())
	d.render(w, r, status, "flag.html", "flag.title", data)
}

// get finds the flag of the address, or says that it is gone.
func (d *desk) get(w http.ResponseWriter, r *http.Request) (index.Item, bool) {
	it, ok, err := d.Index.Get(r.Context(), r.PathValue("id"))
	switch {
	case err != nil:
		d.Log.Error("desk: a flag could not be read", "error", err)
		d.fail(w, r, http.StatusInternalServerError, "error.internal")
	case !ok:
		d.fail(w, r, http.StatusNotFound, "error.gone")
	}
	return it, ok && err == nil
}

// decide records a decision and shows the flag again. The decision is durable before anything is shown.
func (d *desk) decide(w http.ResponseWriter, r *http.Request) {
	it, ok := d.get(w, r)
	if !ok {
		return
	}
	decision := review.Decision{
		ID: r.PostFormValue("id"), Flag: it.Flag.ID, Outcome: review.Outcome(r.PostFormValue("outcome")),
		Reason: r.PostFormValue("reason"), DecidedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
	if err := decision.Validate(); err != nil {
		d.showFlag(w, r, http.StatusBadRequest, "")
		return
	}
	if err := d.Decide(r.Context(), decision); err != nil {
		d.Log.Error("desk: a decision could not be published", "flag", it.Flag.ID, "error", err)
		d.fail(w, r, http.StatusServiceUnavailable, "error.notsaved")
		return
	}
	saved := "late"
	if d.awaitStatus(r.Context(), decision) {
		saved = "now"
	}
	d.precision.forget()
	to := placeOf(r).path("/flags/" + url.PathEscape(it.Flag.ID))
	http.Redirect(w, r, withParameter(to, "saved="+saved), http.StatusSeeOther)
}

// flagPath is the page of a flag, at the place of the request.
func flagPath(r *http.Request, id string) string {
	return placeOf(r).path("/flags/" + url.PathEscape(id))
}

func withParameter(path, parameter string) string {
	if strings.Contains(path, "?") {
		return path + "&" + parameter
	}
	return path + "?" + parameter
}

// awaitStatus gives the index, which follows the stream of decisions, a moment to catch up.
func (d *desk) awaitStatus(ctx context.Context, decision review.Decision) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		it, ok, err := d.Index.Get(ctx, decision.Flag)
		if err == nil && ok && it.Decision != nil && it.Decision.Supersedes(decision) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

func joined(list []string) string { return strings.Join(list, ", ") }
