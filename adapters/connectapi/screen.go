package connectapi

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/journey"
	frontv1 "github.com/kohomai/kohomai/proto/gen/kohomai/front/v1"
)

// screen is what the person sees of a run; nil when there is nothing to see.
func screen(r *journey.Run) *frontv1.Screen {
	if r.Screen == nil {
		return nil
	}
	s := r.Screen
	out := &frontv1.Screen{Title: optional(s.Title), Text: optional(s.Text)}
	if s.Notice != "" {
		// What is said of the last answer comes first.
		out.Text = optional(strings.TrimSpace(s.Notice + "\n\n" + s.Text))
	}
	switch s.Kind {
	case activity.ScreenForm:
		out.Kind = &frontv1.Screen_Form{Form: form(s)}
	case activity.ScreenVideo:
		out.Kind = &frontv1.Screen_Video{Video: &frontv1.VideoScreen{
			Url: s.URL, Share: s.Share, Watched: s.Watched, Position: s.Position, Captions: optional(s.Captions),
			Poster: optional(s.Poster),
		}}
	case activity.ScreenSlots:
		slots := &frontv1.SlotsScreen{TimeZone: s.TimeZone, Host: optional(s.Host), Location: optional(s.Location)}
		for _, slot := range s.Slots {
			slots.Slots = append(slots.Slots, &frontv1.Slot{Start: moment(slot.Start), End: moment(slot.End)})
		}
		out.Kind = &frontv1.Screen_Slots{Slots: slots}
	case activity.ScreenRedirect:
		out.Kind = &frontv1.Screen_Redirect{Redirect: &frontv1.RedirectScreen{Url: s.URL}}
	case activity.ScreenEmbed:
		out.Kind = &frontv1.Screen_Embed{Embed: &frontv1.EmbedScreen{Url: s.URL}}
	case activity.ScreenMessage:
		switch r.Connector {
		case activity.Approval:
			out.Kind = &frontv1.Screen_Approval{Approval: &frontv1.ApprovalScreen{}}
		case activity.Task:
			out.Kind = &frontv1.Screen_Message{Message: &frontv1.MessageScreen{Button: pointer("Done")}}
		default:
			out.Kind = &frontv1.Screen_Message{Message: &frontv1.MessageScreen{}}
		}
	case activity.ScreenUpload, activity.ScreenCapture, activity.ScreenSign:
		// Not drawn by this release: the title and text stand, with nothing to do.
		out.Kind = &frontv1.Screen_Message{Message: &frontv1.MessageScreen{}}
	}
	return out
}

func form(s *activity.Screen) *frontv1.FormScreen {
	out := &frontv1.FormScreen{}
	for _, f := range s.Fields {
		field := &frontv1.Field{
			Key: f.Key, Label: f.Label, Type: f.Type, Required: f.Required, Options: f.Options, Help: optional(f.Help),
		}
		if f.Value != nil {
			// A value that has no place in JSON is left out: the person enters it again.
			field.Value, _ = structpb.NewValue(f.Value)
		}
		out.Fields = append(out.Fields, field)
	}
	return out
}

// moment reads a time as screens write it.
func moment(text string) *timestamppb.Timestamp {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil
	}
	return stamp(t)
}
