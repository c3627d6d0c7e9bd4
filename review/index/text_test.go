package index

import (
	"bytes"
	"strings"
	"testing"
)

func TestWriteText(t *testing.T) {
	x := library(t)
	var b bytes.Buffer
	if err := WriteText(&b, find(t, x, "lama"), false); err != nil {
		t.Fatal(err)
	}
	want := "2026-11-16 10:00 WIB  high  threat  open  https://t.example/alpha/a\n" +
		"  Mereka menyerang pos polisi di kota {lama}.\n  score 7.0  rules r1, r2  flag "
	if !strings.HasPrefix(b.String(), want) || !strings.HasSuffix(b.String(), "\n1 flag\n") {
		t.Errorf("got %q", b.String())
	}
	b.Reset()
	WriteText(&b, find(t, x, "status:dismissed"), false)
	if !strings.Contains(b.String(), "dismiss for news at 2026-11-16T03:00:00Z") {
		t.Errorf("got %q", b.String())
	}
	b.Reset()
	WriteText(&b, find(t, x, "lama"), true)
	if !strings.Contains(b.String(), "\x1b[4;36mlama\x1b[0m.") {
		t.Errorf("in color %q", b.String())
	}
	b.Reset()
	WriteText(&b, Result{}, false)
	if b.String() != "no flag matches\n" {
		t.Errorf("nothing found: %q", b.String())
	}
}

func TestTextCannotControlTheTerminal(t *testing.T) {
	f := sample{id: "a", text: "awal\x1b[2J\r\nbaru\u202e\x07\x00 akhir", hit: "baru"}.flag(t)
	var b bytes.Buffer
	if err := WriteText(&b, Result{Total: 1, Hits: []Hit{{Item: Item{Flag: *f}, Spans: Spans(f, Query{})}}}, false); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\r\x07\x00\u202e") || !strings.Contains(b.String(), "awal\ufffd[2J  [baru]") {
		t.Errorf("got %q", b.String())
	}
}
