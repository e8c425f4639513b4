package run

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"pppdial/cmd/internal/getopt"
)

// DefaultFile is the control file when -f does not name another.
const DefaultFile = "/etc/ppp.conf"

// DefaultUUCPDir holds Systems, Devices and Dialers.
const DefaultUUCPDir = "/etc/uucp"

// Version is what -V prints; the release build sets it.
var Version = "devel"

const usage = `usage: ppp [-d]... [-r remote | -l] [-f cfile] [-u dir] [-m addr] [-n [-j]] [-V] [-h]
       ppp [-d]... -p [device]...
  -r remote  the entry of the control file; without it, $USER names the entry
             and the line is the standard input
  -l         serve the lines that such login shells bring, whatever their entry
  -f cfile   the control file (` + DefaultFile + `)
  -u dir     UUCP files (` + DefaultUUCPDir + `)
  -m addr    serve metrics for Prometheus at host:port or the path of a socket
  -d         more about what happens in the log; twice: packets
  -n         check the control file, print the effective entry, exit
  -j         with -n: as JSON
  -p device  find modems, at these devices or at any tty, tell what they are, and
             print entries for them
  -V, -h     print the version, this text
`

// Options are the command line.
type Options struct {
	Debug    int
	Remote   string // the label; empty for a login shell
	File     string
	FileSet  bool // -f was given
	UUCPDir  string
	Check    bool
	JSON     bool
	Listen   bool // serve the lines that login shells bring
	Login    bool // started without -r: the label is $USER, the line is stdin
	LockDir  string
	StateDir string
	Probe    bool
	Devices  []string // to probe; none: all
	Metrics  string   // where to serve them; "": nowhere
	KeepDir  string   // what outlives the machine's restart
	PINFile  string   // what became of the PINs of SIM cards
}

// ParseArgs reads a command line. It returns nil and the exit status when there is nothing to run.
func ParseArgs(args []string, stdout, stderr io.Writer) (*Options, int) {
	o := &Options{File: DefaultFile, UUCPDir: DefaultUUCPDir, LockDir: "/var/lock"}
	if dir := os.Getenv("RUNTIME_DIRECTORY"); dir != "" {
		o.StateDir = dir
	} else {
		o.StateDir = "/run/pppdial"
	}
	o.KeepDir = "/var/lib/pppdial"
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		o.KeepDir = dir
	}
	o.PINFile = filepath.Join(o.KeepDir, "pins")
	fail := func(format string, a ...any) (*Options, int) {
		fmt.Fprintf(stderr, "ppp: "+format+"\n%s", append(a, usage)...)
		return nil, StatusOptions
	}
	rest := args[1:]
	for opt := range getopt.Options(&rest, "rfum") {
		if opt.Missing {
			return fail("-%c needs a value", opt.Letter)
		}
		switch opt.Letter {
		case 'r':
			o.Remote = opt.Value
		case 'f':
			o.File, o.FileSet = opt.Value, true
		case 'u':
			o.UUCPDir = opt.Value
		case 'm':
			o.Metrics = opt.Value
		case 'd':
			o.Debug++
		case 'l':
			o.Listen = true
		case 'n':
			o.Check = true
		case 'p':
			o.Probe = true
		case 'j':
			o.JSON = true
		case 'V':
			fmt.Fprintln(stdout, "ppp", Version)
			return nil, StatusOK
		case 'h':
			fmt.Fprint(stdout, usage)
			return nil, StatusOK
		default:
			return fail("there is no option -%c", opt.Letter)
		}
	}
	if o.Probe {
		if o.Check || o.JSON || o.Listen || o.Remote != "" {
			return fail("-p goes with -d only")
		}
		if o.Devices = rest; len(rest) == 0 {
			o.Devices = []string{"auto"}
		}
		return o, StatusOK
	}
	if len(rest) > 0 {
		return fail("what is %q? An entry's label goes behind -r", rest[0])
	}
	if o.JSON && !o.Check {
		return fail("-j goes with -n")
	}
	if o.Listen && (o.Check || o.Remote != "") {
		return fail("-l goes with neither -r nor -n")
	}
	if o.Remote == "" && !o.Check && !o.Listen {
		if o.Remote = os.Getenv("USER"); o.Remote == "" {
			return fail("neither -r nor $USER names an entry")
		}
		o.Login = true
	}
	return o, StatusOK
}
