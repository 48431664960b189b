// Package lead holds the person who is registered: the e-mail that identifies them and
// the facts that belong to them rather than to one journey.
package lead
