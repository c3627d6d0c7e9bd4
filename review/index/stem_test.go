package index

import "testing"

func TestStemIndonesian(t *testing.T) {
	for _, tc := range []struct {
		stem  string
		words []string
	}{
		{"serang", []string{"serang", "menyerang", "diserang", "serangan", "penyerang", "penyerangan", "serangannya", "nyerang", "terserang"}},
		{"tembak", []string{"menembak", "penembakan", "ditembak", "tembakan", "tertembak"}},
		{"pakai", []string{"memakai", "pemakaian", "dipakai", "terpakai"}},
		{"kirim", []string{"mengirim", "mengirimkan", "kiriman", "pengiriman", "ngirim", "dikirimkan"}},
		{"ajar", []string{"mengajar", "pengajar", "ajarkan", "diajarkan", "pengajaran"}},
		{"bom", []string{"bom", "mengebom", "pengeboman", "dibom", "ngebom"}},
		{"baiat", []string{"baiat", "berbaiat", "membaiat", "dibaiat", "pembaiatan"}},
		{"juang", []string{"berjuang", "perjuangan", "pejuang", "memperjuangkan", "diperjuangkan"}},
		{"gabung", []string{"bergabung", "bergabunglah", "gabungan", "penggabungan"}},
		{"latih", []string{"melatih", "pelatihan", "latihan", "berlatih"}},
		{"rencana", []string{"berencana", "direncanakan", "perencanaan", "rencananya"}},
		{"sumbang", []string{"menyumbang", "sumbangan", "penyumbang", "sumbangkan", "nyumbang"}},
		{"thaghut", []string{"thaghut", "thaghutnya"}},
		{"khilafah", []string{"khilafah", "kekhilafahan"}},
		{"amaliyah", []string{"amaliyah", "amaliyahnya"}},
		{"tolak", []string{"menolak", "penolakan", "ditolak", "tolaklah"}},
		{"rusak", []string{"merusak", "perusakan", "kerusakan", "dirusak"}},
		// roots that are not in the list
		{"sikap", []string{"sikap", "bersikap", "menyikapi", "sikapnya"}},
		{"layar", []string{"layar", "berlayar", "dilayarkan"}},
		// words that only look derived
		{"sekarang", []string{"sekarang"}},
		{"berita", []string{"berita", "beritanya"}},
		{"makan", []string{"makan"}},
		{"perempuan", []string{"perempuan"}},
	} {
		for _, w := range tc.words {
			if got := stemIndonesian(w); got != tc.stem {
				t.Errorf("stem of %q is %q, want %q", w, got, tc.stem)
			}
		}
	}
}

func TestStemEnglish(t *testing.T) {
	for w, want := range map[string]string{"attacks": "attack", "attacking": "attack", "joined": "join", "is": "is", "naïve": "naïve"} {
		if got := stemEnglish(w); got != want {
			t.Errorf("stem of %q is %q, want %q", w, got, want)
		}
	}
}

// A root is its own stem, or the list contradicts itself.
func TestRootsStay(t *testing.T) {
	if len(roots) < 300 {
		t.Fatalf("only %d roots", len(roots))
	}
	for r := range roots {
		if got := stemIndonesian(r); got != r || !plain(r) {
			t.Errorf("root %q becomes %q", r, got)
		}
	}
}
