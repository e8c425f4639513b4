package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pppdial/cmd/internal/run"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"pppimport": main,
		"ppp": func() { // for ppp -n on what came out
			o, status := run.ParseArgs(os.Args, os.Stdout, os.Stderr)
			if o == nil {
				os.Exit(status)
			}
			os.Exit(run.Run(context.Background(), *o))
		},
	})
}

// TestScripts: the command as a command. "status N ARGS" wants exit status N.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": func(ts *testscript.TestScript, neg bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				var exit *exec.ExitError
				if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
					got = exit.ExitCode()
				} else {
					ts.Check(err)
				}
				if got != want {
					ts.Fatalf("exit status %d, want %d", got, want)
				}
			},
		},
	})
}
