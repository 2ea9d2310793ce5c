package cloudformation

import (
	"slices"
	"strings"
	"testing"

	"countersign/internal/privilege"
	"countersign/internal/role"
	"countersign/internal/source/template"
)

const accessTemplate = `AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Bucket: {Type: String}
  Extra: {Type: String}
Conditions:
  Production: !Equals [!Ref Bucket, production]
Resources:
  Everything:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: &trusted
        Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: sts:AssumeRole}]
      Description: for the vendor
      MaxSessionDuration: 7200
      ManagedPolicyArns: [!Sub 'arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess']
  Bounded:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: sts:AssumeRole}]}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']
      PermissionsBoundary: !Ref Limit
  Reader:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: sts:AssumeRole}]}
      Policies:
        - PolicyName: read
          PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:Get*', Resource: !Sub 'arn:aws:s3:::${Bucket}/*'}]}
  Attached:
    Type: AWS::IAM::Role
    Properties:
      RoleName: attached
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: sts:AssumeRole}]}
  Open:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: sts:AssumeRole}]}
      ManagedPolicyArns: [!Ref Extra]
  Sometimes:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: '444455556666'}, Action: sts:AssumeRole}]}
      ManagedPolicyArns: [!If [Production, !Ref 'AWS::NoValue', 'arn:aws:iam::aws:policy/IAMFullAccess']]
  Limit:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Statement: [{Effect: Allow, Action: ['s3:Get*', 's3:Put*'], Resource: '*'}]}
  Writes:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: writes
      PolicyDocument: {Statement: [{Effect: Allow, Action: 'dynamodb:PutItem', Resource: '*'}]}
      Roles: [!Ref Attached]
  Passes:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Statement: [{Effect: Allow, Action: ['iam:PassRole', 'ec2:RunInstances'], Resource: '*'}]}
      Roles: [attached]
`

func TestWhatARoleOfATemplateMayDo(t *testing.T) {
	got := map[string]*role.Role{}
	_, err := Read(template.Input{Path: "t.yaml", Text: []byte(accessTemplate)}, Options{}, template.Output{
		Role:       func(r *role.Role) error { got[r.Source.Address] = r; return nil },
		Incomplete: nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		level   privilege.Level
		unknown string
	}{
		"Everything": {privilege.Administrator, ""},
		"Bounded":    {privilege.WritesData, ""},
		"Reader":     {privilege.ReadsData, "Bucket"},
		"Attached":   {privilege.CanBecomeAdministrator, ""},
		"Open":       {privilege.Unknown, "Extra"},
		"Sometimes":  {privilege.CanBecomeAdministrator, ""},
	} {
		t.Run(name, func(t *testing.T) {
			told := privilege.Of(got[name], privilege.Read)
			if told == nil {
				t.Fatal("nothing is told")
			}
			has := func(text string) bool { return strings.Contains(text, want.unknown) }
			if told.Level != want.level || (want.unknown != "") != (told.Unknown != nil) || want.unknown != "" && !slices.ContainsFunc(told.Unknown, has) {
				t.Errorf("%+v, want %s and %q", told, want.level, want.unknown)
			}
			if got[name].DefaultAssumed {
				t.Error("what it may do is taken for a part of who gets in")
			}
		})
	}
	if r := got["Everything"]; r.Description != "for the vendor" || r.MaxSession.Hours() != 2 {
		t.Errorf("%q, %v", r.Description, r.MaxSession)
	}
}
