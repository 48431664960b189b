package session

import (
	"context"
	"fmt"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
)

// letters are the words of the mail with a code: subject, text.
var letters = map[string][2]string{
	"en": {
		"Your code: %[1]s",
		"Your code for %[2]s is\n\n    %[1]s\n\nType it on the page where you asked for it, within ten minutes. It works once.\n" +
			"If you did not ask for a code, you can ignore this message.\n",
	},
	"fr": {
		"Votre code : %[1]s",
		"Votre code pour %[2]s est\n\n    %[1]s\n\nSaisissez-le sur la page où vous l'avez demandé, dans les dix minutes. Il sert une seule fois.\n" +
			"Si vous n'avez pas demandé de code, vous pouvez ignorer ce message.\n",
	},
}

// Mail does the work of a CodeJob. Sent twice, the message is recognized by its id. A refusal
// that trying again cannot change is a Provider fault.
func (s *Service) Mail(ctx context.Context, j CodeJob) error {
	ctx = actor.Systemic(ctx, j.Workspace)
	letter, err := s.Reader.Letter(ctx, j.Code)
	if fault.Is(err, fault.NotFound) || err == nil && !letter.Code.Open(s.Now()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading a code to be mailed: %w", err)
	}
	words, known := letters[j.Language]
	if !known {
		words = letters["en"]
	}
	digits := letter.Code.Digits[:CodeDigits/2] + " " + letter.Code.Digits[CodeDigits/2:]
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: j.Workspace, Sandbox: letter.Workspace.Sandbox})
	return s.Mailer.Send(ctx, activity.Message{
		ID: fmt.Sprintf("%d.code_%d", j.Workspace, j.Code), To: letter.To, Name: letter.Name,
		Subject: fmt.Sprintf(words[0], digits), Text: fmt.Sprintf(words[1], digits, letter.Workspace.Name),
	})
}
