// Sensors is a table of measurements: the readings of one sensor in a range of
// time, the newest first, page by page. Start a server with "gramme serve", then:
//
//	go run -C examples ./sensors
//
// It talks to http://127.0.0.1:8000 unless AWS_ENDPOINT_URL says otherwise.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/gramme-db/gramme/examples/local"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "sensors:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := local.Client(ctx)
	if err != nil {
		return err
	}
	station := Station{client: client, table: "Readings"}
	if err := station.CreateTable(ctx); err != nil {
		return err
	}
	fmt.Println("created  table Readings")
	if err := measure(ctx, station); err != nil {
		return err
	}
	if err := review(ctx, station); err != nil {
		return err
	}
	if err := station.DeleteTable(ctx); err != nil {
		return err
	}
	fmt.Println("deleted  table Readings")
	return nil
}

// noon is when the first measurement was taken.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// measure stores what two sensors measure, every ten minutes for six hours.
func measure(ctx context.Context, station Station) error {
	const measurements = 36
	for i := range measurements {
		at := noon.Add(time.Duration(i) * 10 * time.Minute)
		for _, r := range []Reading{
			{SensorId: "greenhouse", Time: at, Celsius: 21 + float64(i%7)/2},
			{SensorId: "cellar", Time: at, Celsius: 8 + float64(i%3)/4},
		} {
			if err := station.Store(ctx, r); err != nil {
				return err
			}
		}
	}
	fmt.Printf("stored   %d readings of each of two sensors\n", measurements)
	return nil
}

// review reads two hours of one sensor: the first page, as a screen would show
// it, and later, when somebody asks for more, the pages behind it.
func review(ctx context.Context, station Station) error {
	span := Span{Sensor: "greenhouse", From: noon.Add(2 * time.Hour), To: noon.Add(4 * time.Hour)}
	fmt.Printf("asked    for %s\n", span)
	var bookmark string
	for n := 1; n == 1 || bookmark != ""; n++ {
		page, err := station.Page(ctx, span, bookmark)
		if err != nil {
			return err
		}
		fmt.Printf("page %d   %d readings\n", n, len(page.Readings))
		for _, r := range page.Readings {
			fmt.Println("        ", r)
		}
		bookmark = page.Next
	}
	return nil
}
