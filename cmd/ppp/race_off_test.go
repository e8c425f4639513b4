//go:build !race

package main

var buildFlags, buildEnv = []string(nil), []string{"CGO_ENABLED=0"}
