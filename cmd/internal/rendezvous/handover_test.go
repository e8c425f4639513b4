package rendezvous

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A user's shell brings its line; the daemon talks on it and tells the end.
func TestHandOver(t *testing.T) {
	dir := runDir(t)
	far, name := pty(t)
	brought := make(chan *Handover, 1)
	s := listen(t, dir, Options{Entry: always}, &house{adopt: func(h *Handover) { brought <- h }})
	if _, err := s.Claim("nobody"); err != nil {
		t.Fatal(err)
	}
	done := make(chan outcome)
	go func() {
		done <- play(t, nobody, nil, "handover", task{Dir: dir, Label: "nobody", TTY: name, Unread: []byte("~\xff}#\xc0!")})
	}()
	h := <-brought
	if h.Caller.UID != nobody || h.Label != "nobody" || h.Name != name || string(h.Unread) != "~\xff}#\xc0!" {
		t.Errorf("brought %+v", h)
	}
	if !h.Accept() {
		t.Fatal("the caller has gone")
	}
	if _, err := h.File.WriteString("PPP"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 3)
	if _, err := far.Read(buf); err != nil || string(buf) != "PPP" {
		t.Fatalf("on the far side: %q, %v", buf, err)
	}
	r := Result{Status: 16, Text: "verdict: ...", Phase: "network", By: "line", Evidence: "hang-up", Cause: "carrier lost", Try: "again"}
	h.Done(r)
	h.Done(Result{Status: 1, Text: "again"})
	if o := <-done; o.Result != r || o.Error != "" {
		t.Errorf("the caller was told %+v", o)
	}
	<-h.Gone()
}

// Where there is no owner, who answers for anybody gets the line; where there
// is neither, nothing happens to it.
func TestHandOverToAnybody(t *testing.T) {
	dir := runDir(t)
	_, name := pty(t)
	line := Line{Label: "abc/def", TTY: openTTY(t, name)}
	if _, err := HandOver(t.Context(), dir, line); !errors.Is(err, ErrNobody) {
		t.Error("without a directory:", err)
	}
	var s *Server
	taker := &house{adopt: func(h *Handover) {
		h.Accept()
		h.Done(Result{Text: "taken by anybody"})
	}}
	s = listen(t, dir, Options{}, taker)
	if _, err := HandOver(t.Context(), dir, line); !errors.Is(err, ErrNobody) {
		t.Error("without an owner:", err)
	}
	s.Close()
	s = listen(t, dir, Options{Anybody: true}, taker)
	if r, err := HandOver(t.Context(), dir, line); err != nil || r.Text != "taken by anybody" {
		t.Errorf("%+v, %v", r, err)
	}
	// An owner that has just given the entry up sends on.
	c, err := s.Claim(line.Label)
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	adopt := taker.adopt
	taker.onAdopt(func(h *Handover) {
		refused := false
		once.Do(func() { h.Decline(); refused = true })
		if !refused {
			adopt(h)
		}
	})
	if r, err := HandOver(t.Context(), dir, line); err != nil || r.Text != "taken by anybody" {
		t.Errorf("%+v, %v", r, err)
	}
	c.Release()
	taker.onAdopt(func(h *Handover) { h.Refuse(7, "no line is free") })
	var refused *RefusedError
	if _, err := HandOver(t.Context(), dir, line); !errors.As(err, &refused) || *refused != (RefusedError{7, "no line is free"}) {
		t.Error("refused:", err)
	}
}

// A caller that gives up gets its line back when the daemon has let go of it.
func TestCallerGivesUp(t *testing.T) {
	dir := runDir(t)
	_, name := pty(t)
	brought := make(chan *Handover, 1)
	listen(t, dir, Options{Anybody: true}, &house{adopt: func(h *Handover) { brought <- h }})
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	done := make(chan error)
	var res Result
	go func() {
		r, err := HandOver(ctx, dir, Line{Label: "x", TTY: openTTY(t, name)})
		res = r
		done <- err
	}()
	h := <-brought
	h.Accept()
	giveUp()
	<-h.Gone()
	select {
	case err := <-done:
		t.Fatal("did not wait: ", err)
	case <-time.After(50 * time.Millisecond):
	}
	h.Done(Result{Status: 5, Text: "hung up"})
	if err := <-done; err != nil || res != (Result{Status: 5, Text: "hung up"}) {
		t.Error(res, err)
	}

	// It does so before there is an answer.
	ctx, giveUp = context.WithCancel(t.Context())
	go func() {
		_, err := HandOver(ctx, dir, Line{Label: "x", TTY: openTTY(t, name)})
		done <- err
	}()
	h = <-brought
	giveUp()
	<-h.Gone()
	if h.Accept() {
		t.Error("accepted the line of a caller that has gone")
	}
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := h.File.Stat(); err == nil {
		t.Error("the descriptor is still open")
	}
}

