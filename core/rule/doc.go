// Package rule holds typed values, three-valued results and the port through which
// conditions are compiled. It imports the standard library and core/fault only: the
// expression language itself (CEL) is an adapter.
package rule
