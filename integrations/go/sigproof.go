// Package sigproof tests that a program survives Ctrl+C: it runs the command sigproof, and makes each finding a subtest.
package sigproof

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Exit codes of the command.
const (
	holds = iota
	violated
	usage
	harness
	notReached
	flaky
)

// Command is what is tested, and what must hold. Its fields are options of the command line; Options takes the others.
type Command struct {
	// Args is the command and its arguments.
	Args []string
	// Dir is the directory that it is run in; the package's without it.
	Dir string
	// Inputs are copied into the work tree; one directory is its root. Without them the work tree is a view of Dir.
	Inputs []string
	// Empty begins with an empty work tree.
	Empty bool
	// Pty runs it on a pseudo-terminal.
	Pty bool
	// Env has variables of the environment, as NAME=VALUE. The rest of it is pinned.
	Env []string
	// Signal is INT without it, TERM for a service.
	Signal string
	// Check is a command for sh -c that must succeed on the end state of every run.
	Check string
	// Keep has globs of paths that may be left behind, Prefix those of outputs that may be cut short, Any those of
	// outputs whose content does not matter.
	Keep, Prefix, Any []string
	// For is the longest time of a sweep, such as "60s".
	For string
	// Ready shows that a service is ready, such as "port:8000"; Clients use it, such as "GET /slow".
	Ready   string
	Clients []string
	// Options are further options, as on the command line.
	Options []string
}

// Finding is one thing that is wrong.
type Finding struct {
	Oracle   string   `json:"oracle"`
	Subject  string   `json:"subject"`
	Text     string   `json:"text"`
	Count    int      `json:"count"`
	First    string   `json:"first"`
	Between  string   `json:"between"`
	Seen     int      `json:"seen"`
	Times    int      `json:"times"`
	Flaky    bool     `json:"flaky"`
	Accept   string   `json:"accept"`
	File     string   `json:"file"`
	Timeline []string `json:"timeline"`
}

// Result is what came of it.
type Result struct {
	// Verdict is holds, violated, not_reached or flaky.
	Verdict  string
	ExitCode int
	Findings []Finding
	// Page is the HTML page with everything, if something was found.
	Page string
}

// line is one line of --json, version 1: the fields that are read here.
type line struct {
	Type     string `json:"type"`
	ExitCode *int   `json:"exit_code"`
	// A string, or in a verdict of an oracle one as well.
	Verdict     string          `json:"verdict"`
	ErrorText   string          `json:"text"`
	BeforeReady bool            `json:"before_ready"`
	AtStart     bool            `json:"at_start"`
	Evidence    []Finding       `json:"evidence"`
	NotReached  json.RawMessage `json:"not_reached"`
	Finding
}

// Sweep runs the command once per point where a signal could do harm, with the signal there. Each finding is a subtest
// that fails. It is skipped by `go test -short`, and where this machine cannot do it.
func Sweep(t *testing.T, command Command) Result {
	t.Helper()
	return call(t, "sweep", command, nil)
}

// Run runs the command once with a schedule of signals: "INT@output:'ready'", "INT@+200ms".
func Run(t *testing.T, command Command, signals ...string) Result {
	t.Helper()
	return call(t, "run", command, pairs("--signal", signals))
}

func call(t *testing.T, verb string, command Command, more []string) Result {
	t.Helper()
	if testing.Short() {
		t.Skip("sigproof runs the program many times: not with -short")
	}
	result, err := command.call(verb, t.Name(), more)
	if reason, ok := err.(unavailable); ok {
		t.Skip("sigproof: " + string(reason))
	}
	if err != nil {
		t.Fatalf("sigproof: %v", err)
	}
	for index, finding := range result.Findings {
		t.Run(fmt.Sprintf("%s#%d", finding.Oracle, index+1), func(t *testing.T) {
			t.Helper()
			t.Errorf("%s%s", finding, page(result.Page))
		})
	}
	if result.ExitCode != holds && len(result.Findings) == 0 {
		t.Errorf("sigproof: %s: %s%s", strings.Join(command.Args, " "), result.Verdict, page(result.Page))
	}
	return result
}

func page(path string) string {
	if path == "" {
		return ""
	}
	return "\n  page: " + path
}

// unavailable is why this machine cannot do it.
type unavailable string

func (reason unavailable) Error() string { return string(reason) }

