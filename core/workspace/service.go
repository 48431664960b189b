package workspace

import (
	"context"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/unit"
)

// InvitationLife is how long a sign-in link made by an invitation is valid.
const InvitationLife = 24 * time.Hour

// Credentials makes keys and tokens; only their hashes are kept.
type Credentials interface {
	// Key must return a new secret of an environment with its lookup part and hash.
	Key(env Environment) (secret, lookup string, hash []byte, err error)
	// Token must return a new random token with its hash.
	Token() (token string, hash []byte, err error)
}

// Service holds the use cases of tenants, keys and invitations.
type Service struct {
	work  unit.Work[Tx]
	ids   ident.Source
	creds Credentials
	now   func() time.Time
}

// NewService makes the service. Now is real time.
func NewService(work unit.Work[Tx], ids ident.Source, creds Credentials, now func() time.Time) *Service {
	return &Service{work: work, ids: ids, creds: creds, now: now}
}

// Create makes a workspace; a sandbox when it names its live sibling or stands alone.
func (s *Service) Create(ctx context.Context, w Workspace) (Workspace, error) {
	w.Name = strings.TrimSpace(w.Name)
	if w.Name == "" || len(w.Name) > 200 {
		return Workspace{}, fault.InvalidField("Name", "required", "A name of at most 200 characters is required.")
	}
	ids, err := s.ids.Reserve(ctx, 1)
	if err != nil {
		return Workspace{}, err
	}
	w.ID, w.CreatedAt = ident.Workspace(ids[0]), s.now()
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: w.ID, Sandbox: w.Sandbox})
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.Workspaces.Insert(ctx, w); err != nil {
			return err
		}
		return s.audit(ctx, tx, "workspace.create", "workspace/"+ident.String(w.ID), map[string]any{"Name": w.Name})
	})
	return w, err
}

// Invite lets a person into the back-office and returns a token that signs them in once.
// Email is normalized already.
func (s *Service) Invite(ctx context.Context, u User, life time.Duration) (User, string, error) {
	if !u.Role.BackOffice() {
		return User{}, "", fault.InvalidField("Role", "unknown_role", "The role is Administrator or Manager.")
	}
	token, hash, err := s.creds.Token()
	if err != nil {
		return User{}, "", err
	}
	ids, err := s.ids.Reserve(ctx, 2)
	if err != nil {
		return User{}, "", err
	}
	now := s.now()
	u.ID, u.CreatedAt, u.ChangedAt = ident.User(ids[0]), now, now
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) error {
		invited, err := tx.Users.Invite(ctx, u)
		if err != nil {
			return err
		}
		u = invited
		link := SignInLink{ID: ident.Session(ids[1]), User: u.ID, TokenHash: hash, CreatedAt: now, ValidUntil: now.Add(life)}
		if err := tx.Users.SignIn(ctx, link); err != nil {
			return err
		}
		return s.audit(ctx, tx, "user.invite", "user/"+ident.String(u.ID), map[string]any{"Role": string(u.Role)})
	})
	return u, token, err
}

func (s *Service) audit(ctx context.Context, tx Tx, action, object string, detail map[string]any) error {
	return tx.Audit.Append(ctx, audit.Entry{
		At: s.now(), Actor: actor.From(ctx), Action: action, Object: object, Detail: detail,
	})
}
