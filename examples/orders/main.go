// Orders is an online shop's table of orders, worked on with the AWS SDK for
// Go as on AWS itself. Start a server with "gramme serve", then:
//
//	go run -C examples ./orders
//
// It talks to http://127.0.0.1:8000 unless AWS_ENDPOINT_URL says otherwise.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "orders:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := connect(ctx)
	if err != nil {
		return err
	}
	shop := Shop{client: client, table: "Orders"}
	if err := shop.CreateTable(ctx); err != nil {
		return err
	}
	fmt.Println("created  table Orders")
	if err := sell(ctx, shop); err != nil {
		return err
	}
	if err := shop.DeleteTable(ctx); err != nil {
		return err
	}
	fmt.Println("deleted  table Orders")
	return nil
}

// connect returns a client for the server on this machine. On AWS the first
// line is all it takes.
func connect(ctx context.Context) (*dynamodb.Client, error) {
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

// sell takes one order from its arrival to its end.
func sell(ctx context.Context, shop Shop) error {
	order := Order{OrderId: "o-1001", CustomerId: "c-7", OrderDate: "2026-11-23", Status: "OPEN"}
	if err := shop.Place(ctx, order); err != nil {
		return err
	}
	fmt.Println("placed  ", order)

	order, err := shop.Get(ctx, order.OrderId)
	if err != nil {
		return err
	}
	fmt.Println("read    ", order)

	order, err = shop.Change(ctx, order.OrderId, func(o *Order) { o.Status = "PAID" })
	if err != nil {
		return err
	}
	fmt.Println("changed ", order)

	if order, err = race(ctx, shop, order.OrderId); err != nil {
		return err
	}
	fmt.Println("changed ", order)

	if err := shop.Delete(ctx, order.OrderId); err != nil {
		return err
	}
	fmt.Println("deleted ", order.OrderId)
	return nil
}

// race lets the customer change the address at the very moment at which the
// warehouse sends the parcel. Neither change is lost.
func race(ctx context.Context, shop Shop, id string) (Order, error) {
	var rival error
	attempts := 0
	order, err := shop.Change(ctx, id, func(o *Order) {
		attempts++
		if attempts == 1 {
			_, rival = shop.Change(ctx, id, func(o *Order) { o.ShipTo = "Bonn" })
		}
		o.Status = "SENT"
	})
	if err := errors.Join(err, rival); err != nil {
		return Order{}, err
	}
	fmt.Printf("raced    two writers, %d attempts for the slower one\n", attempts)
	return order, nil
}
