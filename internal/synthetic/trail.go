package synthetic

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// TrailRole is the role that some of the calls in a [Trail] assume.
const TrailRole = "arn:aws:iam::111122223333:role/LogShippingVendor"

// Trail writes a CloudTrail log file with so many records of account
// 111122223333, about 1.4 KB each, from a time on: of a hundred about sixty are
// reads and writes of services, thirty-nine are calls of AWS services and users
// that assume other roles, and one is a vendor that assumes TrailRole, without an
// external ID every tenth time.
//
// The members and their order are those of the records in the CloudTrail User
// Guide and the IAM User Guide ("Logging IAM and AWS STS API calls with AWS
// CloudTrail"); the texts of tokens and ids are random, and compress as badly as
// real ones.
func Trail(w io.Writer, records int, from time.Time, seed uint64) error {
	out := bufio.NewWriterSize(w, 1<<20)
	m := &maker{random: rand.New(rand.NewPCG(seed, 26))}
	out.WriteString(`{"Records":[`)
	for i := range records {
		if i > 0 {
			out.WriteByte(',')
		}
		m.event(out, i, from.Add(time.Duration(i)*time.Second))
	}
	out.WriteString("]}")
	return out.Flush()
}

func (m *maker) event(out *bufio.Writer, i int, at time.Time) {
	const head = `{"eventVersion":"1.09","userIdentity":%s,"eventTime":"%s","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"us-east-1","sourceIPAddress":"%s","userAgent":"%s","requestParameters":%s,"responseElements":%s,"requestID":"%s","eventID":"%s","readOnly":%t,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"`
	write := func(identity, service, name, address, agent, request, response string, readOnly bool) {
		fmt.Fprintf(out, head, identity, at.UTC().Format(time.RFC3339), service, name, address, agent, request, response, m.uuid(), m.uuid(), readOnly)
	}
	assume := func(identity, role, session, external, address string) {
		request := fmt.Sprintf(`{"roleArn":"%s","roleSessionName":"%s"%s,"durationSeconds":3600}`, role, session, external)
		response := fmt.Sprintf(`{"credentials":{"accessKeyId":"ASIA%s","sessionToken":"%s","expiration":"Nov 1, 2026, 1:00:00 PM"},"assumedRoleUser":{"assumedRoleId":"AROA%s:%s","arn":"arn:aws:sts::111122223333:assumed-role/x/%s"}}`,
			m.letters(16), m.letters(700), m.letters(17), session, session)
		write(identity, "sts", "AssumeRole", address, address, request, response, true)
		fmt.Fprintf(out, `,"sharedEventID":"%s","resources":[{"accountId":"111122223333","type":"AWS::IAM::Role","ARN":"%s"}],"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"sts.us-east-1.amazonaws.com"}}`, m.uuid(), role)
	}
	switch n := i % 100; {
	case n == 7:
		external := fmt.Sprintf(`,"externalId":"%s"`, "a71c5e90-3d4b-4f28-86e2-b90d7f14c3a5")
		if i/100%10 == 0 {
			external = ""
		}
		assume(fmt.Sprintf(`{"type":"AWSAccount","principalId":"AROAEXAMPLEVENDOR%04d:sync","accountId":"555566667777"}`, i/100%5),
			TrailRole, "sync", external, "203.0.113.7")
	case n%5 < 2:
		service := services[m.random.IntN(len(services))] + ".amazonaws.com"
		assume(fmt.Sprintf(`{"type":"AWSService","invokedBy":"%s"}`, service),
			fmt.Sprintf("arn:aws:iam::111122223333:role/service-%03d", m.random.IntN(400)), "i-"+m.letters(17), "", service)
	default:
		role := m.random.IntN(300)
		identity := fmt.Sprintf(`{"type":"AssumedRole","principalId":"AROA%017d:app","arn":"arn:aws:sts::111122223333:assumed-role/app-%d/app","accountId":"111122223333","accessKeyId":"ASIA%s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%017d","arn":"arn:aws:iam::111122223333:role/app-%d","accountId":"111122223333","userName":"app-%d"},"attributes":{"creationDate":"2026-11-01T11:00:00Z","mfaAuthenticated":"false"}}}`,
			role, role, m.letters(16), role, role, role)
		request := fmt.Sprintf(`{"bucketName":"data-%d","key":"daily/%s/%s.parquet","x-id":"PutObject","Host":"data-%d.s3.amazonaws.com"}`, role, m.letters(8), m.uuid(), role)
		write(identity, "s3", "PutObject", fmt.Sprintf("10.0.%d.%d", role%200, n), `[aws-sdk-java/2.29.1 Linux/6.1 OpenJDK_64-Bit_Server_VM/21.0.4 vendor/Amazon.com_Inc. cfg/retry-mode/standard \u003cinternal\u003e]`, request, `{"x-amz-server-side-encryption":"AES256"}`, false)
		out.WriteString(`,"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"s3.us-east-1.amazonaws.com"}}`)
	}
}

// uuid makes up a random id.
func (m *maker) uuid() string {
	a, b := m.random.Uint64(), m.random.Uint64()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", uint32(a), uint16(a>>32), uint16(a>>48), uint16(b), b>>16)
}
