package capture

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzPacket: a frame and a message come back as they went in.
func FuzzPacket(f *testing.F) {
	f.Add([]byte{0xff, 3, 0xc0, 0x21, 1}, "dialing", int64(1700000000000001), true)
	f.Add([]byte{}, "", int64(0), false)
	f.Fuzz(func(t *testing.T, data []byte, text string, micros int64, sent bool) {
		if len(data) > snapLen {
			data = data[:snapLen]
		}
		text = oneLine(text)
		in := frame{at: time.UnixMicro(micros), sent: sent, length: len(data) + 3, data: data}
		if text != "" {
			in.comments = []string{text, "x"}
		}
		b := appendSection(nil, "ppp 1", text)
		b = appendInterface(b, text, "entry x")
		b = appendPacket(b, in)
		b = appendMessage(b, "rmt", message{at: in.at, level: 6, line: "ttyS0", event: "dialing", text: text})
		all, err := parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 || len(all[0].items) != 2 || all[0].comment != text {
			t.Fatalf("sections: %v", all)
		}
		out := all[0].items[0].frame
		if !out.at.Equal(in.at) || out.sent != sent || out.length != in.length || !bytes.Equal(out.data, data) ||
			!cmp.Equal(out.comments, in.comments) {
			t.Errorf("frame\n%v\nbecame\n%v", in, *out)
		}
		m := all[0].items[1].message
		if m["MESSAGE"] != text || m["PPP_LINE"] != "ttyS0" || m["PPP_ENTRY"] != "rmt" || m["PRIORITY"] != "6" {
			t.Errorf("message became %v", m)
		}
	})
}

// TestBlocksFitPages: no block is larger than a page, whatever is in it.
func TestBlocksFitPages(t *testing.T) {
	long := strings.Repeat("x", 10*maxMessage)
	r := New(Config{Entry: long, Application: long})
	var comments []string
	for range maxPending {
		comments = append(comments, long[:maxComment/maxPending])
	}
	for name, b := range map[string][]byte{
		"section":   appendSection(nil, long, long),
		"interface": appendInterface(nil, long, r.about),
		"message":   appendMessage(nil, long, message{at: time.Now(), line: long, event: long, text: long}),
		"packet":    appendPacket(nil, frame{at: time.Now(), data: make([]byte, snapLen), comments: comments}),
	} {
		if len(b) > pageSize-blockOverhead {
			t.Errorf("%s: %d octets", name, len(b))
		}
	}
}
