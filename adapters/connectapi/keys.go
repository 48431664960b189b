package connectapi

import (
	"context"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/workspace"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// keys serves API keys.
type keys struct {
	keys   *workspace.Service
	reader workspace.Reader
}

// defaultOverlap is how long a replaced key goes on working when nothing else is asked.
const defaultOverlap = 24 * time.Hour

// ListKeys implements GET /keys.
func (a *keys) ListKeys(ctx context.Context, m *v1.ListKeysRequest) (*v1.ListKeysResponse, error) {
	all, err := a.reader.Keys(ctx)
	if err != nil {
		return nil, err
	}
	all, token, err := slice(all, m)
	if err != nil {
		return nil, err
	}
	out := &v1.ListKeysResponse{NextPageToken: token}
	for _, k := range all {
		out.Keys = append(out.Keys, keyMessage(k))
	}
	return out, nil
}

// GetKey implements GET /keys/{id}.
func (a *keys) GetKey(ctx context.Context, m *v1.GetKeyRequest) (*v1.GetKeyResponse, error) {
	all, err := a.reader.Keys(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range all {
		if int64(k.ID) == m.GetId() {
			return &v1.GetKeyResponse{Key: keyMessage(k)}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "not_found", "There is no such thing.")
}

// CreateKey implements POST /keys.
func (a *keys) CreateKey(ctx context.Context, m *v1.CreateKeyRequest) (*v1.CreateKeyResponse, error) {
	n := workspace.NewKey{Name: m.GetName(), Scopes: m.GetScopes(), Sandbox: actor.From(ctx).Sandbox}
	if m.GetExpiresAt() != nil {
		n.ExpiresAt = m.GetExpiresAt().AsTime()
	}
	out := &v1.CreateKeyResponse{}
	return out, once(ctx, m, out, http.StatusCreated, func(i workspace.Issued) proto.Message {
		return &v1.CreateKeyResponse{Key: keyMessage(i.Key), Secret: pointer(i.Secret)}
	}, func(o idem.Once[workspace.Issued]) (idem.Outcome[workspace.Issued], error) {
		return a.keys.CreateKey(ctx, n, o)
	})
}

// RotateKey implements POST /keys/{id}/rotate.
func (a *keys) RotateKey(ctx context.Context, m *v1.RotateKeyRequest) (*v1.RotateKeyResponse, error) {
	overlap := defaultOverlap
	if m.OverlapSeconds != nil {
		overlap = time.Duration(m.GetOverlapSeconds()) * time.Second
	}
	out := &v1.RotateKeyResponse{}
	return out, once(ctx, m, out, http.StatusCreated, func(i workspace.Issued) proto.Message {
		return &v1.RotateKeyResponse{Key: keyMessage(i.Key), Secret: pointer(i.Secret)}
	}, func(o idem.Once[workspace.Issued]) (idem.Outcome[workspace.Issued], error) {
		return a.keys.RotateKey(ctx, ident.Key(m.GetId()), overlap, o)
	})
}

// RevokeKey implements POST /keys/{id}/revoke.
func (a *keys) RevokeKey(ctx context.Context, m *v1.RevokeKeyRequest) (*v1.RevokeKeyResponse, error) {
	out := &v1.RevokeKeyResponse{}
	return out, once(ctx, m, out, http.StatusOK, func(k workspace.Key) proto.Message {
		return &v1.RevokeKeyResponse{Key: keyMessage(k)}
	}, func(o idem.Once[workspace.Key]) (idem.Outcome[workspace.Key], error) {
		return a.keys.RevokeKey(ctx, ident.Key(m.GetId()), o)
	})
}

func keyMessage(k workspace.Key) *v1.Key {
	environment := v1.KeyEnvironment_KEY_ENVIRONMENT_LIVE
	switch k.Env {
	case workspace.Live:
	case workspace.Test:
		environment = v1.KeyEnvironment_KEY_ENVIRONMENT_TEST
	case workspace.Publishable:
		environment = v1.KeyEnvironment_KEY_ENVIRONMENT_PUBLISHABLE
	}
	return &v1.Key{
		Id: int64(k.ID), Name: k.Name, Prefix: "koh_" + string(k.Env) + "_" + k.Lookup, Environment: environment, Scopes: k.Scopes,
		CreatedDate: stamp(k.CreatedAt), ExpiresAt: stamp(k.ExpiresAt), RevokedAt: stamp(k.RevokedAt), LastUsedAt: stamp(k.LastUsedAt),
	}
}
