package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// A transfer is what one TCP stream has shown.
type transfer struct {
	bitRate     float64
	retransmits int
	near, far   float64 // CPU seconds a gigabyte
}

// measure sends one TCP stream from near to far.
func (b *bench) measure(p *pair) (t transfer, err error) {
	server, err := p.far.start([]string{"iperf3", "-s", "-1", "-B", farAddr, "--forceflush"})
	if err != nil {
		return t, err
	}
	defer server.stop()
	nearPIDs, farPIDs := p.pids()
	near, err := cpuTimes(nearPIDs)
	if err != nil {
		return t, err
	}
	far, err := cpuTimes(farPIDs)
	if err != nil {
		return t, err
	}
	out, err := b.iperf3(p)
	if err != nil {
		return t, err
	}
	nearAfter, nerr := cpuTimes(nearPIDs)
	farAfter, ferr := cpuTimes(farPIDs)
	gigabytes := float64(out.End.Received.Bytes) / 1e9
	return transfer{
		out.End.Received.BitRate, out.End.Sent.Retransmits,
		(nearAfter - near).Seconds() / gigabytes, (farAfter - far).Seconds() / gigabytes,
	}, errors.Join(nerr, ferr)
}

type iperf3Result struct {
	Error string
	End   struct {
		Sent struct {
			Retransmits int
		} `json:"sum_sent"`
		Received struct {
			Bytes   int
			BitRate float64 `json:"bits_per_second"`
		} `json:"sum_received"`
	}
}

func (b *bench) iperf3(p *pair) (r iperf3Result, err error) {
	for began := time.Now(); ; { // until the server listens
		var stdout bytes.Buffer
		r = iperf3Result{}
		c := exec.CommandContext(b.ctx, "iperf3", "-c", farAddr, "-J", "-t", fmt.Sprint(int(b.seconds.Seconds())))
		c.Stdout = &stdout
		err = p.near.Do(c.Run)
		if jerr := json.Unmarshal(stdout.Bytes(), &r); err == nil && jerr == nil && r.Error == "" && r.End.Received.Bytes > 0 {
			return r, nil
		}
		if time.Since(began) > b.seconds+patience || !strings.Contains(r.Error, "refused") {
			return r, fmt.Errorf("iperf3: %v %s", err, r.Error)
		}
		if err := p.pause(50 * time.Millisecond); err != nil {
			return r, err
		}
	}
}

// A way is one way to join two hosts, and what it has shown.
type way struct {
	name string
	join func() (*pair, error)
	best transfer
	all  []transfer
}

// race measures several ways in turn, so that all meet the same machine.
func (b *bench) race(ways ...*way) error {
	for range b.best {
		for _, w := range ways {
			p, err := w.join()
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			t, err := b.measure(p)
			p.close()
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			w.all = append(w.all, t)
			if t.bitRate > w.best.bitRate {
				w.best = t
			}
		}
	}
	return nil
}

// leastCPU is the least that a gigabyte has cost at each end.
func (w *way) leastCPU() (near, far float64) {
	near = slices.MinFunc(w.all, func(a, b transfer) int { return int((a.near - b.near) * 1e6) }).near
	far = slices.MinFunc(w.all, func(a, b transfer) int { return int((a.far - b.far) * 1e6) }).far
	return near, far
}

func (w *way) speed() string { return fmt.Sprintf("%.2f Gbit/s", w.best.bitRate/1e9) }

func (w *way) against(null *way) string { return fmt.Sprintf("%.2f", w.best.bitRate/null.best.bitRate) }

// versus is the rows of a race between us and null.
func versus(what, goal string, ours, null *way) []row {
	near, far := ours.leastCPU()
	nullNear, nullFar := null.leastCPU()
	return []row{
		{what + ", one TCP stream", ours.speed(), "null: " + null.speed(), ours.against(null), goal},
		{what + ", CPU per GB, sender", fmt.Sprintf("%.1f s", near), fmt.Sprintf("null: %.1f s", nullNear), fmt.Sprintf("%.2f", near/nullNear), "< 8 s"},
		{what + ", CPU per GB, receiver", fmt.Sprintf("%.1f s", far), fmt.Sprintf("null: %.1f s", nullFar), fmt.Sprintf("%.2f", far/nullFar), "< 8 s"},
	}
}

// path is the way from TUN to TUN over a pseudo-terminal.
func (b *bench) path() ([]row, error) {
	ours := &way{name: "ppp", join: func() (*pair, error) { return b.byPPP(1) }}
	null := &way{name: "null", join: func() (*pair, error) { return b.between("-relay", pty) }}
	if err := b.race(null, ours); err != nil {
		return nil, err
	}
	return versus("TUN - ppp - pty - ppp - TUN", "&ge; 0.9", ours, null), nil
}

// socket is the same over a socket pair, which the program does not take: its
// engine, from TUN to line, is the same.
func (b *bench) socket() ([]row, error) {
	ours := &way{name: "engine", join: func() (*pair, error) { return b.between("-engine", socketPair) }}
	null := &way{name: "null", join: func() (*pair, error) { return b.between("-relay", socketPair) }}
	if err := b.race(null, ours); err != nil {
		return nil, err
	}
	return versus("TUN - engine - socket pair - engine - TUN", "&ge; 0.4", ours, null), nil
}

func (b *bench) multilink() (rows []row, err error) {
	one := &way{name: "1 line", join: func() (*pair, error) { return b.byPPP(1) }}
	ways := []*way{one}
	for _, n := range []int{2, 4} {
		ways = append(ways, &way{name: fmt.Sprintf("%d lines", n), join: func() (*pair, error) { return b.byPPP(n) }})
	}
	if err := b.race(ways...); err != nil {
		return nil, err
	}
	for _, w := range ways[1:] {
		rows = append(rows, row{
			"bundle of " + w.name + " (ptys), one TCP stream", fmt.Sprintf("%s, %d retransmissions", w.speed(), w.best.retransmits),
			"1 line: " + one.speed(), w.against(one), "&ge; 0.95, < 10 retransmissions",
		})
	}
	return rows, nil
}
