package frag

import (
	"math/rand/v2"
	"testing"
)

// checkPair compares the arithmetic with its definition: steps is how many
// times Next leads from a to b.
func checkPair(t *testing.T, n Numbers, a, b Seq, steps int) {
	size := int(n) + 1
	want := steps
	if steps >= size/2 {
		want = steps - size
	}
	if d := n.Distance(a, b); d != want {
		t.Fatalf("%x: Distance(%d, %d) = %d, want %d", uint32(n), a, b, d, want)
	}
	if got := n.Before(a, b); got != (want > 0) {
		t.Fatalf("%x: Before(%d, %d) = %v at distance %d", uint32(n), a, b, got, want)
	}
	if got := n.Add(a, want); got != b {
		t.Fatalf("%x: Add(%d, %d) = %d, want %d", uint32(n), a, want, got, b)
	}
}

// checkAll goes once around the circle from a.
func checkAll(t *testing.T, n Numbers, a Seq) {
	b := a
	for steps := 0; steps <= int(n); steps++ {
		checkPair(t, n, a, b, steps)
		if b = n.Next(b); uint32(b) > uint32(n) {
			t.Fatalf("%x: Next gave %d", uint32(n), b)
		}
	}
	if b != a {
		t.Fatalf("%x: once around from %d is %d", uint32(n), a, b)
	}
}

func TestShortNumbersAll(t *testing.T) {
	for a := range Seq(ShortNumbers) + 1 {
		checkAll(t, ShortNumbers, a)
	}
}

func TestLongNumbersAround(t *testing.T) {
	half := Seq(LongNumbers)>>1 + 1
	for _, a := range []Seq{0, half, Seq(LongNumbers)} {
		checkAll(t, LongNumbers, a)
	}
}

func TestLongNumbersRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 1 << 20 {
		a := Seq(rnd.Uint32()) & Seq(LongNumbers)
		steps := int(rnd.Uint32()) & int(LongNumbers)
		b := Seq((int(a) + steps) & int(LongNumbers))
		checkPair(t, LongNumbers, a, b, steps)
	}
}
