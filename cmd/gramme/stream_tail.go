package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

// streamTailCommand is "gramme stream tail". It is a client: it speaks to a
// running server as the SDKs do, and is set up by the same variables.
type streamTailCommand struct {
	Table string `arg:"" help:"The table's name."`

	From string `default:"newest" enum:"oldest,newest" help:"Where to begin: newest (with what is written from now on) or oldest (with what the stream still has)."`
	JSON bool   `name:"json" help:"Print each record as a line of JSON, as AWS sends it."`

	Endpoint     string       `env:"AWS_ENDPOINT_URL" default:"http://127.0.0.1:8000" help:"Where the server is."`
	Region       string       `env:"AWS_REGION,AWS_DEFAULT_REGION" default:"us-east-1" help:"The region of the table."`
	AccessKey    string       `env:"AWS_ACCESS_KEY_ID" default:"gramme" help:"The access key id to sign with."`
	SecretKey    sigv4.Secret `env:"AWS_SECRET_ACCESS_KEY" default:"gramme" help:"The secret access key to sign with. Others on the machine can see a command line; better set the variable."`
	SessionToken sigv4.Secret `env:"AWS_SESSION_TOKEN" placeholder:"TOKEN" help:"The session token that goes with the keys, if there is one."`
}

// Run follows the table until SIGINT or SIGTERM, or until its stream has ended.
func (s *streamTailCommand) Run(c console) error {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restore()
	out := bufio.NewWriter(c.out)
	err := s.follow(ctx, out, c)
	if ctx.Err() != nil {
		err = nil // that is how it ends
	}
	return errors.Join(err, out.Flush())
}

func (s *streamTailCommand) follow(ctx context.Context, out *bufio.Writer, c console) error {
	client := newAPIClient(s)
	table, err := s.table(ctx, client)
	if err != nil {
		return err
	}
	f := &streamFollower{
		client: client, stream: table.LatestStreamArn, fromOldest: s.From == "oldest",
		print: s.printer(out, c.out), flush: out.Flush, notes: c.err,
		shards: map[string]*followedShard{},
	}
	return f.run(ctx)
}

// describedTable is what is to be known of a table.
type describedTable struct {
	LatestStreamArn     string
	StreamSpecification struct{ StreamEnabled bool }
}

// table looks for the stream, and says what to do where there is none.
func (s *streamTailCommand) table(ctx context.Context, client *apiClient) (describedTable, error) {
	var out struct{ Table describedTable }
	err := client.call(ctx, dynamodbTarget+"DescribeTable", map[string]any{"TableName": s.Table}, &out)
	var refused *apiError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused) && refused.Code == "ResourceNotFoundException":
		return out.Table, fmt.Errorf("there is no table %s in region %s at %s; choose another with --region or --endpoint", s.Table, s.Region, s.Endpoint)
	case errors.As(err, &refused):
		return out.Table, err
	case errors.As(err, &untrusted):
		return out.Table, fmt.Errorf("the certificate of %s is not trusted; if it is yours, set SSL_CERT_FILE to the file with it: %w", s.Endpoint, untrusted.Err)
	case err != nil:
		return out.Table, fmt.Errorf("nobody answers at %s; start a server with gramme serve, or say where one is with --endpoint: %w", s.Endpoint, err)
	}
	readable := out.Table.StreamSpecification.StreamEnabled || out.Table.LatestStreamArn != "" && s.From == "oldest"
	if !readable {
		return out.Table, fmt.Errorf("table %s has no stream; enable one with: aws dynamodb update-table --endpoint-url %s --table-name %s "+
			"--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES", s.Table, s.Endpoint, s.Table)
	}
	return out.Table, nil
}

// printer returns what prints a record.
func (s *streamTailCommand) printer(out io.Writer, terminal io.Writer) func(*streamRecord) error {
	if s.JSON {
		return func(r *streamRecord) error { return printRecordJSON(out, r) }
	}
	p := &recordPrinter{out: out, zone: time.Local, colored: isTerminal(terminal) && os.Getenv("NO_COLOR") == ""}
	return p.print
}

// isTerminal reports whether a person is likely to see what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
