package screen

import (
	"fmt"
	"strings"
	"time"
)

// bits writes a rate with three digits that mean something.
func bits(bps float64) string {
	switch {
	case bps < 0:
		return "0"
	case bps < 9999.5:
		return fmt.Sprintf("%.0f", bps)
	case bps < 999.5e3:
		return fmt.Sprintf("%.*fk", digits(bps/1e3), bps/1e3)
	case bps < 999.5e6:
		return fmt.Sprintf("%.*fM", digits(bps/1e6), bps/1e6)
	}
	return fmt.Sprintf("%.*fG", digits(bps/1e9), bps/1e9)
}

func digits(n float64) int {
	if n < 99.95 {
		return 1
	}
	return 0
}

// speed is a rate that may be unknown.
func speed(bps float64) string {
	if bps <= 0 {
		return "unknown"
	}
	return bits(bps) + " bit/s"
}

func lineSpeed(bps int) string {
	if bps <= 0 {
		return "unknown"
	}
	return fmt.Sprintf("%d bit/s", bps)
}

// age is how long ago something was.
func age(now, since time.Time) string {
	if since.IsZero() {
		return "?"
	}
	return duration(now.Sub(since))
}

func duration(d time.Duration) string {
	s := max(int64(d/time.Second), 0)
	if days := s / 86400; days > 0 {
		return fmt.Sprintf("%dd %02d:%02d:%02d", days, s/3600%24, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

func ratio(r float64) string {
	if r <= 0 {
		return "1.00"
	}
	return fmt.Sprintf("%.2f", r)
}

// or is what stands for nothing.
func or(s, nothing string) string {
	if s == "" {
		return nothing
	}
	return clean(s)
}

// name is an address as the user wants it.
func (v View) name(address string) string {
	if n := v.Names[address]; n != "" {
		return clean(n)
	}
	return or(address, "-")
}

// names puts names for the addresses in a text.
func (v View) names(text string) string {
	words := strings.Fields(clean(text))
	for i, w := range words {
		host, port, found := w, "", false
		if at := strings.LastIndexByte(w, ':'); at > 0 {
			host, port, found = strings.Trim(w[:at], "[]"), w[at:], true
		}
		if n := v.Names[host]; n != "" && found {
			words[i] = clean(n) + port
		} else if n := v.Names[w]; n != "" {
			words[i] = clean(n)
		}
	}
	return strings.Join(words, " ")
}
