package rendezvous

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"unicode"

	"pppdial/cmd/internal/status"
)

// version is that of the protocol. Within it keys are only added; what does
// not know a key ignores it.
const version = 1

// Sizes of messages.
const (
	maxRequest = 64 << 10
	maxUnread  = 32 << 10
	maxLabel   = 200
	maxAnswer  = 256 << 20 // of a daemon, which we trust
)

// A request is one line.
type request struct {
	Version int    `json:"version"`
	Verb    string `json:"verb"`

	Entry string `json:"entry,omitempty"`
	Unit  *int   `json:"unit,omitempty"`
	Brief bool   `json:"brief,omitempty"` // state

	Command Verb `json:"command,omitempty"` // act
	Level   int  `json:"level,omitempty"`

	Unread []byte `json:"unread,omitempty"` // adopt
	Login  bool   `json:"login,omitempty"`
}

const (
	verbState = "state"
	verbAct   = "act"
	verbAdopt = "adopt"
)

var errMalformed = errors.New("malformed request")

// parseRequest reads a request and checks all that can be known without its
// sender.
func parseRequest(line []byte) (request, error) {
	var r request
	bad := func(format string, a ...any) (request, error) {
		return request{}, fmt.Errorf("%w: "+format, append([]any{errMalformed}, a...)...)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return bad("%w", err)
	}
	if r.Version != version {
		return bad("version %d, where %d is spoken", r.Version, version)
	}
	if len(r.Entry) > maxLabel {
		return bad("a label of %d octets", len(r.Entry))
	}
	for _, c := range r.Entry {
		if !unicode.IsGraphic(c) || c == unicode.ReplacementChar {
			return bad("a label with unprintable characters")
		}
	}
	if r.Unit != nil && *r.Unit < 0 {
		return bad("unit %d", *r.Unit)
	}
	switch r.Verb {
	case verbState:
	case verbAct:
		switch r.Command {
		case Up, Down, AddLine, DropLine:
		case Debug:
			if r.Level < 0 || r.Level > MaxDebug {
				return bad("debug %d is not within 0 to %d", r.Level, MaxDebug)
			}
		default:
			return bad("there is no command %q", r.Command)
		}
		if r.Entry == "" && r.Unit == nil {
			return bad("which interface?")
		}
	case verbAdopt:
		if r.Entry == "" {
			return bad("a line needs a label")
		}
		if len(r.Unread) > maxUnread {
			return bad("%d octets unread", len(r.Unread))
		}
	default:
		return bad("there is no verb %q", r.Verb)
	}
	return r, nil
}

func (r *request) target() Target { return Target{Entry: r.Entry, Unit: r.Unit} }

// appendRequest is parseRequest's other half.
func appendRequest(b []byte, r request) ([]byte, error) {
	r.Version = version
	return appendLine(b, r)
}

// An answer is one line. To adopt there are two: first whether the line is
// taken, and at the end the result.
type answer struct {
	Version int    `json:"version"`
	Error   string `json:"error,omitempty"`
	Code    string `json:"code,omitempty"` // of the error, for programs

	Accepted bool `json:"accepted,omitempty"` // adopt
	Done     bool `json:"done,omitempty"`
	Result        // of the link; of a refusal the status
}

// A stateAnswer is the document of pppstat(8) with a version.
type stateAnswer struct {
	answer
	status.Document
}

func appendLine(b []byte, v any) ([]byte, error) {
	j, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append(append(b, j...), '\n'), nil
}

// Codes of errors.
var codes = map[string]error{"unknown": ErrUnknown, "denied": ErrDenied, "busy": ErrBusy, "malformed": errMalformed}

const codeRefused = "refused"

func failure(err error) answer {
	for code, e := range codes {
		if errors.Is(err, e) {
			return answer{Error: err.Error(), Code: code}
		}
	}
	return answer{Error: err.Error(), Code: "failed"}
}

// A remoteError is a daemon's error.
type remoteError struct {
	text string
	is   error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.is }

func (a *answer) err() error {
	switch {
	case a.Error == "" && a.Code == "":
		return nil
	case a.Code == codeRefused:
		return &RefusedError{Status: a.Status, Why: a.Error}
	}
	return &remoteError{cmp.Or(a.Error, fmt.Sprintf("the other program fails with %q and no words", a.Code)), codes[a.Code]}
}
