package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kohomai/kohomai/adapters/cel"
	"github.com/kohomai/kohomai/adapters/yaml"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
)

// definitionFile is a definition as it stands in a file.
type definitionFile struct {
	path string
	doc  *yaml.Document
}

func readDefinition(path string) (definitionFile, error) {
	raw, err := os.ReadFile(path) // #nosec G304 -- the file the user named
	if err != nil {
		return definitionFile{}, err
	}
	doc, err := yaml.Convert(raw) // JSON is YAML
	if err != nil {
		return definitionFile{}, fmt.Errorf("%s: %w", path, err)
	}
	return definitionFile{path, doc}, nil
}

// tell prints findings as compilers do, so that editors find the place: file, line,
// severity, node, field, message, fix.
func (f definitionFile) tell(out io.Writer, found []funnel.Finding) {
	for _, one := range found {
		place := f.path
		if line := f.doc.Line(one.Field); line > 0 {
			place = fmt.Sprintf("%s:%d", f.path, line)
		}
		at := strings.TrimSpace(one.Node + " " + one.Field)
		_, _ = fmt.Fprintf(out, "%s: %s: %s: %s", place, strings.ToLower(string(one.Severity)), cmp.Or(at, "definition"), one.Message)
		if one.Fix != "" {
			_, _ = fmt.Fprint(out, " "+one.Fix)
		}
		_, _ = fmt.Fprintln(out)
	}
}

var errUnpublishable = errors.New("the definition cannot be published")

// Lint judges a definition against the built-in data points and the connectors there are.
// Errors make it fail; policies and a workspace's own data points are judged when it is
// pushed.
func Lint(c Config, path string, out io.Writer) error {
	file, err := readDefinition(path)
	if err != nil {
		return err
	}
	def, found := funnel.Parse(file.doc.JSON)
	if len(found) == 0 {
		_, found = funnel.Compile(def, funnel.Env{
			Compiler: cel.New(), Catalog: newConnectors(c, newTransport(c)), DataPoints: datapoint.Builtin(),
			Policies: []string{"account-managers"},
		})
	}
	file.tell(out, found)
	if funnel.Blocks(found) {
		return errUnpublishable
	}
	return nil
}

// Push stores a definition as the draft of the funnel of its name, which is made when there
// is none, prints what is wrong with it, and publishes it when asked.
func Push(ctx context.Context, client Client, path string, publish bool, note string, out io.Writer) error {
	file, err := readDefinition(path)
	if err != nil {
		return err
	}
	var def struct{ Name string }
	if err := json.Unmarshal(file.doc.JSON, &def); err != nil || strings.TrimSpace(def.Name) == "" {
		return fmt.Errorf("%s: a Name is required: it says which funnel this is", path)
	}
	id, err := client.funnelNamed(ctx, def.Name)
	if err != nil {
		return err
	}
	done := "drafted"
	if id == 0 {
		id, err = client.createFunnel(ctx, file.doc.JSON)
		done = "created"
	} else {
		err = client.putDraft(ctx, id, file.doc.JSON)
	}
	if err != nil {
		return err
	}
	at := "/funnels/" + ident.String(id)
	var judged struct {
		Findings []funnel.Finding
	}
	if _, err := client.Do(ctx, http.MethodPost, at+"/validate", nil, []byte("{}"), &judged); err != nil {
		return err
	}
	file.tell(out, judged.Findings)
	_, _ = fmt.Fprintf(out, "%s %s (funnel %s)\n", done, def.Name, ident.String(id))
	if !publish {
		return nil
	}
	if funnel.Blocks(judged.Findings) {
		return errUnpublishable
	}
	body, err := json.Marshal(map[string]string{"Note": note})
	if err != nil {
		return err
	}
	var version struct{ Number int }
	if _, err := client.Do(ctx, http.MethodPost, at+"/publish", nil, body, &version); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "published version %d\n", version.Number)
	return nil
}

