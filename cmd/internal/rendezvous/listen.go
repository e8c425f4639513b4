package rendezvous

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// firstListenFD is where systemd's descriptors begin (sd_listen_fds(3)).
const firstListenFD = 3

// listenForAnybody takes the socket listen.sock: systemd's, else one of our own,
// which only one process has at a time.
func (s *Server) listenForAnybody() error {
	l, err := inherited()
	if err != nil {
		return err
	}
	if l != nil {
		s.add(l)
		return nil
	}
	lock := s.place.file(listenLock)
	f, err := lockFile(lock, os.O_RDWR|os.O_CREATE)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("rendezvous: pid %d answers at %s already", readPID(lock), s.place.file(listenName))
	}
	if err != nil {
		return fmt.Errorf("rendezvous: %w", err)
	}
	drop := func() { os.Remove(lock); f.Close() }
	if !s.place.silent(listenName) {
		drop()
		return fmt.Errorf("rendezvous: %s is another program's, systemd's for instance", s.place.file(listenName))
	}
	f.Truncate(0)
	fmt.Fprintf(f, "%d\n", os.Getpid())
	if l, err = s.place.listen(listenName); err != nil {
		drop()
		return err
	}
	s.add(l)
	s.release = append(s.release, drop, func() { os.Remove(s.place.file(listenName)) })
	return nil
}

// inherited is the socket that systemd has opened for this process, nil if there
// is none. The children of this process are not to take it for theirs.
func inherited() (*net.UnixListener, error) {
	pid, _ := strconv.Atoi(os.Getenv("LISTEN_PID"))
	n, _ := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if pid != os.Getpid() || n < 1 {
		return nil, nil
	}
	for _, v := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(v)
	}
	if n > 1 {
		return nil, fmt.Errorf("rendezvous: %d sockets from systemd, instead of one", n)
	}
	f := os.NewFile(firstListenFD, "LISTEN_FDS")
	defer f.Close() // FileListener makes its own
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("rendezvous: the socket from systemd: %w", err)
	}
	u, ok := l.(*net.UnixListener)
	if !ok || u.Addr().Network() != "unix" {
		l.Close()
		return nil, fmt.Errorf("rendezvous: the socket from systemd is no Unix stream socket: use ListenStream=/run/pppdial/%s", listenName)
	}
	return u, nil
}
