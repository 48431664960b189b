package pg

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/ident"
)

// ConfigurationTx makes the stores of connectors' configurations.
func ConfigurationTx(seal Sealer, ids *IDs) func(*sql.Tx, actor.Actor) activity.ConfigurationTx {
	return func(tx *sql.Tx, a actor.Actor) activity.ConfigurationTx {
		return activity.ConfigurationTx{
			Configurations: configurationStore{tx, a.Workspace, seal}, Audit: auditLog{tx, a.Workspace, ids},
		}
	}
}

type configurationStore struct {
	tx   *sql.Tx
	ws   ident.Workspace
	seal Sealer
}

// Lock implements activity.ConfigurationStore.
func (s configurationStore) Lock(ctx context.Context, connector string) (activity.Configuration, error) {
	// The row comes first, so that two who set it up at once wait for each other.
	if _, err := s.tx.ExecContext(ctx, `INSERT INTO connector_config (workspace_id, connector) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		int64(s.ws), connector); err != nil {
		return activity.Configuration{}, fmt.Errorf("locking a configuration: %w", err)
	}
	return scanConfiguration(s.tx.QueryRowContext(ctx, `SELECT `+configurationColumns+` FROM connector_config
		WHERE workspace_id = $1 AND connector = $2 FOR UPDATE`, int64(s.ws), connector), s.ws, s.seal)
}

// Save implements activity.ConfigurationStore.
func (s configurationStore) Save(ctx context.Context, c activity.Configuration) error {
	var sealed []byte
	if c.Secrets != nil {
		var err error
		if sealed, err = s.seal.Seal(c.Secrets, secretsPlace(s.ws, c.Connector)); err != nil {
			return fmt.Errorf("sealing a connector's secrets: %w", err)
		}
	}
	if _, err := s.tx.ExecContext(ctx, `UPDATE connector_config SET config = $3, secrets_sealed = $4, etag = $5, changed_at = $6
		WHERE workspace_id = $1 AND connector = $2`, int64(s.ws), c.Connector, string(c.Config), sealed, c.Etag, c.ChangedAt); err != nil {
		return fmt.Errorf("keeping a configuration: %w", err)
	}
	return nil
}

const configurationColumns = `connector, config, secrets_sealed, etag, changed_at`

func scanConfiguration(row interface{ Scan(...any) error }, ws ident.Workspace, seal Sealer) (activity.Configuration, error) {
	var c activity.Configuration
	var sealed []byte
	if err := row.Scan(&c.Connector, &c.Config, &sealed, &c.Etag, &c.ChangedAt); err != nil {
		return c, err
	}
	c.ChangedAt = c.ChangedAt.UTC()
	if sealed != nil {
		var err error
		if c.Secrets, err = seal.Open(sealed, secretsPlace(ws, c.Connector)); err != nil {
			return c, fmt.Errorf("opening the secrets of the connector %s: %w", c.Connector, err)
		}
	}
	return c, nil
}

func secretsPlace(ws ident.Workspace, connector string) string {
	return fmt.Sprintf("connector_config|%d|%s", ws, connector)
}

// Configurations is activity.ConfigurationReader.
type Configurations struct {
	db   *DB
	seal Sealer
}

// NewConfigurations makes the reader.
func NewConfigurations(db *DB, seal Sealer) *Configurations { return &Configurations{db, seal} }

// Configuration implements activity.ConfigurationReader.
func (r *Configurations) Configuration(ctx context.Context, connector string) (activity.Configuration, error) {
	all, err := collect(ctx, r.db, func(row interface{ Scan(...any) error }) (activity.Configuration, error) {
		return scanConfiguration(row, actor.From(ctx).Workspace, r.seal)
	}, `SELECT `+configurationColumns+` FROM connector_config WHERE connector = $1`, connector)
	if err != nil || len(all) == 0 {
		return activity.Configuration{Connector: connector, Config: []byte(`{}`)}, err
	}
	return all[0], nil
}

// Callbacks are the addresses at which providers call back.
type Callbacks struct {
	db   *DB
	seal Sealer
}

// NewCallbacks makes the store.
func NewCallbacks(db *DB, seal Sealer) *Callbacks { return &Callbacks{db, seal} }

// Token returns the token of a run's address, made at the first call: unguessable, found by
// its hash only. It is committed before anybody can be told it.
func (c *Callbacks) Token(ctx context.Context, run ident.Run) (string, error) {
	var token string
	err := c.db.scoped(ctx, nil, func(tx *sql.Tx, a actor.Actor) error {
		place := fmt.Sprintf("callback_token|%d|%d", a.Workspace, run)
		read := func() error {
			var sealed []byte
			if err := tx.QueryRowContext(ctx, `SELECT token_sealed FROM callback_token WHERE run_id = $1`, int64(run)).Scan(&sealed); err != nil {
				return err
			}
			plain, err := c.seal.Open(sealed, place)
			token = string(plain)
			return err
		}
		if err := read(); !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		random := make([]byte, 32)
		_, _ = rand.Read(random) // never fails
		fresh := base64.RawURLEncoding.EncodeToString(random)
		sealed, err := c.seal.Seal([]byte(fresh), place)
		if err != nil {
			return err
		}
		hash := sha256.Sum256([]byte(fresh))
		if _, err := tx.ExecContext(ctx, `INSERT INTO callback_token (workspace_id, run_id, token_hash, token_sealed)
			VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, run_id) DO NOTHING`, int64(a.Workspace), int64(run), hash[:], sealed); err != nil {
			return err
		}
		return read()
	})
	if err != nil {
		return "", classify(fmt.Errorf("finding the callback address of a run: %w", err))
	}
	return token, nil
}

// Find returns the run that a token names, in whatever workspace, or NotFound.
func (c *Callbacks) Find(ctx context.Context, token string) (activity.Address, error) {
	hash := sha256.Sum256([]byte(token))
	var a activity.Address
	err := c.db.sql.QueryRowContext(ctx, `SELECT workspace_id, journey_id, run_id, connector FROM callback_by_hash($1)`, hash[:]).
		Scan(&a.Workspace, &a.Journey, &a.Run, &a.Connector)
	return a, classify(err)
}
