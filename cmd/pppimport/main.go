// Pppimport writes ppp.conf entries from the configurations of other programs:
// the program of pppimport(8).
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"pppdial/cmd/internal/judge"
	"pppdial/conf/convert"
)

const usage = `usage: pppimport [-o file] FILE...
       pppimport -h
  -o file  write there (mode 0600) instead of to the standard output; a file
           that exists is left alone
  FILE...  peers and options files of pppd, their chat scripts, pap-secrets,
           chap-secrets; wvdial.conf; /etc/default/ppp of a gateway; sys, port,
           dial and call of Taylor UUCP; NetworkManager keyfiles
`

// Exit statuses.
const (
	statusOK      = 0
	statusProblem = 1 // something could not be read or taken over
	statusUsage   = 2 // or nothing could be written
)

// maxFile is far above any configuration.
const maxFile = 1 << 20

func main() { os.Exit(importFiles(os.Args[1:], os.Stdout, os.Stderr)) }

func importFiles(args []string, stdout, stderr io.Writer) int {
	fail := func(format string, a ...any) int {
		fmt.Fprintf(stderr, "pppimport: "+format+"\n", a...)
		return statusUsage
	}
	out := ""
	var names []string
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		switch {
		case a == "--":
			names, args = append(names, args...), nil
		case a == "-h":
			fmt.Fprint(stdout, usage)
			return statusOK
		case a == "-o" && len(args) == 0:
			return fail("-o needs a value\n%s", usage)
		case a == "-o":
			out, args = args[0], args[1:]
		case len(a) > 2 && a[:2] == "-o":
			out = a[2:]
		case len(a) > 1 && a[0] == '-':
			return fail("there is no option %s\n%s", a, usage)
		default:
			names = append(names, a)
		}
	}
	if len(names) == 0 {
		return fail("which files?\n%s", usage)
	}
	status := statusOK
	var files []convert.File
	for _, n := range names {
		src, err := readFile(n)
		if err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", n, reason(err))
			status = statusProblem
			continue
		}
		files = append(files, convert.File{Name: n, Src: src})
	}
	if len(files) == 0 {
		return statusUsage
	}
	text, problems := convert.Options{ReadFile: readFile, Check: judge.Options}.Convert(files)
	for _, p := range problems {
		fmt.Fprintln(stderr, p)
		if !p.Warning {
			status = statusProblem
		}
	}
	if out == "" || out == "-" {
		if _, err := stdout.Write(text); err != nil {
			return fail("%v", err)
		}
		return status
	}
	if err := create(out, text); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fail("%s is there already and is left alone; give another name, then join the two", out)
		}
		return fail("%s: %v", out, reason(err))
	}
	return status
}

// reason is an error without the name of the file, which stands in front.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// readFile reads a regular file of sensible size: what a configuration names may
// be anything.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFile:
		return nil, errors.New("larger than any configuration")
	}
	src, err := os.ReadFile(name)
	if err == nil && bytes.IndexByte(src, 0) >= 0 {
		return nil, errors.New("not a text file")
	}
	return src, err
}

// create writes a new file that only its owner can read: it may hold passwords.
func create(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(name)
		return err
	}
	return nil
}
