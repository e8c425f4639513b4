package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// programs the guest or its kernel needs, by the package that brings them.
var programs = []struct{ name, pkg string }{
	{"linux.uml", "user-mode-linux"},
	{"gcc", "gcc"},
	{"pppd", "ppp"},
	{"chat", "ppp"},
	{"ip", "iproute2"},
	{"iperf3", "iperf3"},
	{"modprobe", "kmod"},
	{"busybox", "busybox-static"},
	{"ping", "iputils-ping"},
	{"perl", "perl-base"},
	{"mount", "mount"},
}

// checkPackages finds every program and makes sure that an ordinary user may
// read pppd: the guest runs it off this machine's file system.
func checkPackages() error {
	if runtime.GOARCH != "amd64" {
		return fmt.Errorf("lab: needs user-mode Linux for amd64, this is %s", runtime.GOARCH)
	}
	var missing []string
	for _, p := range programs {
		if _, err := find(p.name); err != nil && !slices.Contains(missing, p.pkg) {
			missing = append(missing, p.pkg)
		}
	}
	if missing != nil {
		return fmt.Errorf("lab: packages are missing; this installs them:\n\tapt-get install -y --no-install-recommends %s", strings.Join(missing, " "))
	}
	pppd, err := find("pppd")
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	f, err := os.Open(pppd)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("lab: the guest cannot read %s; run as root, or let users read it:\n\tchmod o+r %[1]s", pppd)
	}
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return f.Close()
}

// find is exec.LookPath for the guest's PATH: an ordinary user's lacks sbin.
func find(name string) (string, error) {
	for dir := range strings.SplitSeq("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ":") {
		if p, err := exec.LookPath(dir + "/" + name); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}
