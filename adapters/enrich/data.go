package enrich

import (
	_ "embed" // the data lives in the program's read-only pages

	"github.com/kohomai/kohomai/adapters/enrich/domainset"
)

// Where the data comes from, its licenses and how it is renewed: data/SOURCE.md.
var (
	//go:embed data/free.set
	freeData string
	//go:embed data/disposable.set
	disposableData string
	//go:embed data/disposable-wildcard.set
	wildcardData string
	//go:embed data/companies.tsv
	companyData string
)

// lists are the sets of e-mail domains.
type lists struct {
	free, disposable, wildcard domainset.Set
}

func openLists() (l lists, err error) {
	for _, x := range []struct {
		into *domainset.Set
		data string
	}{{&l.free, freeData}, {&l.disposable, disposableData}, {&l.wildcard, wildcardData}} {
		if *x.into, err = domainset.Open(x.data); err != nil {
			return lists{}, err
		}
	}
	return l, nil
}
