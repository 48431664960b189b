// Package embedpg finds and runs a private PostgreSQL, so that kohomai can be
// tried without one and tested against a real one.
//
// A cluster belongs to a data directory. Whoever starts it holds the lock
// pg.lock there and leaves its addresses in pg.json (0600); other processes
// join the live one. PostgreSQL runs as a child of the holder: it ends with
// the holder, and is started again when it dies while the holder lives.
// Run by root it drops to an unprivileged user, because PostgreSQL refuses to
// run as root.
//
// The room knows files, processes and PostgreSQL's own files and settings. It
// knows neither tables nor migrations, and imports no other adapter.
package embedpg
