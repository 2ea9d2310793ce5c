package terraform

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"countersign/internal/role"
)

// manyRoles makes configuration in the style of people: half with policy
// documents, a quarter each with jsonencode and a heredoc.
func manyRoles(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		account := fmt.Sprintf("%012d", 400000000000+i)
		switch i % 4 {
		case 0, 1:
			texts[i] = fmt.Sprintf("data \"aws_iam_policy_document\" \"d%d\" {\n  statement {\n    actions = [\"sts:AssumeRole\"]\n    principals {\n      type        = \"AWS\"\n      identifiers = [\"arn:aws:iam::%s:root\"]\n    }\n    condition {\n      test     = \"StringEquals\"\n      variable = \"sts:ExternalId\"\n      values   = [var.external_id]\n    }\n  }\n}\nresource \"aws_iam_role\" \"r%d\" {\n  name               = \"role-%d\"\n  assume_role_policy = data.aws_iam_policy_document.d%d.json\n}\n", i, account, i, i, i)
		case 2:
			texts[i] = fmt.Sprintf("resource \"aws_iam_role\" \"r%d\" {\n  name = \"role-%d\"\n  assume_role_policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{\n      Effect    = \"Allow\"\n      Principal = { AWS = \"arn:aws:iam::%s:root\" }\n      Action    = \"sts:AssumeRole\"\n    }]\n  })\n}\n", i, i, account)
		default:
			texts[i] = fmt.Sprintf("resource \"aws_iam_role\" \"r%d\" {\n  name = \"role-%d\"\n  assume_role_policy = <<EOF\n{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Principal\": { \"AWS\": \"arn:aws:iam::%s:root\" },\n      \"Action\": \"sts:AssumeRole\"\n    }\n  ]\n}\nEOF\n}\n", i, i, account)
		}
	}
	return texts
}

const declaration = "variable \"external_id\" { default = \"k3-99-vendor\" }\n"

func inOneFile(n int) fstest.MapFS {
	return fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(declaration + strings.Join(manyRoles(n), "\n"))}}
}

func inManyFiles(n int) fstest.MapFS {
	files := fstest.MapFS{"variables.tf": &fstest.MapFile{Data: []byte(declaration)}}
	for i, text := range manyRoles(n) {
		files[fmt.Sprintf("role%d.tf", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func count(t testing.TB, files Files) (n int) {
	err := ReadDirectory(context.Background(), files, ".", Options{}, Output{
		Role:       func(*role.Role) error { n++; return nil },
		Incomplete: func(i Incomplete) { t.Errorf("%+v", i) },
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

func benchmark(b *testing.B, n int, files fstest.MapFS) {
	held := FS(files)
	b.ReportAllocs()
	for b.Loop() {
		if got := count(b, held); got != n {
			b.Fatalf("%d roles", got)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/role")
}

func BenchmarkOneFile1000(b *testing.B)   { benchmark(b, 1000, inOneFile(1000)) }
func BenchmarkOneFile20000(b *testing.B)  { benchmark(b, 20000, inOneFile(20000)) }
func BenchmarkManyFiles1000(b *testing.B) { benchmark(b, 1000, inManyFiles(1000)) }

// The bound is on what is alive at once while 20,000 roles are read, the text
// itself included.
func TestMemoryStaysBounded(t *testing.T) {
	files := FS(inOneFile(20000))
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, highest := 0, uint64(0)
	err := ReadDirectory(context.Background(), files, ".", Options{}, Output{
		Role: func(*role.Role) error {
			if n++; n%4000 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				highest = max(highest, now.HeapAlloc)
			}
			return nil
		},
		Incomplete: func(i Incomplete) { t.Errorf("%+v", i) },
	})
	if err != nil || n != 20000 {
		t.Fatalf("%d roles, %v", n, err)
	}
	if used := (int64(highest) - int64(before.HeapAlloc)) >> 20; used > 70 {
		t.Errorf("%d MB are alive", used)
	} else {
		t.Logf("%d MB are alive", used)
	}
}
