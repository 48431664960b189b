// Package pgtest gives each test a migrated PostgreSQL database of its own.
//
// A template is migrated once and cloned per test, in about 15 ms. The cluster
// is the one that KOHOMAI_TEST_PG names (`go run ./tools/testpg -- go test ./...`
// starts one for all packages), else one of this test program's own; both are
// thrown away at the end, also when the program is killed.
//
// Roles belong to the whole cluster: tests that change or drop roles, need
// another login, or kill PostgreSQL take a private one from Cluster.
package pgtest
