package rule

// Closest is the candidate most like a mistyped name, for messages that ask "did you
// mean"; empty when none is near (one edit in three characters, at least one). Among
// equals the first wins.
func Closest(name string, candidates []string) string {
	best, limit := "", max(len(name)/3, 1)+1
	for _, candidate := range candidates {
		if d := distance(name, candidate); d < limit {
			best, limit = candidate, d
		}
	}
	return best
}

// DidYouMean ends a sentence about a mistyped name: it suggests the closest candidate, or
// is a full stop. An empty name is like none.
func DidYouMean(name string, candidates []string) string {
	if near := Closest(name, candidates); name != "" && near != "" {
		return "; did you mean " + near + "?"
	}
	return "."
}

// distance counts the insertions, deletions and replacements of bytes between two texts.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for i := range row {
		row[i] = i
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for k := range len(b) {
			cost := before
			if a[i] != b[k] {
				cost++
			}
			before = row[k+1]
			row[k+1] = min(cost, row[k]+1, before+1)
		}
	}
	return row[len(b)]
}
