package sdk

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAsFailure_TellsEveryField(t *testing.T) {
	t.Parallel()
	err := Misconfigured(fmt.Errorf("not acceptable: %w", errors.Join(InvalidField("config.A", "is wrong"), InvalidField("config.B", "is missing"))))
	f := asFailure(err)
	if f.Source != FromConfiguration || f.Retryable || !strings.Contains(f.Reason, "config.A: is wrong; config.B: is missing") {
		t.Errorf("%+v", f)
	}
}
