package conf

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const manPage = "../man/ppp.conf.5"

// TestManPage: the keyword section of ppp.conf(5) is what the table says.
// -update writes it into the page.
func TestManPage(t *testing.T) {
	page, err := os.ReadFile(manPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), "do not edit\n")
	_, tail, ok2 := strings.Cut(rest, ".\\\" keywords: end\n")
	if !ok || !ok2 {
		t.Fatal("the marks of the keyword section are lost")
	}
	var b bytes.Buffer
	ManKeywords(&b)
	golden(t, manPage, []byte(head+"do not edit\n"+b.String()+".\\\" keywords: end\n"+tail))
}

// TestManPageIsSound asks mandoc.
func TestManPageIsSound(t *testing.T) {
	out, err := exec.Command("mandoc", "-T", "lint", "-W", "warning", manPage).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestManTellsEverything: every row's forms stand in the section.
func TestManTellsEverything(t *testing.T) {
	var b bytes.Buffer
	ManKeywords(&b)
	for _, k := range Keywords() {
		if !strings.Contains(b.String(), " Ic "+macroArg(strings.SplitN(k.Usage()[0], "=", 2)[0])) {
			t.Errorf("%s is missing", k.Name)
		}
		if strings.Count(k.Man, "{") != strings.Count(k.Man, "}") {
			t.Errorf("%s: a brace is not closed", k.Name)
		}
	}
}

func TestProse(t *testing.T) {
	var b bytes.Buffer
	prose(&b, `Say {mtu}, {label} or {a "b"}. It's {x=1}) \d. .5 is (no) {-mp}`, "label[,x]")
	const want = `Say
.Ic mtu ,
.Ar label
or
.Ql "a \(dqb\(dq" .
It's
.Ql x=1 )
\ed.
\&.5 is (no)
.Ic \-mp
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", &b, want)
	}
}
