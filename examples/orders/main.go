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

	"github.com/gramme-db/gramme/examples/local"
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
	client, err := local.Client(ctx)
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
	if err := lookBack(ctx, shop); err != nil {
		return err
	}
	if err := shop.DeleteTable(ctx); err != nil {
		return err
	}
	fmt.Println("deleted  table Orders")
	return nil
}

// sell takes one order from its arrival to its end.
func sell(ctx context.Context, shop Shop) error {
	order := Order{OrderId: "o-1001", CustomerId: "c-7", OrderDate: "2026-11-23", Status: "PENDING"}
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

	if err := loseEveryRace(ctx, shop, order.OrderId); err != nil {
		return err
	}
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

// loseEveryRace changes an order that somebody else changes all the time, and
// has to give up.
func loseEveryRace(ctx context.Context, shop Shop, id string) error {
	var rival error
	_, err := shop.Change(ctx, id, func(o *Order) {
		_, rival = shop.Change(ctx, id, func(o *Order) { o.ShipTo += "!" })
	})
	if rival != nil {
		return rival
	}
	if !errors.Is(err, ErrContended) {
		return fmt.Errorf("changing an order that changes all the time ended with %v", err)
	}
	fmt.Println("gave up ", err)
	return nil
}

// lookBack asks what the shop wants to know of the orders of a week.
func lookBack(ctx context.Context, shop Shop) error {
	for _, o := range []Order{
		{OrderId: "o-2001", CustomerId: "c-7", OrderDate: "2026-11-14", Status: "PENDING"},
		{OrderId: "o-2002", CustomerId: "c-8", OrderDate: "2026-11-15", Status: "SENT"},
		{OrderId: "o-2003", CustomerId: "c-7", OrderDate: "2026-11-16", Status: "SENT"},
		{OrderId: "o-2004", CustomerId: "c-7", OrderDate: "2026-11-17", Status: "PENDING"},
		{OrderId: "o-2005", CustomerId: "c-8", OrderDate: "2026-11-20", Status: "PENDING"},
		{OrderId: "o-2006", CustomerId: "c-7", OrderDate: "2026-11-21", Status: "PENDING"},
		{OrderId: "o-2007", CustomerId: "c-7", OrderDate: "2026-11-22", Status: "SENT"},
	} {
		if err := shop.Place(ctx, o); err != nil {
			return err
		}
	}
	const customer = "c-7"
	today := time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC)

	for _, question := range []struct {
		text string
		ask  func() ([]Order, error)
	}{
		{"all orders of c-7, by date", func() ([]Order, error) { return shop.Orders(ctx, customer) }},
		{"its orders from 15 to 21 November", func() ([]Order, error) {
			return shop.OrdersBetween(ctx, customer, "2026-11-15", "2026-11-21")
		}},
		{"its pending orders", func() ([]Order, error) { return shop.Pending(ctx, customer) }},
		{"pending for more than five days", func() ([]Order, error) {
			return shop.PendingSince(ctx, customer, today.AddDate(0, 0, -5))
		}},
	} {
		orders, err := question.ask()
		if err != nil {
			return err
		}
		fmt.Println("asked    for", question.text)
		for _, o := range orders {
			fmt.Println("        ", o)
		}
	}
	summaries, err := shop.Summaries(ctx)
	if err != nil {
		return err
	}
	fmt.Println("asked    for id, date and status of everybody's orders")
	for _, s := range summaries {
		fmt.Println("        ", s.OrderId, s.OrderDate, s.Status)
	}
	return nil
}
