package enrich

import (
	"context"
	"strings"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/rule"
	"golang.org/x/net/publicsuffix"
)

// Email tells what an address tells by itself: its domain, whether anybody can have
// a mailbox there, whether it is made to be thrown away, whether a function rather
// than a person reads it, and which company it points to.
type Email struct{ lists lists }

// NewEmail opens the bundled lists of domains.
func NewEmail() (*Email, error) {
	l, err := openLists()
	if err != nil {
		return nil, err
	}
	return &Email{lists: l}, nil
}

// Name is the source kept with the facts.
func (*Email) Name() string { return "email" }

// Local is true: the lists are in memory.
func (*Email) Local() bool { return true }

// Personal is true: it reads the address.
func (*Email) Personal() bool { return true }

// Provides lists the facts of an address.
func (*Email) Provides() []string {
	return []string{"email.domain", "email.freemail", "email.disposable", "email.role", "company.domain"}
}

// Ask reads the address. The company's domain is the registrable part of the
// address's, unless the mailbox is free or disposable; it is a conclusion, since
// people also write from a parent company or an agency.
func (p *Email) Ask(_ context.Context, s enrich.Subject) (datapoint.Data, error) {
	domain := s.Email.Domain()
	if s.Email.IsZero() || domain == "" {
		return nil, nil
	}
	freemail := p.lists.free.Has(domain)
	disposable := p.lists.disposable.Has(domain) || p.lists.wildcard.HasParent(domain)
	facts := datapoint.Data{
		"email.domain":     {Value: rule.TextValue(domain), Confidence: 1},
		"email.freemail":   {Value: rule.BooleanValue(freemail), Confidence: 0.95},
		"email.disposable": {Value: rule.BooleanValue(disposable), Confidence: 0.95},
		"email.role":       {Value: rule.BooleanValue(isRole(s.Email.Local())), Confidence: 0.9, Inferred: true},
	}
	if freemail || disposable {
		return facts, nil
	}
	if company, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		facts["company.domain"] = datapoint.Datum{Value: rule.TextValue(company), Confidence: 0.9, Inferred: true}
	}
	return facts, nil
}

// roles are local parts that name a function: those of RFC 2142, and the words that
// companies put on their contact pages in English, French, German, Spanish, Italian.
var roles = words(`
	abuse hostmaster noc postmaster security usenet uucp webmaster www ftp
	accounting accounts accountspayable admin administration administrator billing board booking bookings
	bookkeeping business buyer buying career careers ceo cfo compliance contact contactus contracts cto customer
	customercare customerservice customersupport data dataprotection desk dev developers devops director
	donotreply dpo editor editorial email enquiries enquiry event events everyone facilities feedback finance
	frontdesk general hello help helpdesk hi hr humanresources info information inquiries inquiry invest investor
	investors invoice invoices invoicing it itsupport jobs legal logistics mail mailbox maintenance management
	manager marketing media members membership news newsletter noreply office operations ops order orders partner
	partners partnership partnerships payroll people personnel press privacy procurement pr production purchase
	purchases purchasing quality quote quotes reception recruit recruiting recruitment registrar remove
	reservation reservations returns rfp rfq root sales sale secretary service services shipping shop sourcing
	spam staff store subscribe suggestions supplier suppliers supply support supportteam sysadmin talent team
	tech technical techsupport tender tenders test trade training travel treasurer unsubscribe vendor vendors
	volunteer warehouse web welcome wholesale
	accueil achat achats administratif bonjour candidature candidatures commande commandes commercial communication
	compta comptabilite conseil contacts devis direction facturation factures formation juridique presse qualite
	recrutement rh secretariat stage stages vente ventes
	anfrage bestellung bewerbung buchhaltung datenschutz einkauf empfang kontakt kundenservice personal rechnung
	vertrieb verwaltung
	administracion atencioncliente compras comercial contabilidad contacto empleo facturacion informacion pedidos
	prensa ventas
	acquisti amministrazione commerciale contabilita contatti fatture ordini segreteria ufficio vendite
`)

func words(text string) map[string]struct{} {
	set := map[string]struct{}{}
	for word := range strings.FieldsSeq(text) {
		set[word] = struct{}{}
	}
	return set
}

// isRole judges a lower-case local part: a role word, also with separators
// ("customer-care"), a tag ("sales+fair") or a region or number around it ("info2",
// "sales-emea", "sales.fr").
func isRole(local string) bool {
	local, _, _ = strings.Cut(local, "+")
	if _, ok := roles[local]; ok {
		return true
	}
	parts := strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	if _, ok := roles[strings.Join(parts, "")]; ok {
		return true
	}
	if len(parts) == 0 {
		return false
	}
	if len(parts) == 1 {
		_, ok := roles[strings.TrimRight(parts[0], "0123456789")]
		return ok
	}
	// Several words: the first or last a role, every other one a role or a region.
	for _, part := range parts {
		part = strings.TrimRight(part, "0123456789")
		if _, ok := roles[part]; !ok && part != "" && !regions[part] {
			return false
		}
	}
	_, first := roles[parts[0]]
	_, last := roles[parts[len(parts)-1]]
	return first || last
}

// regions are words that companies put beside a role.
var regions = func() map[string]bool {
	set := map[string]bool{}
	for word := range words(`emea apac amer latam anz dach nordics europe europa eu asia africa us usa uk fr de es it nl be
		ch at pt pl se no dk fi ie ca mx br in cn jp kr au nz sg hk ae global international intl worldwide north south
		east west local national group the our all and us my your`) {
		set[word] = true
	}
	return set
}()
