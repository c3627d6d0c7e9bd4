//go:build hyperscan && cgo

package main

/*
#cgo pkg-config: libhs
#include <hs.h>
#include <stdlib.h>

#define MOST 1024

typedef struct {
	unsigned n;
	unsigned ids[MOST];
} hits;

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
	hits *h = context;
	if (h->n < MOST) h->ids[h->n++] = id;
	return 0;
}

static hs_error_t scan(const hs_database_t *db, const char *data, unsigned len, hs_scratch_t *scratch, hits *h) {
	h->n = 0;
	return hs_scan(db, data, len, 0, scratch, on_match, h);
}
*/
import "C"

import (
	"errors"
	"unsafe"
)

func init() { hyperscan = newHyperscan }

// newHyperscan compiles the terms as literals (hs_compile_lit_multi, Hyperscan 5.2 and later) for whole blocks. One
// call of C a post collects its matches in C. What it takes is not in Go's heap; it is never freed.
func newHyperscan(terms []string) (finder, error) {
	n := len(terms)
	texts, flags := make([]*C.char, n), make([]C.uint, n)
	ids, sizes := make([]C.uint, n), make([]C.size_t, n)
	for i, t := range spaced(terms) {
		texts[i], ids[i], sizes[i] = C.CString(t), C.uint(i), C.size_t(len(t))
		defer C.free(unsafe.Pointer(texts[i]))
	}
	list := (**C.char)(C.malloc(C.size_t(n) * C.size_t(unsafe.Sizeof(texts[0]))))
	defer C.free(unsafe.Pointer(list))
	copy(unsafe.Slice(list, n), texts)
	var db *C.hs_database_t
	var wrong *C.hs_compile_error_t
	if C.hs_compile_lit_multi(list, &flags[0], &ids[0], &sizes[0], C.uint(n), C.HS_MODE_BLOCK, nil, &db, &wrong) != C.HS_SUCCESS {
		defer C.hs_free_compile_error(wrong)
		return nil, errors.New(C.GoString(wrong.message))
	}
	var scratch *C.hs_scratch_t
	if C.hs_alloc_scratch(db, &scratch) != C.HS_SUCCESS {
		return nil, errors.New("hyperscan: no memory for its scratch")
	}
	h := (*C.hits)(C.malloc(C.sizeof_hits))
	var size, work C.size_t
	C.hs_database_size(db, &size)
	C.hs_scratch_size(scratch, &work)
	outsideHeap = int64(size + work)
	return func(p *post, found []int32) []int32 {
		C.scan(db, (*C.char)(unsafe.Pointer(&p.bytes[0])), C.uint(len(p.bytes)), scratch, h)
		for _, id := range h.ids[:h.n] {
			found = append(found, int32(id))
		}
		return found
	}, nil
}
