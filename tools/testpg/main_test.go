package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestRun(t *testing.T) {
	// One at a time: run sets the variable for the command.
	t.Chdir("../..")
	t.Setenv(env, "")
	told := filepath.Join(t.TempDir(), "told")
	if code := run(t.Context(), []string{"--", "/bin/sh", "-c", `printf %s "$` + env + `" > ` + told + `; exit 7`}); code != 7 {
		t.Errorf("exit code %d, want the command's", code)
	}
	dsn, err := os.ReadFile(told)
	if err != nil || !strings.HasPrefix(string(dsn), "postgres://") {
		t.Fatalf("the command was told %q, %v", dsn, err)
	}
	if err := connect(t.Context(), string(dsn)); err == nil {
		t.Error("the cluster outlives the command")
	}
	if code := run(t.Context(), []string{"/bin/sh", "-c", "kill -9 $$"}); code != 128+9 {
		t.Errorf("exit code %d of a killed command", code)
	}
	if code := run(t.Context(), nil); code != badUsage {
		t.Errorf("exit code %d without a command", code)
	}

	t.Setenv(env, "postgres://given")
	if code := run(t.Context(), []string{"/bin/sh", "-c", `test "$` + env + `" = postgres://given`}); code != 0 {
		t.Errorf("a cluster that is given is not passed on: exit code %d", code)
	}
}

func connect(ctx context.Context, dsn string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(c.Ping(ctx), c.Close(ctx))
}
