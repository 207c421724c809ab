package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/gramme-db/gramme/internal/server"
)

// coverageCommand is "gramme coverage". What is done is read from the operation
// tables that requests go through, of a server in memory.
type coverageCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// serviceCoverage is a service in the JSON form.
type serviceCoverage struct {
	Service    string   `json:"service"`
	Operations int      `json:"operations"`
	Done       []string `json:"done"`
	NotDone    []string `json:"notDone"`
}

// Run prints the services with their operations, and totals.
func (cmd *coverageCommand) Run(c console) error {
	srv, err := server.Open(server.Options{})
	if err != nil {
		return err
	}
	services := srv.Coverage()
	if cmd.JSON {
		err = printCoverageJSON(c.out, services)
	} else {
		err = printCoverage(c.out, services)
	}
	return errors.Join(err, srv.Shutdown(context.Background()))
}

func printCoverageJSON(w io.Writer, services []server.Coverage) error {
	all := []serviceCoverage{}
	for _, s := range services {
		all = append(all, serviceCoverage{
			Service:    s.Service,
			Operations: len(s.Done) + len(s.NotDone),
			Done:       append([]string{}, s.Done...), // [] and not null
			NotDone:    append([]string{}, s.NotDone...),
		})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

func printCoverage(w io.Writer, services []server.Coverage) error {
	done, known := 0, 0
	for _, s := range services {
		operations := slices.Concat(s.Done, s.NotDone)
		slices.Sort(operations)
		fmt.Fprintf(w, "%s: %d of %d\n", s.Service, len(s.Done), len(operations))
		for _, name := range operations {
			mark := "-"
			if slices.Contains(s.Done, name) {
				mark = "x"
			}
			fmt.Fprintf(w, "  %s %s\n", mark, name)
		}
		done, known = done+len(s.Done), known+len(operations)
	}
	_, err := fmt.Fprintf(w, "all services: %d of %d operations done\n", done, known)
	return err
}
