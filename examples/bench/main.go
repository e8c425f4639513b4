// Bench measures the program against reference points of the same machine, in
// the same run, and prints the table of README.md.
//
//	go run ./examples/bench -ppp bin/ppp [-run REGEXP] [-seconds N] [-best N] [-readme FILE]
//
// It needs root, or a kernel that lets users make namespaces, and iperf3,
// iproute2 and iputils-ping; it leaves nothing behind, whatever ends it but
// SIGKILL. What it calls null is a relay that copies packets between a TUN device and a line, each behind its
// length, and does nothing else.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"pppdial/examples/internal/rootless"
)

// A row is a line of the table.
type row struct{ what, ours, reference, ratio, goal string }

// A bench is what its measurements share.
type bench struct {
	ctx     context.Context
	program string
	self    string
	dir     string
	seconds time.Duration // of one transfer
	best    int           // of so many
	bundles int           // at most
}

// measurements are made in this order.
var measurements = []struct {
	name string
	make func(*bench) ([]row, error)
}{
	{"framing", (*bench).framing},
	{"path", (*bench).path},
	{"socket", (*bench).socket},
	{"multilink", (*bench).multilink},
	{"latency", (*bench).latency},
	{"start", (*bench).start},
	{"memory", (*bench).memory},
	{"size", (*bench).size},
	{"idle", (*bench).idle},
	{"many", (*bench).many},
}

func main() {
	if len(os.Args) > 1 {
		if child, ok := children[os.Args[1]]; ok {
			fatal(child(os.Args[2:]))
			return
		}
	}
	program := flag.String("ppp", "bin/ppp", "the ppp program")
	pattern := flag.String("run", ".", "the measurements: framing, path, socket, multilink, latency, start, memory, size, idle, many")
	seconds := flag.Int("seconds", 5, "how long a transfer takes")
	best := flag.Int("best", 3, "of so many runs the best counts, as other programs take their share of the machine")
	bundles := flag.Int("bundles", 100, "the most bundles of one daemon")
	readme := flag.String("readme", "", "a file into which to write the table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if os.Geteuid() != 0 {
		status, err := rootless.Again()
		fatal(err)
		os.Exit(status)
	}
	re, err := regexp.Compile(*pattern)
	if err != nil {
		fatal(err)
	}
	b := &bench{ctx: ctx, seconds: time.Duration(*seconds) * time.Second, best: *best, bundles: *bundles}
	table, err := b.all(*program, re)
	if err == nil && *readme != "" {
		err = put(*readme, table)
	}
	fatal(err)
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// all makes the measurements, printing what they show as soon as it is known.
func (b *bench) all(program string, which *regexp.Regexp) (table string, err error) {
	if b.program, err = filepath.Abs(program); err != nil {
		return "", err
	}
	if b.self, err = os.Executable(); err != nil {
		return "", err
	}
	if b.dir, err = os.MkdirTemp("", "pppbench"); err != nil {
		return "", err
	}
	defer os.RemoveAll(b.dir)
	say := func(line string) {
		fmt.Println(line)
		table += line + "\n"
	}
	say("| what | here | reference | ratio | goal |")
	say("|---|---|---|---|---|")
	for _, m := range measurements {
		if !which.MatchString(m.name) {
			continue
		}
		rows, err := m.make(b)
		for _, r := range rows {
			say(fmt.Sprintf("| %s | %s | %s | %s | %s |", r.what, r.ours, cmp.Or(r.reference, "-"), cmp.Or(r.ratio, "-"), r.goal))
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", m.name, cmp.Or(context.Cause(b.ctx), err))
		}
	}
	return table, nil
}

// Between these the README has the table.
const (
	tableBegin = "<!-- make bench -->\n"
	tableEnd   = "<!-- end of make bench -->\n"
)

// put writes the table into a file that has a place for it.
func put(file, table string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), tableBegin)
	_, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return errors.New(file + " has no place for it")
	}
	return os.WriteFile(file, []byte(before+tableBegin+table+tableEnd+after), 0o644)
}
