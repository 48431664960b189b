// Package activity holds what one thing to do is: the manifests of connectors, the
// outcomes they report, the screens they show, and the built-in activities (form,
// approval, task, wait, email, set) as pure functions. Connectors in processes of their
// own are reached through the port Runner.
package activity
