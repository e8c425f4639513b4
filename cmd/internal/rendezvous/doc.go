// Package rendezvous is how the processes of one machine meet: daemons that own
// interfaces, login shells that bring lines, and pppstat. It implements the
// section "The socket" of ppp(8), for package run on the one side and for
// pppstat and login shells on the other.
//
// A directory holds
//
//	PID.sock     where the daemon with that pid listens
//	entry.LABEL  locked with flock(2) by the daemon that owns the entry; its pid
//	owner.LABEL  a symbolic link to that daemon's socket
//	listen.sock  where lines of entries that nobody owns are brought (ppp -l)
//
// Everybody may connect; who is there is told by the kernel (SO_PEERCRED,
// SO_PEERGROUPS), never by the message. A connection carries one request, which
// is one line of JSON, and its answer. A line that is handed over goes with its
// message as a descriptor (SCM_RIGHTS), and the connection stays for as long as
// the link does: either side learns of the other's end by it.
//
// The tty's lock file does not pass over with the line: it stays that of the
// process that has handed the line over, which lives until the link has ended,
// removes the lock itself if it has made it, and whose death is the link's end.
package rendezvous
