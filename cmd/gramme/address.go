package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// resolve returns the TCP address that a flag means. A host of several
// addresses means its first, so that what is checked is what is listened on.
func resolve(addr string) (*net.TCPAddr, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if addr == "" { // for package net it is any port of any address
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("--addr=%s is no address to listen on: %w; write host:port, as in 127.0.0.1:8000", addr, err)
	}
	return tcp, nil
}

// listen opens the port.
func listen(addr *net.TCPAddr) (net.Listener, error) {
	l, err := net.ListenTCP("tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program; stop it, or choose another port with --addr", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; choose a port above 1023 with --addr", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s is no address of this machine; choose one with --addr", addr)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
}

// endpoint returns the URL at which a program on this machine reaches a
// listener. One that listens everywhere is named by the loopback address.
func endpoint(l net.Listener, encrypted bool) string {
	scheme := "http"
	if encrypted {
		scheme = "https"
	}
	addr := l.Addr().(*net.TCPAddr) // listen opens no other kind
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(addr.Port))
}
