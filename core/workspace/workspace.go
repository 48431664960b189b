package workspace

import (
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/ident"
)

// Workspace is a tenant. A sandbox is a sibling workspace that shares nothing with it.
type Workspace struct {
	ID   ident.Workspace
	Name string
	// SandboxOf is the live sibling of a sandbox; 0 for a live workspace or a sandbox alone.
	SandboxOf ident.Workspace
	Sandbox   bool
	// ClockOffset moves engine time of a sandbox; zero in live workspaces.
	ClockOffset time.Duration
	// RedirectOrigins are the exact origins a RedirectURL may have, such as "https://app.example.com".
	RedirectOrigins []string
	CreatedAt       time.Time
}

// Role is a back-office role. The empty role has no access to the back-office.
type Role string

// The roles as shown on the wire. Lead and Stakeholder are not stored as roles: being a
// lead or a stakeholder is independent of the back-office role.
const (
	NoRole        Role = ""
	Administrator Role = "Administrator"
	Manager       Role = "Manager"
	Lead          Role = "Lead"
	Stakeholder   Role = "Stakeholder"
)

// BackOffice reports whether the role may enter the console.
func (r Role) BackOffice() bool { return r == Administrator || r == Manager }

// User is a person of a workspace, one per e-mail.
type User struct {
	ID ident.User
	// Email is the normalized form, the identity; DisplayEmail is as it was given.
	Email, DisplayEmail  string
	Firstname, Lastname  string
	Phone                string
	Role                 Role
	ExternalID           string
	LeadSince            time.Time // zero when not a lead
	Stakeholder          bool
	CreatedAt, ChangedAt time.Time
}

// WireRole is the role shown: the back-office role, else Lead, else Stakeholder.
func (u User) WireRole() Role {
	switch {
	case u.Role != NoRole:
		return u.Role
	case !u.LeadSince.IsZero():
		return Lead
	default:
		return Stakeholder
	}
}

// Environment is what a key's prefix tells.
type Environment string

// The environments of keys.
const (
	Live        Environment = "live"
	Test        Environment = "test"
	Publishable Environment = "pub"
)

// Key is an API key without its secret.
type Key struct {
	ID        ident.Key
	Workspace ident.Workspace
	Name      string
	// Lookup is the public part by which the key is found.
	Lookup string
	// Hash is the SHA-256 of the whole key.
	Hash       []byte
	Env        Environment
	Scopes     []string
	Origin     ident.Origin // publishable keys only
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time // zero: not revoked
	LastUsedAt time.Time
}

// Valid reports whether the key may be used at a moment.
func (k Key) Valid(at time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || at.Before(k.ExpiresAt))
}

var scopes = []string{
	"admin", "leads:read", "leads:write", "journeys:read", "journeys:write", "funnels:read",
	"funnels:write", "data-points:read", "data-points:write", "sessions:write", "webhooks:read",
	"webhooks:write", "users:read", "users:write", "analytics:read",
}

// Scopes lists every scope a key may hold.
func Scopes() []string { return slices.Clone(scopes) }

// OriginKind says by which door leads come.
type OriginKind string

// The kinds of origin.
const (
	OriginAPI    OriginKind = "API"
	OriginPage   OriginKind = "Page"
	OriginManual OriginKind = "Manual"
	OriginImport OriginKind = "Import"
)

// Origin is a way into a funnel. Ref is unique per installation.
type Origin struct {
	ID        ident.Origin
	Workspace ident.Workspace
	Funnel    ident.Funnel
	Name      string
	Ref       string
	Kind      OriginKind
	// Builtin marks the funnel's own API origin, used by /workflows/{id}/register.
	Builtin   bool
	CreatedAt time.Time
}
