// Package sdk is what a connector imports: a program that carries out one kind of activity
// for kohomai in its own process.
//
// A connector is a value of type Connector handed to Serve. What it can do is what handlers
// it has set: Start is required, Resume makes it able to wait, Cancel to undo, Check to
// judge its configuration. Handlers get plain Go values and return plain Go values; how
// they travel is the business of this package alone.
//
//	func main() {
//		sdk.Serve(sdk.Connector{
//			Manifest: sdk.Manifest{ID: "hello", Version: "1.0.0", Name: "Hello", Sandbox: true, Live: true,
//				Assignees: []sdk.Assignee{sdk.Automatic},
//				Produces:  []sdk.FactSpec{{Key: "greeting", Name: "Greeting", Type: sdk.Text}}},
//			Start: func(_ context.Context, r *sdk.Request) (sdk.Outcome, error) {
//				return sdk.Completed(sdk.Facts{"greeting": "Hello " + r.Text("lead.firstname")}), nil
//			},
//		})
//	}
//
// What kohomai promises: a call is made at least once, with the same Request.IdempotencyKey
// in every repetition; the first answer it accepts counts. What a connector must therefore
// do: hand the key on to its provider, or look whether the effect is already there, before
// making it.
//
// The room may import the generated contract, gRPC and go-plugin, and nothing else of
// kohomai.
package sdk
