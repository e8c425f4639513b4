package chat

import (
	"bufio"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// A modem answers commands as cellular modems do, chatter included.
type modem struct {
	*far
	echo  bool
	heard []string
}

func (m *modem) serve() {
	r := bufio.NewReader(m.conn)
	for {
		line, err := r.ReadString('\r')
		if err != nil {
			return
		}
		if m.echo {
			m.conn.Write([]byte(line))
		}
		line = strings.Trim(line, "\r")
		m.heard = append(m.heard, line)
		answer := "OK"
		switch {
		case line == "ATE0":
			m.echo = false
		case line == "ATI":
			m.says("\r\nMaker_Ltd\r\nMaker_BC66\r\nRevision: ERROR-FREE BOOK OK\r\n")
		case line == "AT+CSQ":
			m.says("\r\n+CSQ: 8,0\r\n")
		case line == "AT+COPS?":
			m.says("\r\n+COPS: 0,2,\"OK BUSY\",9\r\n\r\n+CREG: 1\r\n\nRING\n")
		case strings.HasPrefix(line, "ATD"):
			answer = "CONNECT 150000000"
		}
		// The script may have ended with a command to which it wants no answer.
		m.conn.Write([]byte("\r\n" + answer + "\r\n"))
		if strings.HasPrefix(answer, "CONNECT") {
			io.Copy(io.Discard, m.conn)
			return
		}
	}
}

// The scripts of testdata are such as people have for chat(8).
func TestScriptFiles(t *testing.T) {
	for _, tt := range []struct {
		file  string
		heard []string
	}{
		{"nbiot-connect", []string{"AT", "ATE0", "ATI", "AT+CSQ", "AT+CPIN?", "AT+COPS?", "AT+CGREG?", "ATZ",
			`AT+CGDCONT=1,"IP","iot.example.net",,0,0`, "ATDT*99#"}},
		{"nbiot-disconnect", []string{"+++ATH"}},
		{"gateway", []string{"ATZ", "ATE0", `AT+CGDCONT=1,"IP","CHAP:example.jp"`, "AT", "ATDT*99***1#"}},
		{"gprs-crlf", []string{"AT", "ATH", `AT+CGDCONT=1,"IP","internet","",0,0`, "ATD*99#"}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			src, err := os.ReadFile("testdata/" + tt.file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := ParseFile(tt.file, src)
			if err != nil {
				t.Fatal(err)
			}
			var m *modem
			o := runScript(t, Runner{Translated: "internet"}, s, func(f *far) {
				m = &modem{far: f, echo: true}
				m.serve()
			})
			o.succeeds(t)
			if !slices.Equal(m.heard, tt.heard) {
				t.Errorf("modem heard %q, want %q", m.heard, tt.heard)
			}
			if dialed := strings.HasPrefix(tt.heard[len(tt.heard)-1], "ATD"); dialed && o.Connect != "CONNECT 150000000" {
				t.Errorf("connect %q", o.Connect)
			}
		})
	}
}
