package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"saring/queue"
)

// The test binary is the program itself when it is started under its name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"saring": main})
}

// TestScripts runs the real program as testdata/*.txt say.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", UpdateScripts: os.Getenv("SARING_UPDATE") != ""})
}

// upProcess is a `saring up` that a test has started.
type upProcess struct {
	*exec.Cmd
	t    *testing.T
	data string
	log  *logBuffer
}

// startUp starts `saring up` on a data folder. It is killed at the end of the test, at the latest.
func startUp(t *testing.T, data string, args ...string) *upProcess {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &upProcess{Cmd: exec.Command(self), t: t, data: data, log: &logBuffer{}}
	p.Args = append([]string{"saring", "up", "--data", data, "--listen", "127.0.0.1:0", "--sync", "1s"}, args...)
	p.Stderr, p.Stdout = p.log, p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
		if t.Failed() {
			t.Logf("saring up said:\n%s", p.log)
		}
	})
	return p
}

// stop interrupts the process and waits for a clean end.
func (p *upProcess) stop() {
	p.t.Helper()
	_ = p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		p.t.Fatalf("it did not stop cleanly: %v\n%s", err, p.log)
	}
}

// kill ends the process as a power cut would, and waits until it is gone.
func (p *upProcess) kill() {
	_ = p.Process.Signal(syscall.SIGKILL)
	_ = p.Wait()
	_ = os.Remove(filepath.Join(p.data, addressFile)) // so that the next one's is awaited
}

// url waits until the process serves, and returns an address of it.
func (p *upProcess) url(path string) string {
	p.t.Helper()
	var address []byte
	eventually(p.t, "it serves", func() bool {
		address, _ = os.ReadFile(filepath.Join(p.data, addressFile))
		return bytes.HasSuffix(address, []byte("\n"))
	})
	return strings.TrimSpace(string(address)) + path
}

// metric reads the sum of a metric over its labels that hold all the given ones.
func (p *upProcess) metric(name string, labels ...string) float64 {
	p.t.Helper()
	sum := 0.0
	for line := range strings.Lines(p.get("/metrics")) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), name)
		if !ok || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		matches := true
		for _, l := range labels {
			matches = matches && strings.Contains(rest, l)
		}
		if !matches {
			continue
		}
		v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
		sum += v
	}
	return sum
}

func (p *upProcess) get(path string) string {
	p.t.Helper()
	resp, err := http.Get(p.url(path))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(body)
}

// eventually waits for something that must happen soon.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("waited two minutes, and never: %s", what)
}

// logBuffer is what a process has written, read while it writes.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// saring runs a command of the program in this process and returns what it printed and its exit code.
func saring(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	var b bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code = run(ctx, args, strings.NewReader(""), &b, &b)
	return b.String(), code
}

// Texts of the tests: one that the lexicons flag, and everyday ones.
const flaggedText = "Ayo berbaiat kepada ISIS, kami menunggu kalian."

var everyday = []string{
	"Harga cabai di pasar naik lagi pagi ini.", "Kickoff at eight tonight, who is watching?",
	"Pengajian malam Jumat dimulai pukul tujuh.", "Polisi: tersangka pernah berbaiat kepada ISIS, kata juru bicara.",
}

// line writes one post.
func line(id int, kind, text string) string {
	return fmt.Sprintf(`{"platform":"telegram","channel":{"id":"-100%d","handle":"kanal_%d_contoh","kind":%q},"id":"%d","revision":0,"posted_at":"2026-11-20T08:15:00Z","text":%q,"url":"https://t.me/kanal_%d_contoh/%d"}`+"\n",
		id%97, id%97, kind, id, text, id%97, id)
}

// TestKill ends the process again and again, without warning, while it reads 20,000 posts of which 1 % are flagged.
// After the last start nothing is missing and nothing was said twice.
func TestKill(t *testing.T) {
	data, posts := t.TempDir(), filepath.Join(t.TempDir(), "posts.ndjson")
	const n, flagged = 20_000, 200
	var b strings.Builder
	for i := range n {
		text := everyday[i%len(everyday)]
		if i%100 == 7 {
			text = flaggedText
		}
		b.WriteString(line(i, "public_channel", text))
	}
	if err := os.WriteFile(posts, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	unfinished := 0
	for i := range 12 {
		p := startUp(t, data, "--source", "file:"+posts, "--sync", "0s")
		p.url("")
		time.Sleep(time.Duration(i*40) * time.Millisecond)
		p.kill()
		if !strings.Contains(p.log.String(), "flags so far: 200") {
			unfinished++
		}
	}
	if unfinished < 3 {
		t.Errorf("only %d kills came before the end", unfinished)
	}
	p := startUp(t, data, "--source", "file:"+posts)
	p.url("")
	eventually(t, "everything is read and flagged", func() bool {
		return strings.Contains(p.log.String(), "flags so far: 200")
	})
	out, code := saring(t, "search", "--data", data, "category:recruitment", "--json")
	if code != fine || !strings.Contains(out, `"total":200,`) {
		t.Errorf("search: exit code %d, %.300s", code, out)
	}
	p.stop()

	broker, err := queue.Open(t.Context(), queue.Options{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	counts, err := broker.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{queue.FlagStream, queue.Platform, queue.Government} {
		ids := map[string]int{}
		follow(t, broker, stream, func(m *queue.Message) {
			ids[regexp.MustCompile(`"flag":"(\w+)"|"id":"(?:warning-|notice-)?([0-9a-f]{32})"`).FindString(string(m.Data))]++
		})
		if counts[stream] != flagged || len(ids) != flagged {
			t.Errorf("%s holds %d messages about %d posts, want %d", stream, counts[stream], len(ids), flagged)
		}
	}
	if counts[queue.DeadStream] != 0 {
		t.Errorf("%d dead letters", counts[queue.DeadStream])
	}
}

// follow reads a whole stream.
func follow(t *testing.T, b *queue.Broker, stream string, each func(*queue.Message)) {
	t.Helper()
	last, err := b.LastSeq(t.Context(), stream)
	if err != nil || last == 0 {
		t.Fatalf("%s: %d messages, %v", stream, last, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_ = b.Follow(ctx, stream, "", 1, 0, func(_ context.Context, msgs []*queue.Message) error {
		for _, m := range msgs {
			each(m)
			if m.Seq == last {
				cancel()
			}
		}
		return nil
	})
}
