package conf

import (
	"fmt"
	"slices"
)

// A File is a control file that was read.
type File struct {
	Name string

	opt     Options
	entries []*entry // in file order
	byLabel map[string]*entry
	chooses bool // a call may go on with another entry than that it began with
}

// An entry is a label with its words as they stand in the file.
type entry struct {
	label     string
	pos       Pos
	settings  []*setting
	continued bool // by another entry
}

// chooses tells whether a call that begins with the entry may go on with another.
func (x *entry) chooses() bool {
	return slices.ContainsFunc(x.settings, func(s *setting) bool {
		return s.key.Name == "reconfigure" || s.key.Name == "radius"
	})
}

// Parse reads a control file and runs every word of every entry through the
// keyword table. The File is never nil; what is in error has no effect in it.
func Parse(name string, src []byte) (*File, Diagnostics) { return Options{}.Parse(name, src) }

// Load checks owner and mode of the file at path and parses it. The error is
// an *OwnerError or of package os.
func Load(path string) (*File, Diagnostics, error) { return Options{}.Load(path) }

// Default gives the entry of a ppp that answers calls without a control file.
func Default(label string) *Entry { return Options{}.Default(label) }

// Default gives the entry of a ppp that answers calls without a control file.
func (o Options) Default(label string) *Entry {
	o = o.system()
	e, _ := o.assemble(&plan{label: label, answering: true})
	return e
}

// Has tells whether there is an entry with the label.
func (f *File) Has(label string) bool { return f.byLabel[label] != nil }

// Labels gives the labels in file order.
func (f *File) Labels() []string {
	labels := make([]string, len(f.entries))
	for i, e := range f.entries {
		labels[i] = e.label
	}
	return labels
}

// Entry gives the entry with the label as it takes effect, and what the
// cross-field rules say of it; what is wrong with single words, Parse has
// said. Without such an entry the Entry is nil and the Diagnostics say so.
func (f *File) Entry(label string) (*Entry, Diagnostics) {
	return f.find(label, &plan{})
}

// Answering is Entry for a ppp that a login has started on the caller's line:
// in, out, quiet and camp are not heeded, the mode is In.
func (f *File) Answering(label string) (*Entry, Diagnostics) {
	return f.find(label, &plan{answering: true})
}

// Entries gives all entries in file order. One that others continue is taken
// for one that is never run by itself: what the cross-field rules find in it
// are only warnings.
func (f *File) Entries() ([]*Entry, Diagnostics) {
	var entries []*Entry
	var diags Diagnostics
	for _, x := range f.entries {
		e, ds := f.find(x.label, &plan{fragment: x.continued})
		entries = append(entries, e)
		diags = append(diags, ds...)
	}
	return entries, diags.Sorted()
}

func (f *File) find(label string, p *plan) (*Entry, Diagnostics) {
	x := f.byLabel[label]
	if x == nil {
		return nil, Diagnostics{{
			Pos:  Pos{File: f.Name},
			Msg:  fmt.Sprintf("there is no entry %q", label),
			Hint: f.meant(label),
		}}
	}
	p.label, p.pos, p.settings = label, x.pos, f.flatten(x, nil)
	p.eligible = f.chooses
	return f.opt.assemble(p)
}
