package e2e

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"

	"github.com/gramme-db/gramme/test/process"
)

func TestWrongSecret(t *testing.T) {
	client := newClient(t, once, func(o *dynamodb.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(process.AccessKey, "not the secret", "")
	})
	_, err := client.ListTables(t.Context(), nil)
	apiError(t, err, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
}

func TestUnknownAccessKey(t *testing.T) {
	client := newClient(t, once, func(o *dynamodb.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("AKIDNOBODY", process.SecretKey, "")
	})
	_, err := client.ListTables(t.Context(), nil)
	apiError(t, err, "UnrecognizedClientException", "The security token included in the request is invalid.")
}

func TestNoCredentials(t *testing.T) {
	client := newClient(t, once, func(o *dynamodb.Options) { o.Credentials = aws.AnonymousCredentials{} })
	_, err := client.ListTables(t.Context(), nil)
	apiError(t, err, "MissingAuthenticationTokenException", "Request is missing Authentication Token")
}

// skewed signs with a clock that is wrong by a fixed time.
type skewed struct {
	*v4.Signer
	by time.Duration
}

func (s skewed) SignHTTP(
	ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time, o ...func(*v4.SignerOptions),
) error {
	return s.Signer.SignHTTP(ctx, c, r, hash, service, region, at.Add(s.by), o...)
}

func TestClockSkew(t *testing.T) {
	for _, c := range []struct {
		by   time.Duration
		want string // start of the message; "": accepted
	}{
		{-time.Hour, "Signature expired: "},
		{time.Hour, "Signature not yet current: "},
		{-14 * time.Minute, ""},
		{14 * time.Minute, ""},
	} {
		t.Run(c.by.String(), func(t *testing.T) {
			client := newClient(t, once, func(o *dynamodb.Options) {
				o.HTTPSignerV4 = skewed{v4.NewSigner(), c.by}
				o.DisableClockSkewCorrection = true
			})
			_, err := client.ListTables(t.Context(), nil)
			if c.want == "" {
				check(t, err)
				return
			}
			var e smithy.APIError
			if !errors.As(err, &e) || e.ErrorCode() != "InvalidSignatureException" || !strings.HasPrefix(e.ErrorMessage(), c.want) {
				t.Errorf("got %v, want InvalidSignatureException: %s...", err, c.want)
			}
		})
	}
}
