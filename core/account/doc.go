// Package account lets back-office people into the console: by the link of an invitation
// or by password. An account belongs to a person and the whole installation; its users are
// that person in each workspace. It is a leaf: no other module of core imports it.
package account
