package memory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kohomai/kohomai/adapters/memory"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/rule"
)

// step does one random thing.
func (w *world) step() error {
	if w.r.IntN(12) == 0 {
		w.crashIn = 1 + w.r.IntN(14)
	}
	if w.r.IntN(20) == 0 {
		w.troubleIn = 1 + w.r.IntN(14)
	}
	switch n := w.r.IntN(100); {
	case n < 14:
		return w.register()
	case n < 50:
		return w.work()
	case n < 62:
		return w.sweep()
	case n < 74:
		return w.pass()
	case n < 78:
		return w.reportLate()
	default:
		return w.person()
	}
}

// register lets one to four requests arrive together, twins and repetitions among them.
func (w *world) register() error {
	var commands []func() error
	for range 1 + w.r.IntN(4) {
		email := pick(w.r, w.emails...)
		if len(commands) == 0 || w.r.IntN(3) > 0 {
			w.requests++
		}
		// The key says which person it is for: one key, one request.
		key := fmt.Sprintf("%s/%d", email.Local(), w.requests)
		data := map[string]rule.Value{}
		if w.r.IntN(3) == 0 {
			data["data.n"] = number(float64(w.r.IntN(10)))
		}
		if w.r.IntN(4) == 0 {
			data["company.size"] = number(float64(w.r.IntN(10)))
		}
		reg := engine.Registration{
			Email: email, Origin: w.origin, Source: datapoint.SourceAPI, Data: data,
			Idem: &idem.Request{Key: idem.Key{Holder: "sim", Route: "/leads", Value: key}},
			Render: func(r engine.Registered) (idem.Answer, error) {
				body, err := json.Marshal([]int64{int64(r.Lead.ID), int64(r.Journey.ID)})
				return idem.Answer{Status: 201, Body: body}, err
			},
		}
		w.note("register %s", key)
		commands = append(commands, func() error {
			got, err := w.engine.Register(w.ctx, reg)
			if fault.HasCode(err, "reentry_refused") {
				return nil
			}
			if err != nil {
				return err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			answer := fmt.Sprintf("[%d,%d]", got.Lead.ID, got.Journey.ID)
			if got.Replay != nil {
				answer = string(got.Replay.Body)
			}
			if before, had := w.answers[key]; had && before != answer {
				return fmt.Errorf("the request %s was answered %s, then %s", key, before, answer)
			}
			w.answers[key] = answer
			return nil
		})
	}
	return w.call(commands...)
}

// pass lets time pass: a moment, or until something is due.
func (w *world) pass() error {
	d := time.Duration(w.r.IntN(5000)) * time.Millisecond
	switch w.r.IntN(4) {
	case 0:
		d = time.Duration(w.r.IntN(90)) * time.Minute
	case 1:
		if at := w.nextWake(); at.After(w.now) {
			d = at.Sub(w.now)
		}
	}
	w.now = w.now.Add(d)
	w.note("%v pass", d)
	return nil
}

func (w *world) nextWake() time.Time {
	var next time.Time
	for _, v := range w.views() {
		if at := v.Record.WakeAt; !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// views are all journeys, oldest first.
func (w *world) views() []journey.View {
	reader := memory.NewJourneys(w.db)
	list, err := reader.List(w.ctx, journey.Filter{}, page.Request{Size: page.MaxSize})
	if err != nil {
		panic(err)
	}
	out := make([]journey.View, len(list.Items))
	for i, s := range list.Items {
		v, err := reader.Get(w.ctx, s.Record.ID)
		if err != nil {
			panic(err)
		}
		out[len(out)-1-i] = v
	}
	return out
}

// sweep wakes what is due; a wake-up may be lost.
func (w *world) sweep() error {
	due, err := memory.NewSweeper(w.db).Due(w.ctx, 100)
	if err != nil {
		return err
	}
	var commands []func() error
	for _, d := range due {
		w.swept[d.Journey] = true
		if w.r.IntN(10) == 0 {
			w.note("the wake-up of %d is lost", d.Journey)
			continue
		}
		w.note("tick %d", d.Journey)
		commands = append(commands, func() error {
			err := w.engine.Tick(w.system(), d.Journey)
			if err == nil {
				w.mu.Lock()
				defer w.mu.Unlock()
				delete(w.swept, d.Journey)
				w.ticked[d.Journey] = w.now
			}
			return err
		})
	}
	return w.call(commands...)
}

func (w *world) system() context.Context { return actor.Systemic(context.Background(), ws) }

// work takes one of the jobs, in any order, and sometimes leaves it to be done again.
func (w *world) work() error {
	jobs := w.db.Jobs()
	if len(jobs) == 0 {
		return nil
	}
	j := jobs[w.r.IntN(len(jobs))]
	if err := w.do(j); err != nil {
		return err
	}
	if w.r.IntN(8) > 0 {
		w.db.Done(j.ID)
	} else {
		w.note("job %d will run again", j.ID)
	}
	return nil
}

func (w *world) do(j memory.Job) error {
	switch job := j.Item.Job.(type) {
	case engine.CallJob:
		w.note("job %d: %d calls of %s", j.ID, len(job.Pairs), job.Connector)
		loaded, err := memory.NewCalls(w.db).Load(w.system(), job.Pairs)
		if err != nil {
			return err
		}
		var commands []func() error
		for _, l := range loaded {
			o := w.outcome(l.Request)
			commands = append(commands, w.report(l.Pair, o))
			if w.r.IntN(6) == 0 {
				commands = append(commands, w.report(l.Pair, w.outcome(l.Request)))
			}
		}
		return w.call(commands...)
	case engine.EnrichJob:
		w.note("job %d: enrich lead %d with %v", j.ID, job.Lead, job.Keys)
		facts := engine.Facts{}
		for _, key := range job.Keys {
			if w.r.IntN(3) > 0 {
				facts[key] = provided(float64(w.r.IntN(10)), w.now)
			}
		}
		if err := w.call(func() error { return w.engine.Learn(w.system(), job.Lead, facts, job.Keys) }); err != nil {
			return err
		}
		for _, v := range w.views() {
			for _, key := range job.Keys {
				if _, wanted := v.Record.State.Wanted[key]; wanted && v.Record.Lead == job.Lead {
					return fmt.Errorf("journey %d still waits for %s, which was looked for", v.Record.ID, key)
				}
			}
		}
		return nil
	case engine.SpreadJob:
		w.note("job %d: spread of lead %d", j.ID, job.Lead)
		return w.call(func() error { return w.engine.Spread(w.system(), job) })
	case engine.RemindJob:
		w.reminders++
		return nil
	case engine.CancelJob:
		_, err := memory.NewCalls(w.db).Abandoned(w.system(), job.Runs)
		return err
	default:
		return fmt.Errorf("a job of kind %s has no worker", j.Item.Job.Kind())
	}
}

// report checks besides that a late outcome changes nothing and an acknowledged one is kept.
func (w *world) report(p engine.Pair, o activity.Outcome) func() error {
	return func() error {
		if w.mutant.pair != nil {
			p = w.mutant.pair(w, p)
		}
		w.note("report %d/%d: kind %d %s", p.Run, p.Call, o.Kind, o.Reason)
		if err := w.engine.Report(w.system(), p, o); err != nil {
			return err
		}
		for _, r := range w.view(p.Journey).Runs {
			if r.ID == p.Run && r.CallOpen && r.Call == p.Call {
				return fmt.Errorf("the outcome of call %d of run %d was acknowledged and lost", p.Call, p.Run)
			}
		}
		return nil
	}
}

func (w *world) view(id ident.Journey) journey.View {
	v, err := memory.NewJourneys(w.db).Get(w.ctx, id)
	if err != nil {
		panic(err)
	}
	return v
}

// outcome is how a connector may answer.
func (w *world) outcome(q activity.Request) activity.Outcome {
	score := map[string]rule.Value{"score": number(float64(w.r.IntN(10)))}
	if q.Connector == "email" {
		score = nil
	}
	switch n := w.r.IntN(20); {
	case n < 2:
		return activity.FailedWith("downstream", "busy", true)
	case n < 4:
		return activity.FailedWith("connector", "refused", false)
	case n < 5:
		return activity.FailedWith("host", "not running", true)
	case n < 6:
		return activity.Outcome{}
	case n < 12 && q.Kind == activity.Start && q.Connector != "email":
		o := activity.Outcome{Kind: activity.Waiting, State: []byte("state"), Facts: score}
		if q.Connector == funneltest.Desk {
			o.Screen = &activity.Screen{Kind: activity.ScreenMessage}
		}
		// Nobody answers for a robot but time.
		if o.Screen == nil || w.r.IntN(2) == 0 {
			o.Until = w.now.Add(time.Duration(1+w.r.IntN(120)) * time.Minute)
		}
		return o
	default:
		return activity.CompletedWith(score)
	}
}

// reportLate repeats an outcome of a call that is over. It must change nothing.
func (w *world) reportLate() error {
	for _, v := range w.views() {
		for _, r := range v.Runs {
			if r.Call == 0 || w.r.IntN(3) > 0 {
				continue
			}
			call := r.Call
			if r.CallOpen {
				call--
			}
			if call == 0 {
				continue
			}
			before := w.view(v.Record.ID).Record
			if err := w.call(w.report(engine.Pair{Journey: v.Record.ID, Run: r.ID, Call: call}, w.outcome(activity.Request{Connector: r.Connector}))); err != nil {
				return err
			}
			if after := w.view(v.Record.ID).Record; after.Sequence != before.Sequence || after.Status != before.Status {
				return fmt.Errorf("a late outcome of call %d of run %d changed journey %d", call, r.ID, v.Record.ID)
			}
			return nil
		}
	}
	return nil
}

// person does something to a journey or one of its runs, sensible or not.
func (w *world) person() error {
	views := w.views()
	if len(views) == 0 {
		return nil
	}
	v := pick(w.r, views...)
	d := engine.Deed{Command: pick(w.r, journey.CommandSubmit, journey.CommandSubmit, journey.CommandSubmit, journey.CommandSubmit,
		journey.CommandComplete, journey.CommandComplete, journey.CommandFail, journey.CommandRetry, journey.CommandRetry, journey.CommandSkip,
		journey.CommandAssign, journey.CommandReopen, journey.CommandRemind, journey.CommandParticipate, journey.CommandCancel, journey.CommandMove)}
	switch d.Command {
	case journey.CommandCancel:
		if w.r.IntN(12) > 0 {
			return nil
		}
		d.Reason = "Changed their mind"
	case journey.CommandMove:
		d.Node = fmt.Sprintf("n%d", w.r.IntN(6))
	case journey.CommandParticipate:
		d.Role, d.User = "signatory", signer
	default:
		if len(v.Runs) == 0 {
			return nil
		}
		open := slices.DeleteFunc(slices.Clone(v.Runs), func(r *journey.Run) bool { return !r.Status.Open() })
		r := pick(w.r, v.Runs...)
		if len(open) > 0 && w.r.IntN(4) > 0 {
			r = pick(w.r, open...)
		}
		d.Run, d.User = r.ID, manager
		d.Body = []byte(fmt.Sprintf(`{"data.n":%d}`, w.r.IntN(10)))
		if w.r.IntN(3) == 0 {
			d.Body = []byte(fmt.Sprintf(`{"data.n":%d,"company.size":%d}`, w.r.IntN(10), w.r.IntN(10)))
		}
		if r.Connector == "approval" && w.r.IntN(3) == 0 {
			d.Body = []byte(`{"approved":false}`)
		}
	}
	return w.act(v.Record.ID, d)
}

// act carries a deed out under an idempotency key; being refused is an answer.
func (w *world) act(id ident.Journey, d engine.Deed) error {
	w.requests++
	d.Idem = &idem.Request{Key: idem.Key{Holder: "sim", Route: "/act", Value: fmt.Sprint(w.requests)}}
	d.Render = func(r journey.Record) (idem.Answer, error) {
		return idem.Answer{Status: 200, Body: []byte(fmt.Sprint(r.Sequence))}, nil
	}
	w.note("%s run %d of journey %d %s", d.Command, d.Run, id, d.Body)
	return w.call(func() error {
		done, err := w.engine.Act(w.ctx, id, d)
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) {
			return nil
		}
		if err == nil && done.Replay == nil && w.view(id).Record.Sequence < done.Journey.Sequence {
			err = errors.New("a deed was acknowledged and lost")
		}
		return err
	})
}
