package dial

import (
	"testing"
	"time"
)

// A policyStep is something that happens to a policy, and what it wants then.
type policyStep struct {
	at   float64 // seconds since the start
	do   string
	want Action
	next float64 // the deadline in seconds since the start; -1: none
}

func TestPolicy(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	out := PolicyConfig{AtOnce: true, Wait: 5 * time.Second, Tries: 3}
	quiet := PolicyConfig{Demand: true, Wait: 5 * time.Second, Tries: 3, Pause: 60 * time.Second}
	outDemand := quiet
	outDemand.AtOnce = true
	camp := PolicyConfig{AtOnce: true, Camp: true, Wait: 5 * time.Second, Tries: 2, Pause: 30 * time.Second}
	limited := camp
	limited.HourLimit = 2
	continued := limited
	continued.History = []time.Time{start.Add(-50 * time.Minute), start.Add(-10 * time.Second)}
	for _, tc := range []struct {
		name  string
		cfg   PolicyConfig
		steps []policyStep
	}{
		{"out calls at once and ends with the link", out, []policyStep{
			{0, "start", MakeCall, -1},
			{3, "up", Nothing, -1},
			{50, "down", End, -1},
		}},
		{"out gives up after modtries", out, []policyStep{
			{0, "start", MakeCall, -1},
			{3, "failed", Nothing, 8},
			{7, "advance", Nothing, 8},
			{8, "advance", MakeCall, -1},
			{9, "failed", Nothing, 14},
			{14, "advance", MakeCall, -1},
			{15, "failed", End, -1},
		}},
		{"out does not repeat what is hopeless", out, []policyStep{
			{0, "start", MakeCall, -1},
			{3, "hopeless", End, -1},
		}},
		{"quiet waits for traffic, each time", quiet, []policyStep{
			{0, "start", Nothing, -1},
			{10, "traffic", MakeCall, -1},
			{11, "traffic", Nothing, -1},
			{12, "up", Nothing, -1},
			{60, "down", Nothing, -1},
			{62, "traffic", Nothing, 65},
			{65, "advance", MakeCall, -1},
		}},
		{"quiet gives up for now and pauses", quiet, []policyStep{
			{0, "start", Nothing, -1},
			{0, "traffic", MakeCall, -1},
			{1, "failed", Nothing, 6},
			{6, "advance", MakeCall, -1},
			{7, "failed", Nothing, 12},
			{12, "advance", MakeCall, -1},
			{13, "failed", GiveUp, -1},
			{20, "traffic", Nothing, 73},
			{73, "advance", MakeCall, -1},
			{74, "up", Nothing, -1},
		}},
		{"out with a timeout calls at once, then on demand", outDemand, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "up", Nothing, -1},
			{31, "down", Nothing, -1},
			{40, "traffic", MakeCall, -1},
		}},
		{"camp calls again for ever", camp, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "up", Nothing, -1},
			{10, "down", Nothing, 15},
			{15, "advance", MakeCall, -1},
			{16, "failed", Nothing, 21},
			{21, "advance", MakeCall, -1},
			{22, "failed", GiveUp, 52},
			{52, "advance", MakeCall, -1},
		}},
		{"camp slows down when it is hopeless", camp, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "hopeless", Nothing, 61},
			{61, "advance", MakeCall, -1},
			{62, "hopeless", GiveUp, 182},
			{182, "advance", MakeCall, -1},
			{183, "failed", Nothing, 188},
		}},
		{"a link of no use is a call that has failed", camp, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "up", Nothing, -1},
			{2, "hopeless", Nothing, 62},
			{62, "advance", MakeCall, -1},
			{63, "up", Nothing, -1},
			{64, "hopeless", GiveUp, 184},
		}},
		{"an order ends the rest, not the limit", limited, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "hopeless", Nothing, 61},
			{2, "order", MakeCall, -1},
			{3, "order", Nothing, -1},
			{4, "hopeless", GiveUp, 3600},
			{5, "order", Nothing, 3600},
			{3600, "advance", MakeCall, -1},
			{3601, "up", Nothing, -1},
			{3602, "order", Nothing, -1},
		}},
		{"no more calls in an hour than allowed", limited, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "up", Nothing, -1},
			{2, "down", Nothing, 7},
			{7, "advance", MakeCall, -1},
			{8, "up", Nothing, -1},
			{9, "down", Nothing, 3600},
			{3599, "advance", Nothing, 3600},
			{3600, "advance", MakeCall, -1},
			{3601, "up", Nothing, -1},
			{3602, "down", Nothing, 3607},
		}},
		{"calls of a program before count", continued, []policyStep{
			{0, "start", Nothing, 600},
			{1, "order", Nothing, 600},
			{600, "advance", MakeCall, -1},
			{601, "up", Nothing, -1},
			{602, "down", Nothing, 3590},
		}},
		{"a call of the other side counts as up", quiet, []policyStep{
			{0, "start", Nothing, -1},
			{1, "up", Nothing, -1},
			{2, "traffic", Nothing, -1},
			{9, "down", Nothing, -1},
		}},
		{"both sides call", quiet, []policyStep{
			{0, "start", Nothing, -1},
			{0, "traffic", MakeCall, -1},
			{1, "crossed", Nothing, 8}, // 5 s, and half of twice 2 s
			{8, "advance", MakeCall, -1},
			{9, "crossed", Nothing, 18}, // 5 s, and half of four times 2 s
			{18, "advance", MakeCall, -1},
			{19, "crossed", GiveUp, -1},
		}},
		{"the other side's call comes first", quiet, []policyStep{
			{0, "start", Nothing, -1},
			{0, "traffic", MakeCall, -1},
			{1, "postponed", Nothing, 6},
			{6, "advance", MakeCall, -1},
			{7, "postponed", Nothing, 12},
			{8, "up", Nothing, -1},
			{9, "postponed", Nothing, -1},
			{10, "down", Nothing, -1},
			{11, "traffic", Nothing, 15},
		}},
		{"a line on which no call can be awaited", out, []policyStep{
			{0, "start", MakeCall, -1},
			{0, "deaf", Nothing, 5},
			{0, "deaf", Nothing, 5},
			{5, "advance", MakeCall, -1},
			{5, "deaf", Nothing, 15},
			{15, "advance", MakeCall, -1},
			{20, "answered", Nothing, -1},
			{21, "deaf", Nothing, 26},
			{26, "up", Nothing, -1},
			{27, "deaf", Nothing, -1},
		}},
		{"a call that is answered ends the series", out, []policyStep{
			{0, "start", MakeCall, -1},
			{0, "failed", Nothing, 5},
			{5, "advance", MakeCall, -1},
			{5, "failed", Nothing, 10},
			{10, "advance", MakeCall, -1},
			{20, "answered", Nothing, -1},
			{30, "failed", Nothing, 35},
		}},
		{"only who dials on demand can be crossed", camp, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "crossed", Nothing, 6},
		}},
		{"no call before it makes sense", camp, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "not before 100", Nothing, 100},
			{100, "advance", MakeCall, -1},
		}},
		{"who is not called does not count", limited, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "not called", Nothing, 6},
			{6, "advance", MakeCall, -1},
			{7, "not called", GiveUp, 37},
			{37, "advance", MakeCall, -1},
			{38, "up", Nothing, -1},
			{39, "again", MakeCall, -1},
			{40, "taken back", Nothing, -1},
			{41, "again", MakeCall, -1},
			{42, "again", Nothing, -1},
			{43, "down", Nothing, 3637},
		}},
		{"further lines count as calls", limited, []policyStep{
			{0, "start", MakeCall, -1},
			{1, "up", Nothing, -1},
			{2, "again", MakeCall, -1},
			{3, "again", Nothing, -1},
			{3, "down", Nothing, 3600},
			{3600, "advance", MakeCall, -1},
			{3601, "again", Nothing, -1},
			{3602, "again", MakeCall, -1},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.cfg.Random = func() float64 { return 0.5 }
			p := NewPolicy(tc.cfg)
			for _, s := range tc.steps {
				now := start.Add(time.Duration(s.at * float64(time.Second)))
				got := Nothing
				switch s.do {
				case "start":
					got = p.Start(now)
				case "traffic":
					got = p.Traffic(now)
				case "up":
					p.Up(now)
				case "down":
					got = p.Down(now)
				case "failed":
					got = p.Failed(now, Cause{})
				case "hopeless":
					got = p.Failed(now, Cause{Hopeless: true})
				case "crossed":
					got = p.Failed(now, Cause{Crossed: true})
				case "not called":
					p.Uncalled()
					got = p.Failed(now, Cause{})
				case "taken back":
					p.Uncalled()
				case "not before 100":
					got = p.Failed(now, Cause{Until: start.Add(100 * time.Second)})
				case "postponed":
					p.Postponed(now)
				case "order":
					got = p.Order(now)
				case "deaf":
					p.Deaf(now)
				case "answered":
					p.Answered()
				case "again":
					if p.Again(now) {
						got = MakeCall
					}
				case "advance":
					got = p.Advance(now)
				}
				if got != s.want {
					t.Fatalf("%v s, %s: action %d, want %d", s.at, s.do, got, s.want)
				}
				next := -1.0
				if d := p.Deadline(); !d.IsZero() {
					next = d.Sub(start).Seconds()
				}
				if next != s.next {
					t.Fatalf("%v s, %s: next at %v s, want %v", s.at, s.do, next, s.next)
				}
			}
		})
	}
}
