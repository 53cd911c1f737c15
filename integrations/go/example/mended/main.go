// Writes report.txt. The signal is taken, and ends the program when report.tmp is not there any more.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func write() error {
	defer os.Remove("report.tmp") // after the rename it is not there
	if err := os.WriteFile("report.tmp", []byte("all\n"), 0o666); err != nil {
		return err
	}
	return os.Rename("report.tmp", "report.txt")
}

func main() {
	taken := make(chan os.Signal, 1)
	signal.Notify(taken, os.Interrupt)
	err := write()
	select {
	case <-taken:
		signal.Reset(os.Interrupt)
		syscall.Kill(os.Getpid(), syscall.SIGINT)
		select {}
	default:
	}
	if err != nil {
		panic(err)
	}
}
