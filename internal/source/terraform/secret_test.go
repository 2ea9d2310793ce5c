package terraform

import (
	"fmt"
	"strings"
	"testing"

	"countersign/trust"
)

// Names of what is unknown go into reports, which show no external IDs.
func TestNamesOfWhatIsUnknownShowNoExternalIDs(t *testing.T) {
	with := func(operand string) string {
		return "variable \"x\" {}\nlocals { id = \"opensesame\" }\n" + encoded(`[{ Effect = "Allow", Principal = { AWS = "444455556666" }, Action = "sts:AssumeRole", Condition = { StringLike = { "sts:ExternalId" = `+operand+` } } }]`)
	}
	for _, text := range []string{
		with(`var.x == "opensesame" ? local.id : "*"`), with(`lower("${var.x}-OpenSesame-77")`), with(`lookup({ a = "OpenSesame-77" }, var.x, "opensesame")`),
		with(`format("%s-%5s", var.x, "OpenSesame-77")`), with(`coalesce(var.x, "OpenSesame-77")`), with(`[for i in ["OpenSesame-77"] : i if i == var.x]`),
		with(`split(",", "OpenSesame-77,${var.x}")[0]`), with(`var.x["OpenSesame-77"]`),
	} {
		roles, incomplete := read(t, map[string]string{"main.tf": text}, ".", Options{Account: ownNumber})
		if len(roles) != 1 {
			t.Fatal(text, incomplete)
		}
		names := strings.ToLower(fmt.Sprint(verdict(roles[0]).DependsOn, allNames(*roles[0].Trust.Tree), incomplete))
		if strings.Contains(names, "opensesame") {
			t.Errorf("%s shows %s", text, names)
		}
	}
}

func allNames(v trust.Value) (names []string) {
	names = append(names, v.On)
	for _, part := range v.Parts {
		names = append(names, part.On)
	}
	for _, item := range v.Items {
		names = append(names, allNames(item)...)
	}
	for _, m := range v.Members {
		names = append(names, allNames(m.Key)...)
		names = append(names, allNames(m.Value)...)
	}
	return names
}
