package conf

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// A reading is the state of Parse.
type reading struct {
	file    *File
	diags   Diagnostics
	all     []*entry // those without a label of their own, too
	entry   *entry   // that the settings now belong to; nil before the first label
	scratch *Entry   // takes the values that are only checked
	hush    *Keyword // the secret that stands further left on this line
}

// Parse reads a control file and runs every word of every entry through the
// keyword table. The File is never nil; what is in error has no effect in it.
func (o Options) Parse(name string, src []byte) (*File, Diagnostics) {
	r := &reading{
		file:    &File{Name: name, opt: o.system(), byLabel: make(map[string]*entry)},
		scratch: blank(),
	}
	text := strings.TrimPrefix(string(src), "\ufeff") + "\n"
	tree, err := parser().ParseString(name, text)
	if err != nil { // the grammar takes everything, but for its own limits
		pos := Pos{File: name}
		if e, ok := err.(participle.Error); ok {
			pos = r.pos(e.Position())
		}
		r.fail(pos, "the file cannot be read from here on", "")
	}
	if tree != nil {
		for _, l := range tree.Lines {
			r.line(l)
		}
	}
	r.link()
	r.file.chooses = slices.ContainsFunc(r.file.entries, (*entry).chooses)
	return r.file, r.diags.Sorted()
}

func (r *reading) pos(p lexer.Position) Pos {
	return Pos{File: r.file.Name, Line: p.Line, Col: p.Column}
}

func (r *reading) add(d Diagnostic) { r.diags = append(r.diags, d) }

func (r *reading) fail(pos Pos, msg, hint string) { r.add(Diagnostic{Pos: pos, Msg: msg, Hint: hint}) }

func (r *reading) warn(pos Pos, msg, hint string) {
	r.add(Diagnostic{Pos: pos, Msg: msg, Hint: hint, Warning: true})
}

// line takes one line: blank, a comment, the beginning of an entry, or what
// continues one.
func (r *reading) line(l *lineNode) {
	r.hush = nil
	words := l.Words
	if len(words) == 0 {
		return
	}
	switch {
	case l.Indent == "":
		if r.label(words[0]) {
			words = words[1:]
		}
	case r.entry == nil:
		r.fail(r.pos(words[0].Pos), "the line begins with a blank, but there is nothing that it continues", "begin an entry with its label in the first column")
		r.begin(&entry{})
	}
	for len(words) > 0 {
		words = r.word(words)
	}
	r.comment(l)
}

// word takes the first of words and gives the rest.
func (r *reading) word(words []*wordNode) []*wordNode {
	w := words[0]
	if len(words) > 1 && w.Alone == nil && w.Value == nil && words[1].Alone != nil {
		return r.spaced(words)
	}
	if s := r.read(w); s != nil {
		r.entry.settings = append(r.entry.settings, s)
	}
	return words[1:]
}

// spaced takes "keyword =value" and "keyword = value", so that it is reported
// once, and the value not as a keyword.
func (r *reading) spaced(words []*wordNode) []*wordNode {
	r.fail(r.pos(words[1].Pos), `blanks in front of "="`, "write keyword=value, without blanks")
	if len(words[1].Alone.Parts) == 0 && len(words) > 2 {
		return words[3:]
	}
	return words[2:]
}

func (r *reading) begin(e *entry) {
	r.entry = e
	r.all = append(r.all, e)
}

// label begins an entry. It is false when the word was meant to be a setting.
func (r *reading) label(w *wordNode) bool {
	pos := r.pos(w.Pos)
	name := ""
	for _, h := range w.Head {
		name += h.Name + h.Wrong
	}
	e := &entry{label: name, pos: pos}
	plain := w.Alone == nil && w.Value == nil
	k := lookup(strings.TrimPrefix(name, "-"))
	if !plain && k != nil && r.entry != nil {
		r.fail(pos, "a setting where the label of an entry is expected", "to continue the entry above, begin the line with a blank")
		return false
	}
	r.begin(e)
	switch {
	case !plain:
		r.fail(pos, `a label cannot contain "="`, "")
		return true
	case strings.ContainsFunc(name, func(c rune) bool { return unicode.IsControl(c) || strings.ContainsRune("\"'/\ufeff", c) }):
		r.fail(pos, "a label cannot contain quotes, slashes or control characters", "")
		return true
	case len(name) > 200:
		r.fail(pos, "a label has 200 bytes at most", "")
		return true
	case k != nil:
		r.warn(pos, fmt.Sprintf("the label %q is also a keyword", name), "if it should continue the entry above, begin the line with a blank")
	}
	if first := r.file.byLabel[name]; first != nil {
		r.fail(pos, fmt.Sprintf("a second entry with the label %q", name), "the first is at "+first.pos.String())
		return true
	}
	r.file.byLabel[name] = e
	r.file.entries = append(r.file.entries, e)
	return true
}

// comment warns of a "#" directly behind a value, which may have been meant as
// part of it.
func (r *reading) comment(l *lineNode) {
	v := l.Words[len(l.Words)-1].Value
	if l.Comment == nil || v == nil {
		return
	}
	end := v.Assign.Pos.Offset + len(v.Assign.Value)
	for _, p := range v.Parts {
		end += len(p.Text) + len(p.Double) + len(p.Single) + len(p.Open) + len(p.Trailing)
	}
	if end == l.Comment.Pos.Offset {
		r.warn(r.pos(l.Comment.Pos), `the "#" directly behind the value begins a comment`, "if it belongs to the value, put the value in quotes")
	}
}
