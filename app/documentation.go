package app

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/docsite"
	"github.com/kohomai/kohomai/adapters/rest"
	"github.com/kohomai/kohomai/docs"
)

// OpenAPI is the description of the API as the server at an address serves it.
func OpenAPI(publicURL string) ([]byte, error) {
	exchanges, err := docs.Exchanges(docs.Files)
	if err != nil {
		return nil, err
	}
	mapper, err := rest.New(rest.Options{
		Connect: http.NotFoundHandler(), Services: connectapi.Services(), PublicURL: publicURL, Examples: examples(exchanges),
	})
	if err != nil {
		return nil, err
	}
	return mapper.OpenAPI(), nil
}

// documentation serves the guides, with the exchanges they show, and the reference.
func documentation(exchanges []docs.Exchange, openAPI []byte, publicURL string) (http.Handler, error) {
	var contents []docsite.Section
	for _, s := range docs.Contents {
		contents = append(contents, docsite.Section(s))
	}
	return docsite.New(docsite.Options{
		Files: docs.Files, Contents: contents, OpenAPI: openAPI, PublicURL: publicURL,
		Exchange: func(name string) (string, error) {
			for _, e := range exchanges {
				if e.File+"/"+e.Slug() == name {
					return e.Message(), nil
				}
			}
			return "", fmt.Errorf("there is no exchange %s", name)
		},
	})
}

// examples are the exchanges as the API's description shows them.
func examples(exchanges []docs.Exchange) []rest.Example {
	var all []rest.Example
	for _, e := range exchanges {
		if e.Setup {
			continue
		}
		path, _, _ := strings.Cut(e.Target, "?")
		all = append(all, rest.Example{
			Name: e.File + "-" + e.Slug(), Summary: e.Name, Verb: e.Verb, Path: path, Request: e.Body,
			Status: e.Answer.Status, Answer: e.Answer.Body,
		})
	}
	return all
}
