// Bank moves money between accounts with transactions: whoever pays and
// whatever fails, no money is made and none is lost. Start a server with
// "gramme serve", then:
//
//	go run -C examples ./bank
//
// It talks to http://127.0.0.1:8000 unless AWS_ENDPOINT_URL says otherwise.
package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/gramme-db/gramme/examples/local"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bank:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := local.Client(ctx)
	if err != nil {
		return err
	}
	bank := Bank{client: client, accounts: "Accounts", payments: "Payments"}
	if err := bank.CreateTables(ctx); err != nil {
		return err
	}
	fmt.Println("created  tables Accounts and Payments")
	for _, step := range []func(context.Context, Bank) error{open, pay, refuse, rush} {
		if err := step(ctx, bank); err != nil {
			return err
		}
	}
	if err := bank.DeleteTables(ctx); err != nil {
		return err
	}
	fmt.Println("deleted  tables Accounts and Payments")
	return nil
}

// customers are those with an account.
func customers() []string { return []string{"alice", "bob", "carol", "dave", "erin"} }

const openingBalance = 100

func open(ctx context.Context, bank Bank) error {
	for _, name := range customers() {
		if err := bank.Open(ctx, name, openingBalance); err != nil {
			return err
		}
	}
	fmt.Printf("opened   %d accounts with %d each\n", len(customers()), openingBalance)
	return nil
}

// pay makes one payment, and sends it once more, as a client does that has not
// heard the answer.
func pay(ctx context.Context, bank Bank) error {
	p := Payment{PaymentId: "p-1", From: "alice", To: "bob", Amount: 30}
	for _, what := range []string{"paid    ", "repeated"} {
		if err := bank.Pay(ctx, p); err != nil {
			return err
		}
		balances, err := bank.Balances(ctx, p.From, p.To)
		if err != nil {
			return err
		}
		fmt.Printf("%s %s: %s has %d, %s has %d\n", what, p, p.From, balances[0], p.To, balances[1])
	}
	return nil
}

// refuse tries payments that are not to happen.
func refuse(ctx context.Context, bank Bank) error {
	for _, c := range []struct {
		payment Payment
		want    error
	}{
		{Payment{PaymentId: "p-2", From: "alice", To: "bob", Amount: 71}, ErrNotCovered},
		{Payment{PaymentId: "p-3", From: "alice", To: "mallory", Amount: 1}, ErrNoAccount},
	} {
		err := bank.Pay(ctx, c.payment)
		if !errors.Is(err, c.want) {
			return fmt.Errorf("%s ended with %v", c.payment, err)
		}
		fmt.Println("refused ", err)
	}
	return nil
}

// rush lets clerks make payments between all accounts at the same time, while an
// auditor counts the money again and again.
func rush(ctx context.Context, bank Bank) error {
	const clerks, payments = 4, 50
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	closed := make(chan struct{})
	var clerksAtWork, auditor sync.WaitGroup
	for clerk := range clerks {
		clerksAtWork.Go(func() {
			for n := range payments {
				p := randomPayment(fmt.Sprintf("rush-%d-%d", clerk, n))
				if err := bank.Pay(ctx, p); err != nil && !errors.Is(err, ErrNotCovered) {
					cancel(err)
					return
				}
			}
		})
	}
	auditor.Go(func() {
		if err := audit(ctx, bank, closed); err != nil {
			cancel(err)
		}
	})
	clerksAtWork.Wait()
	close(closed)
	auditor.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	fmt.Printf("rushed   %d clerks with %d payments each; whenever the money was counted, it was %d\n", clerks, payments, len(customers())*openingBalance)
	return nil
}

// audit counts the money until the bank has closed, and then once more.
func audit(ctx context.Context, bank Bank, closed <-chan struct{}) error {
	for last := false; !last; {
		select {
		case <-closed:
			last = true
		default:
		}
		balances, err := bank.Balances(ctx, customers()...)
		if errors.Is(err, ErrContended) && !last {
			continue
		}
		if err != nil {
			return err
		}
		sum := 0
		for _, b := range balances {
			sum += b
		}
		if sum != len(customers())*openingBalance {
			return fmt.Errorf("the accounts hold %d together: %v", sum, balances)
		}
	}
	return nil
}

func randomPayment(id string) Payment {
	names := customers()
	from := rand.IntN(len(names))
	to := (from + 1 + rand.IntN(len(names)-1)) % len(names)
	return Payment{PaymentId: id, From: names[from], To: names[to], Amount: 1 + rand.IntN(40)}
}
