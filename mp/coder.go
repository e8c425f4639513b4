package mp

import (
	"fmt"

	"pppdial/mp/comp"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// A coder is the state of header and packet compression of a channel, in both
// directions: first VJ and then CCP's method on the way out, the reverse on the
// way in.
type coder struct {
	txVJ *comp.VJCompressor
	rxVJ *comp.VJDecompressor
	tx   comp.Compressor
	rx   comp.Decompressor

	txLimit int // of packets as they are sent; larger ones go as they stand
	rxLimit int // of decompressed packets and their protocol field

	out    []byte // a compressed packet, headroom in front
	plain  []byte // a decompressed one
	header []byte // one with its headers restored
	known  []byte // an incompressible one, for the dictionary

	begun          bool // a compressed packet has come
	opened         bool // CCP is; before, tx only gets to know what is sent
	txUsed, rxUsed proto.Compressor
	txIn, txOut    uint64 // octets before and after compression
	rxIn, rxOut    uint64
}

// startVJ begins header compression as IPCP has agreed upon it.
func (c *coder) startVJ(r *proto.IPCPResult) {
	c.txVJ, c.rxVJ = nil, nil
	if r.TxVJ != nil {
		c.txVJ = comp.NewVJCompressor(max(int(r.TxVJ.MaxSlot)+1, 2), r.TxVJ.CompSlot)
	}
	if r.RxVJ != nil {
		c.rxVJ = comp.NewVJDecompressor(int(r.RxVJ.MaxSlot) + 1)
	}
}

func (c *coder) stopVJ() { c.txVJ, c.rxVJ = nil, nil }

// startTx begins to compress what we send.
func (c *coder) startTx(m proto.Compressor) {
	c.txUsed, c.tx = m, nil
	switch m.Type {
	case wire.CCPBSD:
		c.tx = comp.NewBSDCompressor(int(m.Bits))
	case wire.CCPDeflate, wire.CCPDeflateDraft:
		c.tx = comp.NewDeflateCompressor(int(m.Bits))
	case wire.CCPPredictor1:
		c.tx = comp.NewPredictor1Compressor(c.txLimit)
	}
}

// startRx begins to decompress what we receive.
func (c *coder) startRx(m proto.Compressor) {
	c.rxUsed, c.rx, c.begun = m, nil, false
	switch m.Type {
	case wire.CCPBSD:
		c.rx = comp.NewBSDDecompressor(int(m.Bits), c.rxLimit)
	case wire.CCPDeflate, wire.CCPDeflateDraft:
		c.rx = comp.NewDeflateDecompressor(c.rxLimit)
	case wire.CCPPredictor1:
		c.rx = comp.NewPredictor1Decompressor(c.rxLimit)
	}
}

func (c *coder) stopTx() { c.startTx(proto.Compressor{}) }
func (c *coder) stopRx() { c.startRx(proto.Compressor{}) }

// compressionName is a method in the words of status and log.
func compressionName(m proto.Compressor) string {
	switch m.Type {
	case wire.CCPBSD:
		return fmt.Sprintf("bsd %d", m.Bits)
	case wire.CCPDeflate, wire.CCPDeflateDraft:
		return fmt.Sprintf("deflate %d", m.Bits)
	case wire.CCPPredictor1:
		return "predictor1"
	}
	return "none"
}

// bare is a datagram as it stands: it may overtake others.
func (c *coder) bare(p *packet) (proto wire.Protocol, store []byte, from int) {
	return protocolOf(p.data), p.store[:headroom+len(p.data)], headroom
}

// ordered reports whether what is sent must arrive in the order in which it was
// encoded: even an incompressible packet is part of the dictionary.
func (c *coder) ordered() bool { return c.tx != nil }

// encode turns a datagram into what is sent for it. The result stands in a
// buffer with headroom in front of it: store[from:].
func (c *coder) encode(p *packet) (proto wire.Protocol, store []byte, from int) {
	proto = protocolOf(p.data)
	data := p.data
	if proto == wire.IPv4 && c.txVJ != nil {
		var t comp.VJType
		t, data = c.txVJ.Compress(data)
		switch t {
		case comp.VJCompressed:
			proto = wire.VJCompressed
		case comp.VJUncompressed:
			proto = wire.VJUncompressed
		}
	}
	end := headroom + len(p.data)
	store, from = p.store[:end], end-len(data)
	if c.tx == nil {
		return proto, store, from
	}
	store[from-1] = byte(proto)
	c.txIn += uint64(len(data))
	if c.out == nil {
		c.out = make([]byte, headroom, headroom+2*len(p.store))
	}
	out, ok := c.tx.Compress(c.out[:headroom], store[from-1:])
	c.out = out[:headroom]
	if !ok || !c.opened {
		c.txOut += uint64(len(data))
		return proto, store, from
	}
	c.txOut += uint64(len(out) - headroom)
	return wire.Compressed, out, headroom
}

// decompress undoes packet compression; it returns what was in it.
func (c *coder) decompress(info []byte) (wire.Protocol, []byte, error) {
	out, err := c.rx.Decompress(c.plain[:0], info)
	if err != nil && !c.begun {
		// This peer counts from when CCP was open, not from the Configure-Ack.
		c.rx.Reset()
		if again, worse := c.rx.Decompress(c.plain[:0], info); worse == nil {
			out, err = again, nil
		}
	}
	c.begun = true
	if err != nil {
		return 0, nil, err
	}
	c.plain = out
	c.rxIn += uint64(len(info))
	c.rxOut += uint64(len(out))
	return wire.ParseProtocol(out)
}

// passed tells the decompressor of a packet that came as it stands.
func (c *coder) passed(p wire.Protocol, info []byte) {
	if c.rx == nil || !comp.Compressible(uint16(p)) {
		return
	}
	c.known = append(wire.AppendProtocol(c.known[:0], p, true), info...)
	c.rx.Incompressible(c.known)
	c.rxIn += uint64(len(info))
	c.rxOut += uint64(len(info))
}

// lost says that a damaged frame may have been a packet of ours.
func (c *coder) lost() {
	if c.rxVJ != nil {
		c.rxVJ.Lost()
	}
}

// restore undoes header compression.
func (c *coder) restore(p wire.Protocol, info []byte) ([]byte, error) {
	if p == wire.VJUncompressed {
		return info, c.rxVJ.Uncompressed(info)
	}
	out, err := c.rxVJ.Compressed(c.header[:0], info)
	if err == nil {
		c.header = out
	}
	return out, err
}
