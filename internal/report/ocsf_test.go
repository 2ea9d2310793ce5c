package report

import (
	"testing"

	"countersign/internal/audit"
	"countersign/internal/rule"
)

// ocsfFields is what OCSF 1.8.0 says of the fields that we write
// (https://schema.ocsf.io/1.8.0/classes/compliance_finding, with the profile
// cloud, and the objects that it refers to; recommended fields that we always
// have are required here).
var ocsfFields = fields{
	"":                              {kind: "object"},
	"activity_id":                   {kind: "integer", required: true, values: []any{0.0, 1.0, 2.0, 3.0, 99.0}},
	"activity_name":                 {kind: "string"},
	"category_uid":                  {kind: "integer", required: true, values: []any{2.0}},
	"category_name":                 {kind: "string", values: []any{"Findings"}},
	"class_uid":                     {kind: "integer", required: true, values: []any{2003.0}},
	"class_name":                    {kind: "string", values: []any{"Compliance Finding"}},
	"type_uid":                      {kind: "integer", required: true, values: []any{200301.0}}, // class_uid * 100 + activity_id
	"type_name":                     {kind: "string"},
	"time":                          {kind: "integer", required: true}, // milliseconds since 1970
	"severity_id":                   {kind: "integer", required: true, values: []any{0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 99.0}},
	"severity":                      {kind: "string", values: []any{"Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal", "Other"}},
	"status_id":                     {kind: "integer", required: true, values: []any{1.0, 3.0}}, // New, Suppressed
	"status":                        {kind: "string", values: []any{"New", "Suppressed"}},
	"message":                       {kind: "string", required: true},
	"metadata":                      {kind: "object", required: true},
	"metadata.version":              {kind: "string", required: true, values: []any{"1.8.0"}},
	"metadata.product":              {kind: "object", required: true},
	"metadata.product.name":         {kind: "string", required: true},
	"metadata.product.vendor_name":  {kind: "string", required: true},
	"metadata.product.version":      {kind: "string"},
	"metadata.profiles":             {kind: "list"},
	"metadata.profiles[]":           {kind: "string", values: []any{"cloud"}},
	"cloud":                         {kind: "object", required: true}, // by the profile
	"cloud.provider":                {kind: "string", required: true},
	"cloud.cloud_partition":         {kind: "string"},
	"cloud.account":                 {kind: "object"},
	"cloud.account.uid":             {kind: "string", required: true}, // a name or a uid
	"cloud.account.name":            {kind: "string"},
	"cloud.account.type_id":         {kind: "integer", required: true, values: []any{10.0}}, // AWS Account
	"cloud.account.type":            {kind: "string"},
	"finding_info":                  {kind: "object", required: true},
	"finding_info.uid":              {kind: "string", required: true},
	"finding_info.title":            {kind: "string", required: true},
	"finding_info.desc":             {kind: "string"},
	"finding_info.types":            {kind: "list"},
	"finding_info.types[]":          {kind: "string"},
	"finding_info.last_seen_time":   {kind: "integer"},
	"finding_info.analytic":         {kind: "object"},
	"finding_info.analytic.uid":     {kind: "string"},
	"finding_info.analytic.name":    {kind: "string"},
	"finding_info.analytic.type_id": {kind: "integer", required: true, values: []any{1.0}}, // Rule
	"finding_info.analytic.type":    {kind: "string"},
	"compliance":                    {kind: "object", required: true},
	"compliance.control":            {kind: "string", required: true},
	"compliance.desc":               {kind: "string"},
	"compliance.standards":          {kind: "list", required: true},
	"compliance.standards[]":        {kind: "string"},
	"compliance.requirements":       {kind: "list"},
	"compliance.requirements[]":     {kind: "string"},
	"compliance.status_id":          {kind: "integer", required: true, values: []any{0.0, 1.0, 2.0, 3.0, 99.0}},
	"compliance.status":             {kind: "string", required: true},
	"compliance.status_code":        {kind: "string"},
	"compliance.status_details":     {kind: "list"},
	"compliance.status_details[]":   {kind: "string"},
	"resources":                     {kind: "list", required: true},
	"resources[]":                   {kind: "object"},
	"resources[].uid":               {kind: "string", required: true}, // a name or a uid
	"resources[].name":              {kind: "string"},
	"resources[].type":              {kind: "string"},
	"resources[].cloud_partition":   {kind: "string"},
	"resources[].role_id":           {kind: "integer", values: []any{1.0}}, // Target
	"resources[].role":              {kind: "string"},
	"resources[].data":              {kind: "any"}, // json_t
	"remediation":                   {kind: "object"},
	"remediation.desc":              {kind: "string", required: true},
	"remediation.references":        {kind: "list"},
	"remediation.references[]":      {kind: "string"},
	"evidences":                     {kind: "list"},
	"evidences[]":                   {kind: "object"},
	"evidences[].name":              {kind: "string"},
	"evidences[].data":              {kind: "any", required: true}, // at least one of a list that has data
	"observables":                   {kind: "list"},
	"observables[]":                 {kind: "object"},
	"observables[].name":            {kind: "string", required: true},
	"observables[].type_id":         {kind: "integer", required: true, values: []any{10.0, 99.0}}, // Resource UID, Other
	"observables[].type":            {kind: "string"},
	"observables[].value":           {kind: "string"},
	"unmapped":                      {kind: "any"},
}

func validOCSF(t check, got []byte) []map[string]any {
	t.Helper()
	return ocsfFields.checkAll(t, got)
}

func TestOCSFOfEveryKindOfFindingHasTheFieldsOfTheClass(t *testing.T) {
	findings, summary := everything(t)
	for _, options := range []Options{sampleOptions, {All: true}} {
		validOCSF(t, write(t, "ocsf", options, findings, summary))
	}
	if got := validOCSF(t, write(t, "ocsf", Options{}, nil, audit.Summary{})); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// compliance.status_id is 1 Pass, 2 Warning ("did not yield a result due to
// missing information"), 3 Fail, 99 Other; severity_id 1 Informational, 2 Low,
// 3 Medium, 4 High, 5 Critical.
func TestOCSFStatusAndSeverity(t *testing.T) {
	for _, test := range []struct {
		finding          *rule.Finding
		status, severity int
	}{
		{percentEncoded(t), 3, 5}, {wide(t), 3, 4}, {severalReasons(t), 3, 3}, {emptyExternalID(t), 3, 2},
		{passing(t), 1, 1}, {notApplicable(t), 99, 1}, {undecided(t), 2, 3}, {broken(t), 2, 0},
	} {
		got := newOCSFEvent(test.finding, &Options{})
		if got.Compliance.StatusID != test.status || got.SeverityID != test.severity {
			t.Errorf("%s: status %d, severity %d", test.finding.Role.Name, got.Compliance.StatusID, got.SeverityID)
		}
	}
}
