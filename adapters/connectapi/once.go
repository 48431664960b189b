package connectapi

import (
	"context"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
)

// once runs a use case under the idempotency key of the call and fills the answer, made
// now or kept from the first time. Created is the status of a first answer.
func once[R any](ctx context.Context, m, out proto.Message, created int, answer func(R) proto.Message,
	do func(idem.Once[R]) (idem.Outcome[R], error),
) error {
	request, err := idempotency(ctx, m)
	if err != nil {
		return err
	}
	done, err := do(idem.Once[R]{Request: request, Render: func(r R) (idem.Answer, error) { return kept(created, answer(r)) }})
	if err != nil {
		return err
	}
	if done.Replay != nil {
		return replay(ctx, *done.Replay, out)
	}
	proto.Merge(out, answer(done.Value))
	return nil
}

// idempotency reads the key of a call and what was asked: the digest of the deterministic
// request, path and query merged. Nil when the caller gave none.
func idempotency(ctx context.Context, m proto.Message) (*idem.Request, error) {
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return nil, nil
	}
	given := info.RequestHeader().Values("Idempotency-Key")
	if len(given) == 0 {
		return nil, nil
	}
	value := strings.TrimSpace(given[0])
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	if len(given) > 1 || value == "" || len(value) > 255 || strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
		return nil, fault.New(fault.Malformed, "invalid_idempotency_key", "One idempotency key of 1 to 255 printable characters is expected.")
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	who := actor.From(ctx)
	holder := "key/" + who.KeyName
	if who.Kind == actor.Console {
		holder = "user/" + ident.String(who.User)
	}
	return &idem.Request{
		Key: idem.Key{Holder: holder, Route: info.Spec().Procedure, Value: value}, Fingerprint: sha256.Sum256(raw),
	}, nil
}

// kept is the answer as an idempotency record keeps it.
func kept(status int, m proto.Message) (idem.Answer, error) {
	raw, err := proto.Marshal(m)
	return idem.Answer{Status: status, Body: raw}, err
}

// secretsShow is how long a replay shows one-time secrets again.
const secretsShow = 10 * time.Minute

// replay answers what the first request was answered.
func replay(ctx context.Context, a idem.Answer, into proto.Message) error {
	setHeader(ctx, "Idempotent-Replayed", "true")
	setHeader(ctx, "Kohomai-Status", strconv.Itoa(a.Status))
	if err := proto.Unmarshal(a.Body, into); err != nil {
		return err
	}
	if a.Age > secretsShow {
		blank(into.ProtoReflect())
	}
	return nil
}

// blank takes away what the proto files mark as not to be shown.
func blank(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if o, ok := f.Options().(*descriptorpb.FieldOptions); ok && o.GetDebugRedact() {
			m.Clear(f)
		} else if f.Message() != nil && !f.IsList() && !f.IsMap() {
			blank(v.Message())
		}
		return true
	})
}
