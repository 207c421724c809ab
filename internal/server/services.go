package server

import (
	"context"
	"log/slog"
	"time"

	dynamodbapi "github.com/gramme-db/gramme/internal/api/dynamodb"
	streamsapi "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/gateway"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/service/dynamodb"
	"github.com/gramme-db/gramme/internal/service/streams"
)

// services is the table of AWS's services in Gramme. They are opened in this
// order and closed in reverse. A new service is a row here and its open
// function below, which hands it what it needs of the services before it.
func services() []service {
	return []service{
		{name: "dynamodb", open: openDynamoDB},
		{name: "dynamodbstreams", open: openStreams},
	}
}

// service is a row of the table.
type service struct {
	name string // as the AWS CLI has it
	open func(context.Context, world) (opened, error)
}

// world is what services are opened with.
type world struct {
	store             *kv.Store
	journal           *journal.Journal
	env               base.Env
	logger            *slog.Logger
	controlPlaneDelay time.Duration
	stream            StreamOptions
	ttlInterval       time.Duration
	ttlCooldown       time.Duration
}

// opened is a service that is running.
type opened struct {
	name     string
	endpoint gateway.Endpoint // where requests find it, and its operations
	close    func() error
}

func openDynamoDB(ctx context.Context, w world) (opened, error) {
	s, err := dynamodb.Open(ctx, dynamodb.Options{
		Store:             w.store,
		Journal:           w.journal,
		Env:               w.env,
		Logger:            w.logger,
		ControlPlaneDelay: w.controlPlaneDelay,
		TTLInterval:       w.ttlInterval,
		TTLCooldown:       w.ttlCooldown,
		Stream: dynamodb.StreamOptions{
			Rotation:    w.stream.ShardRotation,
			Retention:   w.stream.Retention,
			SplitWrites: w.stream.SplitWrites,
			SplitWindow: w.stream.SplitWindow,
		},
	})
	if err != nil {
		return opened{}, err
	}
	return opened{
		endpoint: gateway.Endpoint{
			TargetPrefix: dynamodbapi.TargetPrefix,
			SigningName:  dynamodbapi.SigningName,
			JSONVersion:  dynamodbapi.JSONVersion,
			Operations:   s.Operations().Table(),
			Loads:        dynamodb.Loads(),
		},
		close: s.Close,
	}, nil
}

func openStreams(ctx context.Context, w world) (opened, error) {
	s, err := streams.Open(ctx, streams.Options{
		Store:            w.store,
		Journal:          w.journal,
		Env:              w.env,
		IteratorLifetime: w.stream.IteratorLifetime,
	})
	if err != nil {
		return opened{}, err
	}
	return opened{
		endpoint: gateway.Endpoint{
			TargetPrefix: streamsapi.TargetPrefix,
			SigningName:  streamsapi.SigningName,
			JSONVersion:  streamsapi.JSONVersion,
			Operations:   s.Operations().Table(),
			Loads:        streams.Loads(),
		},
		close: func() error { return nil },
	}, nil
}
