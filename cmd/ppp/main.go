// Ppp dials, negotiates PPP and carries traffic: the program of ppp(8).
package main

import (
	"context"
	"os"

	"pppdial/cmd/internal/run"
)

func main() {
	opts, status := run.ParseArgs(os.Args, os.Stdout, os.Stderr)
	if opts == nil {
		os.Exit(status)
	}
	os.Exit(run.Run(context.Background(), *opts))
}
