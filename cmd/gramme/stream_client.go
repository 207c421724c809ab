package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

const (
	dynamodbTarget = "DynamoDB_20120810."
	streamsTarget  = "DynamoDBStreams_20120810."

	callTimeout    = 30 * time.Second
	answerBytesMax = 64 << 20 // ours; a page of a stream is a few MB as JSON
)

// apiClient calls operations with signed requests.
type apiClient struct {
	endpoint string
	signer   sigv4.Signer
	http     http.Client
}

func newAPIClient(s *streamTailCommand) *apiClient {
	return &apiClient{
		endpoint: s.Endpoint,
		signer: sigv4.Signer{
			Profile: sigv4.Profile{Service: "dynamodb"}, Region: s.Region,
			AccessKey: s.AccessKey, Secret: s.SecretKey, SessionToken: s.SessionToken,
		},
		http: http.Client{Timeout: callTimeout},
	}
}

// apiError is a refusal of the server.
type apiError struct {
	Status  int    `json:"-"`
	Code    string `json:"__type"`
	Message string `json:"message"` // or Message: encoding/json takes both
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// call calls the operation of a target. An error is an apiError, or one of the
// way to the server.
func (c *apiClient) call(ctx context.Context, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if r.URL.Path == "" {
		r.URL.Path = "/"
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", target)
	c.signer.Sign(r, body, time.Now())
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, answerBytesMax))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return refusal(resp.StatusCode, answer)
	}
	return json.Unmarshal(answer, out)
}

func refusal(status int, answer []byte) error {
	e := &apiError{Status: status}
	if err := json.Unmarshal(answer, e); err != nil || e.Code == "" {
		return fmt.Errorf("the answer is %d %s, as no server of DynamoDB's says", status, http.StatusText(status))
	}
	e.Code = e.Code[strings.LastIndexByte(e.Code, '#')+1:]
	return e
}
