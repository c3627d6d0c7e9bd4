package filter

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// The scanner finds terms in a text in one walk over its bytes, without writing the folded text anywhere. A term is
// a row of folded words, so the scanner goes from word to word: it hashes each in a register, and looks the word,
// and the pair that it makes with the word before, up in a bit set that stays in the cache. Only what is in the set
// is looked up in the table of terms. A word of plain ASCII letters is folded by one "or"; any other goes through
// the folder, which is slower and always right.
//
// What the scanner finds are candidates: their hashes are equal. They are compared byte by byte when the text is
// folded as a whole, which happens only to texts that have one. What it does not find does not occur.
//
// The time is linear: a text of n words costs at most n times the words of the longest term, whatever the terms.
type scanner struct {
	seed  uint64
	bits  []uint64 // one bit for each term of one word and each first pair of words, by the top bits of its key
	shift uint     // 64 minus the logarithm of the number of bits
	slots []slot   // open addressing, by the low bits of the key
	mask  uint64
}

// slot is what is known of a key, which stands for the first words of terms.
type slot struct {
	key  uint64
	term int32 // the term that these words are, -1 for none
	used bool
	more bool // terms go on from here
}

// candidate is a term that may end at a word of the text.
type candidate struct{ term, word int32 }

// newScanner makes a scanner for terms, which are folded and all different.
func newScanner(terms []pattern) *scanner {
	keys := 0
	for i := range terms {
		keys += terms[i].words
	}
	s := &scanner{shift: 64 - uint(max(15, bits.Len(uint(16*keys))))}
	slots := 1 << bits.Len(uint(2*keys+1))
	s.mask = uint64(slots - 1)
	for ok := false; !ok; s.seed++ { // another seed, should two terms ever have one key
		s.bits, s.slots, ok = make([]uint64, 1<<(64-s.shift)/64), make([]slot, slots), true
		for i := range terms {
			ok = ok && s.add(terms[i].folded, int32(i))
		}
		if ok {
			break
		}
	}
	return s
}

// add puts a term and its prefixes into the table. It reports whether the term's key was free.
func (s *scanner) add(folded string, id int32) bool {
	key, n := uint64(0), 0
	var last *slot
	eachWord([]byte(folded), func(w []byte) {
		if last != nil {
			last.more = true
		}
		if n++; n == 1 {
			key = s.hash(w)
		} else {
			key = joined(key, s.hash(w))
		}
		last = s.slot(key)
		if !last.used {
			*last = slot{key: key, term: -1, used: true}
		}
		if n == 2 {
			s.set(key)
		}
	})
	if n == 1 {
		s.set(key)
	}
	if last.term >= 0 {
		return false
	}
	last.term = id
	return true
}

// slot returns where a key is, or where it would be.
func (s *scanner) slot(key uint64) *slot {
	for i := key & s.mask; ; i = (i + 1) & s.mask {
		if at := &s.slots[i]; !at.used || at.key == key {
			return at
		}
	}
}

func (s *scanner) set(key uint64) { s.bits[key>>s.shift>>6] |= 1 << (key >> s.shift & 63) }

func (s *scanner) has(key uint64) bool {
	k := key >> s.shift
	return s.bits[k>>6]>>(k&63)&1 != 0
}

// walk is where a scan stands.
type walk struct {
	found  []candidate
	active []uint64 // keys of two words and more that the last word ended and that terms go on from
	before uint64   // key of the last word alone
	words  int32    // how many there were
}

// step goes on by a word.
func (s *scanner) step(w *walk, hash uint64) {
	pair := joined(w.before, hash)
	if s.has(hash) {
		if at := s.slot(hash); at.used && at.term >= 0 {
			w.found = append(w.found, candidate{at.term, w.words})
		}
	}
	if len(w.active) > 0 {
		active := w.active
		w.active = w.active[:0]
		for _, key := range active {
			s.enter(w, joined(key, hash))
		}
	}
	if s.has(pair) {
		s.enter(w, pair)
	}
	w.before = hash
	w.words++
}

// enter notes the term that a key is, and the key if terms go on from it.
func (s *scanner) enter(w *walk, key uint64) {
	at := s.slot(key)
	if !at.used {
		return
	}
	if at.term >= 0 {
		w.found = append(w.found, candidate{at.term, w.words})
	}
	if at.more {
		w.active = append(w.active, key)
	}
}

// scan walks over a text and leaves the candidates in w.found, their words counted as the folder counts them.
func (s *scanner) scan(w *walk, f *folder, text string) {
	*w = walk{found: w.found[:0], active: w.active[:0]}
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

// joined is the key of some words and one more. The key of one word is its hash.
func joined(key, hash uint64) uint64 { return mum(bits.RotateLeft64(key, 32)^hash^seed1, prime) }

// mum mixes by a product of twice the length. (After wyhash, in the public domain.)
func mum(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

const (
	seed0 = 0xa0761d6478bd642f
	seed1 = 0xe7037ed1a0b428db
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
