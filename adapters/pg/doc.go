// Package pg keeps everything in PostgreSQL: one file per module of core, rows here and
// entities there, every transaction scoped to one workspace by row-level security.
//
// The statements are written by hand over database/sql: the hot ones write a whole batch
// with one multi-row statement over unnest, which no query builder expresses well.
package pg
