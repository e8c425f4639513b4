package rendezvous

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRequests(t *testing.T) {
	unit := 2
	for _, r := range []request{
		{Verb: verbState},
		{Verb: verbState, Entry: "rmt", Unit: &unit, Brief: true},
		{Verb: verbAct, Entry: "rmt", Command: Up},
		{Verb: verbAct, Unit: &unit, Command: Debug, Level: 3},
		{Verb: verbAdopt, Entry: "joe", Unread: []byte{0, 0x7e, 0xff}, Login: true},
	} {
		line, err := appendRequest(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseRequest(bytes.TrimSuffix(line, []byte("\n")))
		r.Version = version
		if err != nil || cmp.Diff(r, got) != "" {
			t.Errorf("%s: %v\n%s", line, err, cmp.Diff(r, got))
		}
	}
	for in, want := range map[string]string{
		``:                          "unexpected end of JSON",
		`null`:                      "version 0",
		`[]`:                        "cannot unmarshal",
		`{"version":0}`:             "version 0, where 1 is spoken",
		`{"version":1}`:             `there is no verb ""`,
		`{"version":1,"verb":"do"}`: `there is no verb "do"`,
		`{"version":1,"verb":"act","command":"up"}`:                                                 "which interface?",
		`{"version":1,"verb":"act","entry":"a","command":"reboot"}`:                                 `there is no command "reboot"`,
		`{"version":1,"verb":"act","entry":"a","command":"debug","level":4}`:                        "debug 4 is not within 0 to 3",
		`{"version":1,"verb":"state","unit":-1}`:                                                    "unit -1",
		`{"version":1,"verb":"adopt"}`:                                                              "a line needs a label",
		`{"version":1,"verb":"adopt","entry":"a\nb"}`:                                               "unprintable",
		"{\"version\":1,\"verb\":\"adopt\",\"entry\":\"a\xff\"}":                                    "unprintable",
		`{"version":1,"verb":"adopt","entry":"` + strings.Repeat("x", 201) + `"}`:                   "a label of 201 octets",
		`{"version":1,"verb":"adopt","entry":"a","unread":"!"}`:                                     "illegal base64",
		`{"version":1,"verb":"adopt","entry":"a","unread":"` + strings.Repeat("AAAA", 10923) + `"}`: "32769 octets unread",
	} {
		if _, err := parseRequest([]byte(in)); !errors.Is(err, errMalformed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %q", in, err, want)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"version":1,"verb":"state","entry":"rmt","unit":0,"brief":true}`))
	f.Add([]byte(`{"version":1,"verb":"act","command":"debug","level":2,"unit":1}`))
	f.Add([]byte(`{"version":1,"verb":"adopt","entry":"joe","unread":"fn5+","login":true}`))
	f.Add([]byte(`{"version":1,"verb":"adopt","entry":"\ud800"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRequest(line)
		if err != nil {
			return
		}
		again, err := appendRequest(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseRequest(bytes.TrimSuffix(again, []byte("\n")))
		if len(got.Unread) == 0 {
			got.Unread, r.Unread = nil, nil
		}
		if err != nil || cmp.Diff(r, got) != "" {
			t.Errorf("%s: %v\n%s", again, err, cmp.Diff(r, got))
		}
	})
}

// TestAnswerWithoutWords: an error says something, whatever the daemon has left
// out.
func TestAnswerWithoutWords(t *testing.T) {
	for in, want := range map[string]string{
		`{"code":"unknown"}`:                   `the other program fails with "unknown" and no words`,
		`{"error":"no such entry","code":"x"}`: "no such entry",
	} {
		var a answer
		if err := readAnswer(bufio.NewReader(strings.NewReader(in+"\n")), nil, &a); err != nil {
			t.Fatal(err)
		}
		if err := a.err(); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}

// FuzzAnswer: whatever a daemon answers, it is an answer or an error that is one
// line.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("{\"version\":1,\"accepted\":true}\n{\"done\":true,\"status\":5,\"text\":\"User request\",\"phase\":\"dead\",\"by\":\"us\"}\n"))
	f.Add([]byte("{\"error\":\"no such entry\",\"code\":\"unknown\"}\n"))
	f.Add([]byte("{\"bundles\":[{\"links\":[{}]}]}\nnull\n[]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		in := bufio.NewReader(bytes.NewReader(text))
		for range bytes.Count(text, []byte("\n")) + 1 {
			var a stateAnswer
			err := readAnswer(in, nil, &a)
			if err == nil {
				a.Complete()
				err = a.err()
			}
			if err != nil && err.Error() == "" {
				t.Errorf("an error without words after %q", text)
			}
		}
		if err := readAnswer(in, nil, new(answer)); err == nil {
			t.Errorf("one answer too many in %q", text)
		}
	})
}
