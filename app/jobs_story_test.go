package app_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

var kindMethod = regexp.MustCompile(`(?m)^func \((?:\w+ )?\*?\w+\) Kind\(\) string\s*\{\s*return "([^"]+)"`)

// Every kind of job that core can enqueue has a worker, and every worker a kind. That no
// kind has two is refused when the queue is made.
func TestStory_EveryJobHasOneWorker(t *testing.T) {
	t.Parallel()
	var kinds []string
	for _, file := range sources(t, "../core", ".go") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range kindMethod.FindAllStringSubmatch(string(raw), -1) {
			kinds = append(kinds, m[1])
		}
	}
	slices.Sort(kinds)
	if workers := newHouse(t).app.Jobs.Kinds(); len(kinds) < 3 || !slices.Equal(kinds, workers) {
		t.Errorf("kinds of job %v, workers of %v", kinds, workers)
	}
}
