package index

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"saring/rules"
)

// vocabulary makes harmless texts of known content.
var vocabulary = strings.Fields(`pasar pagi ramai ikan segar nelayan pulang perahu angin laut kampung cerita hujan jalan
	rumah sekolah guru murid buku pelajaran kebun sayur padi sawah petani panen desa kota kereta stasiun penumpang karcis
	musik tari gamelan wayang panggung penonton malam lampu bintang bulan gunung sungai jembatan batu kayu bambu`)

// benchSize is how many flags the benchmarks search in; SARING_BENCH_FLAGS changes it.
func benchSize(b *testing.B) int {
	if s := os.Getenv("SARING_BENCH_FLAGS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 20_000
}

// benchFlag is the i-th of a corpus: every 10th says serangan, every 7th is critical, over four weeks.
func benchFlag(b testing.TB, i int) sample {
	var t strings.Builder
	for k := range 60 {
		t.WriteString(vocabulary[(i*31+k*k+k*i%7)%len(vocabulary)] + " ")
	}
	if i%10 == 0 {
		t.WriteString("serangan jantung ")
	}
	s := sample{
		id: strconv.Itoa(i), channel: fmt.Sprintf("kanal_%d", i%500), text: t.String(), score: 5 + float64(i%50)/10,
		category: rules.Categories[i%len(rules.Categories)], severity: rules.Medium,
		rules: []string{fmt.Sprintf("r%d", i%100)}, at: monday.Add(time.Duration(i%(28*24*60)) * time.Minute),
	}
	if i%7 == 0 {
		s.severity = rules.Critical
	}
	return s
}

func benchIndex(b *testing.B, n int) *Index {
	x := open(b, b.TempDir())
	var s script
	for i := 0; i < n; i += 1000 {
		var entries []Entry
		for k := i; k < min(i+1000, n); k++ {
			entries = append(entries, s.flag(benchFlag(b, k).flag(b)))
		}
		if err := x.Apply(b.Context(), entries); err != nil {
			b.Fatal(err)
		}
	}
	return x
}

func BenchmarkSearch(b *testing.B) {
	n := benchSize(b)
	x := benchIndex(b, n)
	every := func(k int) int { return (n + k - 1) / k }
	for _, tc := range []struct {
		query string
		want  int
	}{
		{"", n}, {"diserang", every(10)}, {`"serangan jantung"`, every(10)}, {"seran*", every(10)}, {"severity:critical", every(7)},
		{"serangan severity:critical", every(70)}, {"channel:kanal_7", every(500)}, {"tidakada", 0},
	} {
		q, err := ParseQuery(tc.query)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("q="+strings.ReplaceAll(tc.query, " ", "+"), func(b *testing.B) {
			for b.Loop() {
				r, err := x.Search(b.Context(), q)
				if err != nil || r.Total != tc.want || len(r.Hits) != min(tc.want, DefaultSize) {
					b.Fatalf("%d flags of %d, %d on the page, %v", r.Total, tc.want, len(r.Hits), err)
				}
			}
		})
	}
}

func BenchmarkApply(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			x := open(b, b.TempDir())
			var s script
			i := 0
			for b.Loop() {
				entries := make([]Entry, size)
				for k := range entries {
					f := benchFlag(b, i)
					f.at = monday
					entries[k] = s.flag(f.flag(b))
					i++
				}
				if err := x.Apply(b.Context(), entries); err != nil {
					b.Fatal(err)
				}
			}
			if x.Count() != uint64(i) {
				b.Fatalf("%d flags of %d", x.Count(), i)
			}
			b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "flags/s")
		})
	}
}