// funnelNamed is 0 when there is none.
func (c Client) funnelNamed(ctx context.Context, name string) (ident.Funnel, error) {
	for token := ""; ; {
		var page struct {
			Funnels []struct {
				Id           ident.Funnel // the published name
				Name, Status string
			}
			NextPageToken string
		}
		if _, err := c.Do(ctx, http.MethodGet, "/funnels?PageSize=200"+token, nil, nil, &page); err != nil {
			return 0, err
		}
		for _, f := range page.Funnels {
			if strings.EqualFold(f.Name, name) && f.Status != "Archived" {
				return f.Id, nil
			}
		}
		if page.NextPageToken == "" {
			return 0, nil
		}
		token = "&PageToken=" + url.QueryEscape(page.NextPageToken)
	}
}

func (c Client) createFunnel(ctx context.Context, definition json.RawMessage) (ident.Funnel, error) {
	body, err := json.Marshal(map[string]json.RawMessage{"Definition": definition})
	if err != nil {
		return 0, err
	}
	var made struct{ Id ident.Funnel } // the published name
	_, err = c.Do(ctx, http.MethodPost, "/funnels", nil, body, &made)
	return made.Id, err
}

// putDraft replaces a draft that nobody changes meanwhile.
func (c Client) putDraft(ctx context.Context, id ident.Funnel, definition []byte) error {
	at := "/funnels/" + ident.String(id) + "/draft"
	header, err := c.Do(ctx, http.MethodGet, at, nil, nil, nil)
	if err != nil {
		return err
	}
	_, err = c.Do(ctx, http.MethodPut, at, http.Header{"If-Match": {header.Get("ETag")}}, definition, nil)
	return err
}

// Pull writes a funnel's draft to a file as YAML (JSON when the file is named so); "-" is
// standard output. The funnel is named by name or id; a published version is taken when
// its number is not 0.
func Pull(ctx context.Context, client Client, name string, version int, path string, out io.Writer) error {
	id, err := client.funnelNamed(ctx, name)
	if err != nil {
		return err
	}
	at := "/funnels/" + ident.String(id)
	if id == 0 {
		at = "/funnels/" + url.PathEscape(name)
	}
	var definition json.RawMessage
	if version == 0 {
		_, err = client.Do(ctx, http.MethodGet, at+"/draft", nil, nil, &definition)
	} else {
		var v struct{ Definition json.RawMessage }
		_, err = client.Do(ctx, http.MethodGet, fmt.Sprintf("%s/versions/%d", at, version), nil, nil, &v)
		definition = v.Definition
	}
	if refused, ok := errors.AsType[*Refusal](err); ok && refused.Status == http.StatusNotFound {
		return fmt.Errorf("there is no funnel %q with that version in this workspace", name)
	}
	if err != nil {
		return err
	}
	text, err := inOrder(definition)
	if err != nil {
		return err
	}
	if filepath.Ext(path) != ".json" {
		if text, err = yaml.Format(text); err != nil {
			return err
		}
	}
	if path == "-" {
		_, err = out.Write(text)
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil { // #nosec G306 -- a definition holds no secrets
		return err
	}
	_, err = fmt.Fprintln(out, "wrote", path)
	return err
}

// fieldOrder is how people write a definition; the API keeps no order.
var fieldOrder = []string{
	"Key", "Kind", "Name", "Start", "DataPoints", "Reentry", "Connector", "Assignee", "Config", "Branches", "Unknown", "Otherwise",
	"When", "Activities", "After", "Next", "MaxVisits", "Result", "Due", "Remind", "Timeout", "OnFailure", "Required", "Nodes",
}

// inOrder writes JSON anew, its fields in the order people write them.
func inOrder(raw json.RawMessage) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	var b bytes.Buffer
	if err := writeInOrder(&b, v); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func writeInOrder(b *bytes.Buffer, v any) error {
	place := func(name string) int {
		if i := slices.Index(fieldOrder, name); i >= 0 {
			return i
		}
		return len(fieldOrder)
	}
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(place(x), place(y)), strings.Compare(x, y)) })
		b.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			key, err := json.Marshal(name)
			if err != nil {
				return err
			}
			b.Write(key)
			b.WriteByte(':')
			if err := writeInOrder(b, v[name]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeInOrder(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b.Write(text)
	}
	return nil
}
