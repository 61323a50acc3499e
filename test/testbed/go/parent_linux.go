package main

import "golang.org/x/sys/unix"

// dieWithParent asks the kernel for SIGKILL when the parent ends. The setting belongs to the calling thread, so
// call it before main starts goroutines: the main thread lives as long as the process.
func dieWithParent() {
	_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}
