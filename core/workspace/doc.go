// Package workspace holds tenants and their people: workspaces and sandboxes, users and
// roles, API keys, origins.
package workspace
