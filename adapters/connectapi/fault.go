package connectapi

import (
	"errors"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/kohomai/kohomai/core/fault"
)

// codes is the one table from kinds to Connect, as published.
var codes = map[fault.Kind]connect.Code{
	fault.Internal: connect.CodeInternal, fault.Malformed: connect.CodeInvalidArgument,
	fault.Unauthenticated: connect.CodeUnauthenticated, fault.Forbidden: connect.CodePermissionDenied,
	fault.NotFound: connect.CodeNotFound, fault.MethodNotAllowed: connect.CodeInvalidArgument,
	fault.TooLarge: connect.CodeInvalidArgument, fault.MediaType: connect.CodeInvalidArgument,
	fault.Conflict: connect.CodeAborted, fault.Stale: connect.CodeFailedPrecondition,
	fault.PreconditionRequired: connect.CodeFailedPrecondition, fault.Invalid: connect.CodeInvalidArgument,
	fault.Provider: connect.CodeUnavailable, fault.Limited: connect.CodeResourceExhausted,
	fault.Unavailable: connect.CodeUnavailable,
}

// toConnect gives a fault its Connect form: code and kind in ErrorInfo, fields in
// BadRequest. What nobody classified is Internal and says nothing more.
func toConnect(err error) error {
	if ce, ok := errors.AsType[*connect.Error](err); ok {
		return ce
	}
	f := fault.As(err)
	detail := f.Detail
	if f.Kind == fault.Internal {
		detail = "Something went wrong on our side."
	}
	ce := connect.NewError(codes[f.Kind], errors.New(detail))
	info := &errdetails.ErrorInfo{Reason: f.Code, Domain: "kohomai", Metadata: map[string]string{"Kind": f.Kind.String()}}
	if f.RetryAfter > 0 {
		info.Metadata["RetryAfter"] = f.RetryAfter.String()
	}
	if d, err := connect.NewErrorDetail(info); err == nil {
		ce.AddDetail(d)
	}
	if len(f.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, field := range f.Fields {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: field.Path, Reason: field.Code, Description: field.Message,
			})
		}
		if d, err := connect.NewErrorDetail(bad); err == nil {
			ce.AddDetail(d)
		}
	}
	return ce
}
