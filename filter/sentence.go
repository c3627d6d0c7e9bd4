package filter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentences finds, in a text that has been folded with its spans, the sentence of each word and the stretches between
// quotation marks. A sentence ends at a line break, or at . ! ? … ; before a space; a full stop after a short word
// ("No. 5", "Dr. Siti") or before a small letter ends none.
func (s *scratch) sentences(text string) {
	s.in, s.quotes = s.in[:0], s.quotes[:0]
	now, opened := int32(0), -1
	before := span{} // the word before, in text
	for i, start := 1, 1; i < len(s.fold.out); i++ {
		if s.fold.out[i] != ' ' {
			continue
		}
		word := span{s.fold.spans[start].start, s.fold.spans[i-1].end}
		between := text[before.end:max(word.start, before.end)]
		if before.end > 0 && endsSentence(between, text[word.start:], int(before.end-before.start)) {
			now++
		}
		opened = s.quotation(between, len(s.in), opened)
		s.in = append(s.in, now)
		before, start = word, i+1
	}
	s.quotation(text[before.end:], len(s.in), opened)
	if n := int(now) + 1; len(s.masked) < n {
		s.masked = make([]bool, n)
	}
}

// shortWord is how many bytes a word has at most that a full stop may abbreviate.
const shortWord = 3

// endsSentence reports whether a sentence ends between two words, the first of which has so many bytes.
func endsSentence(between, after string, size int) bool {
	if strings.ContainsAny(between, "\n!?…;。؟\u2028\u2029") {
		return true
	}
	next, _ := utf8.DecodeRuneInString(after)
	return size > shortWord && !unicode.IsLower(next) && strings.Contains(between, ".") &&
		(strings.ContainsFunc(between, unicode.IsSpace) || unicode.IsUpper(next))
}

// quotation notes what quotation marks before a word open and close. opened is the word at which one stands open, -1
// for none.
func (s *scratch) quotation(between string, word, opened int) int {
	for _, r := range between {
		switch r {
		case '"', '“', '”', '„', '«', '»', '‟':
			if opened < 0 {
				opened = word
				continue
			}
			if word > opened {
				s.quotes = append(s.quotes, place{pattern: -1, first: opened, end: word})
			}
			opened = -1
		}
	}
	return opened
}

// together returns the places of every sentence that has a place of n of the lists.
func (s *scratch) together(lists [][]place, n int) []place {
	count := int(s.in[len(s.in)-1]) + 1
	s.last, s.have = zeros(s.last, count), zeros(s.have, count)
	last, have := s.last, s.have // by sentence: the last list that has a place in it, from 1, and how many lists have
	for i, list := range lists {
		for _, p := range list {
			if in := s.in[p.first]; last[in] <= i {
				last[in] = i + 1
				have[in]++
			}
		}
	}
	start := len(s.kept)
	for _, list := range lists {
		for _, p := range list {
			if have[s.in[p.first]] >= n {
				s.kept = append(s.kept, p)
			}
		}
	}
	return inOrder(s.kept[start:len(s.kept):len(s.kept)])
}

// zeros is so many zeros, in the place of list if they fit.
func zeros(list []int, n int) []int {
	if cap(list) < n {
		return make([]int, n)
	}
	clear(list[:n])
	return list[:n]
}

// crosses reports whether places stand in more than one sentence.
func (s *scratch) crosses(window []place) bool {
	return slices.ContainsFunc(window, func(p place) bool {
		return s.in[p.first] != s.in[window[0].first] || s.in[p.end-1] != s.in[window[0].first]
	})
}

// mask leaves out, from now on, what stands in the sentences of some places.
func (s *scratch) mask(at []place) {
	for _, p := range at {
		for w := p.first; w < p.end; w++ {
			s.masked[s.in[w]] = true
		}
	}
}

func (s *scratch) unmask() {
	clear(s.masked)
	s.masking = false
}

// places leaves out those in masked sentences.
func (s *scratch) places(at []place) []place {
	if !s.masking {
		return at
	}
	return slices.DeleteFunc(s.keep(at), func(p place) bool {
		return s.masked[s.in[p.first]] || s.masked[s.in[p.end-1]]
	})
}
