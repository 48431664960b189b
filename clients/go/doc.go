// Package kohomai is the Go client of the kohomai API: the generated Connect clients of
// every public service, with a key, retries under idempotency keys, and typed errors put
// under all of them at once.
//
//	client, err := kohomai.New("https://kohomai.example.com", key, kohomai.Options{})
//	lead, err := client.Leads.RegisterLead(ctx, &kohomaiv1.RegisterLeadRequest{Ref: "shop", Email: &email})
//	journey, err := client.WaitForEnd(ctx, lead.GetJourney().GetId())
//
// Every error of a call is an *[Error], unless the context ended; lists are read to their
// end with [All]; messages of webhooks are verified with [VerifyWebhook].
//
// The room may touch the generated messages and clients of proto/gen/kohomai, Connect, and
// the library of Standard Webhooks; it knows nothing of the server.
package kohomai
