# This replaces the trust policy of the role VendorScanner of account 111122223333, and
# keeps the one before in trust-policy-before.json. Tell the other side first: whoever
# does not comply is locked out at once.
{ test "$(aws sts get-caller-identity --query Account --output text)" = 111122223333 ||
  { echo 'these credentials are of another account' >&2; false; }; } &&
aws iam get-role --role-name VendorScanner \
  --query Role.AssumeRolePolicyDocument > trust-policy-before.json &&
cat > trust-policy.json <<'END_OF_POLICY' &&
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Vendor",
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::444455556666:root"
      },
      "Action": "sts:AssumeRole",
      "Condition": {
        "StringEquals": {
          "sts:ExternalId": "9f2c41d7-5e0b-4a86-b3d9-7c1e8a4f6025"
        }
      }
    },
    {
      "Effect": "Allow",
      "Principal": {
        "AWS": [
          "arn:aws:iam::777788889999:user/ops/ann",
          "arn:aws:iam::777788889999:user/ops/bo"
        ]
      },
      "Action": [
        "sts:AssumeRole",
        "sts:TagSession"
      ],
      "Condition": {
        "Bool": {
          "aws:MultiFactorAuthPresent": true
        },
        "StringLike": {
          "aws:PrincipalTag/team": "${aws:ResourceTag/team}"
        },
        "NumericLessThan": {
          "aws:MultiFactorAuthAge": 3600
        }
      }
    },
    {
      "Effect": "Allow",
      "Principal": {
        "Service": "ec2.amazonaws.com"
      },
      "Action": "sts:AssumeRole"
    }
  ]
}
END_OF_POLICY
aws iam update-assume-role-policy --role-name VendorScanner \
  --policy-document file://trust-policy.json &&
aws iam get-role --role-name VendorScanner \
  --query Role.AssumeRolePolicyDocument
