// Package session holds the visits to the front-office: links that sign a person in
// once, and where they are sent at the end.
package session
