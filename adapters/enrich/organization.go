package enrich

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/rule"
)

// organization is one schema.org node that describes the company.
type organization struct {
	node node
	// trust ranks the candidates of a page: it names its own domain, stands on its own.
	trust int
	// named is set when the node's url or sameAs leads to the company's own domain.
	named bool
}

type node map[string]any

// candidates are the organizations of a page, the most trusted first.
type candidates []organization

// organizationTypes are Organization of schema.org with the subtypes met in practice.
var organizationTypes = words(`
	Organization Corporation Airline Consortium Cooperative EducationalOrganization CollegeOrUniversity School
	GovernmentOrganization LibrarySystem LocalBusiness MedicalOrganization Hospital Pharmacy NewsMediaOrganization NGO
	OnlineBusiness OnlineStore PoliticalParty Project ResearchOrganization SportsOrganization WorkersUnion
	AccountingService AnimalShelter Attorney AutoDealer AutoRental AutoRepair AutomotiveBusiness Bakery BankOrCreditUnion
	BarOrPub BeautySalon Brewery CafeOrCoffeeShop ChildCare ClothingStore DayCare DaySpa Dentist DepartmentStore
	Distillery DryCleaningOrLaundry Electrician ElectronicsStore EmergencyService EmploymentAgency EntertainmentBusiness
	FastFoodRestaurant FinancialService FoodEstablishment FurnitureStore GeneralContractor GovernmentOffice GroceryStore
	HVACBusiness HardwareStore HealthAndBeautyBusiness HealthClub HomeAndConstructionBusiness HomeGoodsStore Hostel Hotel
	HousePainter InsuranceAgency InternetCafe JewelryStore LegalService Library Locksmith LodgingBusiness MedicalBusiness
	MedicalClinic Motel MovingCompany Notary Optician Physician Plumber ProfessionalService RadioStation RealEstateAgent
	RecyclingCenter Resort Restaurant RoofingContractor SelfStorage ShoppingCenter SportsActivityLocation SportingGoodsStore
	Store TelevisionStation TouristInformationCenter TravelAgency VeterinaryCare WholesaleStore Winery
`)

// siteProperties lead from a page or web site to the organization behind it. Others
// (author, brand, customer, hiringOrganization, parentOrganization, review …) lead to
// somebody else.
var siteProperties = []string{"@graph", "mainEntity", "mainEntityOfPage", "publisher", "about", "copyrightHolder", "provider", "isPartOf", "itemListElement"}

// organizations reads the JSON-LD scripts of a page. What is no JSON, or an
// organization that names a web site which is not among own, is passed over.
func organizations(scripts []string, own map[string]bool) candidates {
	var (
		all  candidates
		left = 5000 // nodes of one page that are looked at
	)
	for _, script := range scripts {
		if v, ok := decodeJSONLD(script); ok {
			all.collect(v, own, 0, &left)
		}
	}
	slices.SortStableFunc(all, func(a, b organization) int { return cmp.Compare(b.trust, a.trust) })
	return all
}

// decodeJSONLD is lenient in what pages really carry: comment and CDATA wrappers,
// a final semicolon, raw line breaks inside strings.
func decodeJSONLD(script string) (any, bool) {
	script = strings.TrimSpace(script)
	for _, wrap := range []string{"<!--", "//<![CDATA[", "/*<![CDATA[*/", "<![CDATA["} {
		script = strings.TrimSpace(strings.TrimPrefix(script, wrap))
	}
	for _, wrap := range []string{"-->", "//]]>", "/*]]>*/", "]]>", "//", ";"} {
		script = strings.TrimSpace(strings.TrimSuffix(script, wrap))
	}
	for _, text := range []string{script, strings.Map(blankControls, script)} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			return v, true
		}
	}
	return nil, false
}

