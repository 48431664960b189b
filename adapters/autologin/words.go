package autologin

import "strings"

// words are the texts of the page in one language.
type words struct {
	Lang                                           string
	Ready, ReadyText, Continue                     string
	Stale, StaleText, Send                         string
	Sent, SentText, Code, CodeHint, Enter, Another string
	WrongCode, TooMany, TooManyText, Back          string
	Away, AwayText                                 string
}

var english = words{
	Lang:  "en",
	Ready: "Welcome to %s", ReadyText: "Press the button to go on where you left off. No password is needed.", Continue: "Continue",
	Stale: "This link no longer works", StaleText: "It was used already, or it is too old: each link works once and for a short time. We can send a code to your e-mail address instead.",
	Send: "Send me a code",
	Sent: "Look in your e-mail", SentText: "If the link was yours, a code is on its way to the address we know. It works for ten minutes.",
	Code: "Code", CodeHint: "Eight digits", Enter: "Go on", Another: "Send another code",
	WrongCode: "This code is wrong, was used already or is too old. Check it, or ask for another one.",
	TooMany:   "One moment, please", TooManyText: "There were too many attempts. Wait a few minutes, then try again.", Back: "Try again",
	Away: "We cannot let you in just now", AwayText: "Something does not answer. Nothing is lost: try again in a moment.",
}

var french = words{
	Lang:  "fr",
	Ready: "Bienvenue chez %s", ReadyText: "Appuyez sur le bouton pour reprendre où vous en étiez. Aucun mot de passe n’est demandé.", Continue: "Continuer",
	Stale: "Ce lien ne fonctionne plus", StaleText: "Il a déjà servi, ou il est trop ancien : chaque lien sert une seule fois et peu de temps. Nous pouvons vous envoyer un code par e-mail à la place.",
	Send: "M’envoyer un code",
	Sent: "Consultez vos e-mails", SentText: "Si ce lien était le vôtre, un code est en route vers l’adresse que nous connaissons. Il est valable dix minutes.",
	Code: "Code", CodeHint: "Huit chiffres", Enter: "Continuer", Another: "Envoyer un autre code",
	WrongCode: "Ce code est faux, a déjà servi ou est trop ancien. Vérifiez-le, ou demandez-en un autre.",
	TooMany:   "Un instant, s’il vous plaît", TooManyText: "Il y a eu trop d’essais. Attendez quelques minutes, puis réessayez.", Back: "Réessayer",
	Away: "Nous ne pouvons pas vous ouvrir maintenant", AwayText: "Quelque chose ne répond pas. Rien n’est perdu : réessayez dans un instant.",
}

// speak chooses the language a browser likes best among those we have.
func speak(accept string) words {
	best, of := english, -1.0
	for _, part := range strings.Split(accept, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		var w words
		switch primary {
		case "en":
			w = english
		case "fr":
			w = french
		default:
			continue
		}
		if q := quality(params); q > of && q > 0 {
			best, of = w, q
		}
	}
	return best
}

// quality reads a weight such as "q=0.8"; none is 1, nonsense is 0.
func quality(params string) float64 {
	value, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
	if !ok {
		return 1
	}
	whole, rest, _ := strings.Cut(value, ".")
	if whole == "1" {
		return 1
	}
	if whole != "0" || len(rest) > 3 {
		return 0
	}
	q, unit := 0.0, 0.1
	for _, r := range rest {
		if r < '0' || r > '9' {
			return 0
		}
		q, unit = q+float64(r-'0')*unit, unit/10
	}
	return q
}
