package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in a release:
//
//	go build -ldflags "-X main.version=v1.2.3" ./cmd/gramme
//
// Nothing writes it afterwards.
var version string

// buildVersion returns the release; without one, what the Go toolchain noted of
// the source: the module's version, or the commit.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	if commit := buildSetting(info, "vcs.revision"); commit != "" {
		return "devel-" + commit
	}
	return "devel"
}

func buildSetting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

type versionCommand struct{}

// Run prints one line: the version, the Go release and the platform.
func (versionCommand) Run(c console) error {
	_, err := fmt.Fprintf(c.out, "gramme %s (%s, %s/%s)\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
