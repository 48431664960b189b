package outbound

import (
	"errors"
	"net/url"
	"testing"
)

func TestTransport_Judge(t *testing.T) {
	t.Parallel()
	strict, loop := NewTransport(Options{}), Options{}
	var err error
	if loop.Allow, err = ParseAllow("127.0.0.1, erp.internal"); err != nil {
		t.Fatal(err)
	}
	open := NewTransport(loop)
	for raw, want := range map[string][2]bool{ // strict, with the allow list
		"https://crm.example.com/":       {true, true},
		"https://crm.example.com:8443/":  {true, true},
		"https://crm.example.com:9000/":  {false, true}, // judged when it is dialed
		"https://8.8.8.8/":               {true, true},
		"https://10.0.0.1/":              {false, false},
		"https://[::ffff:10.0.0.1]/":     {false, false},
		"https://169.254.169.254/":       {false, false},
		"https://127.0.0.1/":             {false, true},
		"http://127.0.0.1:9000/":         {false, true},
		"http://localhost:9000/":         {false, true},
		"https://localhost/":             {false, true},
		"https://x.localhost/":           {false, false},
		"https://2130706433/":            {false, false},
		"https://0x7f.1/":                {false, false},
		"https://127.1/":                 {false, false},
		"https://erp.internal/":          {true, true},
		"http://erp.internal/":           {false, true},
		"https://user@crm.example.com/":  {false, false},
		"ftp://crm.example.com/":         {false, false},
		"https://crm.example.com.:8443/": {true, true},
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		for i, tr := range []*Transport{strict, open} {
			err := tr.Judge(u)
			if (err == nil) != want[i] || err != nil && !errors.Is(err, ErrRefused) {
				t.Errorf("%s, transport %d: %v", raw, i, err)
			}
		}
	}
}
