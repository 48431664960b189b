package app

import (
	"fmt"
	"strings"
)

// SettingsDoc is docs/configuration.md: the table of settings as a page.
func SettingsDoc() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Made from app/settings.go by make gen/docs. -->

Every setting is an environment variable and a flag of every command: ` + "`KOHOMAI_DATA_DIR`" + ` is
` + "`--data-dir`" + `, and the flag wins. Addresses that hold a password belong into variables: flags can be
read by every user of the machine. Settings that are wrong, or that nobody knows, are all named at
once and nothing starts.

| variable | flag | default | what it is |
|---|---|---|---|
`)
	for _, s := range Settings {
		doc := s.Doc
		if s.Example != "" {
			doc += " Such as `" + s.Example + "`."
		}
		_, _ = fmt.Fprintf(&b, "| `%s` | `--%s` | %s | %s |\n", s.Name, s.Flag(), s.Default, doc)
	}
	b.WriteString(`
Commands that speak to a running server (` + "`kohomai funnel push`" + `, ` + "`pull`" + `) also read ` + "`KOHOMAI_URL`" + `
and ` + "`KOHOMAI_API_KEY`" + `.
`)
	return b.String()
}
