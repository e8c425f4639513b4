package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// framing runs the benchmarks of package hdlc, which compare with a reference
// of their own.
func (b *bench) framing() (rows []row, err error) {
	c := exec.CommandContext(b.ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark(Encode|Decode)$/^accm=(0|ffffffff)$/^random$", "-count", strconv.Itoa(2*b.best), "-benchtime", "0.3s", "pppdial/mp/hdlc")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go test: %w", err)
	}
	best := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s.*?([0-9.]+) MB/s`).FindAllStringSubmatch(string(out), -1) {
		rate, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		best[m[1]] = max(best[m[1]], rate/1e3)
	}
	for _, accm := range []struct{ name, goal string }{{"0", "&ge; 10"}, {"ffffffff", "&ge; 1.2"}} {
		for _, way := range []string{"Encode", "Decode"} {
			name := way + "/accm=" + accm.name + "/random/"
			ours, ref := best[name+"ours"], best[name+"reference"]
			if ref == 0 {
				return nil, errors.New("no result for " + name)
			}
			rows = append(rows, row{
				fmt.Sprintf("framing, %s, 1500 octets, ACCM %s", strings.ToLower(way), accm.name), fmt.Sprintf("%.2f GB/s", ours),
				fmt.Sprintf("octet by octet: %.2f GB/s", ref), fmt.Sprintf("%.1f", ours/ref), accm.goal,
			})
		}
	}
	return rows, nil
}

// latency is the median of pings of 64 octets over an idle link.
func (b *bench) latency() ([]row, error) {
	best := map[string]time.Duration{}
	for range b.best {
		for _, w := range []way{
			{name: "null", join: func() (*pair, error) { return b.between("-relay", pty) }},
			{name: "ppp", join: func() (*pair, error) { return b.byPPP(1) }},
		} {
			p, err := w.join()
			if err != nil {
				return nil, err
			}
			rtt, err := p.ping(200)
			p.close()
			if err != nil {
				return nil, err
			}
			if best[w.name] == 0 || rtt < best[w.name] {
				best[w.name] = rtt
			}
		}
	}
	return []row{{
		"ping of 64 octets, idle link, median", best["ppp"].String(), "null: " + best["null"].String(),
		fmt.Sprintf("%.2f", best["ppp"].Seconds()/best["null"].Seconds()), "< 200 &micro;s",
	}}, nil
}

// ping returns the median round trip.
func (p *pair) ping(n int) (time.Duration, error) {
	var out bytes.Buffer
	c := exec.CommandContext(p.ctx, "ping", "-c", strconv.Itoa(n), "-i", "0.02", "-s", "56", farAddr)
	c.Stdout = &out
	if err := p.near.Do(c.Run); err != nil {
		return 0, fmt.Errorf("ping: %w: %s", err, out.Bytes())
	}
	var all []time.Duration
	for _, m := range regexp.MustCompile(`time=([0-9.]+) ms`).FindAllStringSubmatch(out.String(), -1) {
		ms, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, err
		}
		all = append(all, time.Duration(ms*1e6))
	}
	if len(all) == 0 {
		return 0, errors.New("ping: no answer")
	}
	return median(all), nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// start is the time from exec to the first octet of the first
// Configure-Request.
func (b *bench) start() ([]row, error) {
	var ours, bare []time.Duration
	for range 7 * b.best {
		t, err := b.firstOctet()
		if err != nil {
			return nil, err
		}
		ours = append(ours, t)
		began := time.Now()
		if err := exec.Command(b.program, "-V").Run(); err != nil {
			return nil, err
		}
		bare = append(bare, time.Since(began))
	}
	o, r := median(ours), median(bare)
	return []row{{
		"exec to first Configure-Request, median", ms(o), "ppp -V: " + ms(r), fmt.Sprintf("%.1f", o.Seconds()/r.Seconds()), "< 15 ms",
	}}, nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1e3) }

func (b *bench) firstOctet() (time.Duration, error) {
	p, err := b.newPair()
	if err != nil {
		return 0, err
	}
	defer p.close()
	master, slave, err := pty()
	if err != nil {
		return 0, err
	}
	defer master.Close()
	slave.Close()
	file := filepath.Join(p.near.dir, "ppp.conf")
	if err := os.WriteFile(file, []byte("bench out local device="+slave.Name()+"\n"), 0o600); err != nil {
		return 0, err
	}
	began := time.Now()
	near, err := p.run(p.near, []string{b.program, "-r", "bench", "-f", file}) // ended by the hang-up that closing the pty is
	if err != nil {
		return 0, err
	}
	read := make(chan time.Duration, 1)
	go func() {
		for buf := make([]byte, 1); ; {
			if n, err := master.Read(buf); n > 0 {
				read <- time.Since(began)
				return
			} else if err != nil {
				time.Sleep(100 * time.Microsecond) // nobody has the other side open
			}
		}
	}()
	select {
	case t := <-read:
		return t, nil
	case <-time.After(patience):
		return 0, near.said(errors.New("no Configure-Request"))
	case <-p.ctx.Done():
		return 0, context.Cause(p.ctx)
	}
}

// memory is what a daemon takes with so many lines after a transfer over all
// of them, and after another.
func (b *bench) memory() (rows []row, err error) {
	for _, lines := range []int{1, 4, 8} {
		p, err := b.byPPP(lines)
		if err != nil {
			return rows, err
		}
		var sizes [2]int
		for i := range sizes {
			if _, err = b.measure(p); err != nil {
				break
			}
			near, far := p.pids()
			for _, pid := range append(near, far...) {
				n, rerr := resident(pid)
				err = errors.Join(err, rerr)
				sizes[i] = max(sizes[i], n)
			}
		}
		p.close()
		if err != nil {
			return rows, err
		}
		rows = append(rows, row{
			fmt.Sprintf("resident memory with %d lines", lines), mb(sizes[0]), "after another transfer: " + mb(sizes[1]),
			fmt.Sprintf("%.2f", float64(sizes[1])/float64(sizes[0])), "< 15 MB, flat",
		})
	}
	return rows, nil
}

func mb(n int) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// size is that of the program as it is packaged.
func (b *bench) size() ([]row, error) {
	stripped := filepath.Join(b.dir, "stripped")
	c := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags=-s -w -funcalign=8", "-o", stripped, "pppdial/cmd/ppp")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w: %s", err, out)
	}
	ours, err := os.Stat(stripped)
	if err != nil {
		return nil, err
	}
	return []row{{"program, static and stripped", fmt.Sprintf("%.2f MiB", float64(ours.Size())/(1<<20)), "", "", "< 8 MiB"}}, nil
}

// idle is the CPU time that an open link without traffic takes.
func (b *bench) idle() ([]row, error) {
	p, err := b.byPPP(1)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := p.pause(2 * time.Second); err != nil { // what follows the start is over
		return nil, err
	}
	near, far := p.pids()
	pids := append(near, far...)
	before, err := cpuTimes(pids)
	if err != nil {
		return nil, err
	}
	const span = 10 * time.Second
	if err := p.pause(span); err != nil {
		return nil, err
	}
	after, err := cpuTimes(pids)
	return []row{{"CPU of both ends, idle link", fmt.Sprintf("%.2f %%", 100*(after-before).Seconds()/span.Seconds()), "", "", "0.0 %"}}, err
}
