package index

import (
	"context"
	"errors"

	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/searcher"
	bleveindex "github.com/blevesearch/bleve_index_api"
)

// maxExpansion is how many words of one week a prefix may stand for.
const maxExpansion = 20_000

// ErrTooBroad says that a prefix begins too many words.
var ErrTooBroad = errors.New("the prefix begins too many words; write more letters before the *")

// A prefixQuery finds the words of the text that begin so. Bleve's own gives up at maxClauses words, which three
// letters often exceed; this one works them off in parts, which bleve does when no score is asked for.
type prefixQuery struct{ prefix string }

func (q prefixQuery) Searcher(ctx context.Context, r bleveindex.IndexReader, _ mapping.IndexMapping, o search.SearcherOptions) (search.Searcher, error) {
	terms, err := expand(ctx, r, q.prefix)
	if err != nil {
		return nil, err
	}
	if len(terms) == 0 {
		return searcher.NewMatchNoneSearcher(r)
	}
	return searcher.NewMultiTermSearcher(ctx, r, terms, textField, 1, o, true)
}

// expand lists the words with that prefix, each once.
func expand(ctx context.Context, r bleveindex.IndexReader, prefix string) ([]string, error) {
	dict, err := r.FieldDictPrefix(textField, []byte(prefix))
	if err != nil {
		return nil, err
	}
	defer dict.Close()
	var terms []string
	for {
		e, err := dict.Next()
		if err != nil || e == nil {
			return terms, err
		}
		if len(terms) > 0 && terms[len(terms)-1] == e.Term {
			continue // of another segment; the dictionary is sorted
		}
		if len(terms) == maxExpansion {
			return nil, ErrTooBroad
		}
		if terms = append(terms, e.Term); len(terms)%maxClauses == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}
