package app

import (
	"io"
	"log/slog"

	"github.com/kohomai/kohomai/adapters/observe"
)

// NewLogger writes JSON lines without secrets and personal data.
func NewLogger(out io.Writer) *slog.Logger { return observe.NewLogger(out, slog.LevelInfo) }
