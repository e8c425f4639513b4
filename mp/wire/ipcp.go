package wire

import (
	"encoding/binary"
	"fmt"
)

// Types of IPCP options.
const (
	IPCPAddresses   uint8 = 1   // RFC 1332 section 3.1: both addresses, obsolete
	IPCPCompression uint8 = 2   // RFC 1332 section 3.2: see [VJ]
	IPCPAddress     uint8 = 3   // RFC 1332 section 3.3
	IPCPDNS1        uint8 = 129 // RFC 1877: address of the first name server
	IPCPNBNS1       uint8 = 130
	IPCPDNS2        uint8 = 131
	IPCPNBNS2       uint8 = 132
)

// VJ is the data of the IP-Compression-Protocol option for Van Jacobson
// compressed TCP/IP (RFC 1332 section 4): what the sender of the option can
// receive.
type VJ struct {
	MaxSlot  uint8 // number of the highest slot, the number of slots less one
	CompSlot bool  // the slot identifier may be left out
}

// vjData is the length of the data: protocol, highest slot, flag.
const vjData = 4

// AppendVJ appends the option whole.
func AppendVJ(b []byte, v VJ) []byte {
	var flag byte
	if v.CompSlot {
		flag = 1
	}
	return append(b, IPCPCompression, 2+vjData, byte(VJCompressed>>8), byte(VJCompressed), v.MaxSlot, flag)
}

// CompressionProtocol reads the protocol of an IP-Compression-Protocol option,
// which decides about the rest of the data: VJCompressed leads to [ParseVJ].
func CompressionProtocol(data []byte) (Protocol, error) {
	if len(data) < 2 {
		return 0, short("IP compression option", len(data), 2)
	}
	return Protocol(binary.BigEndian.Uint16(data)), nil
}

// ParseVJ reads the option's data.
func ParseVJ(data []byte) (VJ, error) {
	p, err := CompressionProtocol(data)
	if err != nil {
		return VJ{}, err
	}
	if p != VJCompressed {
		return VJ{}, fmt.Errorf("wire: IP compression option: protocol %v is not Van Jacobson's", p)
	}
	if len(data) != vjData {
		return VJ{}, wrongLength("VJ option", len(data), vjData)
	}
	return VJ{MaxSlot: data[2], CompSlot: data[3] == 1}, nil
}
