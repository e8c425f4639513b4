package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// programs are where resolvconf usually is; the path of a service may lack
// some of these places.
var programs = []string{"/sbin/resolvconf", "/usr/sbin/resolvconf", "/usr/bin/resolvconf"}

// resolvconf is the program of Debian or of openresolv.
type resolvconf struct {
	k       *Keeper
	program string
}

func (r *resolvconf) String() string { return "resolvconf" }

// key is the interface and its protocol, which make a record of resolvconf.
func key(name string) string { return name + ".ppp" }

func (r *resolvconf) set(ctx context.Context, servers []netip.Addr) error {
	if r.program = findResolvconf(r.program); r.program == "" {
		return errAbsent
	}
	err := r.k.write(givenTo+key(r.k.name), servers)
	if err != nil {
		return err
	}
	err = runResolvconf(ctx, r.program, text(servers), "-a", key(r.k.name))
	if errors.As(err, new(*exec.ExitError)) {
		// It has them nevertheless, most likely: a script that it runs has failed,
		// or was still at it when the time was over. Clear takes them back.
		r.k.log.Warn("resolvconf fails, and may have taken the name servers all the same", "error", err)
		return nil
	}
	return err
}

func (r *resolvconf) clear(ctx context.Context) error {
	if err := runResolvconf(ctx, r.program, "", "-d", key(r.k.name)); err != nil {
		return err
	}
	return r.k.erase()
}

// findResolvconf finds the program, "" when there is none. One that is part of
// systemd-resolved is of no use without that.
func findResolvconf(program string) string {
	if program != "" {
		return program
	}
	for _, p := range programs {
		if real, err := filepath.EvalSymlinks(p); err == nil && filepath.Base(real) != "resolvectl" {
			return p
		}
	}
	return ""
}

func runResolvconf(ctx context.Context, program, input string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
	cmd.Stdin = strings.NewReader(input)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrWaitDelay) { // it has left something running, as it may
		err = nil
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, lines[len(lines)-1])
	}
	return nil
}
