package app

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/kohomai/kohomai/adapters/yaml"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/workspace"
)

//go:embed demo/onboarding.yaml
var demoOnboarding []byte

//go:embed demo/automatic.yaml
var demoAutomatic []byte

// seedFunnels makes the demo's funnels, each once, and publishes those that were never
// published. One that cannot be published, because a connector it names is not there, stays
// a draft until a later start: the log says what it lacks, and everything else works.
func (a *App) seedFunnels(ctx context.Context) error {
	have, err := a.funnels.List(ctx)
	if err != nil {
		return err
	}
	for _, seed := range []struct {
		ref    string
		source []byte
	}{{"demo", demoOnboarding}, {"demo-auto", demoAutomatic}} {
		doc, err := yaml.Convert(seed.source)
		if err != nil {
			return err
		}
		def, found := funnel.Parse(doc.JSON)
		if len(found) > 0 {
			return fmt.Errorf("the funnel of %s: %s", seed.ref, found[0].String())
		}
		f, err := a.seedFunnel(ctx, have, seed.ref, def)
		if err != nil {
			return err
		}
		if f.Current > 0 {
			continue
		}
		_, err = a.Funnels.Publish(ctx, f.ID, "The demo's first version.", idem.Once[funnel.Version]{})
		if fault.Is(err, fault.Invalid) {
			a.Config.Log.Error("a funnel of the demo cannot be published now", "ref", seed.ref, "error", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *App) seedFunnel(ctx context.Context, have []funnel.Funnel, ref string, def funnel.Definition) (funnel.Funnel, error) {
	for _, f := range have {
		if f.Name == def.Name {
			return f, nil
		}
	}
	made, err := a.Funnels.Create(ctx, def, map[string]workspace.OriginKind{ref: workspace.OriginAPI}, idem.Once[funnel.Created]{})
	return made.Value.Funnel, err
}
