package main

import "github.com/alecthomas/kong"

// helpCommand is "gramme help serve": the same as "gramme serve --help".
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to tell about."`
}

// Run prints the help and ends the process with 0.
func (h *helpCommand) Run(parser *kong.Kong) error {
	_, err := parser.Parse(append(h.Command, "--help"))
	return usageError(err)
}
