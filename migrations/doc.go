// Package migrations holds the schema as plain SQL, never edited after a release, and
// the runner that brings a database up: roles, the kohomai schema, then River's own.
package migrations
