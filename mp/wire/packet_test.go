package wire

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pppdial/mp/mptest"
)

func TestProtocolField(t *testing.T) {
	for _, c := range []struct {
		p    Protocol
		pfc  bool
		want string
	}{
		{IPv4, false, "0021"}, {IPv4, true, "21"}, {LCP, true, "c021"}, {CCP, true, "80fd"}, {Compressed, true, "fd"},
	} {
		want := unhex(t, c.want)
		got := AppendProtocol(nil, c.p, c.pfc)
		if !bytes.Equal(got, want) {
			t.Errorf("AppendProtocol(%v, %v) = %x, want %x", c.p, c.pfc, got, want)
		}
		p, rest, err := ParseProtocol(append(got, 0x45))
		if err != nil || p != c.p || !bytes.Equal(rest, []byte{0x45}) {
			t.Errorf("ParseProtocol(%x) = %v, %x, %v", got, p, rest, err)
		}
	}
	for _, s := range []string{"", "00", "0020", "c022", "fe"} {
		if p, _, err := ParseProtocol(unhex(t, s)); !errors.Is(err, ErrProtocol) {
			t.Errorf("ParseProtocol(%s) = %v, %v", s, p, err)
		}
	}
	if got := Protocol(0x1234).String(); got != "0x1234" {
		t.Errorf("name of an unknown protocol: %s", got)
	}
}

func TestPacketPaddingAndLength(t *testing.T) {
	for _, c := range []struct {
		info string
		want Packet
		err  error
	}{
		{"0101 0004", Packet{ConfigureRequest, 1, []byte{}}, nil},
		{"0902 0006 aabb ccdd", Packet{EchoRequest, 2, []byte{0xaa, 0xbb}}, nil},
		{"0101 0005", Packet{}, ErrShort},
		{"0101 00", Packet{}, ErrShort},
		{"", Packet{}, ErrShort},
		{"0101 0003", Packet{}, ErrLength},
		{"0101 0000 0000", Packet{}, ErrLength},
	} {
		got, err := ParsePacket(unhex(t, c.info))
		if !errors.Is(err, c.err) || !cmp.Equal(got, c.want) {
			t.Errorf("ParsePacket(%s) = %v, %v; want %v, %v", c.info, got, err, c.want, c.err)
		}
	}
	long := AppendPacket(nil, Packet{Data: make([]byte, MaxData+10)})
	if p, err := ParsePacket(long); err != nil || len(p.Data) != MaxData {
		t.Errorf("a packet beyond the length field: %d octets of data, %v", len(p.Data), err)
	}
}

func TestOptions(t *testing.T) {
	b := AppendUint16(nil, LCPMRU, 1500)
	b = AppendUint32(b, LCPMagic, 0x01020304)
	b = AppendFlag(b, LCPPFC)
	b = AppendAddr(b, 99, netip.MustParseAddr("10.1.2.3"))
	b = AppendAddr(b, 99, netip.MustParseAddr("::ffff:10.1.2.4"))
	b = AppendAddr(b, 99, netip.Addr{})
	b = AppendOption(b, Option{Type: 98, Data: []byte("x")})
	if want := unhex(t, "010405dc 050601020304 0702 63060a010203 63060a010204 630600000000 620378"); !bytes.Equal(b, want) {
		t.Fatalf("options %x\nwant    %x", b, want)
	}
	opts, err := ParseOptions(b)
	if err != nil || len(opts) != 7 {
		t.Fatalf("ParseOptions: %d options, %v", len(opts), err)
	}
	if v, err := opts[0].Uint16(); v != 1500 || err != nil {
		t.Errorf("Uint16: %d, %v", v, err)
	}
	if v, err := opts[1].Uint32(); v != 0x01020304 || err != nil {
		t.Errorf("Uint32: %#x, %v", v, err)
	}
	if err := opts[2].Flag(); err != nil {
		t.Errorf("Flag: %v", err)
	}
	if a, err := opts[3].Addr(); a.String() != "10.1.2.3" || err != nil {
		t.Errorf("Addr: %v, %v", a, err)
	}
	wrong := opts[6]
	if _, err := wrong.Uint16(); !errors.Is(err, ErrLength) {
		t.Errorf("Uint16 of one octet: %v", err)
	}
	if _, err := wrong.Uint32(); !errors.Is(err, ErrLength) {
		t.Errorf("Uint32 of one octet: %v", err)
	}
	if _, err := wrong.Addr(); !errors.Is(err, ErrLength) {
		t.Errorf("Addr of one octet: %v", err)
	}
	if err := wrong.Flag(); !errors.Is(err, ErrLength) {
		t.Errorf("Flag of one octet: %v", err)
	}
	if n := testing.AllocsPerRun(10, func() {
		for o, err := range Options(b).All {
			if err != nil || o.Type == 0 {
				t.Fail()
			}
		}
	}); n != 0 {
		t.Errorf("iteration allocates %v times", n)
	}
}

