package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kohomai/kohomai/adapters/pluginhost"
	"github.com/kohomai/kohomai/plugins/sdktest/contract"
)

// verifyFor bounds one check.
const verifyFor = 30 * time.Second

// VerifyPlugin runs a program as a connector and tells in which points it keeps the contract.
// Config is a file with a valid configuration; empty is the empty object. It fails when one
// point is not kept.
func VerifyPlugin(ctx context.Context, c Config, path, config string, out io.Writer) error {
	var sample contract.Sample
	if config != "" {
		raw, err := os.ReadFile(config) // #nosec G304 -- the file the user named
		if err != nil {
			return err
		}
		if !json.Valid(raw) {
			return fmt.Errorf("%s is not JSON", config)
		}
		sample.Config = raw
	}
	client, end, err := pluginhost.Try(ctx, path, c.Log)
	if err != nil {
		return err
	}
	defer end()
	failed := 0
	for _, check := range contract.Checks() {
		if err := ctx.Err(); err != nil {
			return err
		}
		within, cancel := context.WithTimeout(ctx, verifyFor)
		err := check.Run(within, client, sample)
		cancel()
		if err != nil {
			failed++
			_, _ = fmt.Fprintf(out, "FAIL  %s: %s\n", check.Name, err)
			continue
		}
		_, _ = fmt.Fprintf(out, "ok    %s\n", check.Name)
	}
	if failed > 0 {
		return errors.New("the connector does not keep the contract")
	}
	return nil
}
