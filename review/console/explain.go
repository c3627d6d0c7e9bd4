package console

import (
	"net/http"
	"strings"

	"saring/filter"
	"saring/ingest"
	"saring/review/index"
)

// maxExplainForm is a form with the longest text, each byte of which may be written as three.
const maxExplainForm = 4 * ingest.MaxText

// explainData is for the page that explains a verdict. The text is neither kept nor logged.
type explainData struct {
	Off     bool // this process does not judge posts
	Text    string
	Drafts  bool
	Problem string // the key of it
	Flag    *index.Item
	Back    string
	Result  *filter.Explanation

	Changed []filter.Word  // those that folding changed by more than case
	Applied []filter.Trial // rules of the verdict, and those that would be if they were not in shadow or in draft
	Close   []filter.Trial // the first of the others, which lack little
	Others  []filter.Trial
}

// Which of the rules that do not apply are close.
const (
	closeRules  = 4
	closeEnough = 0.5
)

// explain shows the form or, with the id of a flag, explains the text of the flag.
func (d *desk) explain(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("flag")
	data := explainData{Back: placeOf(r).path("/")}
	if id != "" {
		r.SetPathValue("id", id)
		it, ok := d.get(w, r)
		if !ok {
			return
		}
		data.Flag, data.Text = &it, it.Flag.Post.Text()
		data.Back = flagPath(r, id)
	}
	d.showExplanation(w, r, data)
}

// explainText explains a text that was sent.
func (d *desk) explainText(w http.ResponseWriter, r *http.Request) {
	data := explainData{Back: "/"}
	if err := r.ParseForm(); err != nil {
		data.Problem = "explain.long"
	}
	data.Text = strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n") // browsers send line breaks so
	data.Drafts = r.PostFormValue("drafts") != ""
	switch {
	case data.Problem != "":
	case len(data.Text) > ingest.MaxText:
		data.Problem, data.Text = "explain.long", ""
	case strings.TrimSpace(data.Text) == "":
		data.Problem = "explain.empty"
	}
	d.showExplanation(w, r, data)
}

func (d *desk) showExplanation(w http.ResponseWriter, r *http.Request, data explainData) {
	status := http.StatusOK
	switch {
	case d.Explain == nil:
		data.Off = true
	case data.Problem != "":
		status = http.StatusBadRequest
	case data.Text != "":
		e, err := d.Explain(strings.ToValidUTF8(data.Text, "\uFFFD"), filter.ExplainOptions{Drafts: data.Drafts})
		if err != nil {
			d.Log.Error("desk: a text could not be explained", "error", err)
			d.fail(w, r, http.StatusInternalServerError, "error.internal")
			return
		}
		data.fill(&e)
	}
	d.render(w, r, status, "explain.html", "explain.title", data)
}

func (data *explainData) fill(e *filter.Explanation) {
	data.Result = e
	for _, w := range e.Words {
		if len(w.Done) > 0 {
			data.Changed = append(data.Changed, w)
		}
	}
	for _, t := range e.Rules {
		switch {
		case t.Applies:
			data.Applied = append(data.Applied, t)
		case t.Closeness >= closeEnough && len(data.Close) < closeRules:
			data.Close = append(data.Close, t)
		default:
			data.Others = append(data.Others, t)
		}
	}
}

// Pieces are the text, cut at what was found in it.
func (data explainData) Pieces() []filter.Piece { return data.Result.Pieces() }

// OtherVersion reports whether the flag was made by another ruleset than the one that explains it.
func (data explainData) OtherVersion() bool {
	return data.Flag != nil && data.Result != nil && data.Flag.Flag.Ruleset != data.Result.Verdict.Ruleset
}

// holding splits exceptions into those that hold and the others.
func holding(all []filter.Objection, hold bool) (out []filter.Objection) {
	for _, o := range all {
		if o.Holds == hold {
			out = append(out, o)
		}
	}
	return out
}
