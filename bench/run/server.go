package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	accessKey = "AKIDBENCH"
	secretKey = "bench-secret"

	startTimeMax = 30 * time.Second // beyond it the server counts as not to be had
	stopTimeMax  = 10 * time.Second // beyond it the server is killed
	idleTime     = 2 * time.Second  // until the memory of an idle server is read
)

// server is one that can be measured.
type server struct {
	name    string
	needs   string   // a file without which it is not there
	command []string // with PORT for the port
	env     []string
	version []string // a command that prints it; nil: Gramme's own
}

// gramme is Gramme as it is started by default, but that it verifies signatures.
func gramme(binary, data string) server {
	return server{
		name: "gramme", needs: binary,
		command: []string{binary, "serve", "--auth", "static", "--addr", "127.0.0.1:PORT", "--data", data},
		env:     []string{"GRAMME_ACCESS_KEY=" + accessKey, "GRAMME_SECRET_KEY=" + secretKey},
		version: []string{binary, "version"},
	}
}

// servers returns all that we know of.
func servers(binaries map[string]string, dir, local string) []server {
	ceiling := []string{binaries["ceiling"], "serve", "-addr", "127.0.0.1:PORT", "-access-key", accessKey, "-secret-key", secretKey}
	dynalite := "bench/peers/node_modules/dynalite/cli.js"
	dynoxide := ".cache/bench/dynoxide/bin/dynoxide"
	jar := filepath.Join(local, "DynamoDBLocal.jar")
	java := []string{"java", "-Djava.library.path=" + filepath.Join(local, "DynamoDBLocal_lib"), "-jar", jar, "-port", "PORT", "-disableTelemetry"}
	list := []server{
		gramme(binaries["gramme"], filepath.Join(dir, "gramme-data")),
		{"ceiling", binaries["ceiling"], append(ceiling, "-data", filepath.Join(dir, "ceiling-data")), nil, nil},
		{"ceiling-empty", binaries["ceiling"], append(ceiling, "-empty"), nil, nil},
		{"dynalite", dynalite, []string{"node", dynalite, "--host", "127.0.0.1", "--port", "PORT", "--createTableMs", "0", "--deleteTableMs", "0"}, nil, []string{"node", "-p", "'dynalite ' + require('./bench/peers/node_modules/dynalite/package.json').version + ', node ' + process.version"}},
		{"dynoxide", dynoxide, []string{dynoxide, "serve", "--port", "PORT"}, nil, []string{dynoxide, "--version"}},
		{"dynoxide-disk", dynoxide, []string{dynoxide, "serve", "--port", "PORT", "--db-path", filepath.Join(dir, "dynoxide.db")}, nil, []string{dynoxide, "--version"}},
	}
	if local != "" {
		list = append(list,
			server{"dynamodb-local", jar, append(java, "-inMemory"), nil, append(java[:4:4], "-version")},
			server{"dynamodb-local-disk", jar, append(java, "-dbPath", dir), nil, append(java[:4:4], "-version")})
	}
	return list
}

// process is a server that runs.
type process struct {
	server
	url  string
	cmd  *exec.Cmd
	done chan error
}

// startAll starts the servers that are there, and notes the others. What has
// been started is returned with an error too.
func startAll(ctx context.Context, list []server, r *record) (map[string]*process, error) {
	running := map[string]*process{}
	for _, s := range list {
		if _, err := os.Stat(s.needs); err != nil {
			r.note("not measured: %s, as %s is not there", s.name, filepath.Base(s.needs))
			continue
		}
		p, took, err := start(ctx, s)
		if err != nil {
			return running, err
		}
		running[s.name] = p
		time.Sleep(idleTime)
		r.Servers = append(r.Servers, standing{
			Name: s.name, Version: p.printVersion(ctx),
			StartMillis: float64(took.Microseconds()) / 1000, IdleMiB: residentMiB(p.cmd.Process.Pid),
		})
	}
	return running, nil
}

// start starts a server, and tells how long it took until its first answer.
func start(ctx context.Context, s server) (*process, time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return nil, 0, err
	}
	var args []string
	for _, arg := range s.command {
		args = append(args, strings.ReplaceAll(arg, "PORT", port))
	}
	p := &process{server: s, url: "http://127.0.0.1:" + port, done: make(chan error, 1)}
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Env = append(os.Environ(), s.env...)
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", s.name, err)
	}
	go func() {
		defer close(p.done) // it may be stopped twice
		p.done <- p.cmd.Wait()
	}()
	for time.Since(begin) < startTimeMax && ctx.Err() == nil {
		answer, err := http.Get(p.url)
		if err == nil {
			_ = answer.Body.Close() // any answer will do
			return p, time.Since(begin), nil
		}
		time.Sleep(time.Millisecond)
	}
	return nil, 0, errors.Join(fmt.Errorf("%s does not answer", s.name), p.stop())
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

func stopAll(running map[string]*process) error {
	var errs []error
	for _, p := range running {
		errs = append(errs, p.stop())
	}
	return errors.Join(errs...)
}

// stop ends the server. How it ends is its own affair.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.done:
		return nil
	case <-time.After(stopTimeMax):
		err := p.cmd.Process.Kill()
		<-p.done
		return err
	}
}

func (p *process) printVersion(ctx context.Context) string {
	if p.version == nil {
		return ""
	}
	out, err := exec.CommandContext(ctx, p.version[0], p.version[1:]...).CombinedOutput()
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// residentMiB is 0 where there is no /proc.
func residentMiB(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseFloat(fields[1], 64)
	if err != nil {
		return 0
	}
	return pages * float64(os.Getpagesize()) / (1 << 20)
}
