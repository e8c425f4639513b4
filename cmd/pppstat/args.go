package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"pppdial/cmd/internal/getopt"
	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/pppstat/internal/screen"
)

const usage = `usage: pppstat [-n] [-u unit] [-i interval] [-m d|r|z] [-j]
       pppstat [-u unit] -c up|down|add-line|drop-line|debug N [label]
  -n           numbers instead of names
  -u unit      that unit instead of the first active one
  -i interval  seconds between refreshes (1)
  -m mode      what is counted: d since the last refresh, r since the start of
               the link, z since it was zeroed
  -j           one JSON document, and with -i one a line, again and again
  -c command   have the interface of a label, or that of -u, do something
  -V, -h       print the version, this text
`

// version is what -V prints; the release build sets it.
var version = "devel"

// Limits of -i.
const (
	minInterval = 100 * time.Millisecond
	maxInterval = 24 * time.Hour
)

type options struct {
	dir      string // of the sockets
	numeric  bool
	unit     *int
	interval time.Duration
	repeat   bool // -i was given
	mode     screen.Mode
	json     bool
	command  *rendezvous.Command
}

// parseArgs reads a command line. It returns nil and the exit
// status when there is nothing to run.
func parseArgs(args []string, stdout, stderr io.Writer) (*options, int) {
	o := &options{dir: "/run/pppdial", interval: time.Second, mode: screen.Reset}
	if dir := os.Getenv("RUNTIME_DIRECTORY"); dir != "" {
		o.dir = dir
	}
	fail := func(format string, a ...any) (*options, int) {
		fmt.Fprintf(stderr, "pppstat: "+format+"\n%s", append(a, usage)...)
		return nil, statusUsage
	}
	verb, rest := "", args[1:]
	for opt := range getopt.Options(&rest, "uimc") {
		if opt.Missing {
			return fail("-%c needs a value", opt.Letter)
		}
		switch v := opt.Value; opt.Letter {
		case 'u':
			n, err := strconv.Atoi(strings.TrimPrefix(v, "ppp"))
			if err != nil || n < 0 {
				return fail("-u %s: give the number of a unit, which is 0 for ppp0", v)
			}
			o.unit = &n
		case 'i':
			s, err := strconv.ParseFloat(v, 64)
			o.interval = time.Duration(s * float64(time.Second))
			if err != nil || !(minInterval.Seconds() <= s && s <= maxInterval.Seconds()) {
				return fail("-i %s: give seconds, from 0.1 on", v)
			}
			o.repeat = true
		case 'm':
			if len(v) != 1 || !strings.Contains("drz", v) {
				return fail("-m %s: give d, r or z", v)
			}
			o.mode = screen.Mode(v[0])
		case 'c':
			verb = v
		case 'n':
			o.numeric = true
		case 'j':
			o.json = true
		case 'V':
			fmt.Fprintln(stdout, "pppstat", version)
			return nil, statusOK
		case 'h':
			fmt.Fprint(stdout, usage)
			return nil, statusOK
		default:
			return fail("there is no option -%c", opt.Letter)
		}
	}
	if verb == "" {
		if len(rest) > 0 {
			return fail("what is %q?", rest[0])
		}
		return o, statusOK
	}
	c := rendezvous.Command{Verb: rendezvous.Verb(verb)}
	switch c.Verb {
	case rendezvous.Up, rendezvous.Down, rendezvous.AddLine, rendezvous.DropLine:
	case rendezvous.Debug:
		level := ""
		if len(rest) > 0 {
			level, rest = rest[0], rest[1:]
		}
		n, err := strconv.Atoi(level)
		if err != nil || n < 0 || n > rendezvous.MaxDebug {
			return fail("debug needs a level, 0 to %d", rendezvous.MaxDebug)
		}
		c.Level = n
	default:
		return fail("there is no command %q", verb)
	}
	c.Unit = o.unit
	if len(rest) > 0 {
		c.Entry, rest = rest[0], rest[1:]
	}
	switch {
	case len(rest) > 0:
		return fail("what is %q?", rest[0])
	case c.Entry == "" && c.Unit == nil:
		return fail("%s which interface? Give a label, or -u", verb)
	}
	o.command = &c
	return o, statusOK
}
