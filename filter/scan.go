package filter

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// The scanner finds terms in a text in one walk over its bytes, without writing the folded text anywhere. A term is
// a row of folded words, so the scanner goes from word to word: it hashes each in a register, and looks it up in a bit
// set that stays in the cache. Only words that are in the set go on to the trie. A word of plain ASCII letters is folded
// by one "or"; any other goes through the folder, which is slower and always right.
//
// What the scanner finds are candidates: the hashes of their words are equal. They are compared byte by byte when the text
// is folded as a whole, which happens only to texts that have one. What it does not find does not occur.
type scanner struct {
	*trie
	seed uint64
}

// newScanner makes a scanner for some patterns.
func newScanner(ids []int32, patterns []pattern, v *vocabulary) *scanner {
	s := &scanner{}
	for ok := false; !ok; s.seed++ { // another seed, should two words ever have one hash
		if s.trie, ok = newTrie(ids, patterns, v, s.hash); ok {
			return s
		}
	}
	return s
}

// scan walks over a text and leaves the candidates in w.found, their words counted as the folder counts them.
func (s *scanner) scan(w *walk, f *folder, text string) {
	*w = walk{found: w.found[:0], active: w.active[:0], next: w.next}
	f.begin()
	b := unsafe.Slice(unsafe.StringData(text), len(text))
	for i := 0; i < len(b); {
		x := load(b, i)
		if n := letters(x); n > 0 {
			v, end, plain := (x|low20)&firstBytes[n], i+n, false
			hash := mum(s.seed^seed0^v, prime)
			if n < 8 {
				plain = triples(v, n) == 0
			} else {
				hash, end, plain = s.long(b, i, hash, v)
			}
			if plain && (end-i > 1 && end < len(b) && kinds[b[end]] == kindSep || plainEnd(b, i, end)) {
				s.step(w, hash)
				i = end + 1
				continue
			}
		} else if kinds[b[i]] != kindOdd {
			i++
			continue
		}
		i = s.odd(w, f, text, i)
	}
}

// long goes on with a word of ASCII letters after its first eight, v, whose hash is given. It reports false if a
// letter in it is stretched.
func (s *scanner) long(b []byte, i int, hash, v uint64) (_ uint64, end int, ok bool) {
	stretched := triples(v, 8)
	for off := i + 6; ; off += 6 {
		x := load(b, off)
		n := letters(x)
		if n == 2 { // they were in the window before
			return hash, off + 2, stretched == 0
		}
		v := (x | low20) & firstBytes[n]
		stretched |= triples(v, n)
		hash = mum(hash^v, prime)
		if n < 8 {
			return hash, off + n, stretched == 0
		}
	}
}

// odd takes the word at text[i:] through the folder, and what goes with it. It returns where to go on.
func (s *scanner) odd(w *walk, f *folder, text string, i int) int {
	f.out = f.out[:0]
	i = f.advance(text, i)
	if n := len(f.out) - 1; n > 0 && bytes.IndexByte(f.out, ' ') == n {
		s.step(w, s.hash(f.out[:n]))
	} else if n > 0 {
		eachWord(f.out, func(word []byte) { s.step(w, s.hash(word)) })
	}
	return i
}

// hash is what plain computes, of a folded word: windows of 8 bytes, 6 apart, so that each three bytes in a row
// are in one of them.
func (s *scanner) hash(word []byte) uint64 {
	hash := s.seed ^ seed0
	for off := 0; ; off += 6 {
		hash = mum(hash^load(word, off), prime)
		if off+8 >= len(word) {
			return hash
		}
	}
}

// mum mixes by a product of twice the length. (After wyhash, in the public domain.)
func mum(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

const (
	seed0 = 0xa0761d6478bd642f
	prime = 0x8ebc6af09c88c6e3

	ones  = 0x0101010101010101
	tops  = 0x80 * ones
	low20 = 0x20 * ones
)

// firstBytes[n] keeps the first n bytes of a word.
var firstBytes = [9]uint64{0, 1<<8 - 1, 1<<16 - 1, 1<<24 - 1, 1<<32 - 1, 1<<40 - 1, 1<<48 - 1, 1<<56 - 1, 1<<64 - 1}

// load reads the 8 bytes at b[i:], with zeros after the end.
func load(b []byte, i int) uint64 {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])
	}
	return loadEnd(b, i)
}

func loadEnd(b []byte, i int) (x uint64) {
	for k := len(b) - 1; k >= i; k-- {
		x = x<<8 | uint64(b[k])
	}
	return x
}

// letters counts the ASCII letters that x begins with.
func letters(x uint64) int {
	y := (x | low20) &^ tops
	from := y + (0x80-'a')*ones  // the top bit of each byte from a on
	after := y + (0x7f-'z')*ones // and after z
	return bits.TrailingZeros64(^(from&^after&^x)&tops) >> 3
}

// triples is not 0 if three letters in a row are equal among the first n of v. It may be so for others too.
func triples(v uint64, n int) uint64 {
	e := v ^ v>>8
	pairs := (e - ones) &^ e & tops
	return pairs & (pairs >> 8) & (firstBytes[n] >> 16)
}

// What an ASCII byte is beside a word of letters.
const (
	kindSep  = iota // it separates
	kindMark        // it separates where no word has begun, and where none goes on after it
	kindOdd         // the folder must look
)

// kinds is the folder's own table in short.
var kinds = func() (t [256]uint8) {
	for c := range t {
		t[c] = kindOdd
		if c >= utf8.RuneSelf {
			continue
		}
		switch e := ascii[c]; e.class {
		case classSep:
			t[c] = kindSep
		case classApostrophe, classWeak:
			t[c] = kindMark
		case classSymbol:
			if e.alike != 's' { // $yahid
				t[c] = kindMark
			}
		}
	}
	return t
}()

// eachWord calls f for each word of a folded text.
func eachWord(b []byte, f func([]byte)) {
	for from, i := 0, 0; i <= len(b); i++ {
		if i == len(b) || b[i] == ' ' {
			if i > from {
				f(b[from:i])
			}
			from = i + 1
		}
	}
}
