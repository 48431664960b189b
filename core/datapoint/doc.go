// Package datapoint holds the definitions of typed facts and their values with provenance.
package datapoint
