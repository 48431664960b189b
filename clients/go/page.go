package kohomai

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// All reads a list to its end, page by page, as the loop asks for more:
//
//	for lead, err := range kohomai.All(ctx, client.Leads.ListLeads, &kohomaiv1.ListLeadsRequest{}, (*kohomaiv1.ListLeadsResponse).GetLeads) {
//
// It begins at the request's own page token, and leaves the request as it is. The first
// error ends it.
func All[Request, Answer proto.Message, Item any](
	ctx context.Context, list func(context.Context, Request) (Answer, error), request Request, items func(Answer) []Item,
) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var none Item
		page := proto.CloneOf(request)
		for {
			answer, err := list(ctx, page)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items(answer) {
				if !yield(item, nil) {
					return
				}
			}
			next := text(answer, "next_page_token")
			if next == "" {
				return
			}
			m := page.ProtoReflect()
			m.Set(m.Descriptor().Fields().ByName("page_token"), protoreflect.ValueOfString(next))
		}
	}
}

// text is a field of a message; empty when the message has none, as lists without pages.
func text(m proto.Message, name protoreflect.Name) string {
	r := m.ProtoReflect()
	f := r.Descriptor().Fields().ByName(name)
	if f == nil {
		return ""
	}
	return r.Get(f).String()
}
