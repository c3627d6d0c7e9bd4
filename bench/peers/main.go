package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("say what to measure: peers or cost; or page, to write the page")
	}
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	asJSON := f.Bool("json", false, "print the record as JSON")
	commit := f.String("commit", "", "the commit that is measured, for the record")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "peers":
		return runPeers(*commit, *asJSON)
	case "cost":
		return runCost(*commit, *asJSON)
	case "point":
		return runPoint(os.Stdin, os.Stdout)
	case "page":
		return writePage("../record", "../../docs")
	}
	return fmt.Errorf("%q is none of peers, cost and page", args[0])
}

// About is when and on what something was measured.
type About struct {
	Date   string  `json:"date"` // yyyy-mm-dd
	Commit string  `json:"commit,omitempty"`
	CPU    string  `json:"cpu"`
	Cores  int     `json:"cores"`
	Go     string  `json:"go"`
	Others float64 `json:"others"`     // the share of all cores that other work took meanwhile, 0 to 1
	Source string  `json:"posts_from"` // "shared" or "generated"
	Posts  int     `json:"posts"`
	Mean   float64 `json:"mean_bytes"` // of a post's text
}

func about(commit string, c *corpus) About {
	return About{Date: time.Now().Format(time.DateOnly), Commit: commit, CPU: cpu(), Cores: runtime.NumCPU(),
		Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Source: c.Source, Posts: len(c.posts), Mean: c.mean()}
}

// cpu is the model as Linux has it, or "".
func cpu() string { return procLine("/proc/cpuinfo", "model name") }

// available is how much memory can be had, in bytes; without Linux, no limit.
func available() int64 {
	kB := int64(math.MaxInt64 >> 10)
	fmt.Sscan(procLine("/proc/meminfo", "MemAvailable"), &kB) // none leaves the limit
	return kB << 10
}

// procLine is what stands after a name and a colon in a file, or "".
func procLine(file, name string) string {
	data, _ := os.ReadFile(file) // none has no line
	for line := range strings.Lines(string(data)) {
		if n, value, _ := strings.Cut(line, ":"); strings.TrimSpace(n) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// usage is processor time, in seconds.
type usage struct{ all, idle, own float64 }

// used is the time up to now: of all cores, as Linux counts it in hundredths of a second, and of this process and
// those it has waited for.
func used() (u usage) {
	data, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(data), "\n")
	for i, field := range strings.Fields(line) {
		var ticks float64
		if fmt.Sscan(field, &ticks); i == 4 || i == 5 { // idle, and waiting for the disk
			u.idle += ticks / 100
		}
		if i >= 1 && i <= 8 {
			u.all += ticks / 100
		}
	}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if syscall.Getrusage(who, &r) == nil {
			u.own += float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
		}
	}
	return u
}

// othersSince is the share of all cores that other work has taken since then.
func othersSince(then usage) float64 {
	now := used()
	all := now.all - then.all
	if all <= 0 {
		return 0
	}
	return max(0, (all-(now.idle-then.idle)-(now.own-then.own))/all)
}

// PeersRecord is what runPeers measures.
type PeersRecord struct {
	About
	Skipped []string `json:"skipped,omitempty"`
	Rows    []Row    `json:"rows"`
}

// The peers are measured with lists of these lengths, over so many posts, of which one in a hundred has a term.
var lengths = []int{500, 5_000, 50_000}

const (
	peerPosts = 10_000
	peerHits  = 0.01
)

func runPeers(commit string, asJSON bool) error {
	c, err := newCorpus(peerPosts, lengths[len(lengths)-1], peerHits)
	if err != nil {
		return err
	}
	r, began := PeersRecord{About: about(commit, c)}, used()
	note := func(line string) {
		fmt.Fprintln(os.Stderr, line)
		if strings.HasPrefix(line, "skipped") {
			r.Skipped = append(r.Skipped, line)
		}
	}
	if hyperscan == nil {
		note("skipped: Hyperscan: not built in; install libhyperscan-dev (Debian) and build with -tags hyperscan")
	}
	if r.Rows, err = compare(c, lengths, note); err != nil {
		return err
	}
	r.Others = othersSince(began)
	return show(os.Stdout, r, asJSON, func(w io.Writer) {
		fmt.Fprintln(w, "terms\tengine\tdoes\tns/post\tMB/s\t× byte sum\t× saring\twith folding\theap MB\tbuild s\t")
		for _, x := range r.Rows {
			fmt.Fprintf(w, "%d\t%s\t%s\t%.0f\t%.1f\t%.1f\t%.2f\t%.2f\t%.1f\t%.2f\t\n", x.Terms, x.Engine, x.Does, x.NSPost, x.MBPerS, x.XByteSum, x.XSaring, x.XWhole, x.HeapMB, x.BuildS)
		}
	})
}

// show prints a record, as JSON or as a table.
func show(to io.Writer, record any, asJSON bool, table func(io.Writer)) error {
	if asJSON {
		e := json.NewEncoder(to)
		e.SetIndent("", " ")
		return e.Encode(record)
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	table(w)
	return w.Flush()
}
