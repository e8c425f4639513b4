// Pppstat shows what the interfaces of ppp(8) do, and tells them what to do: the
// program of pppstat(8).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/charmbracelet/x/term"

	"pppdial/cmd/internal/rendezvous"
)

// Exit statuses.
const (
	statusOK     = 0
	statusFailed = 1 // nobody to ask, or it refused
	statusUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, os.Args, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout *os.File, stderr io.Writer) int {
	o, status := parseArgs(args, stdout, stderr)
	if o == nil {
		return status
	}
	var err error
	switch {
	case o.command != nil:
		err = command(ctx, o)
	case o.json:
		err = printJSON(ctx, o, stdout, stderr)
	case term.IsTerminal(stdout.Fd()) && term.IsTerminal(os.Stdin.Fd()) && canDraw():
		err = live(ctx, o, os.Stdin, stdout)
	default:
		err = printText(ctx, o, stdout, stderr)
	}
	var unwritten writeError
	if err == nil || ctx.Err() != nil || errors.As(err, &unwritten) && errors.Is(err, syscall.EPIPE) {
		return statusOK
	}
	fmt.Fprintln(stderr, "pppstat:", inWords(err))
	return statusFailed
}

// inWords is an error for the user.
func inWords(err error) string {
	if errors.Is(err, rendezvous.ErrNobody) {
		return "no ppp is running"
	}
	return err.Error()
}
