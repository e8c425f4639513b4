package flock

import (
	"errors"
	"os"
	"testing"
)

func TestLock(t *testing.T) {
	first, err := os.Create(t.TempDir() + "/journal")
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.Open(first.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := Lock(first); err != nil {
		t.Fatal(err)
	}
	if err := Lock(second); !errors.Is(err, ErrLocked) {
		t.Errorf("a locked file: %v", err)
	}
	first.Close()
	if err := Lock(second); err != nil {
		t.Errorf("once the owner is gone: %v", err)
	}
	second.Close()
	if err := Lock(second); err == nil {
		t.Error("a closed file is locked")
	}
}
