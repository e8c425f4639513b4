package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Between these the README has what pppstat says of the call.
const (
	screensBegin = "<!-- make readme -->\n```\n"
	screensEnd   = "```\n<!-- end -->\n"
)

// look prints what pppstat says of the link, and puts it into the README, if one
// is given.
func look(program, dir, readme string) error {
	c := exec.Command(program, "-n")
	c.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+dir)
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	out = bytes.ReplaceAll(out, []byte(dir+"/"), nil)
	say("pppstat")
	for line := range strings.Lines(string(out)) {
		fmt.Print("   ", line)
	}
	if readme == "" {
		return nil
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), screensBegin)
	_, after, ends := strings.Cut(rest, screensEnd)
	if !begins || !ends {
		return errors.New(readme + " has no place for it")
	}
	return os.WriteFile(readme, []byte(before+screensBegin+string(out)+screensEnd+after), 0o644)
}
