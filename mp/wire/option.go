package wire

import (
	"encoding/binary"
	"net/netip"
)

// MaxOptionData is the longest data that an option's length octet can tell.
const MaxOptionData = 0xff - 2

// Option is one configuration option (RFC 1661 section 6).
//
//	+------+--------+------
//	| type | length | data
//	+------+--------+------
//	   1       1      length-2
type Option struct {
	Type uint8
	Data []byte
}

// AppendOption appends o. Data beyond [MaxOptionData] octets is left out.
func AppendOption(b []byte, o Option) []byte {
	data := o.Data[:min(len(o.Data), MaxOptionData)]
	b = append(b, o.Type, byte(2+len(data)))
	return append(b, data...)
}

// AppendFlag appends an option without data, such as
// Protocol-Field-Compression.
func AppendFlag(b []byte, typ uint8) []byte { return append(b, typ, 2) }

// AppendUint16 appends an option whose data is one 16-bit number, such as the
// Maximum-Receive-Unit.
func AppendUint16(b []byte, typ uint8, v uint16) []byte {
	return append(b, typ, 4, byte(v>>8), byte(v))
}

// AppendUint32 appends an option whose data is one 32-bit number, such as the
// Magic-Number.
func AppendUint32(b []byte, typ uint8, v uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, typ, 6), v)
}

// AppendAddr appends an option whose data is one IPv4 address. An address that
// is not IPv4 (the zero netip.Addr too) is sent as 0.0.0.0, which asks the
// peer for one (RFC 1332 section 3.3).
func AppendAddr(b []byte, typ uint8, a netip.Addr) []byte {
	var four [4]byte
	if a = a.Unmap(); a.Is4() {
		four = a.As4()
	}
	return append(append(b, typ, 6), four[:]...)
}

// Flag checks that the option has no data.
func (o Option) Flag() error {
	if len(o.Data) != 0 {
		return wrongLength("option", len(o.Data), 0)
	}
	return nil
}

// Uint16 reads the data as one 16-bit number.
func (o Option) Uint16() (uint16, error) {
	if len(o.Data) != 2 {
		return 0, wrongLength("option", len(o.Data), 2)
	}
	return binary.BigEndian.Uint16(o.Data), nil
}

// Uint32 reads the data as one 32-bit number.
func (o Option) Uint32() (uint32, error) {
	if len(o.Data) != 4 {
		return 0, wrongLength("option", len(o.Data), 4)
	}
	return binary.BigEndian.Uint32(o.Data), nil
}

// Addr reads the data as one IPv4 address.
func (o Option) Addr() (netip.Addr, error) {
	if len(o.Data) != 4 {
		return netip.Addr{}, wrongLength("option", len(o.Data), 4)
	}
	return netip.AddrFrom4([4]byte(o.Data)), nil
}

// Options are the octets of a list of options, as in the data of a
// Configure-Request.
type Options []byte

// All yields every option and, where the list is malformed, one last error
// with a zero option. It allocates nothing; the options alias the list:
//
//	for o, err := range wire.Options(p.Data).All {
func (list Options) All(yield func(Option, error) bool) {
	for b := []byte(list); len(b) > 0; {
		if len(b) < 2 {
			yield(Option{}, short("option header", len(b), 2))
			return
		}
		n := int(b[1])
		if n < 2 {
			yield(Option{}, wrongLength("option", n, 2))
			return
		}
		if n > len(b) {
			yield(Option{}, short("option", len(b), n))
			return
		}
		if !yield(Option{Type: b[0], Data: b[2:n:n]}, nil) {
			return
		}
		b = b[n:]
	}
}

// Check reports what is malformed in the list, nil when all of it can be read.
func (list Options) Check() error {
	for _, err := range list.All {
		if err != nil {
			return err
		}
	}
	return nil
}

// ParseOptions reads a whole list of options. The options alias b.
func ParseOptions(b []byte) ([]Option, error) {
	var all []Option
	for o, err := range Options(b).All {
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}
