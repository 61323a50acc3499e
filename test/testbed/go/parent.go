package main

import (
	"io"
	"os"
)

// watchParent makes this process end with the one that started it, even when that one is killed with SIGKILL and
// can clean up nothing. Two ways, because each has a gap: the kernel's signal (Linux only) reaches a stopped
// process too, and the pipe on standard input also covers a parent that died before the signal was armed.
func watchParent() {
	if os.Getenv("TESTBED_WATCH_PARENT") == "" {
		return
	}
	dieWithParent()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
}
