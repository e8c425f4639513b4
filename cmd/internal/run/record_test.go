package run

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"pppdial/mp/wire"
)

// What is said between us and pppd can be recorded for the tests that play it
// again, which find it with mptest.Conversations:
//
//	go test ./cmd/internal/run -run 'TestMatrix|TestAuthPPPD|TestBundleCalls/0|TestBundleChanges' -record ../../../mp/mptest/recorded.txt
var recordTo = flag.String("record", "", "write the conversations with pppd to this file")

const (
	longestRecorded = 200 // octets of a frame
	longestFragment = 300
	mostRecorded    = 10 // packets of a control protocol, each way
	mostFragments   = 4
	mostData        = 3 // of another
	mostLines       = 2 // of a test
)

var recordings struct {
	mu     sync.Mutex
	byName map[string][]byte
}

// kept has the conversation on the line recorded, if that is wanted.
func kept(t testing.TB, l *tap) *tap {
	if *recordTo == "" {
		return l
	}
	var mu sync.Mutex
	var said bytes.Buffer
	keep := func(mark byte) func(p wire.Protocol, info []byte) {
		count := map[wire.Protocol]int{}
		return func(p wire.Protocol, info []byte) {
			most, longest := mostData, longestRecorded
			switch {
			case p == wire.MP:
				most, longest = mostFragments, longestFragment
			case p >= 0x8000:
				most = mostRecorded
			}
			if len(info) > longest {
				return
			}
			if count[p]++; count[p] <= most {
				mu.Lock()
				fmt.Fprintf(&said, "%c %04x %x\n", mark, uint16(p), info)
				mu.Unlock()
			}
		}
	}
	l.in.each, l.out.each = keep('<'), keep('>')
	t.Cleanup(func() {
		recordings.mu.Lock()
		defer recordings.mu.Unlock()
		if recordings.byName == nil {
			recordings.byName = map[string][]byte{}
		}
		name := t.Name()
		for i := 2; recordings.byName[name] != nil; i++ {
			if name = fmt.Sprintf("%s, line %d", t.Name(), i); i > mostLines {
				return
			}
		}
		mu.Lock()
		recordings.byName[name] = bytes.Clone(said.Bytes())
		mu.Unlock()
		var all []byte
		for _, name := range slices.Sorted(maps.Keys(recordings.byName)) {
			all = append(fmt.Appendf(all, "# %s\n", name), recordings.byName[name]...)
		}
		if err := os.WriteFile(*recordTo, all, 0o644); err != nil {
			t.Error(err)
		}
	})
	return l
}
