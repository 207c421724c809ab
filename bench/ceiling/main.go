// Command ceiling shows what is the least work that a Go server on Pebble can do
// for the requests of "gramme bench": net/http, the signature verified, the key
// found by a look at the bytes of the body, one operation of Pebble, with a
// synced commit for writes, and the stored bytes answered. It is no database: it
// checks no input and no condition, keeps no index, counts nothing, and takes
// requests in the form in which the load generator writes them. What Gramme
// needs beyond it is the price of being one.
//
//	ceiling serve -data DIR     with Pebble
//	ceiling serve -empty        verifies the signature, and answers {}
//	ceiling direct -data DIR    no HTTP: Pebble alone, the same bytes
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ceiling:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "serve" {
		return serve(args[1:])
	}
	if len(args) > 0 && args[0] == "direct" {
		return direct(args[1:])
	}
	return errors.New("say ceiling serve, or ceiling direct")
}

func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8100", "where to listen")
	data := flags.String("data", "", "the folder of Pebble's files")
	empty := flags.Bool("empty", false, "keep nothing, and answer {}")
	accessKey := flags.String("access-key", "gramme", "the access key that signs")
	secret := flags.String("secret-key", "gramme", "its secret")
	profile := flags.String("cpuprofile", "", "the file for a CPU profile of the whole run")
	_ = flags.Parse(args) // it ends the process
	if (*data == "") != *empty {
		return errors.New("say either -data or -empty")
	}
	h := newHandler(*accessKey, *secret)
	if !*empty {
		db, err := openStore(*data, nil)
		if err != nil {
			return err
		}
		defer db.Close()
		h.db = db
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	if *profile != "" {
		file, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(file)
		}
		if err != nil {
			return err
		}
		defer file.Close()
		defer pprof.StopCPUProfile()
	}
	return serveUntilSignal(h, listener)
}

func serveUntilSignal(h http.Handler, listener net.Listener) error {
	signalled, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer restore()
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 5 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Printf("ceiling is ready at http://%s\n", listener.Addr())
	select {
	case err := <-served:
		return err
	case <-signalled.Done():
		return server.Close()
	}
}
