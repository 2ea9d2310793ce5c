package privilege

import (
	"testing"

	"countersign/internal/role"
)

func BenchmarkOf(b *testing.B) {
	subject := &role.Role{
		ARN: "arn:aws:iam::111122223333:role/deploy", Account: "111122223333", Partition: "aws",
		Access: &role.Access{
			Attached: []role.ManagedPolicy{{ARN: "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {ARN: "arn:aws:iam::aws:policy/AmazonS3FullAccess"}},
			Inline: []role.InlinePolicy{{Name: "deploy", Document: role.Document{JSON: []byte(`{"Version":"2012-10-17","Statement":[
				{"Effect":"Allow","Action":["lambda:UpdateFunctionCode","lambda:InvokeFunction"],"Resource":"arn:aws:lambda:eu-west-1:111122223333:function:orders"},
				{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:PutItem","logs:*"],"Resource":"*"},
				{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}]}`)}}},
		},
	}
	for b.Loop() {
		if Of(subject, Read).Level != WritesData {
			b.Fatal("another level")
		}
	}
}
