package run

import (
	"testing"
	"time"
)

// TestDayOver: the sums of a day are those since the midnight before.
func TestDayOver(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var a account
	a.begin(noon)
	a.tried, a.made, a.taken = 3, 2, 4
	if day, worth := a.dayOver(a.midnight, octets{}); !worth || day.made != 2 || day.taken != 4 {
		t.Errorf("the first: %+v, worth %v", day, worth)
	}
	a.made, a.taken = 3, 9
	if day, _ := a.dayOver(a.midnight, octets{}); day.tried != 0 || day.made != 1 || day.taken != 5 {
		t.Errorf("the second: %+v", day)
	}
}
