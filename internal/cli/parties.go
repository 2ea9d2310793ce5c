package cli

import (
	"countersign/internal/settings"
	"countersign/internal/thirdparty"
)

// owners joins the names that the user gave to accounts.
func owners(found settings.Settings) *thirdparty.Directory {
	var named []thirdparty.Owner
	for _, party := range found.ThirdParties {
		named = append(named, thirdparty.Owner(party))
	}
	for _, account := range found.Accounts {
		if account.Name != "" {
			named = append(named, thirdparty.Owner{Name: account.Name, Accounts: []string{account.ID}})
		}
	}
	return thirdparty.New(named)
}
