package enrich

import "strings"

// Industries are told in the words of NAICS 2022 (North American Industry
// Classification System), two-digit sectors: twenty words that suit a decision.
const (
	naicsAgriculture   = "Agriculture, Forestry, Fishing and Hunting"
	naicsMining        = "Mining, Quarrying, and Oil and Gas Extraction"
	naicsUtilities     = "Utilities"
	naicsConstruction  = "Construction"
	naicsManufacturing = "Manufacturing"
	naicsWholesale     = "Wholesale Trade"
	naicsRetail        = "Retail Trade"
	naicsTransport     = "Transportation and Warehousing"
	naicsInformation   = "Information"
	naicsFinance       = "Finance and Insurance"
	naicsRealEstate    = "Real Estate and Rental and Leasing"
	naicsProfessional  = "Professional, Scientific, and Technical Services"
	naicsManagement    = "Management of Companies and Enterprises"
	naicsAdministrate  = "Administrative and Support and Waste Management and Remediation Services"
	naicsEducation     = "Educational Services"
	naicsHealth        = "Health Care and Social Assistance"
	naicsArts          = "Arts, Entertainment, and Recreation"
	naicsAccommodation = "Accommodation and Food Services"
	naicsOther         = "Other Services (except Public Administration)"
	naicsPublic        = "Public Administration"
)

// industryOfSector maps a sector of the bundled ranking where nearly all its companies
// fall into one NAICS sector. Left out, so that their industry stays unknown, are
// Financials (real estate inside), Technology (makers of chips beside publishers of
// software), Energy (wells beside power stations), Health Care (hospitals beside drug
// makers), Business Services, Industrials with its services, Materials (mines beside
// mills), Media (publishers beside theaters and printers), Engineering & Construction
// (builders beside engineers), Transportation (airlines beside makers of motorcycles),
// Hotels, Restaurants & Leisure (hotels beside casinos and makers of golf clubs) and
// Apparel (brands that make nothing themselves).
var industryOfSector = map[string]string{
	"Aerospace & Defense":       naicsManufacturing,
	"Chemicals":                 naicsManufacturing,
	"Food & Drug Stores":        naicsRetail,
	"Food, Beverages & Tobacco": naicsManufacturing,
	"Household Products":        naicsManufacturing,
	"Motor Vehicles & Parts":    naicsManufacturing,
	"Retailing":                 naicsRetail,
	"Telecommunications":        naicsInformation,
	"Wholesalers":               naicsWholesale,
}

// industryOfNAICS reads a NAICS code of two to six digits.
func industryOfNAICS(code string) (string, bool) {
	code = digits(code)
	if len(code) < 2 || len(code) > 6 {
		return "", false
	}
	industry, ok := naicsSectors[code[:2]]
	return industry, ok
}

var naicsSectors = map[string]string{
	"11": naicsAgriculture, "21": naicsMining, "22": naicsUtilities, "23": naicsConstruction,
	"31": naicsManufacturing, "32": naicsManufacturing, "33": naicsManufacturing, "42": naicsWholesale,
	"44": naicsRetail, "45": naicsRetail, "48": naicsTransport, "49": naicsTransport, "51": naicsInformation,
	"52": naicsFinance, "53": naicsRealEstate, "54": naicsProfessional, "55": naicsManagement,
	"56": naicsAdministrate, "61": naicsEducation, "62": naicsHealth, "71": naicsArts,
	"72": naicsAccommodation, "81": naicsOther, "92": naicsPublic,
}

// industryOfISIC reads an ISIC Rev. 4 code: an optional section letter and two to four
// digits, of which the first two (the division) decide. Divisions that NAICS splits
// are left out: 45 (motor trade, both wholesale and retail), 33 (repair), 95 to 98.
func industryOfISIC(code string) (string, bool) {
	code = digits(strings.TrimLeft(strings.TrimSpace(code), "ABCDEFGHIJKLMNOPQRSTU"))
	if len(code) < 2 || len(code) > 4 {
		return "", false
	}
	division := int(code[0]-'0')*10 + int(code[1]-'0')
	for _, d := range isicDivisions {
		if division >= d.from && division <= d.to {
			return d.industry, true
		}
	}
	return "", false
}

var isicDivisions = []struct {
	from, to int
	industry string
}{
	{1, 3, naicsAgriculture},
	{5, 9, naicsMining},
	{10, 32, naicsManufacturing},
	{35, 36, naicsUtilities},
	{38, 39, naicsAdministrate}, // waste collection and remediation
	{41, 43, naicsConstruction},
	{46, 46, naicsWholesale},
	{47, 47, naicsRetail},
	{49, 53, naicsTransport},
	{55, 56, naicsAccommodation},
	{58, 61, naicsInformation}, // publishing, film, broadcasting, telecommunications
	{64, 66, naicsFinance},
	{68, 68, naicsRealEstate},
	{69, 69, naicsProfessional},
	{71, 75, naicsProfessional},
	{62, 62, naicsProfessional}, // computer programming and consultancy
	{63, 63, naicsInformation},  // data processing, portals
	{77, 77, naicsRealEstate},   // rental and leasing
	{78, 82, naicsAdministrate},
	{84, 84, naicsPublic},
	{85, 85, naicsEducation},
	{86, 88, naicsHealth},
	{90, 93, naicsArts},
	{94, 94, naicsOther},
}

// digits returns s when it consists of ASCII digits, else nothing.
func digits(s string) string {
	s = strings.TrimSpace(s)
	for _, r := range s {
		if r < '0' || r > '9' {
			return ""
		}
	}
	return s
}
