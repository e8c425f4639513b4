package conf

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
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
	golden(t, manPage, []byte(head+"do not edit\n"+manKeywords()+".\\\" keywords: end\n"+tail))
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
	section := manKeywords()
	if len(manual) != len(table) {
		t.Errorf("the manual tells of %d keywords, there are %d", len(manual), len(table))
	}
	for _, k := range Keywords() {
		if !strings.Contains(section, " Ic "+macroArg(strings.SplitN(k.Usage()[0], "=", 2)[0])) {
			t.Errorf("%s is missing", k.Name)
		}
		if strings.Count(manual[k.Name], "{") != strings.Count(manual[k.Name], "}") {
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

// manKeywords gives the keyword section of ppp.conf(5) in mdoc: each row of
// the table with its forms, its paragraphs, and what the table knows of its
// value.
func manKeywords() string {
	var b bytes.Buffer
	group := ""
	for i := range table {
		k := &table[i]
		if k.Group != group {
			if group != "" {
				b.WriteString(".El\n")
			}
			group = k.Group
			fmt.Fprintf(&b, ".Ss %s\n.Bl -tag -width Ds\n", group)
		}
		k.man(&b)
	}
	b.WriteString(".El\n")
	fixed(&b)
	return b.String()
}

func (k *Keyword) man(b *bytes.Buffer) {
	for i, u := range k.Usage() {
		if i == 0 {
			b.WriteString(".It")
		} else {
			b.WriteString(" ,")
		}
		name, arg, valued := strings.Cut(u, "=")
		fmt.Fprintf(b, " Ic %s", macroArg(name))
		if valued {
			fmt.Fprintf(b, " Ns = Ns Ar %s", macroArg(arg))
		}
	}
	b.WriteByte('\n')
	for i, paragraph := range strings.Split(manual[k.Name], "\n\n") {
		if i > 0 {
			b.WriteString(".Pp\n")
		}
		prose(b, paragraph, k.Type)
	}
	if facts := k.facts(); facts != "" {
		b.WriteString(".br\n")
		prose(b, facts, "")
	}
}

// facts gives what the columns of the table say, in sentences.
func (k *Keyword) facts() string {
	var s []string
	switch {
	case k.Default == "true":
		s = append(s, "Default: on.")
	case k.Default == "false" || k.Default == "-":
		s = append(s, "Default: off.")
	case k.Default != "":
		s = append(s, strings.TrimSpace("Default: "+k.Default+" "+units[k.Type])+".")
	case k.Otherwise != "":
		s = append(s, "Default: "+k.Otherwise+".")
	}
	if k.Alone != "" && k.Forms&Repeat == 0 {
		s = append(s, fmt.Sprintf("By itself: %s.", k.Alone))
	}
	if k.Min != 0 || k.Max != 0 {
		s = append(s, strings.TrimSpace("Range: "+k.Range()+" "+units[k.Type])+".")
	}
	if k.Rule != "" {
		s = append(s, "Rule: "+k.Rule+".")
	}
	if k.Forms&Repeat != 0 {
		s = append(s, "May be given several times.")
	}
	if k.Ours {
		s = append(s, "Not in IRIX.")
	}
	return strings.Join(s, "\n")
}

// fixed lists what the entry found by reconfigure cannot change.
func fixed(b *bytes.Buffer) {
	b.WriteString(".Ss What reconfigure leaves alone\n")
	prose(b, `The entry that {reconfigure} finds comes into effect when the line is there and LCP has been negotiated.
Of these keywords, the values of the first entry stay:`, "")
	var names []string
	for i := range table {
		if k := &table[i]; k.Phase < Authenticate && k.slot != nil {
			names = append(names, k.Name)
		}
	}
	for i, n := range names {
		end := " ,"
		if i == len(names)-1 {
			end = " ."
		}
		fmt.Fprintf(b, ".Ic %s%s\n", n, end)
	}
}

// prose writes text, in which {braces} hold what is typed, keywords and values,
// or a part of the argument arg. Each sentence gets a line of its own, as mdoc
// wants it.
func prose(b *bytes.Buffer, text, arg string) {
	parts := strings.FieldsFunc(arg, func(r rune) bool { return strings.ContainsRune("[]:,", r) })
	text = strings.ReplaceAll(text, "\n", " ")
	text = strings.ReplaceAll(text, ". ", ".\n")
	for line := range strings.SplitSeq(text, "\n") {
		for line != "" {
			plain, rest, found := strings.Cut(line, "{")
			if plain = strings.TrimSpace(plain); plain != "" {
				b.WriteString(roff(plain) + "\n")
			}
			if !found {
				break
			}
			var typed string
			typed, line, _ = strings.Cut(rest, "}")
			end := len(line) - len(strings.TrimLeft(line, ".,:;)"))
			macro := "Ql"
			name, _, _ := strings.Cut(strings.TrimPrefix(typed, "-"), "=")
			switch {
			case slices.Contains(parts, typed):
				macro = "Ar"
			case isKeyword(name):
				macro = "Ic"
			}
			fmt.Fprintf(b, ".%s %s", macro, macroArg(typed))
			for _, p := range line[:end] {
				fmt.Fprintf(b, " %c", p)
			}
			b.WriteByte('\n')
			line = line[end:]
		}
	}
}

// isKeyword tells whether name is a keyword as the table spells it.
func isKeyword(name string) bool {
	k := lookup(name)
	return k != nil && k.Name == name
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, `-`, `\-`)

// roff writes running text: only a backslash and the beginning of a line have
// a sense of their own.
func roff(s string) string {
	s = strings.ReplaceAll(s, `\`, `\e`)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// macroArg writes one argument of a macro.
func macroArg(s string) string {
	s = roffEscapes.Replace(s)
	s = strings.ReplaceAll(s, `"`, `\(dq`)
	if strings.ContainsAny(s, " \t") {
		return `"` + s + `"`
	}
	return s
}
