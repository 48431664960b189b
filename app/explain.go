package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// explain says what an operator can do about a database that cannot be used. The setting
// names the address that was tried.
func explain(setting string, err error) error {
	if err == nil {
		return nil
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case pe.Code == "28P01" || pe.Code == "28000":
			return fmt.Errorf("%s: PostgreSQL refuses the login (%s): check user and password, and pg_hba.conf", setting, pe.Message)
		case pe.Code == "3D000":
			return fmt.Errorf("%s: %s: make it first, owned by the login role (CREATE DATABASE … OWNER …)", setting, pe.Message)
		case strings.Contains(pe.Message, `role "kohomai_app" does not exist`):
			return fmt.Errorf("%s: the database is not prepared (%s): run kohomai migrate up, or serve with --migrate", setting, pe.Message)
		case pe.Code == "42501" && strings.Contains(pe.Message, "set role"):
			return fmt.Errorf("%s: the login role may not act as kohomai_app: as an administrator, GRANT kohomai_app TO it", setting)
		case pe.Code == "53300":
			return fmt.Errorf("%s: PostgreSQL has no connection free (%s): raise max_connections, or stop other nodes", setting, pe.Message)
		}
		return err
	}
	if ce, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		// One line for each address that was tried, all with the same cause.
		_, cause, _ := strings.Cut(strings.SplitN(ce.Unwrap().Error(), "\n", 2)[0], ": ")
		return fmt.Errorf("%s: PostgreSQL does not answer at %s:%d (%s): is it running, and does it let this machine in?",
			setting, ce.Config.Host, ce.Config.Port, cause)
	}
	return err
}

// databaseSetting names where an address came from, for explain.
func (c Config) databaseSetting(name string) string {
	switch {
	case c.Database == "":
		return "the embedded PostgreSQL"
	case c.MigrateURL == c.Database:
		return "DATABASE_URL"
	default:
		return name
	}
}
