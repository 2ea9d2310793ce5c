package trust

var rewriteCases = []rewriteCase{
	{
		name: "a condition is added where there is none", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume)},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a condition joins those that are there", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEquals", "aws:PrincipalTag/team", Literal("audit")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"aws:PrincipalTag/team":"audit","sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a wildcard is replaced, not joined", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringLike", "sts:ExternalId", Literal("*")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name:   "IfExists goes and the external ID stays",
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEqualsIfExists", "sts:ExternalId", Literal("k3-Vq8sT")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name:   "of a list the wildcard goes and the external ID stays",
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringLike", "sts:ExternalId", listOf("k3-Vq8sT", "k3-*")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a negated condition is replaced", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringNotEquals", "sts:ExternalId", Literal("old-Vq8sT")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "an empty external ID is filled in, and who gets in by it is told", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
		gained: vendorRoot,
	},
	{
		name: "MFA for people", remedy: mfa(),
		before: []Value{all(aws(Literal(vendorPerson)), assume)},
		after:  `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "BoolIfExists becomes Bool; role sessions are told as locked out only where they came in", remedy: mfa(),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("BoolIfExists", "aws:MultiFactorAuthPresent", Literal("true")))},
		after:  `[{` + plainVendor + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "MFA asked of a whole account locks its role sessions out", remedy: Remedy{Require: RequireMFA, MaxMFAAge: 3600},
		before: []Value{all(aws(Literal(vendorRoot)), assume)},
		after:  `[{` + plainVendor + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}]`,
		locked: vendorRoot,
	},
	{
		name: "Bool false is turned round; who came in without MFA shows it", remedy: mfa(),
		before: []Value{all(aws(Literal(vendorPerson)), assume, when("Bool", "aws:MultiFactorAuthPresent", Literal("false")))},
		after:  `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "an outsider beside the own account and a service gets a statement of its own", remedy: issuing("k3-Vq8sT"),
		before: []Value{allow("Sid", Literal("Trust"), "Principal", object("AWS", listOf(ownRoot, vendorRoot), "Service", Literal("ec2.amazonaws.com")), "Action", Literal(ActionAssumeRole))},
		after: `[{"Effect":"Allow","Sid":"Trust","Principal":{"AWS":["` + ownRoot + `"],"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Sid":"Trust2","Principal":{"AWS":"` + vendorRoot + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "two third parties get an external ID each",
		remedy: Remedy{ExternalID: func(account string) (Value, bool) {
			return Literal("issued-" + account), true
		}},
		before: []Value{all(aws(listOf(vendorRoot, "777788889999")), assume)},
		after: `[{"Effect":"Allow","Principal":{"AWS":["` + vendorRoot + `"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"issued-444455556666"}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"issued-777788889999"}}}]`,
	},
	{
		name: "everyone is split by account and by organization", remedy: issuing("k3-Vq8sT"),
		zone:   Zone{Accounts: []string{"222233334444"}, Organizations: []string{"o-exampleorg1"}},
		before: []Value{all(aws(Literal("*")), assume)},
		after: `[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalAccount":["111122223333","222233334444"]}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorg1"}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "an account that may belong to a trusted organization comes in by it as before", remedy: issuing("k3-Vq8sT"),
		zone:   Zone{Organizations: []string{"o-exampleorg1"}},
		before: []Value{all(aws(Literal(vendorRoot)), assume)},
		after: `[{` + plainVendor + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorg1"}}},` +
			`{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "an account that is known to belong to none needs no split", remedy: issuing("k3-Vq8sT"),
		zone: Zone{Organizations: []string{"o-exampleorg1"}}, known: []string{"444455556666"},
		before: []Value{all(aws(Literal(vendorRoot)), assume)},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "everyone of another organization needs no split", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal("*")), assume, when("StringEquals", "aws:PrincipalAccount", Literal("444455556666")))},
		after:  `[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalAccount":"444455556666","sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "the external ID that another statement asks the same account for is used",
		before: []Value{
			all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("k3-Vq8sT"))),
			all(aws(Literal("arn:aws:iam::444455556666:role/collector")), assume),
		},
		after: `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/collector"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a Deny that misses access keys is mended where nobody inside notices", remedy: mfa(),
		before: []Value{
			all(aws(Literal(vendorRoot)), assume),
			object("Effect", Literal("Deny"), "Principal", object("AWS", Literal("*")), "Action", Literal(ActionAssumeRole),
				"Condition", object("Bool", object("aws:MultiFactorAuthPresent", Literal("false")))),
		},
		after: `[{` + plainVendor + `},{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]`,
	},
	{
		name: "a Deny that somebody inside would notice stays, and the Allow is closed", remedy: mfa(),
		before: []Value{
			all(aws(listOf(ownRoot, vendorRoot)), assume),
			object("Effect", Literal("Deny"), "Principal", object("AWS", Literal("*")), "Action", Literal(ActionAssumeRole),
				"Condition", object("Bool", object("aws:MultiFactorAuthPresent", Literal("false")))),
		},
		after: `[{"Effect":"Allow","Principal":{"AWS":["` + ownRoot + `"]},"Action":"sts:AssumeRole"},` +
			`{` + plainVendor + `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},` +
			`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]`,
	},
	{
		name: "new statements of several split ones have Sids of their own", remedy: issuing("k3-Vq8sT"),
		before: []Value{
			allow("Sid", Literal("Trust1"), "Principal", object("AWS", listOf(ownRoot, vendorRoot)), "Action", Literal(ActionAssumeRole)),
			allow("Sid", Literal("Trust2"), "Principal", object("AWS", listOf(ownRoot, "777788889999")), "Action", Literal(ActionAssumeRole)),
		},
		after: `[{"Effect":"Allow","Sid":"Trust1","Principal":{"AWS":["` + ownRoot + `"]},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Sid":"Trust3","Principal":{"AWS":"` + vendorRoot + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}},` +
			`{"Effect":"Allow","Sid":"Trust2","Principal":{"AWS":["` + ownRoot + `"]},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Sid":"Trust4","Principal":{"AWS":"777788889999"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "an empty Sid is not copied", remedy: issuing("k3-Vq8sT"),
		before: []Value{allow("Sid", Literal(""), "Principal", object("AWS", listOf(ownRoot, vendorRoot)), "Action", Literal(ActionAssumeRole))},
		after: `[{"Effect":"Allow","Sid":"","Principal":{"AWS":["` + ownRoot + `"]},"Action":"sts:AssumeRole"},` +
			`{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		// A Deny for everyone may mean services, which show no MFA key at all:
		// with IfExists it would shut ec2.amazonaws.com out.
		name: "a Deny that a service would notice stays, and the Allow is closed", remedy: mfa(),
		before: []Value{
			allow("Principal", object("Service", Literal("ec2.amazonaws.com")), "Action", Literal(ActionAssumeRole)),
			all(aws(Literal(vendorPerson)), assume),
			denyWithoutMFA("Bool"),
		},
		after: `[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},` +
			`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]`,
	},
	{
		name: "a Deny of sts:AssumeRole is mended beside a SAML provider, who is asked for another action", remedy: mfa(),
		before: []Value{
			allow("Principal", object("Federated", Literal("arn:aws:iam::111122223333:saml-provider/idp")), "Action", Literal("sts:AssumeRoleWithSAML")),
			all(aws(Literal(vendorPerson)), assume),
			denyWithoutMFA("Bool"),
		},
		after: `[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/idp"},"Action":"sts:AssumeRoleWithSAML"},` +
			`{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole"},` +
			`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]`,
	},
	{
		// Who is in an organization knows its id and got in with it; who is in
		// none had no value to send.
		name: "who had no value for a variable had no way in", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("${aws:PrincipalOrgID}")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
		gained: vendorRoot,
	},
	{
		name: "who knew the value of a variable got in", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(Literal(vendorRoot)), assume, when("StringEquals", "sts:ExternalId", Literal("${aws:PrincipalAccount}")))},
		after:  `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "MFA may be asked for as fresh as can be", remedy: Remedy{Require: RequireMFA, MaxMFAAge: 1},
		before: []Value{all(aws(Literal(vendorPerson)), assume)},
		after: `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":` +
			`{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"1"}}}]`,
	},
	{
		name: "both are asked for, each in the place of a useless condition", remedy: Remedy{Require: RequireBoth, ExternalID: issuing("k3-Vq8sT").ExternalID},
		before: []Value{allow("Principal", object("AWS", Literal(vendorPerson)), "Action", Literal(ActionAssumeRole), "Condition", object(
			"BoolIfExists", object("AWS:multifactorauthpresent", Literal("true")),
			"ForAllValues:StringEquals", object("sts:ExternalId", listOf("old-Vq8sT")),
			"Null", object("sts:ExternalId", listOf("true", "false"))))},
		after: `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":` +
			`{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"},"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "an account that is named three times is asked once", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(listOf("444455556666", vendorRoot, "444455556666")), assume)},
		after:  `[{"Effect":"Allow","Principal":{"AWS":["444455556666","` + vendorRoot + `","444455556666"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "all statements that are open for an account are closed, also by NotAction", remedy: issuing("k3-Vq8sT"),
		before: []Value{
			all(aws(Literal(vendorRoot)), assume),
			all(aws(Literal("arn:aws:iam::444455556666:role/ops/collector")), []any{"NotAction", Literal("sts:TagSession")}),
		},
		after: `[{` + plainVendor + `,"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}},` +
			`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/ops/collector"},"NotAction":"sts:TagSession","Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
	{
		name: "a key that stands under an operator in another letter case is not doubled", remedy: Remedy{Require: RequireMFA},
		before: []Value{all(aws(Literal(vendorPerson)), assume, when("Bool", "aws:multifactorauthpresent", listOf("true", "false")))},
		after:  `[{"Effect":"Allow","Principal":{"AWS":"` + vendorPerson + `"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]`,
	},
	{
		name: "session tags and source identities are asked for the same", remedy: issuing("k3-Vq8sT"),
		before: []Value{all(aws(listOf(ownRoot, vendorRoot)), []any{"Action", listOf("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")})},
		after: `[{"Effect":"Allow","Principal":{"AWS":["` + ownRoot + `"]},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]},` +
			`{"Effect":"Allow","Principal":{"AWS":"` + vendorRoot + `"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"sts:ExternalId":"k3-Vq8sT"}}}]`,
	},
}
