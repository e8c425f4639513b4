//go:build race

package main

// With the race detector on, the program under test has it as well.
var buildFlags, buildEnv = []string{"-race"}, []string{"CGO_ENABLED=1"}
