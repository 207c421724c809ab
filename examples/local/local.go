// Package local connects the examples to the server on this machine, or to
// AWS_ENDPOINT_URL where that is set. The programs beside it call it; on AWS
// config.LoadDefaultConfig and dynamodb.NewFromConfig are all it takes.
package local

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Client returns a client for the server.
func Client(ctx context.Context) (*dynamodb.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithDefaultRegion("eu-central-1"),
		config.WithCredentialsProvider(keys()),
	)
	if err != nil {
		return nil, err
	}
	if cfg.BaseEndpoint == nil {
		cfg.BaseEndpoint = aws.String("http://127.0.0.1:8000")
	}
	return dynamodb.NewFromConfig(cfg), nil
}

// keys returns the access key of the environment, or one made up: a server
// takes any unless it is told which to take.
func keys() credentials.StaticCredentialsProvider {
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	if id == "" {
		id, secret = "example", "example"
	}
	return credentials.NewStaticCredentialsProvider(id, secret, "")
}
