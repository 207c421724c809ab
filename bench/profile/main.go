// Command profile serves Gramme as "gramme serve --auth static" does, and writes
// a CPU profile when it is stopped. It is for finding out where the time of a
// load goes: see bench/README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"github.com/gramme-db/gramme"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8200", "where to listen")
	data := flag.String("data", "", "the data directory; empty: in memory")
	profile := flag.String("cpuprofile", "gramme.pprof", "the file for the profile")
	flag.Parse()
	if err := run(*addr, *data, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

func run(addr, data, profile string) error {
	file, err := os.Create(profile)
	if err != nil {
		return err
	}
	defer file.Close()
	g, err := gramme.Open(gramme.Options{
		Dir: data, InMemory: data == "", Addr: addr, AccessKey: "gramme", SecretKey: "gramme",
	})
	if err != nil {
		return err
	}
	signalled, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer restore()
	fmt.Println("serving at", g.URL())
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, g.Close())
	}
	<-signalled.Done()
	pprof.StopCPUProfile()
	return g.Close()
}
