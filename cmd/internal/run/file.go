package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"pppdial/cmd/internal/judge"
	"pppdial/conf"
)

// checks lets conf judge what only other packages understand.
var checks = judge.Options

// readFile reads the control file. An answering ppp needs none.
func readFile(o Options) (*conf.File, conf.Diagnostics, error) {
	file, diags, err := checks.Load(o.File)
	if errors.Is(err, fs.ErrNotExist) && (o.Login || o.Listen) && !o.FileSet {
		file, diags = checks.Parse(o.File, nil)
		err = nil
	}
	return file, diags, err
}

// choose gives the entry that is to be run, nil for -l, and what there is to say
// about it: errors in any word of the file, and of what is no error that which
// concerns the entry.
func choose(o Options) (*conf.File, *conf.Entry, conf.Diagnostics, error) {
	file, diags, err := readFile(o)
	if err != nil {
		return nil, nil, nil, err
	}
	if o.Listen {
		_, more := file.Entries()
		return file, nil, append(diags, more...).Sorted(), nil
	}
	var entry *conf.Entry
	var more conf.Diagnostics
	switch {
	case !o.Login:
		entry, more = file.Entry(o.Remote)
	case file.Has(o.Remote):
		entry, more = file.Answering(o.Remote)
	default:
		entry = checks.Default(o.Remote)
	}
	diags = slices.DeleteFunc(diags, func(d conf.Diagnostic) bool {
		return d.Warning && (entry == nil || !entry.Concerns(d))
	})
	return file, entry, append(diags, more.Start()...).Sorted(), nil
}

// check is -n: all that is wrong with the file, then what is in effect.
func check(o Options, stdout, stderr io.Writer) int {
	file, diags, err := readFile(o)
	if err != nil {
		fmt.Fprintln(stderr, unreadable(o.File, err))
		return StatusOptions
	}
	entries, more := file.Entries()
	diags = append(diags, more...)
	if o.Remote != "" {
		// What others only continue is now run by itself.
		e, more := file.Entry(o.Remote)
		entries, diags = []*conf.Entry{e}, append(diags, more...)
	}
	diags = diags.Sorted()
	fmt.Fprint(stderr, diags)
	if diags.HasErrors() {
		return StatusOptions
	}
	for _, e := range entries {
		if e = judge.Hide(e); !o.JSON {
			conf.Dump(stdout, e)
		} else if err := conf.DumpJSON(stdout, e); err != nil {
			fmt.Fprintln(stderr, "ppp:", err)
			return StatusFatal
		}
	}
	return StatusOK
}

// unreadable is what is wrong with a control file as a whole.
func unreadable(file string, err error) conf.Diagnostic {
	d := conf.Diagnostic{Pos: conf.Pos{File: file}, Msg: strings.TrimPrefix(err.Error(), "conf: ")}
	var owner *conf.OwnerError
	var path *fs.PathError
	switch {
	case errors.As(err, &owner):
		d.Msg = owner.Why
		if owner.Mend != "" {
			d.Hint = "mend it with: " + owner.Mend
		}
	case errors.As(err, &path):
		d.Msg = path.Err.Error()
	}
	return d
}

// report logs diagnostics. On stderr they stand as editors want them, with the
// place in front.
func report(log *slog.Logger, diags conf.Diagnostics) {
	if h, ok := log.Handler().(*handler); ok && h.plain {
		fmt.Fprint(h.w, diags)
		return
	}
	for _, d := range diags {
		level := slog.LevelError
		if d.Warning {
			level = slog.LevelWarn
		}
		log.Log(context.Background(), level, d.String())
	}
}
