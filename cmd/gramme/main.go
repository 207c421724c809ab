// Command gramme is Gramme's one binary: the server, and what its operators
// need beside it. Each command has a file of its own, which turns flags and
// environment into options, runs, and turns errors into one line that says what
// happened and what to do. What a server is made of is in internal/server; no
// other package reads flags or the environment.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// commands is the grammar of the command line.
type commands struct {
	Serve    serveCommand    `cmd:"" help:"Run the server. Needs no flags."`
	Bench    benchCommands   `cmd:"" help:"Measure a server with the DynamoDB API, or compare several."`
	Coverage coverageCommand `cmd:"" help:"List the services and operations of AWS, done and not done."`
	Stream   struct {
		Tail streamTailCommand `cmd:"" help:"Follow the changes of a running server's table."`
	} `cmd:"" help:"Read streams of a running server."`
	Debug struct {
		Keys  debugKeysCommand  `cmd:"" help:"Print the keys and values of a stopped server's data directory."`
		Item  debugItemCommand  `cmd:"" help:"Print one item in its stored form and as JSON."`
		Check debugCheckCommand `cmd:"" help:"Check that a stopped server's data directory holds what its tables should."`
	} `cmd:"" help:"Look into a stopped server's data."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Help    helpCommand    `cmd:"" help:"Tell about a command."`
}

// console is where a command prints.
type console struct {
	out io.Writer // what was asked for
	err io.Writer // logs
}

func main() {
	os.Exit(run(os.Args[1:], console{os.Stdout, os.Stderr}))
}

// run runs one command line and returns the exit code. --help ends the process
// itself, with 0.
func run(args []string, c console) int {
	parser, err := kong.New(&commands{},
		kong.Name("gramme"),
		kong.Description("Gramme is a database with the Amazon DynamoDB API."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(c.out, c.err),
		kong.Bind(c),
	)
	if err == nil {
		err = parseAndRun(parser, args)
	}
	if err != nil {
		fmt.Fprintf(c.err, "gramme: %s\n", oneLine(err.Error()))
		return 1
	}
	return 0
}

func parseAndRun(parser *kong.Kong, args []string) error {
	parsed, err := parser.Parse(args)
	if err != nil {
		return usageError(err)
	}
	return parsed.Run()
}

// usageError adds to an error in the command line where the help for it is.
func usageError(err error) error {
	help := "gramme --help"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if command := parse.Context.Selected(); command != nil {
			help = command.FullPath() + " --help"
		}
	}
	return fmt.Errorf("%w; see: %s", err, help)
}

// oneLine returns text with every run of white space made one space: an error
// is one line, whatever a library put into it.
func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
