package enrich

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/rule"
	"golang.org/x/net/html/charset"
	"golang.org/x/net/publicsuffix"
)

const (
	pageLimit     = 1 << 20 // bytes of a page that are read; facts stand at its head
	hopLimit      = 3       // redirects followed
	userAgent     = "kohomai-enrich/1 (+https://github.com/kohomai/kohomai)"
	websiteAccept = "text/html,application/xhtml+xml;q=0.9"
)

// Website reads the start page of the company's domain and takes over what the company
// says of itself in schema.org (JSON-LD) and Open Graph.
type Website struct {
	client *http.Client
	now    func() time.Time
}

// NewWebsite makes the provider. The transport must judge each destination, redirects
// included: the domain comes from whoever wrote the e-mail address.
func NewWebsite(guarded http.RoundTripper, now func() time.Time) *Website {
	return &Website{now: now, client: &http.Client{
		Transport: guarded,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > hopLimit {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
}

// Name is the source kept with the facts.
func (*Website) Name() string { return "website" }

// Local is false: it asks over the network.
func (*Website) Local() bool { return false }

// Personal is false: it is told the company's domain.
func (*Website) Personal() bool { return false }

// Provides lists what schema.org has words for.
func (*Website) Provides() []string {
	return []string{
		"company.name", "company.website", "company.size", "company.industry", "company.country",
		"company.city", "company.founded", "company.description",
	}
}

// hostForm is a host name in letters, digits and hyphens: nothing that would mean more
// in a URL.
var hostForm = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])$`)

// Ask fetches https://DOMAIN/, or https://www.DOMAIN/ where that has no page. No such
// host, a refused destination, a page that is none: an empty answer. A network that
// fails or a server in trouble: an error.
func (p *Website) Ask(ctx context.Context, s enrich.Subject) (datapoint.Data, error) {
	known, ok := s.Known.Fact("company.domain")
	if !ok {
		return nil, nil
	}
	domain := strings.ToLower(known.Text())
	if !hostForm.MatchString(domain) || registrable(domain) != domain || net.ParseIP(domain) != nil {
		return nil, nil
	}
	var troubles []error
	for _, host := range []string{domain, "www." + domain} {
		facts, err := p.page(ctx, domain, "https://"+host+"/")
		switch {
		case err != nil:
			troubles = append(troubles, err)
		case len(facts) > 0:
			return facts, nil
		}
	}
	return nil, errors.Join(troubles...)
}

// page fetches one address and reads its facts; none when there is no page.
func (p *Website) page(ctx context.Context, domain, address string) (datapoint.Data, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, nil // no host of that name can exist
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", websiteAccept)
	req.Header.Set("Accept-Language", "en, *;q=0.5")
	resp, err := p.client.Do(req)
	if err != nil {
		if hopeless(err) {
			return nil, nil
		}
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return nil, fmt.Errorf("%s answered %d", address, resp.StatusCode)
	case resp.StatusCode != http.StatusOK || !isHTML(resp.Header.Get("Content-Type")):
		return nil, nil
	}
	text, err := charset.NewReader(io.LimitReader(resp.Body, pageLimit), resp.Header.Get("Content-Type"))
	if err != nil {
		if errors.Is(err, io.EOF) { // an empty page
			return nil, nil
		}
		return nil, err
	}
	found, err := readPage(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return p.facts(found, domain, resp.Request.URL), nil
}

// facts turns a page into facts; final is the address it was found at.
func (p *Website) facts(found page, domain string, final *url.URL) datapoint.Data {
	own := map[string]bool{domain: true, registrable(final.Hostname()): true}
	facts := organizations(found.jsonLD, own).facts(p.now())
	put := func(key string, v rule.Value, confidence float64, inferred bool) {
		if _, had := facts[key]; !had && !v.IsZero() {
			facts[key] = datapoint.Datum{Value: v, Confidence: confidence, Inferred: inferred}
		}
	}
	if site, err := rule.Read(rule.URL, nil, "https://"+final.Host); err == nil && final.Scheme == "https" {
		put("company.website", site, 0.9, false)
	}
	if name := clean(found.meta["og:site_name"], 200); name != "" && !strings.EqualFold(name, final.Hostname()) {
		put("company.name", rule.TextValue(name), 0.6, true)
	}
	for _, tag := range []string{"og:description", "description"} {
		if text := clean(found.meta[tag], 1000); text != "" {
			put("company.description", rule.TextValue(text), 0.6, false)
		}
	}
	return facts
}

// hopeless reports errors that asking again will not change: no such host, or a
// destination the guard refuses.
func hopeless(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return true
	}
	return isRefused(err)
}

// isRefused reports whether the guard did not let the request out.
func isRefused(err error) bool {
	var refused interface{ Refused() bool }
	return errors.As(err, &refused) && refused.Refused()
}

func isHTML(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml") || contentType == ""
}

// registrable is the domain a company registers, or nothing.
func registrable(host string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(strings.TrimSuffix(host, ".")))
	if err != nil {
		return ""
	}
	return domain
}
