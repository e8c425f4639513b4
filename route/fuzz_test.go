package route_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pppdial/route"
	"pppdial/route/routetest"
)

// FuzzJournal: whatever stands in a journal, nothing comes into the kernel by
// it, and what it says of another namespace takes nothing away.
func FuzzJournal(f *testing.F) {
	for _, s := range []string{
		`{"namespace":"ns","interface":"ppp0","undo":[{"proxy":{"Addr":"192.168.1.20","Dev":"eth0"}},{"route":{"Dst":"10.9.0.0/16","Via":"192.168.1.1","Dev":"eth0","Metric":3}}]}`,
		`{"namespace":"ns","undo":[{}]}`, `{"namespace":"other","undo":[{"route":{"Dst":"10.9.0.0/16","Via":"192.168.1.1","Dev":"eth0","Metric":3}}]}`,
		`{`, ``, `null`, `{"namespace":"ns","undo":[{"route":{"Dst":"::/200"}}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		k := routetest.New("ns")
		k.AddLink("eth0", true)
		k.AddLink("eth1", true)
		furnish(t, k)
		must(t, k.AddRoute(route.Entry{Dst: prefix("10.9.0.0/16"), Via: ip("192.168.1.1"), Dev: "eth0", Metric: 3}, false))
		must(t, k.AddProxy(route.Proxy{Addr: ip("192.168.1.20"), Dev: "eth0"}))
		before := k.String()
		path := filepath.Join(t.TempDir(), "ppp0.1.undo")
		must(t, os.WriteFile(path, text, 0o600))
		err := route.Recover(k, filepath.Dir(path), nil)
		after := k.String()
		for line := range strings.Lines(after) {
			if !strings.Contains(before, line) {
				t.Errorf("there is %q now", line)
			}
		}
		_, there := os.Stat(path)
		if after != before && err == nil && there == nil {
			t.Error("the journal is there, though it has been obeyed")
		}
		if after != before && !strings.Contains(string(text), `ns"`) && !strings.Contains(string(text), `\`) {
			t.Errorf("obeyed, though it is of another namespace:\n%s", after)
		}
	})
}
