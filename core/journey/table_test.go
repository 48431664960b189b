package journey_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/journey"
)

var (
	statuses    = []journey.Status{journey.InProgress, journey.Blocked, journey.Converted, journey.NotQualified, journey.Cancelled}
	runStatuses = []journey.RunStatus{
		journey.RunPending, journey.RunInProgress, journey.RunBlocked, journey.RunCompleted, journey.RunSkipped, journey.RunFailed, journey.RunCancelled,
	}
)

func TestTable_EveryCellIsWrittenDown(t *testing.T) {
	t.Parallel()
	if len(journey.Journeys) != len(statuses) || len(journey.Runs) != len(runStatuses) {
		t.Fatalf("%d and %d statuses have rows, there are %d and %d", len(journey.Journeys), len(journey.Runs), len(statuses), len(runStatuses))
	}
	for _, s := range statuses {
		if len(journey.Journeys[s]) != len(journey.JourneyCommands) {
			t.Errorf("%s has %d cells for %d commands", s, len(journey.Journeys[s]), len(journey.JourneyCommands))
		}
		for _, c := range journey.JourneyCommands {
			if journey.Journeys[s][c] == journey.NoVerdict {
				t.Errorf("the cell (%s, %s) is empty", s, c)
			}
		}
	}
	for _, s := range runStatuses {
		if len(journey.Runs[s]) != len(journey.RunCommands) {
			t.Errorf("%s has %d cells for %d commands", s, len(journey.Runs[s]), len(journey.RunCommands))
		}
		for _, c := range journey.RunCommands {
			if journey.Runs[s][c] == journey.NoVerdict {
				t.Errorf("the cell (%s, %s) is empty", s, c)
			}
		}
	}
}

// inStatus makes a journey of each status.
func inStatus(t *testing.T, s journey.Status) *world {
	t.Helper()
	w := begin(t, stage(task("a"), task("b")))
	a, b := w.run("a").ID, w.run("b").ID
	switch s {
	case journey.InProgress:
	case journey.Blocked:
		w.do(func(t journey.Turn) error { return w.j.Fail(a, "no", t) })
	case journey.Converted:
		w.do(func(t journey.Turn) error { return w.j.Complete(a, t) })
		w.do(func(t journey.Turn) error { return w.j.Complete(b, t) })
	case journey.NotQualified:
		w.do(func(t journey.Turn) error { return w.j.Move("elsewhere", "", t) })
	case journey.Cancelled:
		w.do(func(t journey.Turn) error { return w.j.Cancel("why", t) })
	}
	w.status(s)
	return w
}

func TestTable_JourneysDoWhatTheirCellsSay(t *testing.T) {
	t.Parallel()
	for _, s := range statuses {
		for _, c := range journey.JourneyCommands {
			t.Run(fmt.Sprintf("%s/%s", s, c), func(t *testing.T) {
				t.Parallel()
				w := inStatus(t, s)
				before := w.j.Record()
				var err error
				switch c {
				case journey.CommandLearn:
					err = w.j.Learn(nil, []string{"company.size"}, w.turn())
				case journey.CommandTick:
					err = w.j.Tick(w.turn())
				case journey.CommandCancel:
					err = w.j.Cancel("why", w.turn())
				case journey.CommandMove:
					err = w.j.Move("elsewhere", "", w.turn())
				case journey.CommandParticipate:
					err = w.j.Participate("signatory", signer, w.turn())
				default:
					t.Fatalf("%s is not tried", c)
				}
				w.judge(journey.Journeys[s][c], before, err)
			})
		}
	}
}

// judge compares what a command did with what its cell says.
func (w *world) judge(v journey.Verdict, before journey.Record, err error) {
	w.t.Helper()
	switch v {
	case journey.Apply:
		if err != nil {
			w.t.Errorf("refused: %v", err)
		}
	case journey.Ignore:
		if err != nil || w.j.Record().Sequence != before.Sequence || w.j.Record().Status != before.Status {
			w.t.Errorf("not ignored: %v", err)
		}
	case journey.Refuse:
		if !fault.HasCode(err, "state_forbids") || w.j.Record().Sequence != before.Sequence {
			w.t.Errorf("not refused: %v", err)
		}
	case journey.NoVerdict:
		w.t.Error("the cell is empty")
	}
}

