package synthetic

import "fmt"

// kind is what sort of role stands at a place of the export.
type kind struct {
	path, name      string
	trust           any
	profile, inline bool
	linked          bool // service-linked
}

var (
	services = []string{
		"ec2", "lambda", "ecs-tasks", "codebuild", "states", "events", "glue", "firehose", "rds", "config",
		"backup", "ssm", "apigateway", "codepipeline", "eks", "batch", "scheduler", "vpc-flow-logs", "transfer", "sagemaker",
	}
	linked  = []string{"support", "autoscaling", "organizations", "elasticloadbalancing", "rds", "ecs", "guardduty", "config"}
	managed = []string{
		"ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "CloudWatchAgentServerPolicy", "AmazonSSMManagedInstanceCore",
		"service-role/AWSLambdaBasicExecutionRole", "SecurityAudit", "AmazonECS_FullAccess",
	}
	teams  = []string{"payments", "search", "data platform", "identity", "logistics", "web shop", "finance"}
	stages = []string{"prod", "test", "dev", "sandbox"}
)

// kind chooses by place: of a hundred roles about sixty trust services, eight
// are service-linked, seventeen are for the own account, seven for federated
// users and eight for vendors, two of them without external ID.
//
// The mix rests on 4,265 trust policies in 77 public repositories (November
// 2026), of which most trust services only, and on how accounts come about:
// roles for services share a document (1,352 of the 4,265 were distinct), while
// those for the own account and for vendors name an account, a role or an
// external ID. Among the 271 Allow statements for AWS principals were 69 for
// the own account, 41 with an external ID, 4 with MFA and 105 without any
// condition. Against those figures a quarter of the roles, four times as many,
// names AWS principals, and more of these carry conditions, because that is
// what takes time to judge; a sixth of the documents is distinct rather than a
// third, because an account holds many roles made from one piece of code.
func (m *maker) kind(i int, account string) kind {
	n := i % 100
	switch {
	case n < 60:
		service := services[m.random.IntN(len(services))]
		return kind{
			path: "/", name: fmt.Sprintf("%s-%s-%05d", teams[n%3], service, i), profile: service == "ec2", inline: n%2 == 0,
			trust: allow("sts:AssumeRole", entry{"Service", service + ".amazonaws.com"}),
		}
	case n < 68:
		service := linked[n-60]
		return kind{
			path: "/aws-service-role/" + service + ".amazonaws.com/", name: fmt.Sprintf("AWSServiceRoleFor%s%d", service, i), linked: true,
			trust: allow("sts:AssumeRole", entry{"Service", service + ".amazonaws.com"}),
		}
	case n < 79:
		return kind{
			path: "/", name: fmt.Sprintf("developer-%05d", i), inline: true,
			trust: allow("sts:AssumeRole", entry{"AWS", "arn:aws:iam::" + account + ":root"}),
		}
	case n < 85:
		return kind{
			path: "/deploy/", name: fmt.Sprintf("deploy-%05d", i), inline: true,
			trust: allow([]any{"sts:AssumeRole", "sts:TagSession"},
				entry{"AWS", []any{
					"arn:aws:iam::" + account + ":role/ci/" + fmt.Sprintf("runner-%05d", i),
					"arn:aws:iam::" + account + ":user/break-glass",
				}},
				entry{"Bool", []entry{{"aws:MultiFactorAuthPresent", "true"}}}),
		}
	case n < 89:
		return kind{
			path: "/aws-reserved/sso.amazonaws.com/", name: "AWSReservedSSO_ReadOnly_" + m.letters(16),
			trust: allow([]any{"sts:AssumeRoleWithSAML", "sts:TagSession"},
				entry{"Federated", "arn:aws:iam::" + account + ":saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"},
				entry{"StringEquals", []entry{{"SAML:aud", "https://signin.aws.amazon.com/saml"}}}),
		}
	case n < 92:
		return kind{
			path: "/", name: fmt.Sprintf("pipeline-%05d", i), inline: true,
			trust: allow("sts:AssumeRoleWithWebIdentity",
				entry{"Federated", "arn:aws:iam::" + account + ":oidc-provider/token.actions.githubusercontent.com"},
				entry{"StringEquals", []entry{{"token.actions.githubusercontent.com:aud", "sts.amazonaws.com"}}},
				entry{"StringLike", []entry{{"token.actions.githubusercontent.com:sub", fmt.Sprintf("repo:example/service-%d:*", i)}}}),
		}
	case n < 98:
		return kind{
			path: "/", name: fmt.Sprintf("vendor-%05d", i), inline: true,
			trust: allow("sts:AssumeRole",
				entry{"AWS", fmt.Sprintf("arn:aws:iam::%012d:root", 900000000000+int64(m.random.IntN(40)))},
				entry{"StringEquals", []entry{{"sts:ExternalId", m.letters(24)}}}),
		}
	}
	return kind{
		path: "/", name: fmt.Sprintf("partner-%05d", i), inline: true,
		trust: allow("sts:AssumeRole", entry{"AWS", fmt.Sprintf("arn:aws:iam::%012d:root", 800000000000+int64(i/100))}),
	}
}

// allow makes a trust policy of one statement.
func allow(action any, principal entry, conditions ...entry) []entry {
	statement := []entry{{"Effect", "Allow"}, {"Principal", []entry{principal}}, {"Action", action}}
	if len(conditions) > 0 {
		statement = append(statement, entry{"Condition", conditions})
	}
	return []entry{{"Version", "2012-10-17"}, {"Statement", []any{statement}}}
}

func (m *maker) inlinePolicy(account, name string) []entry {
	return []entry{{"Version", "2012-10-17"}, {"Statement", []any{
		[]entry{
			{"Sid", "Logs"},
			{"Effect", "Allow"},
			{"Action", []any{"logs:CreateLogStream", "logs:PutLogEvents"}},
			{"Resource", "arn:aws:logs:eu-central-1:" + account + ":log-group:/app/" + name + ":*"},
		},
		[]entry{
			{"Effect", "Allow"},
			{"Action", []any{"s3:GetObject", "s3:ListBucket"}},
			{"Resource", []any{"arn:aws:s3:::data-" + account, "arn:aws:s3:::data-" + account + "/" + name + "/*"}},
		},
	}}}
}
