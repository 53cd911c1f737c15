// Writes report.txt. A planted bug: Ctrl+C at the wrong time leaves report.tmp behind.
package main

import (
	"os"
	"time"
)

func main() {
	if err := os.WriteFile("report.tmp", []byte("all\n"), 0o666); err != nil {
		panic(err)
	}
	time.Sleep(20 * time.Millisecond) // for other work
	if err := os.Rename("report.tmp", "report.txt"); err != nil {
		panic(err)
	}
}
