package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"pppdial/cmd/internal/status"
)

var update = flag.Bool("update", false, "write the golden file anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func recorded(t testing.TB) status.Document {
	t.Helper()
	j, err := os.ReadFile("testdata/state.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc status.Document
	if err := json.Unmarshal(j, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// The text of a recorded state. promtool's linter finds nothing to say.
func TestText(t *testing.T) {
	doc := recorded(t)
	got := Append(nil, &doc)
	if *update {
		if err := os.WriteFile("testdata/metrics.txt", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("mend it with -update:\n%s", d)
	}
	lint(t, got)
}

func lint(t *testing.T, text []byte) {
	t.Helper()
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// A peer can call itself what it likes.
func TestNames(t *testing.T) {
	doc := status.Document{Bundles: []status.Bundle{{Entry: `a"b\c`, PeerName: "x\ny\xff\"} 1\n", Links: []status.Link{{Line: "l"}}}, {}}}
	got := Append(nil, &doc)
	lint(t, got)
	if want := `peer="x\ny` + "\uFFFD" + `\"} 1\n"`; !strings.Contains(string(got), want) {
		t.Errorf("%s", got)
	}
	if got := Append(nil, &status.Document{}); len(got) != 0 {
		t.Errorf("of nothing: %s", got)
	}
}

// The network is not up while its addresses are being agreed upon.
func TestUp(t *testing.T) {
	for up, want := range map[bool]string{true: "} 1\n", false: "} 0\n"} {
		got := string(Append(nil, &status.Document{Bundles: []status.Bundle{{Entry: "rmt", Phase: status.NetworkPhase, Up: up}}}))
		if !strings.Contains(got, `ppp_up{entry="rmt",interface=""`+want) {
			t.Errorf("up %v: %s", up, got)
		}
	}
}

func TestServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.sock")
	doc := recorded(t)
	var fails error
	for _, addr := range []string{"127.0.0.1:0", path, path} { // again: it removes its socket
		s, err := Listen(addr, func(context.Context) (status.Document, error) { return doc, fails })
		if err != nil {
			t.Fatal(err)
		}
		client := http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				return net.Dial(s.Addr().Network(), s.Addr().String())
			},
		}}
		get := func(method, path string) (int, string, string) {
			t.Helper()
			req, err := http.NewRequest(method, "http://metrics"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			return r.StatusCode, string(b), r.Header.Get("Content-Type")
		}
		if code, body, kind := get("GET", "/metrics"); code != 200 || body != string(Append(nil, &doc)) || kind != ContentType {
			t.Error(code, kind, body)
		}
		for _, c := range []struct {
			method, path string
			code         int
		}{{"HEAD", "/metrics", 200}, {"GET", "/metrics?x=y", 200}, {"POST", "/metrics", 405}, {"GET", "/", 404}} {
			if code, _, _ := get(c.method, c.path); code != c.code {
				t.Error(c, code)
			}
		}
		fails = errors.New("going down")
		if code, body, _ := get("GET", "/metrics"); code != 503 || body != "going down\n" {
			t.Error(code, body)
		}
		fails = nil
		for _, bad := range []string{"\r\n\r\n", "GET\r\n\r\n", "GET /metrics SPDY/1\r\n\r\n", strings.Repeat("x", maxRequest+1), "GET /metrics HTTP/1.1\r\n"} {
			c, err := net.Dial(s.Addr().Network(), s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(c, bad)
			c.(interface{ CloseWrite() error }).CloseWrite()
			if b, _ := io.ReadAll(c); !strings.HasPrefix(string(b), "HTTP/1.1 400 ") && len(bad) < maxRequest {
				t.Errorf("%.20q: %s", bad, b)
			}
			c.Close()
		}
		// Those who say nothing do not hold up its end.
		var silent []net.Conn
		for range 2 * maxClients {
			c, err := net.Dial(s.Addr().Network(), s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			silent = append(silent, c)
		}
		s.Close()
		for _, c := range silent {
			c.Close()
		}
	}
	// What is there and is not ours stays.
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path, nil); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Error(err)
	}
	os.Remove(path)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path, nil); err == nil || !strings.Contains(err.Error(), "another program's") {
		t.Error(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	s, err := Listen(path, nil)
	if err != nil {
		t.Fatal("a dead one's socket:", err)
	}
	s.Close()
}

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if method, _, err := readRequest(bytes.NewReader(b)); err == nil && strings.Contains(method, " ") {
			t.Errorf("%q", method)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	doc := recorded(b)
	one := doc.Bundles[0]
	one.Links = one.Links[:1]
	doc.Bundles = nil
	for range 1000 {
		doc.Bundles = append(doc.Bundles, one)
	}
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = Append(text[:0], &doc)
	}
	b.SetBytes(int64(len(text)))
}
