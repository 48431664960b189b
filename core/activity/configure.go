package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/unit"
)

// Configuration is how a workspace has set a connector up.
type Configuration struct {
	Connector string
	// Config is a JSON object: what activities get where their own Config says nothing.
	Config []byte
	// Secrets is a JSON object of the credentials; nil for none.
	Secrets []byte
	// Etag changes with every change; 0 when it was never set up.
	Etag      int64
	ChangedAt time.Time
}

// SecretsSet names the secrets that are set, sorted.
func (c Configuration) SecretsSet() []string { return slices.Sorted(maps.Keys(object(c.Secrets))) }

// ConfigurationTx are the stores of this use case, bound to a transaction.
type ConfigurationTx struct {
	Configurations ConfigurationStore
	Audit          audit.Log
}

// ConfigurationStore keeps configurations.
type ConfigurationStore interface {
	// Lock must lock and return the configuration of a connector; one that was never set up
	// has the etag 0.
	Lock(ctx context.Context, connector string) (Configuration, error)
	// Save must write a locked configuration, its secrets encrypted.
	Save(ctx context.Context, c Configuration) error
}

// ConfigurationReader answers configurations, in the workspace of the context's actor.
type ConfigurationReader interface {
	// Configuration must return the configuration of a connector; one that was never set up
	// has the etag 0.
	Configuration(ctx context.Context, connector string) (Configuration, error)
}

// Judge is what a connector says of a configuration.
type Judge interface {
	// Check must answer the connector's judgement. Its error means that none is to be had.
	Check(ctx context.Context, r CheckRequest) (Judgement, error)
}

// CheckRequest is a configuration to judge.
type CheckRequest struct {
	Connector       string
	Sandbox         bool
	Config, Secrets []byte
}

// Judgement is how good a configuration is.
type Judgement struct {
	// Status is "ok", "degraded" or "failed"; Message says why, in words.
	Status, Message string
	Problems        []fault.Field
}

// Configurator holds the use cases of connectors' configurations.
type Configurator struct {
	work    unit.Work[ConfigurationTx]
	reader  ConfigurationReader
	catalog Catalog
	judge   Judge
	now     func() time.Time
}

// NewConfigurator makes the service. Now is real time.
func NewConfigurator(work unit.Work[ConfigurationTx], reader ConfigurationReader, catalog Catalog, judge Judge, now func() time.Time) *Configurator {
	return &Configurator{work: work, reader: reader, catalog: catalog, judge: judge, now: now}
}

// Get returns the configuration of a connector.
func (s *Configurator) Get(ctx context.Context, connector string) (Configuration, error) {
	if _, err := s.manifest(connector); err != nil {
		return Configuration{}, err
	}
	return s.reader.Configuration(ctx, connector)
}

// Put replaces a configuration; secrets are merged by name, null taking one away. Etag is
// the one last seen; another one is Stale.
func (s *Configurator) Put(ctx context.Context, connector string, config, secrets []byte, etag int64) (Configuration, error) {
	m, err := s.manifest(connector)
	if err != nil {
		return Configuration{}, err
	}
	if err := fits(m, config, secrets); err != nil {
		return Configuration{}, err
	}
	var c Configuration
	err = s.work.Do(ctx, func(ctx context.Context, tx ConfigurationTx) error {
		var err error
		if c, err = tx.Configurations.Lock(ctx, connector); err != nil {
			return err
		}
		if c.Etag != etag {
			return fault.New(fault.Stale, "stale", "The configuration was changed meanwhile.")
		}
		c.Config, c.Secrets = MergeConfig(nil, config), mergeSecrets(c.Secrets, secrets)
		c.Etag, c.ChangedAt = c.Etag+1, s.now()
		if err := tx.Configurations.Save(ctx, c); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, audit.Entry{
			At: c.ChangedAt, Actor: actor.From(ctx), Action: "connector.configure", Object: "connector/" + connector,
			// Names of secrets only.
			Detail: map[string]any{"Settings": slices.Sorted(maps.Keys(object(c.Config))), "Secrets": slices.Sorted(maps.Keys(object(secrets)))},
		})
	})
	return c, err
}

// Check has the connector judge the workspace's configuration. Config replaces the one kept
// when it is not nil, secrets are merged over the ones kept; nothing is stored.
func (s *Configurator) Check(ctx context.Context, connector string, config, secrets []byte) (Judgement, error) {
	m, err := s.manifest(connector)
	if err != nil {
		return Judgement{}, err
	}
	if err := fits(m, config, secrets); err != nil {
		return Judgement{}, err
	}
	if m.Builtin {
		return Judgement{Status: "ok"}, nil
	}
	c, err := s.reader.Configuration(ctx, connector)
	if err != nil {
		return Judgement{}, err
	}
	if config == nil {
		config = c.Config
	}
	return s.judge.Check(ctx, CheckRequest{
		Connector: connector, Sandbox: actor.From(ctx).Sandbox, Config: MergeConfig(nil, config), Secrets: mergeSecrets(c.Secrets, secrets),
	})
}

func (s *Configurator) manifest(connector string) (Manifest, error) {
	m, ok := s.catalog.Manifest(connector)
	if !ok {
		return m, fault.New(fault.NotFound, "not_found", "There is no such connector, or it cannot be used now.")
	}
	return m, nil
}

// fits judges what was given against the manifest's schemas, every wrong field at once.
func fits(m Manifest, config, secrets []byte) error {
	var wrong fault.Collector
	for _, part := range []struct {
		name          string
		schema, value []byte
	}{{"Config", m.ConfigSchema, config}, {"Secrets", m.SecretsSchema, mergeSecrets(nil, secrets)}} {
		if len(part.value) == 0 {
			continue
		}
		for _, p := range CheckSchemaPart(part.schema, part.value) {
			message := p.Message
			if p.Fix != "" {
				message += " " + p.Fix
			}
			wrong.Add(part.name+p.Path, "invalid_config", "%s", message)
		}
	}
	return wrong.Err()
}

// MergeConfig lays an activity's own settings over the workspace's: property by property,
// the own one goes first. Both are JSON objects, or empty.
func MergeConfig(defaults, own []byte) []byte {
	if len(object(defaults)) == 0 && len(own) > 0 {
		return own
	}
	merged := object(defaults)
	if merged == nil {
		merged = map[string]json.RawMessage{}
	}
	maps.Copy(merged, object(own))
	return encode(merged)
}

// mergeSecrets lays changes over secrets; null takes one away. Nil when nothing is left.
func mergeSecrets(kept, changes []byte) []byte {
	merged := map[string]json.RawMessage{}
	maps.Copy(merged, object(kept))
	for name, value := range object(changes) {
		if strings.TrimSpace(string(value)) == "null" {
			delete(merged, name)
		} else {
			merged[name] = value
		}
	}
	if len(merged) == 0 {
		return nil
	}
	return encode(merged)
}

func encode(m map[string]json.RawMessage) []byte {
	raw, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("activity: writing an object that was read from JSON: %v", err))
	}
	return raw
}

// object reads a JSON object; nil when it is none.
func object(raw []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}
