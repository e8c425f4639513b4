package dial

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// What programs and modems say to each other can be recorded for the tests that
// play it again, which find it with dialtest.Dialogues:
//
//	go test ./dial -record dialtest/recorded.txt
var recordTo = flag.String("record", "", "write the dialogues with modems to this file")

const mostRecorded = 1000 // octets of a dialogue

var recordings struct {
	mu     sync.Mutex
	byText map[string]string
}

// kept has what the near modem hears and says in the test recorded, if that is wanted
// and no other test has the same.
func kept(t *testing.T, s *site) {
	if *recordTo == "" {
		return
	}
	t.Cleanup(func() {
		text := s.near.Transcript()
		if len(text) > mostRecorded {
			text = text[:strings.LastIndexByte(text[:mostRecorded], '\n')+1]
		}
		recordings.mu.Lock()
		defer recordings.mu.Unlock()
		if recordings.byText == nil {
			recordings.byText = map[string]string{}
		}
		recordings.byText[text] = t.Name()
		byName := map[string]string{}
		for text, name := range recordings.byText {
			byName[name] = text
		}
		var all []byte
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			all = fmt.Appendf(all, "# %s\n%s", name, byName[name])
		}
		if err := os.WriteFile(*recordTo, all, 0o644); err != nil {
			t.Error(err)
		}
	})
}
