package comp

// blockEncoder collects the literals and matches of a packet and writes them as
// one block, with the fixed code or one of its own, whatever is shorter.
type blockEncoder struct {
	tokens   []uint32 // a literal, or a match: tokenMatch | length<<16 | distance-1
	literals [literalCodes]uint32
	offsets  [offsetCodes]uint32

	builder    codeBuilder
	literal    prefixCode
	offset     prefixCode
	length     prefixCode
	lengths    [lengthCodes]uint32
	runs       []uint16 // of code lengths: a symbol and, above eight bits, how often
	codeSizes  []uint8
	lengthUsed int
}

const tokenMatch = 1 << 31

// begin forgets the tokens of the packet before.
func (e *blockEncoder) begin() {
	e.tokens = e.tokens[:0]
	clear(e.literals[:])
	clear(e.offsets[:])
	e.literals[endOfBlock] = 1
}

func (e *blockEncoder) addLiteral(c byte) {
	e.tokens = append(e.tokens, uint32(c))
	e.literals[c]++
}

func (e *blockEncoder) addMatch(length, distance int) {
	e.tokens = append(e.tokens, tokenMatch|uint32(length)<<16|uint32(distance-1))
	s, _ := lengthSymbol(length)
	e.literals[firstLength+s]++
	s, _ = offsetSymbol(distance)
	e.offsets[s]++
}

// fixedLiteral and fixedOffset are the codes of fixed blocks.
var fixedLiteral, fixedOffset = func() (l, o prefixCode) {
	copy(l.sizes[:], fixedLengths[:])
	copy(o.sizes[:], fixedOffsetLengths[:])
	l.assign(fixedLiteralCodes)
	o.assign(fixedOffsetCodes)
	return l, o
}()

// end appends the block of the collected tokens and the start of the empty
// stored block that ends a packet.
func (e *blockEncoder) end(dst []byte) []byte {
	w := bitWriter{out: dst}
	e.builder.build(&e.literal, e.literals[:], maxCodeBits)
	e.builder.build(&e.offset, e.offsets[:], maxCodeBits)
	literals, offsets := e.describe()
	own := cost(e.literals[:], e.literal.sizes[:]) + cost(e.offsets[:], e.offset.sizes[:]) + e.descriptionCost()
	fixed := cost(e.literals[:], fixedLiteral.sizes[:]) + cost(e.offsets[:], fixedOffset.sizes[:])
	if own < fixed {
		w.put(dynamicBlock<<1, 3)
		e.writeDescription(&w, literals, offsets)
		e.write(&w, &e.literal, &e.offset)
	} else {
		w.put(fixedBlock<<1, 3)
		e.write(&w, &fixedLiteral, &fixedOffset)
	}
	w.put(storedBlock<<1, 3)
	return w.close()
}

// write writes the tokens and the end of the block.
func (e *blockEncoder) write(w *bitWriter, literal, offset *prefixCode) {
	for _, t := range e.tokens {
		if t&tokenMatch == 0 {
			w.put(uint32(literal.codes[t]), uint(literal.sizes[t]))
			continue
		}
		length, distance := int(t&^tokenMatch>>16), int(t&0xffff)+1
		s, extra := lengthSymbol(length)
		b := lengthBases[s]
		w.put(uint32(literal.codes[firstLength+s]), uint(literal.sizes[firstLength+s]))
		w.put(uint32(length)-uint32(b.least), uint(extra))
		s, extra = offsetSymbol(distance)
		b = offsetBases[s]
		w.put(uint32(offset.codes[s]), uint(offset.sizes[s]))
		w.put(uint32(distance)-uint32(b.least), uint(extra))
	}
	w.put(uint32(literal.codes[endOfBlock]), uint(literal.sizes[endOfBlock]))
}

// describe writes the code lengths of both codes as runs, makes a code for
// those, and returns how many lengths of each are sent.
func (e *blockEncoder) describe() (literals, offsets int) {
	literals = used(e.literal.sizes[:literalCodes], firstLength)
	offsets = used(e.offset.sizes[:offsetCodes], 1)
	e.codeSizes = append(e.codeSizes[:0], e.literal.sizes[:literals]...)
	e.codeSizes = append(e.codeSizes, e.offset.sizes[:offsets]...)

	clear(e.lengths[:])
	e.runs = e.runs[:0]
	for sizes := e.codeSizes; len(sizes) > 0; {
		n := 1
		for n < len(sizes) && sizes[n] == sizes[0] {
			n++
		}
		e.addRun(sizes[0], n)
		sizes = sizes[n:]
	}
	e.builder.build(&e.length, e.lengths[:], maxLengthCodeBits)
	e.lengthUsed = lengthCodes
	for e.lengthUsed > 4 && e.length.sizes[lengthOrder[e.lengthUsed-1]] == 0 {
		e.lengthUsed--
	}
	return literals, offsets
}

// used returns the number of sizes up to the last that is not zero, at least
// least.
func used(sizes []uint8, least int) int {
	n := len(sizes)
	for n > least && sizes[n-1] == 0 {
		n--
	}
	return n
}

// addRun adds n equal code lengths.
func (e *blockEncoder) addRun(size uint8, n int) {
	add := func(symbol, times int) {
		e.runs = append(e.runs, uint16(times)<<8|uint16(symbol))
		e.lengths[symbol]++
	}
	if size == 0 {
		for n >= 11 {
			times := min(n, 138)
			add(repeatZeros, times)
			n -= times
		}
		if n >= 3 {
			add(repeatZero, n)
			n = 0
		}
	} else {
		add(int(size), 1)
		n--
		for n >= 3 {
			times := min(n, 6)
			add(repeatLast, times)
			n -= times
		}
	}
	for range n {
		add(int(size), 1)
	}
}

// repeatBits are the bits that follow the codes of repetitions, and the fewest
// times that these repeat.
var repeatBits = [lengthCodes]base{repeatLast: {3, 2}, repeatZero: {3, 3}, repeatZeros: {11, 7}}

// descriptionCost returns the bits that writeDescription writes.
func (e *blockEncoder) descriptionCost() int {
	bits := 5 + 5 + 4 + 3*e.lengthUsed
	for s, n := range e.lengths {
		bits += int(n) * int(e.length.sizes[s]+repeatBits[s].extra)
	}
	return bits
}

func (e *blockEncoder) writeDescription(w *bitWriter, literals, offsets int) {
	w.put(uint32(literals-firstLength), 5)
	w.put(uint32(offsets-1), 5)
	w.put(uint32(e.lengthUsed-4), 4)
	for _, s := range lengthOrder[:e.lengthUsed] {
		w.put(uint32(e.length.sizes[s]), 3)
	}
	for _, run := range e.runs {
		s, times := run&0xff, run>>8
		w.put(uint32(e.length.codes[s]), uint(e.length.sizes[s]))
		if r := repeatBits[s]; r.extra > 0 {
			w.put(uint32(times)-uint32(r.least), uint(r.extra))
		}
	}
}
