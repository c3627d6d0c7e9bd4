package filter

import "math/bits"

// A trie finds terms in a row of words. Its steps are not words but sets of words: "bunuh+ kafir~" is one path of two
// steps, whatever the number of its forms, so terms take little memory and every form of a word goes with every form of
// the next. A word may be in several sets, so a text can be on several paths at once; there are never more of them than
// there are paths in the trie that these very words spell.
//
// Words are known by their hashes. What is found are candidates until their words have been compared.
type trie struct {
	words table   // by hash: where a word begins in lists
	edges table   // by node and set: the next node
	lists []int32 // of each word: see entry
	nodes []node
}

// node is what is known when some sets in a row have been met.
type node struct {
	pattern int32 // that they are, -1 for none
	more    bool  // patterns go on from here
}

// entry is what the trie knows of a word: the patterns that it is alone, the nodes that it leads to from the beginning
// and that patterns go on from, and the sets that it is in and that patterns go on with.
type entry struct{ alone, begin, goOn []int32 }

// entry reads what stands in lists: how many there are of each, and these.
func (t *trie) entry(at int32) entry {
	l := t.lists[at:]
	a := 3 + l[0]
	b := a + l[1]
	return entry{l[3:a], l[a:b], l[b : b+l[2]]}
}

// walk is where a search stands.
type walk struct {
	found  []candidate
	active []int32 // nodes that the last word led to and that patterns go on from
	next   []int32 // the same of this word, while it is looked at
	words  int32   // how many there were
}

// candidate is a pattern that may end at a word of the text.
type candidate struct{ pattern, word int32 }

// step goes on by a word.
func (t *trie) step(w *walk, hash uint64) {
	if t.words.has(hash) {
		if at, known := t.words.get(hash); known {
			t.enter(w, at)
			return
		}
	}
	w.pass()
}

// pass goes on by a word that is none of ours.
func (w *walk) pass() {
	w.active = w.active[:0]
	w.words++
}

// enter goes on by the word of an entry.
func (t *trie) enter(w *walk, at int32) {
	e := t.entry(at)
	for _, p := range e.alone {
		w.found = append(w.found, candidate{p, w.words})
	}
	w.next = append(w.next[:0], e.begin...)
	for _, from := range w.active {
		for _, set := range e.goOn {
			key := edgeKey(from, set)
			if !t.edges.has(key) {
				continue
			}
			to, ok := t.edges.get(key)
			if !ok {
				continue
			}
			if p := t.nodes[to].pattern; p >= 0 {
				w.found = append(w.found, candidate{p, w.words})
			}
			if t.nodes[to].more {
				w.next = append(w.next, to)
			}
		}
	}
	w.active, w.next = w.next, w.active
	w.words++
}

// newTrie makes a trie of some patterns, which are all different. hash gives the hash of a word; ok is false if two words
// have the same.
func newTrie(ids []int32, patterns []pattern, v *vocabulary, hash func(word []byte) uint64) (t *trie, ok bool) {
	b := trieBuilder{trie: &trie{nodes: []node{{pattern: -1}}}, next: map[[2]int32]int32{}}
	for _, id := range ids {
		b.add(id, patterns[id].sets)
	}
	return b.finish(v, hash)
}

type trieBuilder struct {
	*trie
	next map[[2]int32]int32 // by node and set; node 0 is where all begin
	keys [][2]int32         // of next, in the order in which they came
}

func (b *trieBuilder) add(id int32, row []int32) {
	at := int32(0)
	for _, set := range row {
		key := [2]int32{at, set}
		to, known := b.next[key]
		if !known {
			to = int32(len(b.nodes))
			b.nodes = append(b.nodes, node{pattern: -1})
			b.nodes[at].more = true
			b.next[key] = to
			b.keys = append(b.keys, key)
		}
		at = to
	}
	b.nodes[at].pattern = id
}

// finish fills in what the words lead to.
func (b *trieBuilder) finish(v *vocabulary, hash func([]byte) uint64) (*trie, bool) {
	by := make([]entry, v.words())
	goesOn := make([]bool, v.sets()) // patterns go on with the set
	for _, key := range b.keys {
		if key[0] != 0 && !goesOn[key[1]] {
			goesOn[key[1]] = true
			for _, w := range v.set(key[1]) {
				by[w].goOn = append(by[w].goOn, key[1])
			}
		}
		if key[0] == 0 {
			to := b.next[key]
			for _, w := range v.set(key[1]) {
				if p := b.nodes[to].pattern; p >= 0 {
					by[w].alone = append(by[w].alone, p)
				}
				if b.nodes[to].more {
					by[w].begin = append(by[w].begin, to)
				}
			}
		}
	}
	used, edges := 0, 0
	for _, l := range by {
		if len(l.alone)+len(l.begin)+len(l.goOn) > 0 {
			used++
		}
	}
	for _, key := range b.keys {
		if key[0] != 0 {
			edges++
		}
	}
	b.words, b.edges = newTable(used), newTable(edges)
	for _, key := range b.keys {
		if key[0] != 0 && !b.edges.put(edgeKey(key[0], key[1]), b.next[key]) {
			return nil, false
		}
	}
	for w, l := range by {
		if len(l.alone)+len(l.begin)+len(l.goOn) == 0 {
			continue
		}
		if !b.words.put(hash(v.word(int32(w))), int32(len(b.lists))) {
			return nil, false
		}
		b.lists = append(b.lists, int32(len(l.alone)), int32(len(l.begin)), int32(len(l.goOn)))
		b.lists = append(append(append(b.lists, l.alone...), l.begin...), l.goOn...)
	}
	return b.trie, true
}

func edgeKey(node, set int32) uint64 { return mum(uint64(node)<<32|uint64(uint32(set))^seed0, prime) }

// A table maps keys that are well mixed to numbers. A bit set that stays in the cache says of most keys that they are not
// in it.
type table struct {
	bits  []uint64
	shift uint
	slots []slot // open addressing, by the low bits of the key
	mask  uint64
}

type slot struct {
	key   uint64
	value int32 // and one
}

func newTable(n int) table {
	size := 1 << bits.Len(uint(n+n/4+1))
	t := table{shift: 64 - uint(max(10, bits.Len(uint(12*n)))), slots: make([]slot, size), mask: uint64(size - 1)}
	t.bits = make([]uint64, 1<<(64-t.shift)/64)
	return t
}

// put reports whether the key was free.
func (t *table) put(key uint64, value int32) bool {
	t.bits[key>>t.shift>>6] |= 1 << (key >> t.shift & 63)
	i := key & t.mask
	for ; t.slots[i].value != 0; i = (i + 1) & t.mask {
		if t.slots[i].key == key {
			return false
		}
	}
	t.slots[i] = slot{key, value + 1}
	return true
}

// has reports whether the key may be there.
func (t *table) has(key uint64) bool {
	k := key >> t.shift
	return t.bits[k>>6]>>(k&63)&1 != 0
}

func (t *table) get(key uint64) (int32, bool) {
	for i := key & t.mask; ; i = (i + 1) & t.mask {
		switch at := &t.slots[i]; {
		case at.value == 0:
			return 0, false
		case at.key == key:
			return at.value - 1, true
		}
	}
}