func blankControls(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

func (all *candidates) collect(v any, own map[string]bool, depth int, left *int) {
	if *left--; *left < 0 || depth > 12 {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			all.collect(item, own, depth, left)
		}
	case map[string]any:
		n := node(v)
		if n.isOrganization() {
			if o, ok := judge(n, own, depth); ok {
				*all = append(*all, o)
			}
		}
		for _, property := range siteProperties {
			if inner, ok := n[property]; ok {
				next := depth + 1
				if property == "@graph" {
					next = depth
				}
				all.collect(inner, own, next, left)
			}
		}
	}
}

// judge says whether the organization is the company whose domains are own.
func judge(n node, own map[string]bool, depth int) (organization, bool) {
	o := organization{node: n, trust: -depth}
	elsewhere := false
	for _, property := range []string{"url", "@id", "sameAs"} {
		for _, s := range n.texts(property) {
			u, err := url.Parse(strings.TrimSpace(s))
			if err != nil || u.Hostname() == "" {
				continue // relative: within the page's own site
			}
			if own[registrable(u.Hostname())] {
				o.named = true
			} else if property == "url" {
				elsewhere = true
			}
		}
	}
	if elsewhere && !o.named {
		return organization{}, false
	}
	if o.named {
		o.trust += 20
	}
	o.trust += min(len(n), 15) / 3
	return o, true
}

func (n node) isOrganization() bool {
	for _, t := range n.texts("@type") {
		t = strings.TrimPrefix(t, "schema:")
		t = t[strings.LastIndexAny(t, "/#")+1:]
		if _, ok := organizationTypes[t]; ok {
			return true
		}
	}
	return false
}

// texts are the strings and numbers under a property, single or in a list.
func (n node) texts(property string) []string {
	var out []string
	for _, v := range asList(n[property]) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case json.Number:
			out = append(out, v.String())
		case map[string]any:
			// {"@value": "…"}, and {"@id": "https://…"} for addresses
			for _, key := range []string{"@value", "@id"} {
				if s, ok := v[key].(string); ok {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

func asList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v[:min(len(v), 100)]
	default:
		return []any{v}
	}
}

// facts takes each fact from the most trusted organization that has it. Whoever names
// its own domain is believed more.
func (all candidates) facts(now time.Time) datapoint.Data {
	facts := datapoint.Data{}
	for _, o := range all {
		base := 0.6
		if o.named {
			base = 0.8
		}
		put := func(key string, v rule.Value, confidence float64, inferred bool) {
			if _, had := facts[key]; !had && !v.IsZero() {
				facts[key] = datapoint.Datum{Value: v, Confidence: confidence, Inferred: inferred}
			}
		}
		text := func(limit int, properties ...string) rule.Value {
			for _, property := range properties {
				for _, s := range o.node.texts(property) {
					if s = clean(s, limit); s != "" {
						return rule.TextValue(s)
					}
				}
			}
			return rule.Value{}
		}
		put("company.name", text(200, "name", "legalName", "alternateName"), base+0.1, false)
		put("company.description", text(1000, "description", "disambiguatingDescription", "slogan"), base, false)
		if n, exact := employees(o.node["numberOfEmployees"]); n > 0 {
			if v, err := rule.NumberValue(n); err == nil {
				if exact {
					put("company.size", v, base, false)
				} else {
					put("company.size", v, base-0.2, true)
				}
			}
		}
		put("company.founded", founded(o.node.texts("foundingDate"), now), base, false)
		city, country := place(o.node["address"], o.node["location"])
		put("company.city", city, base, false)
		put("company.country", country, base, false)
		put("company.industry", industry(o.node), base, true)
	}
	return facts
}

func industry(n node) rule.Value {
	for _, code := range n.texts("naics") {
		if name, ok := industryOfNAICS(code); ok {
			return rule.TextValue(name)
		}
	}
	for _, code := range n.texts("isicV4") {
		if name, ok := industryOfISIC(code); ok {
			return rule.TextValue(name)
		}
	}
	return rule.Value{}
}
