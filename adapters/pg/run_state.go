package pg

import (
	"fmt"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

// runState seals the state that connectors keep with their runs, each bound to workspace
// and run. The zero value is for those who show runs: the state is not for their eyes and
// they read none.
type runState struct {
	ws   ident.Workspace
	seal Sealer
}

func (s runState) place(run ident.Run) string {
	return fmt.Sprintf("activity_run|%d|%d|state", s.ws, run)
}

// keep seals a run's state. Most runs have none and pay nothing.
func (s runState) keep(r *journey.Run) ([]byte, error) {
	if len(r.State) == 0 {
		return nil, nil
	}
	sealed, err := s.seal.Seal(r.State, s.place(r.ID))
	if err != nil {
		return nil, fmt.Errorf("sealing the state of run %d: %w", r.ID, err)
	}
	return sealed, nil
}

// read opens a run's state.
func (s runState) read(r *journey.Run, w runWork) error {
	switch {
	case s.seal == nil:
		return nil
	case len(w.Sealed) == 0:
		// A plain one was kept before states were sealed. It is read, for its run still waits
		// with it, and sealed when the run is next written.
		r.State = w.State
		return nil
	}
	var err error
	if r.State, err = s.seal.Open(w.Sealed, s.place(r.ID)); err != nil {
		return fmt.Errorf("opening the state of run %d: %w", r.ID, err)
	}
	return nil
}