// withRun makes a journey under way with a run x of each status.
func withRun(t *testing.T, s journey.RunStatus) *world {
	t.Helper()
	x := desk("x")
	switch s {
	case journey.RunPending:
		x = desk("x", `"When":"company.size >= 1"`)
	case journey.RunBlocked:
		x = act("x", `"Connector":"desk","Assignee":{"Stakeholder":"signatory"}`)
	case journey.RunFailed:
		x = desk("x", `"OnFailure":"Continue"`)
	case journey.RunInProgress, journey.RunCompleted, journey.RunSkipped, journey.RunCancelled:
	}
	w := begin(t, `{"Name":"F","Start":"s","Nodes":[
		{"Key":"s","Kind":"Stage","Activities":[`+x+`,`+task("hold", `"OnFailure":{"Next":"next"}`)+`],"Next":"done"},
		{"Key":"next","Kind":"Stage","Activities":[`+task("later")+`],"Next":"done"},
		{"Key":"done","Kind":"End","Result":"Converted"}]}`, asking("company.size"))
	id := w.run("x").ID
	switch s {
	case journey.RunPending, journey.RunBlocked:
	case journey.RunInProgress:
		w.report("x", screenOut())
	case journey.RunCompleted:
		w.report("x", done())
	case journey.RunSkipped:
		w.do(func(t journey.Turn) error { return w.j.Skip(id, "", t) })
	case journey.RunFailed:
		w.report("x", activity.FailedWith("connector", "no", false))
	case journey.RunCancelled:
		w.do(func(t journey.Turn) error { return w.j.Fail(w.run("hold").ID, "no", t) })
	}
	if w.run("x").Status != s {
		t.Fatalf("the run is %s, want %s", w.run("x").Status, s)
	}
	return w
}

func TestTable_RunsDoWhatTheirCellsSay(t *testing.T) {
	t.Parallel()
	for _, s := range runStatuses {
		for _, c := range journey.RunCommands {
			t.Run(fmt.Sprintf("%s/%s", s, c), func(t *testing.T) {
				t.Parallel()
				w := withRun(t, s)
				before, x := w.j.Record(), w.run("x")
				var err error
				switch c {
				case journey.CommandReport:
					err = w.j.Report(x.ID, x.Call, done(), w.turn())
				case journey.CommandSubmit:
					err = w.j.Submit(journey.Submission{Run: x.ID, Input: 99, Body: []byte(`{}`)}, w.turn())
				case journey.CommandComplete:
					err = w.j.Complete(x.ID, w.turn())
				case journey.CommandFail:
					err = w.j.Fail(x.ID, "no", w.turn())
				case journey.CommandRetry:
					err = w.j.Retry(x.ID, w.turn())
				case journey.CommandSkip:
					err = w.j.Skip(x.ID, "", w.turn())
				case journey.CommandAssign:
					err = w.j.Assign(x.ID, signer, w.turn())
				case journey.CommandReopen:
					err = w.j.Reopen(x.ID, w.turn())
				case journey.CommandRemind:
					err = w.j.Remind(x.ID, w.turn())
				case journey.CommandCallback:
					err = w.j.Callback(journey.Callback{Run: x.ID, Input: 98, Digest: "d", Body: []byte(`{}`)}, w.turn())
				default:
					t.Fatalf("%s is not tried", c)
				}
				w.judge(journey.Runs[s][c], before, err)
			})
		}
	}
}

// TestTable_IsDrawnInTheDocs keeps docs/engine.md true. KOHOMAI_UPDATE=1 writes it anew.
func TestTable_IsDrawnInTheDocs(t *testing.T) {
	t.Parallel()
	const path, from, to = "../../docs/engine.md", "<!-- tables: drawn by core/journey/table_test.go -->\n", "<!-- end of tables -->\n"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(raw), from)
	_, after, closed := strings.Cut(rest, to)
	if !found || !closed {
		t.Fatalf("%s does not hold the marks of the tables", path)
	}
	want := before + from + "\n" + drawn("Journey", statuses, journey.JourneyCommands, journey.Journeys) + "\n" +
		drawn("Activity run", runStatuses, journey.RunCommands, journey.Runs) + "\n" + to + after
	if string(raw) == want {
		return
	}
	if os.Getenv("KOHOMAI_UPDATE") != "1" {
		t.Fatalf("%s does not show the tables as they are: run this test with KOHOMAI_UPDATE=1", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func drawn[S ~string](thing string, rows []S, columns []journey.Command, cells map[S]map[journey.Command]journey.Verdict) string {
	words := map[journey.Verdict]string{journey.Apply: "applied", journey.Ignore: "ignored", journey.Refuse: "refused"}
	var b strings.Builder
	b.WriteString("| " + thing)
	for _, c := range columns {
		b.WriteString(" | " + string(c))
	}
	b.WriteString(" |\n|" + strings.Repeat("---|", len(columns)+1) + "\n")
	for _, s := range rows {
		b.WriteString("| " + string(s))
		for _, c := range columns {
			b.WriteString(" | " + words[cells[s][c]])
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
