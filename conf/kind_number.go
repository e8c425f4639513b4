package conf

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Kinds of numbers. Decimal, or hexadecimal with 0x; the bounds are those of
// the keyword's row.

// units tell what a number counts, by the Type of the row.
var units = map[string]string{
	"secs": "seconds", "ms": "milliseconds", "bps": "bits per second",
}

// parseNumber reads text within the bounds of k.
func parseNumber(k *Keyword, text string) (int64, error) {
	if text == "" {
		return 0, faultf("the value is empty")
	}
	digits, base := text, 10
	if rest, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		digits, base = rest, 16
	}
	n, err := strconv.ParseInt(digits, base, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		n = math.MaxInt64
		if strings.HasPrefix(digits, "-") {
			n = math.MinInt64
		}
	case err != nil || strings.HasPrefix(digits, "+") || base == 16 && digits[0] == '-':
		f := faultf("not a whole number")
		if u := units[k.Type]; u != "" {
			f.try("give it in %s, without a unit", u)
		}
		return 0, f
	case base == 10 && len(digits) > 1 && digits[0] == '0':
		// C reads an octal number here, most people a decimal one.
		return 0, faultf("a number must not begin with 0").try("write %d, or 0x%x if octal is meant", n, octal(digits))
	}
	if lo, hi := k.bounds(); n < lo || n > hi {
		return 0, faultf("out of range").try("give %s", k.Range())
	}
	return n, nil
}

func octal(digits string) int64 {
	n, err := strconv.ParseInt(digits, 8, 64)
	if err != nil {
		n, _ = strconv.ParseInt(digits, 10, 64)
	}
	return n
}

func number[T ~int | ~uint32 | ~uint8](field func(*Entry) *T) maker {
	return one(numberKind[T](), field)
}

func numberKind[T ~int | ~uint32 | ~uint8]() kind[T] {
	return kind[T]{
		parse: func(_ *Options, k *Keyword, text string) (T, error) {
			n, err := parseNumber(k, text)
			return T(n), err
		},
		text: func(n T) string { return strconv.FormatInt(int64(n), 10) },
		json: func(n T) any { return int64(n) },
	}
}

func periodKind(unit time.Duration, step int64) kind[time.Duration] {
	return kind[time.Duration]{
		parse: func(_ *Options, k *Keyword, text string) (time.Duration, error) {
			n, err := parseNumber(k, text)
			n = (n + step - 1) / step * step
			return time.Duration(n) * unit, err
		},
		text: func(d time.Duration) string { return strconv.FormatInt(int64(d/unit), 10) },
		json: func(d time.Duration) any { return int64(d / unit) },
	}
}

// mapKind is the accm: a map of 32 bits, shown as one.
var mapKind = kind[uint32]{
	parse: func(_ *Options, k *Keyword, text string) (uint32, error) {
		n, err := parseNumber(k, text)
		return uint32(n), err
	},
	text: func(n uint32) string { return "0x" + strconv.FormatUint(uint64(n), 16) },
	json: func(n uint32) any { return n },
}

// bpsKind is a speed of which 0 has a sense of its own.
var bpsKind = func() kind[int] {
	k := numberKind[int]()
	k.unset = Measured
	return k
}()

// escapeKind is a character to be escaped, by its number. 0x5e is what an
// escaped 0x7e looks like (RFC 1662 section 4.2: the sixth bit is flipped).
var escapeKind = kind[byte]{
	parse: func(_ *Options, k *Keyword, text string) (byte, error) {
		n, err := parseNumber(k, text)
		switch {
		case err != nil:
			return 0, err
		case n == 0x5e:
			return 0, faultf("0x5e cannot be escaped: it would look like a flag")
		case n == 0x7d || n == 0x7e:
			return 0, faultf("0x%x is always escaped", n)
		}
		return byte(n), nil
	},
	text: func(n byte) string { return strconv.Itoa(int(n)) },
	json: func(n byte) any { return int(n) },
}

var icmpKind = numberKind[uint8]()

// portKind is a TCP or UDP port, by number or by the name of a service.
var portKind = kind[uint16]{
	parse: func(o *Options, k *Keyword, text string) (uint16, error) {
		if text != "" && strings.Trim(text, "0123456789") != "" && !strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "0x") {
			port, err := o.Service(text)
			if err != nil || port == 0 {
				return 0, faultf("no service of this name").try("give the number of the port")
			}
			return port, nil
		}
		n, err := parseNumber(k, text)
		return uint16(n), err
	},
	text: func(n uint16) string { return strconv.Itoa(int(n)) },
	json: func(n uint16) any { return int(n) },
}
