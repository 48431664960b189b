package pg

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/ident"
)

// EnrichTx makes the stores of the settings of providers.
func EnrichTx(seal Sealer, ids *IDs) func(*sql.Tx, actor.Actor) enrich.Tx {
	return func(tx *sql.Tx, a actor.Actor) enrich.Tx {
		return enrich.Tx{Settings: settingStore{tx, a.Workspace, seal}, Audit: auditLog{tx, a.Workspace, ids}}
	}
}

type settingStore struct {
	tx   *sql.Tx
	ws   ident.Workspace
	seal Sealer
}

// Lock implements enrich.SettingStore. All settings of a workspace are one thing to
// change, also before the first is there.
func (s settingStore) Lock(ctx context.Context) ([]enrich.Setting, error) {
	if _, err := s.tx.ExecContext(ctx, `SELECT FROM workspace WHERE workspace_id = $1 FOR NO KEY UPDATE`, int64(s.ws)); err != nil {
		return nil, fmt.Errorf("locking the providers: %w", err)
	}
	rows, err := s.tx.QueryContext(ctx, `SELECT `+settingColumns+` FROM enrichment_provider WHERE workspace_id = $1`, int64(s.ws))
	if err != nil {
		return nil, fmt.Errorf("reading the providers: %w", err)
	}
	defer rows.Close()
	var all []enrich.Setting
	for rows.Next() {
		one, err := scanSetting(rows, s.ws, s.seal)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// Save implements enrich.SettingStore.
func (s settingStore) Save(ctx context.Context, in enrich.Setting) error {
	var sealed, source []byte
	var err error
	if in.Secret != "" {
		if sealed, err = s.seal.Seal([]byte(in.Secret), providerPlace(s.ws, in.Key)); err != nil {
			return fmt.Errorf("sealing a provider's secret: %w", err)
		}
	}
	if in.Source != nil {
		if source, err = json.Marshal(rowOfSource(*in.Source)); err != nil {
			return fmt.Errorf("writing a provider's source: %w", err)
		}
	}
	if _, err := s.tx.ExecContext(ctx, `INSERT INTO enrichment_provider
		(workspace_id, key, kind, enabled, place, a_day, source, secret_sealed, revision, etag, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11)
		ON CONFLICT (workspace_id, key) DO UPDATE SET kind = excluded.kind, enabled = excluded.enabled, place = excluded.place,
			a_day = excluded.a_day, source = excluded.source, secret_sealed = excluded.secret_sealed, revision = excluded.revision,
			etag = excluded.etag, changed_at = excluded.changed_at`,
		int64(s.ws), in.Key, string(in.Kind), in.Enabled, in.Place, in.ADay, textOrNull(string(source)), sealed, in.Revision, in.Etag,
		at(in.ChangedAt)); err != nil {
		return fmt.Errorf("keeping a provider: %w", err)
	}
	return nil
}

// Delete implements enrich.SettingStore.
func (s settingStore) Delete(ctx context.Context, key string) error {
	for _, text := range []string{
		`DELETE FROM enrichment_provider WHERE workspace_id = $1 AND key = $2`,
		`DELETE FROM enrich_cache WHERE workspace_id = $1 AND split_part(provider, '#', 1) = $2`,
	} {
		if _, err := s.tx.ExecContext(ctx, text, int64(s.ws), key); err != nil {
			return fmt.Errorf("removing a provider: %w", err)
		}
	}
	return nil
}

const settingColumns = `key, kind, enabled, place, a_day, source, secret_sealed, revision, etag, changed_at`

func scanSetting(row interface{ Scan(...any) error }, ws ident.Workspace, seal Sealer) (enrich.Setting, error) {
	var s enrich.Setting
	var source, sealed []byte
	var changed *time.Time
	if err := row.Scan(&s.Key, &s.Kind, &s.Enabled, &s.Place, &s.ADay, &source, &sealed, &s.Revision, &s.Etag, &changed); err != nil {
		return s, err
	}
	s.ChangedAt = moment(changed)
	if source != nil {
		var row sourceRow
		if err := json.Unmarshal(source, &row); err != nil {
			return s, fmt.Errorf("reading the source of the provider %s: %w", s.Key, err)
		}
		s.Source = row.source()
	}
	if sealed != nil {
		plain, err := seal.Open(sealed, providerPlace(ws, s.Key))
		if err != nil {
			return s, fmt.Errorf("opening the secret of the provider %s: %w", s.Key, err)
		}
		s.Secret = string(plain)
	}
	return s, nil
}

func providerPlace(ws ident.Workspace, key string) string {
	return fmt.Sprintf("enrichment_provider|%d|%s", ws, key)
}

// sourceRow is enrich.Source as it is kept.
type sourceRow struct {
	URL          string     `json:"url"`
	SecretHeader string     `json:"header,omitempty"`
	Fields       []fieldRow `json:"fields"`
}

type fieldRow struct {
	Key        string  `json:"key"`
	Path       string  `json:"path"`
	Currency   string  `json:"currency,omitempty"`
	Confidence float64 `json:"confidence"`
	Inferred   bool    `json:"inferred,omitempty"`
}

func rowOfSource(s enrich.Source) sourceRow {
	r := sourceRow{URL: s.URL, SecretHeader: s.SecretHeader, Fields: []fieldRow{}}
	for _, f := range s.Fields {
		r.Fields = append(r.Fields, fieldRow(f))
	}
	return r
}

func (r sourceRow) source() *enrich.Source {
	s := &enrich.Source{URL: r.URL, SecretHeader: r.SecretHeader}
	for _, f := range r.Fields {
		s.Fields = append(s.Fields, enrich.Field(f))
	}
	return s
}

// Enrichment is enrich.SettingReader and enrich.Cache: settings, kept answers and counts
// of questions hold on every node and over restarts.
type Enrichment struct {
	db   *DB
	seal Sealer
}

// NewEnrichment makes the store.
func NewEnrichment(db *DB, seal Sealer) *Enrichment { return &Enrichment{db, seal} }

// Settings implements enrich.SettingReader.
func (e *Enrichment) Settings(ctx context.Context) ([]enrich.Setting, error) {
	return collect(ctx, e.db, func(row interface{ Scan(...any) error }) (enrich.Setting, error) {
		return scanSetting(row, actor.From(ctx).Workspace, e.seal)
	}, `SELECT `+settingColumns+` FROM enrichment_provider`)
}

// Asked implements enrich.SettingReader.
func (e *Enrichment) Asked(ctx context.Context, when time.Time) (map[string]int, error) {
	type count struct {
		provider string
		n        int
	}
	counts, err := collect(ctx, e.db, func(row interface{ Scan(...any) error }) (c count, err error) {
		err = row.Scan(&c.provider, &c.n)
		return c, err
	}, `SELECT provider, questions FROM enrichment_asked WHERE day = $1`, day(when))
	all := make(map[string]int, len(counts))
	for _, c := range counts {
		all[c.provider] = c.n
	}
	return all, err
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Find implements enrich.Cache.
func (e *Enrichment) Find(ctx context.Context, key enrich.CacheKey, when time.Time) (datapoint.Data, bool, error) {
	found, err := collect(ctx, e.db, func(row interface{ Scan(...any) error }) (datapoint.Data, error) {
		var raw []byte
		facts := datapoint.Data{}
		if err := row.Scan(&raw); err != nil {
			return nil, err
		}
		return facts, json.Unmarshal(raw, &facts)
	}, `SELECT facts FROM enrich_cache WHERE workspace_id = $1 AND provider = $2 AND subject = $3 AND until > $4`,
		int64(key.Workspace), key.Provider, key.Domain, when)
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	return found[0], true, nil
}

// Keep implements enrich.Cache.
func (e *Enrichment) Keep(ctx context.Context, key enrich.CacheKey, facts datapoint.Data, until time.Time) error {
	raw, err := appendData(nil, facts)
	if err != nil {
		return err
	}
	return classify(e.db.scoped(ctx, nil, func(tx *sql.Tx, _ actor.Actor) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO enrich_cache (workspace_id, provider, subject, facts, at, until)
			VALUES ($1, $2, $3, $4::jsonb, now(), $5)
			ON CONFLICT (workspace_id, provider, subject) DO UPDATE SET facts = excluded.facts, at = excluded.at, until = excluded.until`,
			int64(key.Workspace), key.Provider, key.Domain, string(raw), until)
		return err
	}))
}

// Spend implements enrich.Cache. On the way it forgets some of what has had its time.
func (e *Enrichment) Spend(ctx context.Context, workspace ident.Workspace, provider string, when time.Time, limit int) (bool, error) {
	if limit < 1 {
		return false, nil
	}
	allowed := false
	err := e.db.scoped(ctx, nil, func(tx *sql.Tx, _ actor.Actor) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO enrichment_asked AS a (workspace_id, provider, day, questions) VALUES ($1, $2, $3, 1)
			ON CONFLICT (workspace_id, provider, day) DO UPDATE SET questions = a.questions + 1 WHERE a.questions < $4`,
			int64(workspace), provider, day(when), limit)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		allowed = n == 1
		_, err = tx.ExecContext(ctx, `
			WITH answers AS (DELETE FROM enrich_cache WHERE (workspace_id, provider, subject) IN (
				SELECT workspace_id, provider, subject FROM enrich_cache WHERE workspace_id = $1 AND until < $2 LIMIT 20 FOR UPDATE SKIP LOCKED))
			DELETE FROM enrichment_asked WHERE workspace_id = $1 AND day < $2::date - 40`, int64(workspace), when)
		return err
	})
	return allowed, classify(err)
}
