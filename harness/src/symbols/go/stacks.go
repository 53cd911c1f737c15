// Says on standard error where it is: return addresses, each with what Go knows of it. It uses little of the library,
// which would have to be compiled first.
package main

import (
	"runtime"
	"sync"
	"syscall"
)

//go:noinline
func place() {
	addresses := make([]uintptr, 32)
	for _, address := range addresses[:runtime.Callers(2, addresses)] {
		println(address)
		frames := runtime.CallersFrames([]uintptr{address})
		for {
			frame, more := frames.Next()
			print(frame.Function, "\t", frame.File, "\t", frame.Line, "\n")
			if !more {
				break
			}
		}
	}
}

// Where the program begins in memory: the first of the mappings that has a path.
func begin() string {
	maps, _ := syscall.Open("/proc/self/maps", syscall.O_RDONLY, 0)
	text := make([]byte, 4096)
	length, _ := syscall.Read(maps, text)
	line, end := 0, 0
	for at, character := range text[:length] {
		switch character {
		case '\n':
			line, end = at+1, 0
		case '-':
			if end == 0 {
				end = at
			}
		case '/':
			return string(text[line:end])
		}
	}
	return ""
}

type saver[T any] struct{ value T }

func (s *saver[T]) save() {
	small()
	place()
}

func small() {
	smaller()
}

func smaller() { place() }

func far(times int) {
	if times == 0 {
		place()
		return
	}
	far(times - 1)
}

func main() {
	println(begin())
	(&saver[int]{1}).save()
	far(3)
	func() {
		defer func() { recover(); place() }()
		panic("to be recovered")
	}()
	var once sync.Once
	once.Do(func() {
		place()
	})
	done := make(chan bool)
	go func() { place(); done <- true }()
	<-done
}
