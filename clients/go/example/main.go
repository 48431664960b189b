// Command example registers a lead and waits until its journey has ended:
//
//	KOHOMAI_URL=http://127.0.0.1:8080 KOHOMAI_API_KEY=koh_test_… go run ./clients/go/example ann@example.com
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	kohomai "github.com/kohomai/kohomai/clients/go"
	kohomaiv1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	email := "purchasing@amazon.com"
	if len(os.Args) > 1 {
		email = os.Args[1]
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := kohomai.New(os.Getenv("KOHOMAI_URL"), os.Getenv("KOHOMAI_API_KEY"), kohomai.Options{})
	if err != nil {
		return err
	}

	// The key names the cause, so that running this again registers nobody twice.
	lead, err := client.Leads.RegisterLead(kohomai.Keyed(ctx, "go-example-"+email),
		&kohomaiv1.RegisterLeadRequest{Ref: "demo-auto", Email: &email})
	var refused *kohomai.Error
	if errors.As(err, &refused) && refused.Kind == kohomai.Invalid {
		for _, f := range refused.Errors {
			fmt.Fprintf(os.Stderr, "%s: %s\n", f.Field, f.Message)
		}
	}
	if err != nil {
		return err
	}
	fmt.Printf("lead %d is on journey %d\n", lead.GetId(), lead.GetJourney().GetId())

	journey, err := client.WaitForEnd(ctx, lead.GetJourney().GetId())
	if err != nil {
		return err
	}
	if journey.GetStatus() != kohomaiv1.JourneyStatus_JOURNEY_STATUS_CONVERTED {
		return fmt.Errorf("journey %d ended as %s", journey.GetId(), journey.GetStatus())
	}
	fmt.Printf("journey %d is Converted\n", journey.GetId())
	return nil
}
