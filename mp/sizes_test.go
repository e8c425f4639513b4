package mp_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// TestCompressionOfFullPackets: what cannot be compressed fits the peer all the
// same, and what is as long as was agreed upon is decompressed.
func TestCompressionOfFullPackets(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	for _, tc := range []struct {
		why    string
		method proto.Compressor
		mtu    int
		lines  int
		noise  bool
	}{
		{"Predictor makes noise longer", proto.Compressor{Type: wire.CCPPredictor1}, 1500, 2, true},
		{"long packets, BSD Compress", proto.Compressor{Type: wire.CCPBSD, Bits: 12}, 20000, 1, false},
		{"long packets, Deflate", proto.Compressor{Type: wire.CCPDeflate, Bits: 15}, 20000, 1, false},
		{"long packets, Predictor", proto.Compressor{Type: wire.CCPPredictor1}, 20000, 1, false},
		{"long packets of a bundle", proto.Compressor{Type: wire.CCPBSD, Bits: 12}, 20000, 2, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				cfg := func(c *mp.BundleConfig) {
					c.MTU = tc.mtu
					c.CCP = &proto.CCPConfig{Tx: []proto.Compressor{tc.method}, Rx: []proto.Compressor{tc.method}}
				}
				change := func(c *mp.LinkConfig) {
					c.LCP.MRU = tc.mtu
					c.LCP.MRRU = tc.mtu
				}
				m := newMulti(t, cfg, change, make([]mptest.Config, tc.lines)...)
				defer m.close()
				time.Sleep(time.Second)
				for i := range 10 {
					p := udp("10.0.0.2", "10.0.0.1", tc.mtu-28-i)
					if tc.noise {
						random.Read(p[28:])
					}
					m.a.tun.Send(p)
					select {
					case got := <-m.b.tun.Received():
						if !bytes.Equal(got, p) {
							t.Fatalf("packet of %d octets changed", len(p))
						}
					case <-time.After(10 * time.Second):
						t.Fatalf("packet of %d octets lost", len(p))
					}
				}
			})
		})
	}
}
