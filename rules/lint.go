package rules

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lint says what is wrong with rules that can run: what their dossier lacks, what has expired, what nobody uses, and, as
// advice, what is probably not meant. A ruleset is not pushed while it has mistakes; advice does not stop it.
func Lint(rs *Ruleset, now time.Time) Mistakes {
	l := linter{now: now.UTC().Format(time.DateOnly), used: map[string]bool{}, counted: map[string]bool{}}
	for i := range rs.Rules {
		l.rule(&rs.Rules[i])
	}
	for _, lex := range rs.Lexicons {
		for name, group := range lex.groups {
			l.group(name, group)
		}
	}
	return l.found.sorted()
}

type linter struct {
	now     string
	used    map[string]bool // groups by name
	counted map[string]bool // those of which two terms are more than one
	found   Mistakes
}

func (l *linter) mistake(pos Position, format string, args ...any) {
	l.found = append(l.found, Mistake{Position: pos, What: fmt.Sprintf(format, args...)})
}

func (l *linter) advise(pos Position, format string, args ...any) {
	l.found = append(l.found, Mistake{Position: pos, What: fmt.Sprintf(format, args...), Advice: true})
}

func (l *linter) rule(r *Rule) {
	for _, c := range []struct {
		lacks bool
		what  string
	}{
		{r.Author == "", "author: who answers for the rule"},
		{r.Approver == "", "approver: a second person who has read it"},
		{r.Rationale == "", "rationale: why we may look for this, with the law"},
		{r.Source == "", "source: where the knowledge is from"},
		{len(r.References) == 0, "references: lists, laws, judgments"},
		{r.Origin == "", "origin: one of " + strings.Join(Origins, ", ")},
		{len(r.FalsePositives) == 0, "falsepositives: who says the same words innocently"},
		{r.Date == "", "date: since when it is so"},
		{r.Expires == "", "expires: by when it must be looked at again"},
		{len(r.Match) < 3, "three texts under match"},
		{len(r.Pass.News) == 0, "a news sentence under pass: news"},
		{len(r.Pass.Everyday) == 0, "an everyday or religious sentence under pass: everyday"},
		{len(r.Pass.Counter) == 0, "counter-speech under pass: counter"},
	} {
		if c.lacks {
			l.mistake(r.Pos, "rule %q lacks %s", r.ID, c.what)
		}
	}
	if r.Approver != "" && strings.EqualFold(r.Author, r.Approver) {
		l.mistake(r.Pos, "rule %q: %q approves what they wrote; a second person must", r.ID, r.Approver)
	}
	if len(r.Pass.Unsorted) > 0 {
		l.mistake(r.Pos, "rule %q: sort the texts under pass into news, everyday and counter", r.ID)
	}
	if r.Expires != "" && r.Expires <= l.now {
		l.mistake(r.Pos, "rule %q expired on %s: read it again, then give it a new date, or put it into draft", r.ID, r.Expires)
	}
	if r.Expires != "" && r.Date != "" && r.Expires <= r.Date {
		l.mistake(r.Pos, "rule %q expires on %s, before its date %s", r.ID, r.Expires, r.Date)
	}
	l.cond(&r.When)
	for i := range r.Unless {
		l.cond(&r.Unless[i].Cond)
	}
}

// cond notes the groups that a condition uses, and looks at the terms that stand in it.
func (l *linter) cond(c *Cond) {
	switch {
	case c.Group != "":
		l.used[c.Group] = true
		return // its terms are looked at once, where they are defined
	case c.Op == AtLeast && len(c.Of) == 1:
		l.counted[c.Of[0].Group] = true
	case c.Op == Any:
		l.covered(c.Of)
	case c.Op == Term:
		l.ordinary(c)
	}
	for i := range c.Of {
		l.cond(&c.Of[i])
	}
}

func (l *linter) group(name string, g group) {
	if !l.used[name] {
		l.mistake(g.pos, "no rule uses the group %q: delete it, or use it", name)
	}
	if !l.counted[name] {
		l.covered(g.terms)
	}
	for i := range g.terms {
		l.ordinary(&g.terms[i])
	}
}

// covered finds terms that are never needed, because another of the same list stands in each of their spellings.
func (l *linter) covered(terms []Cond) {
	by := map[string]string{} // plain spelling to term
	for i := range terms {
		t := &terms[i]
		for _, s := range t.Spellings(maxPhrases) {
			if by[s] == "" {
				by[s] = t.Term
			}
		}
	}
	for i := range terms {
		t := &terms[i]
		if t.Op != Term || len(t.Words) == 0 {
			continue
		}
		if other := covering(by, t.Term, t.Spellings(1)[0]); other != "" {
			l.advise(t.Pos, "%s is never needed: wherever it stands, %s of the same list does too", quoted(t.Term), quoted(other))
		}
	}
}

// covering returns the term, not this one, of which a spelling stands in the words of a phrase.
func covering(by map[string]string, term, spelling string) string {
	words := strings.Fields(spelling)
	for i := range words {
		for j := i + 1; j <= len(words); j++ {
			if other := by[strings.Join(words[i:j], " ")]; other != "" && other != term {
				return other
			}
		}
	}
	return ""
}

// ordinary finds spellings that nobody wrote and that are everyday words of another meaning.
func (l *linter) ordinary(t *Cond) {
	everyday := everydayWords()
	var meant []string
	for _, w := range strings.Fields(t.Term) {
		plain, _ := cutMarks(w)
		meant = append(meant, plain)
	}
	for _, s := range t.Spellings(maxPhrases) {
		if everyday[s] && s != strings.Join(meant, " ") {
			l.advise(t.Pos, "%s also matches %q, an everyday word: leave out its mark and list the forms that you mean", quoted(t.Term), s)
		}
	}
}

// Everyday reports whether a word is one that most posts have some of.
func Everyday(word string) bool { return everydayWords()[word] }

//go:embed everyday.txt
var everydayFile string

// everydayWords are words that most posts have some of.
var everydayWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(everydayFile) {
		if !strings.HasPrefix(line, "#") {
			for _, w := range strings.Fields(line) {
				words[w] = true
			}
		}
	}
	return words
})

// Grave leaves out the advice.
func (ms Mistakes) Grave() Mistakes {
	return slices.DeleteFunc(slices.Clone(ms), func(m Mistake) bool { return m.Advice })
}
