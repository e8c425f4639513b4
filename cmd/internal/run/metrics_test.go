package run

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// The metrics of a running daemon, as a scraper gets them.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	w := newMemWorld(t)
	d, stop := w.serveUnits(dir, 2, "quiet")
	d.opt.Metrics = filepath.Join(dir, "metrics")
	if v := d.serveMetrics(); v != nil {
		t.Fatal(v)
	}
	defer d.metrics.Close()
	defer stop()
	c, err := net.Dial("unix", d.opt.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
	b, err := io.ReadAll(c)
	if want := `ppp_phase{entry="rmt1",interface="ppp1",phase="holding"} 1`; err != nil || !strings.Contains(string(b), want) {
		t.Errorf("%s is missing, %v: %s", want, err, b)
	}
	d2 := newDaemon(Options{Metrics: "/nonexistent/socket"}, nil, w.world(), nil, silence)
	defer d2.nursery.Close()
	if v := d2.serveMetrics(); v == nil || v.Status != StatusFatal || !strings.Contains(v.String(), "/nonexistent/socket") {
		t.Error(v)
	}
}
