package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/adapters/observe"
)

func TestLogger_KeepsSecretsAndPeopleOut(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := observe.NewLogger(&out, slog.LevelInfo)
	link, err := url.Parse("https://k.example/internal/v1/autologin?UUID=canary-11&x=1")
	if err != nil {
		t.Fatal(err)
	}
	log.With("Email", "canary-1@example.org").WithGroup("g").Error("sent to canary-2@example.org",
		"error", errors.New("dial postgres://kohomai:canary-3@db/kohomai: refused"),
		"key", "koh_test_canary-4", "ApiKey", "canary-5", "header", "Bearer canary-6-abcdef",
		slog.Group("person", "Firstname", "canary-7", "note", "whsec_canary8888"),
		"dsn", "host=db password=canary-9 user=x", "raw", []byte("canary-10@example.org"), "link", link,
		"list", []string{"canary-12@example.org"}, "kept", "journey 4711 is due")
	text := out.String()
	if i := strings.Index(text, "canary"); i >= 0 {
		t.Errorf("a secret got through: …%s", text[max(0, i-30):min(len(text), i+30)])
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if g, _ := line["g"].(map[string]any); g["kept"] != "journey 4711 is due" || !strings.Contains(g["error"].(string), "@db/kohomai: refused") {
		t.Errorf("what is no secret was lost: %s", text)
	}
	log.DebugContext(context.Background(), "below the level")
	if strings.Contains(out.String(), "below") {
		t.Error("the level is not kept")
	}
}
