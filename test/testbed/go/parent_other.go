//go:build !linux

package main

// dieWithParent does nothing here: the pipe on standard input is the only watch.
func dieWithParent() {}
