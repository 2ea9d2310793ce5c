package awstest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// Python returns a Python that has a module: the one on the path, or one of a
// virtual environment in the user's cache, which is made where it is missing.
// wanted is what pip is to install.
func Python(module, wanted string) (string, error) {
	if hasModule("python3", module) {
		return "python3", nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "countersign", notInNames.ReplaceAllString(wanted, "-"))
	python := filepath.Join(folder, "bin", "python3")
	if runtime.GOOS == "windows" {
		python = filepath.Join(folder, "Scripts", "python.exe")
	}
	unlock, err := lock(folder + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if hasModule(python, module) {
		return python, nil
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", folder},
		{python, "-m", "pip", "install", "--quiet", wanted},
	} {
		if said, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, said)
		}
	}
	return python, nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9.]+`)

func hasModule(python, module string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, python, "-c", "import "+module).Run() == nil
}

// lock keeps two test binaries from making the environment at once. A lock
// that is older than any installation takes is not minded.
func lock(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	const longest = 5 * time.Minute
	for {
		if err := os.Mkdir(path, 0o755); err == nil {
			return func() { _ = os.Remove(path) }, nil
		} else if !os.IsExist(err) {
			return nil, err
		}
		if held, err := os.Stat(path); err == nil && time.Since(held.ModTime()) > longest {
			_ = os.Remove(path)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
