package index

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/blevesearch/bleve/v2/document"
	bleveindex "github.com/blevesearch/bleve_index_api"

	"saring/filter"
	"saring/review"
)

// The fields of a document. Numbers and dates are keywords of one width: a numeric field of bleve would index up to
// 16 terms a value.
const (
	textField     = "text"
	flagField     = "flag"     // the whole flag as JSON; stored, not indexed
	channelField  = "channel"  // the platform's id, lower case
	handleField   = "handle"   // lower case
	sourceField   = "source"   // the handle, or the id of a channel without one: what facets show
	platformField = "platform" //
	categoryField = "category"
	severityField = "severity"
	languageField = "language"
	ruleField     = "rule" // several
	statusField   = "status"
	dayField      = "day"  // of flagged_at in WIB, "2026-11-20"
	dateField     = "date" // flagged_at, for sorting
	rankField     = "rank" // severity and date, for sorting
	scoreField    = "score"
)

const (
	filterOnly = bleveindex.IndexField | bleveindex.SkipFreqNorm
	facet      = filterOnly | bleveindex.DocValues
	searchable = bleveindex.IndexField | bleveindex.IncludeTermVectors
)

// newDocument makes the document of a flag. Its id is the post's key, so that one post has one document in a week.
func newDocument(f *filter.Flag, status review.Status) (*document.Document, error) {
	stored, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("flag %s: %w", f.ID, err)
	}
	d := document.NewDocument(f.Post.Key())
	add := func(name, value string, options bleveindex.FieldIndexingOptions) {
		d.AddField(document.NewTextFieldWithIndexingOptions(name, nil, []byte(value), options))
	}
	d.AddField(document.NewTextFieldCustom(textField, nil, []byte(f.Post.Text()), searchable, analyzer{f.Language}))
	add(flagField, string(stored), bleveindex.StoreField)
	ch := f.Post.Channel()
	add(channelField, strings.ToLower(ch.ID), filterOnly)
	if ch.Handle != "" {
		add(handleField, strings.ToLower(ch.Handle), filterOnly)
	}
	add(sourceField, source(f), facet)
	add(platformField, f.Post.Platform(), filterOnly)
	add(categoryField, string(f.Category), facet)
	add(severityField, string(f.Severity), facet)
	add(languageField, f.Language, facet)
	for _, rule := range ruleIDs(f) {
		add(ruleField, rule, facet)
	}
	add(statusField, string(status), facet)
	add(dayField, f.FlaggedAt.In(WIB).Format(time.DateOnly), filterOnly)
	date := fmt.Sprintf("%015d", f.FlaggedAt.UnixMilli())
	add(dateField, date, facet)
	add(rankField, fmt.Sprintf("%d%s", f.Severity.Rank()+1, date), facet)
	add(scoreField, fmt.Sprintf("%012.3f%s", f.Score, date), facet)
	return d, nil
}

// source names the channel of a flag as facets and filters do.
func source(f *filter.Flag) string {
	if h := f.Post.Channel().Handle; h != "" {
		return strings.ToLower(h)
	}
	return strings.ToLower(f.Post.Channel().ID)
}

// ruleIDs lists each rule of the flag once.
func ruleIDs(f *filter.Flag) []string {
	var ids []string
	seen := make(map[string]bool, len(f.Rules))
	for _, r := range f.Rules {
		if !seen[r.ID] {
			seen[r.ID] = true
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// storedFlag reads the flag back out of a document.
func storedFlag(d bleveindex.Document) (*filter.Flag, error) {
	var data []byte
	d.VisitFields(func(f bleveindex.Field) {
		if f.Name() == flagField {
			data = append(data, f.Value()...)
		}
	})
	if data == nil {
		return nil, errors.New("the document holds no flag")
	}
	var f filter.Flag
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	return &f, nil
}

// admissible says what keeps a flag out of the index. Such a flag is a fault of ours: the filter makes none.
func admissible(f *filter.Flag) error {
	switch {
	case f.Post.IsZero():
		return errors.New("the flag has no post")
	case f.ID == "":
		return errors.New("the flag has no id")
	case f.FlaggedAt.Year() < 1990 || f.FlaggedAt.Year() >= 2100:
		return fmt.Errorf("flagged_at is in the year %d", f.FlaggedAt.Year())
	}
	return nil
}
