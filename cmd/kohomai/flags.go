package main

import (
	"reflect"
	"strings"

	"github.com/kohomai/kohomai/app"
)

// settingFlags are the settings as flags of every command: a struct that kong reads, made
// from the one table there is.
type settingFlags struct{ of reflect.Value }

func newSettingFlags() settingFlags {
	fields := make([]reflect.StructField, len(app.Settings))
	for i, s := range app.Settings {
		// Tags are quoted text inside quoted text.
		help := strings.NewReplacer("`", "", `"`, "'", `\`, "").Replace(s.Doc)
		fields[i] = reflect.StructField{
			Name: "F" + strings.ReplaceAll(s.Name, "_", ""), Type: reflect.TypeFor[*string](),
			Tag: reflect.StructTag(`name:"` + s.Flag() + `" help:"` + help + `" group:"Settings, also as environment variables (docs/configuration.md):" placeholder:"` + strings.TrimPrefix(s.Name, "KOHOMAI_") + `"`),
		}
	}
	return settingFlags{reflect.New(reflect.StructOf(fields))}
}

// environ are the flags that were given, as entries of an environment.
func (f settingFlags) environ() []string {
	var given []string
	for i, s := range app.Settings {
		if v := f.of.Elem().Field(i); !v.IsNil() {
			given = append(given, s.Name+"="+v.Elem().String())
		}
	}
	return given
}
