// Package cel makes rule.Compiler with the Common Expression Language: conditions over
// typed data points, three-valued, bounded in cost.
package cel
