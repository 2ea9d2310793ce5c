package remedy_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"countersign/internal/source/awslive/awstest"
)

// cfn-lint knows the schema of AWS::IAM::Role. The golden files are what it is
// given: another test holds the program to them.
func TestCfnLintFindsNothingInTheTemplates(t *testing.T) {
	python, err := awstest.Python("cfnlint", "cfn-lint==1.*")
	if err != nil {
		t.Fatalf("cfn-lint cannot be had: %v", err)
	}
	templates, err := filepath.Glob("testdata/*/template.*")
	if err != nil || len(templates) != 6 {
		t.Fatalf("%d templates, %v; want 6", len(templates), err)
	}
	arguments := append([]string{"-c", "from cfnlint.runner import main; main()", "--"}, templates...)
	if said, err := exec.Command(python, arguments...).CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v\n%s", err, said)
	}
}
