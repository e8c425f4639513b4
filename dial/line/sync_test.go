package line

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestSyncNeedsATTY(t *testing.T) {
	l, err := OpenCommand(context.Background(), "cat", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = l.SetSync()
	var s *SyncError
	if !errors.As(err, &s) || !strings.Contains(err.Error(), "synchronous adapter") {
		t.Errorf("SetSync: %v, want a *SyncError that says what it takes", err)
	}
}
