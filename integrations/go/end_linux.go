package sigproof

import (
	"os/exec"
	"syscall"
)

// endWithUs asks the kernel to end the command when the test binary dies, as by a timeout of `go test`.
func endWithUs(child *exec.Cmd) {
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