func TestMalformedOptions(t *testing.T) {
	for _, c := range []struct {
		list string
		read int // options before the error
		err  error
	}{
		{"0702 08", 1, ErrShort},
		{"0702 0801", 1, ErrLength},
		{"0702 0800", 1, ErrLength},
		{"0104 05dc 0506 010203", 1, ErrShort},
		{"01", 0, ErrShort},
	} {
		list := unhex(t, c.list)
		read := 0
		var last error
		for o, err := range Options(list).All {
			if last = err; err == nil {
				read++
			} else if o.Data != nil || o.Type != 0 {
				t.Errorf("%s: option %v beside the error", c.list, o)
			}
		}
		if read != c.read || !errors.Is(last, c.err) {
			t.Errorf("%s: %d options, then %v; want %d, %v", c.list, read, last, c.read, c.err)
		}
		if err := Options(list).Check(); !errors.Is(err, c.err) {
			t.Errorf("%s: Check: %v", c.list, err)
		}
		if opts, err := ParseOptions(list); opts != nil || !errors.Is(err, c.err) {
			t.Errorf("%s: ParseOptions: %v, %v", c.list, opts, err)
		}
	}
	for o := range Options(unhex(t, "0702 0802")).All {
		if o.Type != LCPPFC {
			t.Error("iteration went on after break")
		}
		break
	}
}

// control are the protocols whose packets have a code, as recorded with pppd.
var control = []uint16{uint16(LCP), uint16(PAP), uint16(CHAP), uint16(EAP), uint16(IPCP), uint16(IPV6CP), uint16(CCP)}

const seeds = 60 // of recorded frames, for each target

func FuzzPacket(f *testing.F) {
	f.Add([]byte("\x01\x01\x00\x08\x01\x04\x05\xdcpadding"))
	f.Add([]byte("\x05\x02\x00\x04"))
	for _, said := range mptest.Frames(seeds, control...) {
		f.Add(said.Info)
	}
	f.Fuzz(func(t *testing.T, info []byte) {
		roundTrip(t, info, ParsePacket, AppendPacket)
		if p, err := ParsePacket(info); err == nil && len(p.Data) > len(info)-PacketHeader {
			t.Error("data beyond the packet")
		}
	})
}

func FuzzProtocol(f *testing.F) {
	f.Add([]byte("\x00\x21E"))
	f.Add([]byte("\xfd"))
	f.Add([]byte("\xc0"))
	for _, said := range mptest.Frames(seeds) {
		f.Add(append(AppendProtocol(nil, Protocol(said.Protocol), true), said.Info...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, rest, err := ParseProtocol(b)
		if err != nil {
			return
		}
		for _, short := range []bool{false, true} {
			again, left, err := ParseProtocol(append(AppendProtocol(nil, p, short), rest...))
			if err != nil || again != p || !bytes.Equal(left, rest) {
				t.Errorf("%v and %x became %v and %x, %v", p, rest, again, left, err)
			}
		}
	})
}

func FuzzOptions(f *testing.F) {
	f.Add([]byte("\x01\x04\x05\xdc\x07\x02"))
	f.Add([]byte("\x02\x06\x00\x0a\x00\x00\x08\x02\x05\x06\x01\x02\x03\x04"))
	for _, said := range mptest.Frames(seeds, uint16(LCP), uint16(IPCP), uint16(IPV6CP), uint16(CCP)) {
		if p, err := ParsePacket(said.Info); err == nil && ConfigureRequest <= p.Code && p.Code <= ConfigureReject {
			f.Add(p.Data)
		}
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		opts, err := ParseOptions(list)
		if (err == nil) != (Options(list).Check() == nil) {
			t.Errorf("ParseOptions: %v, Check: %v", err, Options(list).Check())
		}
		if err != nil {
			return
		}
		var again []byte
		for _, o := range opts {
			again = AppendOption(again, o)
		}
		if !bytes.Equal(list, again) {
			t.Errorf("options of %x appended are %x", list, again)
		}
	})
}
