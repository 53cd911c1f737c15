package example

import (
	"os/exec"
	"path/filepath"
	"testing"

	"sigproof"
)

// built is a program of this module: what is swept is the program, and not `go run`. It stays: a finding is repeated with it.
func built(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("go", "build", "-o", path, "./"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return path
}

func TestTool(t *testing.T) {
	sigproof.Sweep(t, sigproof.Command{Args: []string{built(t, "tool")}, Empty: true})
}

func TestMended(t *testing.T) {
	sigproof.Sweep(t, sigproof.Command{Args: []string{built(t, "mended")}, Empty: true})
}

func TestOneRun(t *testing.T) {
	command := sigproof.Command{Args: []string{"sleep", "100"}, Empty: true, Options: []string{"--no-baseline"}}
	sigproof.Run(t, command, "INT@50ms")
}
