package dialtest

import (
	"fmt"
	"strconv"
	"strings"

	_ "embed"
)

// What programs and modems of the bank have said to each other, as transcripts
// have it: "# NAME" begins a dialogue, ">" marks what the program says, "<" the
// modem. The tests of package dial write it, with -record.
//
//go:embed recorded.txt
var recorded string

// A Dialogue is one of those that are recorded.
type Dialogue struct {
	Name           string
	Program, Modem []string // what they say, line by line
}

// Dialogues are the recorded ones.
func Dialogues() (all []Dialogue) {
	for line := range strings.Lines(recorded) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# "); ok {
			all = append(all, Dialogue{Name: name})
			continue
		}
		text, err := strconv.Unquote(line[2:])
		if err != nil {
			panic(fmt.Sprintf("dialtest: recorded.txt: %s: %v", line, err))
		}
		d := &all[len(all)-1]
		if line[0] == '>' {
			d.Program = append(d.Program, text)
		} else {
			d.Modem = append(d.Modem, text)
		}
	}
	return all
}
