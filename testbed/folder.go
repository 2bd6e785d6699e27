package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const folderPrefix = "mastoferry-testbed-"

// newFolder makes the folder that all of a run is kept in, named after this process. Folders of runs that were killed
// before they could clean up are removed.
func newFolder() (string, error) {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		id, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		if _, err := os.Stat(filepath.Join("/proc", id)); id != "" && os.IsNotExist(err) {
			// Another user's stays.
			_ = os.RemoveAll(folder)
		}
	}
	return os.MkdirTemp("", fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
}
