package convert

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"pppdial/conf"
)

// A Problem is something that could not be read or has no counterpart that the
// operator must know of. Passwords are never part of it.
type Problem struct {
	File    string
	Line    int // 0: the file as a whole
	Msg     string
	Warning bool // the entry does without it
}

func (p Problem) String() string {
	place := p.File
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Warning {
		place += ": warning"
	}
	return oneLine(place + ": " + p.Msg)
}

// A File is one input.
type File struct {
	Name string
	Src  []byte
}

// Options say how configurations are read. The zero value asks the system.
type Options struct {
	// ReadFile reads what a configuration names: scripts, other options files,
	// secrets. Files that are given to Convert come first.
	ReadFile func(name string) ([]byte, error)
	// LookupEnv gives the variables that chat -E puts into scripts.
	LookupEnv func(name string) (string, bool)
	// Check judges the settings that are made.
	Check conf.Options
}

// Convert reads the files together, so that secrets and scripts among them serve
// the others, and gives a control file. There is always one, if only with
// remarks; what is wrong is in the Problems, by file and line.
func (o Options) Convert(files []File) ([]byte, []Problem) {
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	j := &job{opt: o, labels: make(map[string]bool)}
	for _, f := range files {
		j.inputs = append(j.inputs, &input{File: f, kind: kindOf(f)})
	}
	j.all()
	text := j.text()
	j.verify(text)
	slices.SortStableFunc(j.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return text, slices.Compact(j.problems)
}

// A job is one run of Convert.
type job struct {
	opt      Options
	inputs   []*input
	problems []Problem
	drafts   []*draft
	labels   map[string]bool
	read     []string // what was read beside the inputs
}

// An input is a file that was given, and whether another one has named it.
type input struct {
	File
	kind kind
	used bool
}

// A place is a line of a file.
type place struct {
	file string
	line int
}

func (j *job) fail(at place, format string, a ...any) {
	j.problems = append(j.problems, Problem{File: at.file, Line: at.line, Msg: fmt.Sprintf(format, a...)})
}

func (j *job) warn(at place, format string, a ...any) {
	j.problems = append(j.problems, Problem{File: at.file, Line: at.line, Msg: fmt.Sprintf(format, a...), Warning: true})
}

// all converts what stands for itself: configurations first, for they name the
// scripts; scripts that nobody has named then stand for themselves.
func (j *job) all() {
	for _, in := range j.inputs {
		switch in.kind {
		case optionsFile:
			j.options(in)
		case gatewayFile:
			j.gateway(in)
		case wvdialFile:
			j.wvdial(in)
		case keyFile:
			j.keyfile(in)
		}
	}
	j.taylor()
	for _, in := range j.inputs {
		switch {
		case in.kind == chatFile && !in.used:
			j.scriptAlone(in)
		case in.kind == unknownFile && !in.used:
			j.fail(place{in.Name, 0}, "of no program whose configurations are known here")
		case in.kind == secretsFile && !in.used:
			j.warn(place{in.Name, 0}, "no options file beside it uses these secrets, give it together with the file in peers that does")
		}
	}
	if len(j.drafts) == 0 {
		for _, in := range j.inputs {
			if in.kind == unknownFile {
				return // that is said already
			}
		}
		j.fail(place{j.inputName(), 0}, "no connection is described here")
	}
}

func (j *job) inputName() string {
	if len(j.inputs) == 0 {
		return "pppimport"
	}
	return j.inputs[0].Name
}

// open finds a file that a configuration names: among the inputs by its name or,
// if it is of the kind that is wanted, by the last part of it; then where it says;
// then beside the one that names it, if it is of that kind. Of unknownFile any
// will do.
func (j *job) open(name, from string, wants kind) (File, bool) {
	fits := func(f File) bool {
		k := kindOf(f)
		return wants == unknownFile || k == wants || k == unknownFile
	}
	for _, same := range []func(File) bool{
		func(f File) bool { return path.Clean(f.Name) == path.Clean(name) },
		func(f File) bool { return path.Base(f.Name) == path.Base(name) && fits(f) },
	} {
		for _, in := range j.inputs {
			if in.Name != from && same(in.File) {
				in.used = true
				return in.File, true
			}
		}
	}
	beside := path.Join(path.Dir(from), path.Base(name))
	for _, n := range []string{name, beside} {
		src, err := j.opt.ReadFile(n)
		if err != nil || n != name && (n == path.Clean(from) || !fits(File{n, src})) {
			continue
		}
		if !slices.Contains(j.read, n) {
			j.read = append(j.read, n)
		}
		return File{n, src}, true
	}
	return File{}, false
}

// verify has conf judge the whole: rules that concern several settings.
func (j *job) verify(text []byte) {
	const name = "the result"
	file, diags := j.opt.Check.Parse(name, text)
	_, more := file.Entries()
	for _, d := range append(diags, more...) {
		if !d.Warning {
			j.fail(place{name, d.Pos.Line}, "%s", strings.TrimSuffix(d.Msg+"; "+d.Hint, "; "))
		}
	}
}
