package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far a signature's time may lie from the moment its request arrived, as
// Calendly's documentation proposes.
const tolerance = 3 * time.Minute

var errSignature = errors.New("the signature does not hold")

// verify judges a webhook's signature: "t=<seconds>,v1=<hex>", an HMAC-SHA256 of "t.body".
func verify(header, key string, body []byte, received time.Time) error {
	var at int64
	var given [][]byte
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return errSignature
			}
			at = n
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil {
				given = append(given, sum)
			}
		}
	}
	if key == "" || at == 0 {
		return errSignature
	}
	if d := received.Sub(time.Unix(at, 0)); d > tolerance || d < -tolerance {
		return errSignature
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(strconv.FormatInt(at, 10) + "."))
	mac.Write(body)
	want := mac.Sum(nil)
	for _, sum := range given {
		if hmac.Equal(sum, want) {
			return nil
		}
	}
	return errSignature
}

// webhook is what Calendly tells of an invitee.
type webhook struct {
	Event   string  `json:"event"`
	Payload invitee `json:"payload"`
}

type invitee struct {
	URI         string `json:"uri"`
	Rescheduled bool   `json:"rescheduled"`
	OldInvitee  string `json:"old_invitee"`
	Reschedule  string `json:"reschedule_url"`
	Cancel      string `json:"cancel_url"`
	Tracking    struct {
		Source  string `json:"utm_source"`
		Content string `json:"utm_content"`
	} `json:"tracking"`
	Event scheduled `json:"scheduled_event"`
}

type scheduled struct {
	URI      string    `json:"uri"`
	Name     string    `json:"name"`
	Start    time.Time `json:"start_time"`
	End      time.Time `json:"end_time"`
	Location struct {
		Location string `json:"location"`
		JoinURL  string `json:"join_url"`
	} `json:"location"`
	Memberships []struct {
		Name  string `json:"user_name"`
		Email string `json:"user_email"`
	} `json:"event_memberships"`
}

func readWebhook(body []byte) (webhook, error) {
	var w webhook
	if err := json.Unmarshal(body, &w); err != nil {
		return w, errors.New("the webhook is not readable")
	}
	if w.Payload.URI == "" {
		return w, errors.New("the webhook names no invitee")
	}
	return w, nil
}

func (s scheduled) place() string {
	if s.Location.JoinURL != "" {
		return s.Location.JoinURL
	}
	return s.Location.Location
}

func (s scheduled) host() string {
	for _, m := range s.Memberships {
		if m.Name != "" {
			return m.Name
		}
		if m.Email != "" {
			return m.Email
		}
	}
	return ""
}
