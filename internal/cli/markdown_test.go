package cli

import "testing"

func TestLegible(t *testing.T) {
	page := "# IAM-050: A title\n" +
		"\n" +
		"Text with `code` and **weight**, see [the page](docs/x.md) and [below](#verdicts).\n" +
		"\n" +
		"| verdict | when |\n" +
		"|---|---|\n" +
		"| `fail` | somebody gets in |\n" +
		"| `not-applicable` | nobody, as `aws iam get-role --role-name` shows, gets in from outside of it |\n" +
		"\n" +
		"```json\n" +
		"{\"`\": \"| # **\"}\n" +
		"```\n" +
		"the end\n"
	want := "IAM-050: A title\n" +
		"\n" +
		"Text with code and weight, see the page (docs/x.md) and below.\n" +
		"\n" +
		"verdict         when\n" +
		"fail            somebody gets in\n" +
		"not-applicable  nobody, as aws iam get-role --role-name shows, gets in from\n" +
		"                outside of it\n" +
		"\n" +
		"    {\"`\": \"| # **\"}\n" +
		"the end\n"
	if got := legible(page, plain); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"a name":             "a name",
		"日本語":                "日本語",
		"\x1b[2Jgone":        `\x1b[2Jgone`,
		"two\nlines":         "two\nlines",
		"back\rover":         `back\rover`,
		"right\u202eto left": `right\u202eto left`,
		"bytes \xff":         "bytes \uFFFD",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