// A killed caller is noticed.
func TestCallerDies(t *testing.T) {
	dir := runDir(t)
	_, name := pty(t)
	brought := make(chan *Handover, 1)
	listen(t, dir, Options{Anybody: true, Entry: always}, &house{adopt: func(h *Handover) { brought <- h }})
	cmd := as(t, nobody, nil, "handover", task{Dir: dir, Label: "nobody", TTY: name})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := <-brought
	h.Accept()
	cmd.Process.Kill()
	cmd.Wait()
	<-h.Gone()
	h.Done(Result{})
}

// So is a killed daemon; what it leaves is recognised, and removed by the next.
func TestDaemonDies(t *testing.T) {
	dir := runDir(t)
	_, name := pty(t)
	cmd := as(t, 0, nil, "daemon", task{Dir: dir, Label: "rmt"})
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64)
	if n, err := out.Read(buf); err != nil || string(buf[:n]) != "ready\n" {
		t.Fatal(string(buf[:n]), err)
	}
	done := make(chan error)
	go func() {
		_, err := HandOver(t.Context(), dir, Line{Label: "rmt", TTY: openTTY(t, name)})
		done <- err
	}()
	if n, err := out.Read(buf); err != nil || string(buf[:n]) != "adopted\n" {
		t.Fatal(string(buf[:n]), err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if err := <-done; !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if left := names(t, dir); len(left) != 3 {
		t.Error("a killed daemon has left", left)
	}
	if _, err := HandOver(t.Context(), dir, Line{Label: "rmt", TTY: openTTY(t, name)}); !errors.Is(err, ErrNobody) {
		t.Error(err)
	}
	if _, err := State(t.Context(), dir, Query{}); !errors.Is(err, ErrNobody) {
		t.Error(err)
	}
	s := listen(t, dir, Options{}, &house{})
	if left := names(t, dir); len(left) != 1 || left[0] != socketName(os.Getpid()) {
		t.Error("after the next one has started:", left)
	}
	c, err := s.Claim("rmt")
	if err != nil {
		t.Fatal(err)
	}
	c.Release()
	s.Close()
	if left := names(t, dir); len(left) != 0 {
		t.Error("at the end:", left)
	}
}

// A server that is closed lets its callers go.
func TestClose(t *testing.T) {
	dir := runDir(t)
	_, name := pty(t)
	brought := make(chan *Handover, 2)
	s := listen(t, dir, Options{Anybody: true}, &house{adopt: func(h *Handover) { brought <- h }})
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := HandOver(t.Context(), dir, Line{Label: "x", TTY: openTTY(t, name)})
			done <- err
		}()
	}
	one, other := <-brought, <-brought
	one.Accept()
	s.Close()
	<-one.Gone()
	<-other.Gone()
	one.Done(Result{})
	other.Refuse(1, "going down")
	lost := 0
	for range 2 {
		if errors.Is(<-done, ErrLost) {
			lost++
		}
	}
	if lost != 1 {
		t.Error("of two callers, one of which was accepted, so many were told that the daemon has died:", lost)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// systemd opens the socket, and starts the daemon when somebody comes; the
// socket stays when the daemon ends.
func TestActivation(t *testing.T) {
	dir := runDir(t)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, listenName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	_, name := pty(t)
	for range 2 {
		done := make(chan error)
		var res Result
		go func() {
			r, err := HandOver(t.Context(), dir, Line{Label: "x", TTY: openTTY(t, name)})
			res = r
			done <- err
		}()
		cmd := as(t, 0, nil, "activated", task{Dir: dir})
		cmd.ExtraFiles = []*os.File{socket}
		out, err := cmd.Output()
		var o outcome
		if err != nil || json.Unmarshal(out, &o) != nil || o != (outcome{}) {
			t.Errorf("%s, %v", out, err)
		}
		if err := <-done; err != nil || res.Text != "by activation" {
			t.Error(res, err)
		}
	}
	if left := names(t, dir); len(left) != 1 || left[0] != listenName {
		t.Error("at the end:", left)
	}
	// Who is started by hand beside it keeps off.
	if _, err := Listen(dir, Options{Anybody: true}, &house{}); err == nil || !strings.Contains(err.Error(), "is another program's") {
		t.Error(err)
	}
}

func TestSecondListener(t *testing.T) {
	dir := runDir(t)
	listen(t, dir, Options{Anybody: true}, &house{})
	out, err := as(t, 0, nil, "raw", task{Dir: dir, Raw: []byte("{}\n")}).Output()
	if err != nil || !strings.Contains(string(out), "version 0") {
		t.Error(string(out), err)
	}
	p := place{path: dir}
	s := &Server{place: p, name: "1.sock"}
	if err := s.listenForAnybody(); err == nil || !strings.Contains(err.Error(), "answers at "+dir+"/listen.sock already") {
		t.Error(err)
	}
	var o outcome
	if err := json.Unmarshal(out, &o); err != nil {
		t.Error(err)
	}
}
