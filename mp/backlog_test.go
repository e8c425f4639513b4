package mp

import (
	"testing"

	"pppdial/mp/wire"
)

// TestControlsAreBounded: what a peer makes a bundle answer waits in a bounded
// place while no line takes it.
func TestControlsAreBounded(t *testing.T) {
	m := &multilink{b: &Bundle{}}
	for range 10 * maxControls {
		m.send(wire.IPCP, wire.Packet{Code: wire.CodeReject, ID: 1, Data: make([]byte, 100)})
	}
	if len(m.controls) != maxControls || m.b.drops[dropControl] != 9*maxControls {
		t.Errorf("%d wait, %d dropped, want %d to wait", len(m.controls), m.b.drops[dropControl], maxControls)
	}
}