func (command Command) call(verb, name string, more []string) (Result, error) {
	if len(command.Args) == 0 {
		return Result{}, fmt.Errorf("Command.Args is empty: name the program and its arguments")
	}
	program := os.Getenv("SIGPROOF")
	if program == "" {
		program = "sigproof"
	}
	program, err := exec.LookPath(program)
	if err != nil {
		return Result{}, unavailable("there is no command sigproof in PATH, and SIGPROOF names none")
	}
	store, err := filepath.Abs(filepath.Join(command.Dir, ".sigproof"))
	if err != nil {
		return Result{}, err
	}
	html := filepath.Join(store, "pages", regexp.MustCompile(`[^A-Za-z0-9.]+`).ReplaceAllString(name, "-")+".html")
	if err := os.MkdirAll(filepath.Dir(html), 0o777); err != nil {
		return Result{}, err
	}
	words := append([]string{verb, "--json", "--store", store, "--html", html}, command.flags(verb)...)
	words = append(append(append(words, more...), command.Options...), "--")
	child := exec.Command(program, append(words, command.Args...)...)
	child.Dir = command.Dir
	// The kernel ends it when this thread does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	endWithUs(child)
	said, err := child.Output()
	code := child.ProcessState.ExitCode()
	if code < 0 {
		return Result{}, fmt.Errorf("%s: %v", program, err)
	}
	result, reason, err := read(said, code)
	if err != nil {
		return Result{}, err
	}
	if code == usage || code == harness {
		if missing := doctor(program); code == harness && missing != "" {
			return Result{}, unavailable(reason + "\n" + missing)
		}
		return Result{}, fmt.Errorf("%s", reason)
	}
	if code == holds {
		os.Remove(html)
	} else if _, err := os.Stat(html); err == nil {
		result.Page = html
	}
	return result, nil
}

func (command Command) flags(verb string) []string {
	words := pairs("--in", command.Inputs)
	words = append(words, pairs("--env", command.Env)...)
	words = append(words, pairs("--keep", command.Keep)...)
	words = append(words, pairs("--prefix", command.Prefix)...)
	words = append(words, pairs("--any", command.Any)...)
	words = append(words, pairs("--client", command.Clients)...)
	for flag, value := range map[string]string{"--check": command.Check, "--ready": command.Ready, "--signal": command.Signal, "--for": command.For} {
		if value != "" && (verb == "sweep" || flag != "--for") {
			words = append(words, flag, value)
		}
	}
	if command.Empty {
		words = append(words, "--empty")
	}
	if command.Pty {
		words = append(words, "--pty")
	}
	return words
}

func pairs(flag string, values []string) (words []string) {
	for _, value := range values {
		words = append(words, flag, value)
	}
	return words
}

// read makes a result of the lines; of an error it makes its reason.
func read(said []byte, code int) (result Result, reason string, err error) {
	result.ExitCode = code
	decoder := json.NewDecoder(strings.NewReader(string(said)))
	var timeline []string
	for decoder.More() {
		var one line
		if err := decoder.Decode(&one); err != nil {
			return result, "", fmt.Errorf("what sigproof says is not what this package reads: %w", err)
		}
		switch {
		case one.Type == "error":
			reason += one.ErrorText
		case one.Type == "run":
			timeline = one.Timeline
		case one.Type == "finding" && !one.BeforeReady && !one.AtStart:
			one.Finding.Text = one.ErrorText
			result.Findings = append(result.Findings, one.Finding)
		case one.Type == "verdict":
			for _, evidence := range one.Evidence {
				evidence.Oracle = one.Oracle
				result.Findings = append(result.Findings, evidence)
			}
		}
		if one.ExitCode != nil {
			result.Verdict = one.Verdict
		}
	}
	for index := range result.Findings {
		if result.Findings[index].Timeline == nil {
			result.Findings[index].Timeline = timeline
		}
	}
	return result, reason, nil
}

// doctor says what is missing here, or nothing.
func doctor(program string) string {
	said, err := exec.Command(program, "doctor").Output()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == harness {
		return string(said)
	}
	return ""
}

// String is what a person reads.
func (finding Finding) String() string {
	lines := []string{"✗ " + finding.Oracle + ": " + finding.Text}
	if finding.First != "" {
		lines = append(lines, "at "+strconv.Itoa(finding.Count)+" points, first at "+finding.First)
	}
	if finding.Between != "" {
		lines = append(lines, finding.Between)
	}
	if finding.Times > 0 {
		word := "repeated"
		if finding.Flaky {
			word = "flaky"
		}
		lines = append(lines, fmt.Sprintf("%s: %d of %d runs", word, finding.Seen, finding.Times))
	}
	lines = append(lines, finding.Timeline...)
	if finding.File != "" {
		lines = append(lines, "sigproof replay "+finding.File)
	}
	if finding.Accept != "" {
		lines = append(lines, "if this is right: "+finding.Accept)
	}
	lines = append(lines, "how to mend it: sigproof explain "+finding.Oracle)
	return strings.Join(lines, "\n  ")
}
