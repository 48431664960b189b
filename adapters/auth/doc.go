// Package auth makes and checks credentials: API keys, random tokens, passwords, browser
// cookies, sealed columns. It turns what a request carries into an actor. It keeps
// nothing: others keep what it makes, and only as hashes or sealed.
package auth
