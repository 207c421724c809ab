// Package process runs gramme as its users do: as a process of its own, with a
// data directory, reached over a port. It builds the binary, starts it, waits
// until it answers, and ends it politely or by SIGKILL. It sends no requests of
// its own but the one that asks whether the server is there. The end-to-end
// tests, the crash test and the program withgramme call it.
package process

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 30 * time.Second // from exec to the first answer; recovery of a data directory included
	stopTimeout  = 30 * time.Second // from SIGTERM to the end; then SIGKILL, and Stop reports it
	pollInterval = 5 * time.Millisecond
)

// The credentials that a server with Options.Static accepts, and where Adopt
// says that its user belongs.
const (
	AccessKey = "AKIDEXAMPLE"
	SecretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	Region    = "eu-central-1"
	Account   = "123456789012"
)

// Options says how to start a server. Dir is required.
type Options struct {
	Dir    string // the data directory
	Addr   string // host:port; default: a free port of 127.0.0.1
	Static bool   // check signatures against AccessKey and SecretKey
	Log    string // a file that takes what the process prints, appended; default: our standard error

	Durability        string        // of --durability; default: the server's
	ControlPlaneDelay time.Duration // how long tables stay CREATING, UPDATING, DELETING
	Env               []string      // more variables, as in GRAMME_STREAM_RETENTION=1m
	TLS               *TLS          // of --tls-cert and --tls-key; nil: without
	TTLCooldown       string        // of --ttl-cooldown; default: the server's
}

// TLS is a certificate, which must be valid for 127.0.0.1, with its private key.
type TLS struct {
	Cert, Key string         // files
	Roots     *x509.CertPool // what trusts it
}

// Server is a running gramme.
type Server struct {
	Addr string // host:port
	tls  *TLS   // nil: without
	cmd  *exec.Cmd
	log  *os.File      // nil: the process writes to our standard error
	done chan struct{} // closed when the process has ended; err is valid then
	err  error
}

// Build returns the path of the binary: GRAMME_BIN where it is set, so that a
// whole test run shares one build, otherwise a fresh build in dir.
func Build(ctx context.Context, dir string) (string, error) {
	if bin := os.Getenv("GRAMME_BIN"); bin != "" {
		return bin, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "gramme")
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cmd/gramme")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/gramme: %w\n%s", err, out)
	}
	return bin, nil
}

// Root returns the top of the checkout: the nearest folder above the working
// directory that holds cmd/gramme.
func Root() (string, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "gramme")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no cmd/gramme at or above %s", wd)
		}
	}
}

// Start starts bin and returns once it answers.
func Start(bin string, o Options) (*Server, error) {
	s, err := Launch(bin, o)
	if err != nil {
		return nil, err
	}
	if err := s.awaitAnswer(); err != nil {
		return nil, errors.Join(err, s.Kill(), printed(o.Log))
	}
	return s, nil
}

// printed returns what the process has printed, as an error for those who want
// to know why it did not start.
func printed(log string) error {
	if log == "" {
		return nil // it is on our standard error already
	}
	text, err := os.ReadFile(log)
	if err != nil {
		return err
	}
	return fmt.Errorf("gramme printed:\n%s", text)
}

// Launch starts bin and does not wait for its first answer.
func Launch(bin string, o Options) (*Server, error) {
	if o.Addr == "" {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		o.Addr = addr
	}
	s := &Server{Addr: o.Addr, tls: o.TLS, done: make(chan struct{})}
	s.cmd = exec.Command(bin, "serve")
	s.cmd.Env = environment(o)
	s.cmd.Stdout, s.cmd.Stderr = os.Stderr, os.Stderr
	if o.Log != "" {
		log, err := os.OpenFile(o.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return nil, err
		}
		s.log = log
		s.cmd.Stdout, s.cmd.Stderr = log, log
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go s.wait()
	return s, nil
}

// environment returns ours without what would change the server or reach AWS,
// and with what o says.
func environment(o Options) []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "GRAMME_") || strings.HasPrefix(variable, "AWS_")
	})
	env = append(env,
		"GRAMME_ADDR="+o.Addr,
		"GRAMME_DATA="+o.Dir,
		"GRAMME_REGION="+Region,
		"GRAMME_ACCOUNT="+Account,
		"GRAMME_CONTROL_PLANE_DELAY="+o.ControlPlaneDelay.String(),
		"GRAMME_TTL_INTERVAL=50ms", // tests wait for items to go
	)
	if o.Durability != "" {
		env = append(env, "GRAMME_DURABILITY="+o.Durability)
	}
	if o.TTLCooldown != "" {
		env = append(env, "GRAMME_TTL_COOLDOWN="+o.TTLCooldown)
	}
	if o.Static {
		env = append(env, "GRAMME_AUTH=static", "GRAMME_ACCESS_KEY="+AccessKey, "GRAMME_SECRET_KEY="+SecretKey)
	}
	if o.TLS != nil {
		env = append(env, "GRAMME_TLS_CERT="+o.TLS.Cert, "GRAMME_TLS_KEY="+o.TLS.Key)
	}
	return append(env, o.Env...)
}

// freeAddr returns an address that nobody listened on a moment ago.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// wait collects the process, whoever ended it.
func (s *Server) wait() {
	s.err = s.cmd.Wait()
	if s.log != nil {
		s.err = errors.Join(s.err, s.log.Close())
	}
	close(s.done)
}

// awaitAnswer polls the health page until it answers 200.
func (s *Server) awaitAnswer() error {
	client := s.Client()
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if s.answers(ctx, client) {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("gramme ended before it answered: %w", s.err)
		case <-ctx.Done():
			return fmt.Errorf("gramme did not answer at %s within %s", s.Addr, startTimeout)
		case <-tick.C:
		}
	}
}

func (s *Server) answers(ctx context.Context, client *http.Client) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL(), nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// PID returns the number of the process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// URL returns the endpoint as the SDKs take it.
func (s *Server) URL() string {
	if s.tls != nil {
		return "https://" + s.Addr
	}
	return "http://" + s.Addr
}

// Client returns a client with connections of its own, which trusts the server's
// certificate.
func (s *Server) Client() *http.Client {
	transport := &http.Transport{ForceAttemptHTTP2: true}
	if s.tls != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: s.tls.Roots}
	}
	return &http.Client{Transport: transport}
}

// Adopt sets the environment of this process, and so of those it starts, such
// that every AWS SDK and the AWS CLI find the server and sign for it, and find
// nothing else that the machine's user has set up.
func (s *Server) Adopt() error {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL":            s.URL(),
		"AWS_ACCESS_KEY_ID":           AccessKey,
		"AWS_SECRET_ACCESS_KEY":       SecretKey,
		"AWS_REGION":                  Region,
		"AWS_DEFAULT_REGION":          Region, // the older name; boto3 and the CLI read it
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"GRAMME_ACCOUNT":              Account, // ours: tests put it into ARNs
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Stop asks the process to end and waits for it. A process that answers
// anything but exit status 0 is an error.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-s.done:
		return s.err
	case <-timeout.C:
		return errors.Join(fmt.Errorf("gramme did not end within %s of SIGTERM", stopTimeout), s.Kill())
	}
}

// Abort ends the process with the stacks of all its goroutines, as an operator
// does who wants to know where it hangs, and waits until it is gone.
func (s *Server) Abort() error {
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	<-s.done
	return nil
}

// Kill ends the process as a crash would, at whatever it is doing, and waits
// until the machine has taken it away.
func (s *Server) Kill() error {
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.done
	return nil
}
