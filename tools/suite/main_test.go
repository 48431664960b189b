package main

import (
	"strings"
	"testing"
)

func TestReadGo_CountsAndTells(t *testing.T) {
	t.Parallel()
	const lines = `{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    no browser here\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"it broke\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p","Elapsed":1}
{"Action":"build-output","ImportPath":"q","Output":"q.go:1: undefined: x\n"}
{"Action":"fail","Package":"q"}
{"Action":"skip","Package":"r"}
`
	var out strings.Builder
	n, err := readGo(strings.NewReader(lines), &out)
	if err != nil || n != (count{passed: 1, failed: 2, skipped: 1}) {
		t.Errorf("%v %v", n, err)
	}
	for _, want := range []string{"SKIP  p TestB\n    no browser here\n", "it broke", "FAIL  p 1.0s", "undefined: x", "FAIL  q"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "quiet") {
		t.Error("a passed test speaks")
	}
}

func TestReadTAP(t *testing.T) {
	t.Parallel()
	n, found := readTAP("ok 1 - a\n# tests 6\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n")
	if !found || n != (count{passed: 3, failed: 2, skipped: 1}) {
		t.Errorf("%v %v", n, found)
	}
	if _, found := readTAP("nothing"); found {
		t.Error("no counts were found")
	}
}
