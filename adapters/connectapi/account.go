package connectapi

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	"github.com/kohomai/kohomai/core/account"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/workspace"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// accounts serves the console's own session.
type accounts struct {
	people *account.Service
	door   Door
}

// SignInWithLink implements kohomai.v1.AccountService.
func (a *accounts) SignInWithLink(ctx context.Context, m *v1.SignInWithLinkRequest) (*v1.SignInWithLinkResponse, error) {
	v, err := a.people.SignInWithLink(ctx, network(ctx), m.GetToken())
	if err != nil {
		return nil, err
	}
	if err := a.begin(ctx, v); err != nil {
		return nil, err
	}
	return &v1.SignInWithLinkResponse{Me: me(v.Me)}, nil
}

// SignInWithPassword implements kohomai.v1.AccountService.
func (a *accounts) SignInWithPassword(ctx context.Context, m *v1.SignInWithPasswordRequest) (*v1.SignInWithPasswordResponse, error) {
	v, err := a.people.SignInWithPassword(ctx, network(ctx), m.GetEmail(), m.GetPassword())
	if err != nil {
		return nil, err
	}
	if err := a.begin(ctx, v); err != nil {
		return nil, err
	}
	return &v1.SignInWithPasswordResponse{Me: me(v.Me)}, nil
}

// begin hands the cookie over and ends the visit of the one before: no token outlives a
// sign-in.
func (a *accounts) begin(ctx context.Context, v account.Entered) error {
	if err := a.people.SignOut(ctx, cookieHash(ctx, a.door)); err != nil {
		return err
	}
	setCookie(ctx, a.door.Cookie(v.Token, v.ValidUntil))
	return nil
}

// GetMe implements kohomai.v1.AccountService.
func (a *accounts) GetMe(ctx context.Context, _ *v1.GetMeRequest) (*v1.GetMeResponse, error) {
	who, err := a.people.Me(ctx, cookieHash(ctx, a.door))
	if err != nil {
		return nil, err
	}
	return &v1.GetMeResponse{Me: me(who)}, nil
}

// SetPassword implements kohomai.v1.AccountService.
func (a *accounts) SetPassword(ctx context.Context, m *v1.SetPasswordRequest) (*v1.SetPasswordResponse, error) {
	return &v1.SetPasswordResponse{}, a.people.SetPassword(ctx, m.GetCurrent(), m.GetPassword(), cookieHash(ctx, a.door))
}

// SignOut implements kohomai.v1.AccountService.
func (a *accounts) SignOut(ctx context.Context, _ *v1.SignOutRequest) (*v1.SignOutResponse, error) {
	if err := a.people.SignOut(ctx, cookieHash(ctx, a.door)); err != nil {
		return nil, err
	}
	setCookie(ctx, a.door.Clear())
	return &v1.SignOutResponse{}, nil
}

func me(m account.Me) *v1.Me {
	return &v1.Me{
		User: user(m.User), Workspace: &v1.WorkspaceRef{Id: int64(m.Workspace.ID), Name: m.Workspace.Name, Sandbox: m.Workspace.Sandbox},
		ValidUntil: stamp(m.ValidUntil), HasPassword: m.HasPassword,
	}
}

func user(u workspace.User) *v1.User {
	return &v1.User{
		Id: int64(u.ID), Email: u.DisplayEmail, Firstname: optional(u.Firstname), Lastname: optional(u.Lastname),
		PhoneNumber: optional(u.Phone), Role: enumOf[v1.Role](v1.Role_value, "ROLE_", string(u.WireRole())),
		CreatedDate: stamp(u.CreatedAt), ChangedDate: stamp(u.ChangedAt),
	}
}

func setCookie(ctx context.Context, c *http.Cookie) {
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok {
		info.ResponseHeader().Add("Set-Cookie", c.String())
	}
}

// network is where a request comes from, as attempts are counted.
func network(ctx context.Context) string {
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return ""
	}
	return session.Network(info.Peer().Addr)
}

// cookieHash is the hash of the token a request came with; the hash of nothing without one.
func cookieHash(ctx context.Context, d Door) []byte {
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok {
		if c, err := (&http.Request{Header: info.RequestHeader()}).Cookie(d.CookieName()); err == nil {
			return session.HashToken(c.Value)
		}
	}
	return session.HashToken("")
}
