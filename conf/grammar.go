package conf

import (
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar of the control file, as data. It is loose on purpose: every
// sequence of bytes is a sequence of these tokens and every sequence of these
// tokens is a file, so the parser never stops half-way, and what is wrong is
// said by collect and read in our own words, all of it in one run.
//
// A keyword and its "=" are read in the state Root. Behind "=" comes the state
// Value, in which "=" is an ordinary character and backslashes count; it ends
// at a blank, at "#" and at the end of the line.
var tokens = lexer.Rules{
	"Root": {
		{Name: "Newline", Pattern: `\r*\n`},
		{Name: "Blank", Pattern: `[ \t]+`},
		{Name: "Comment", Pattern: `#[^\n]*`},
		{Name: "Assign", Pattern: `=`, Action: lexer.Push("Value")},
		{Name: "Name", Pattern: `[^ \t\r\n#"'=]+`},
		lexer.Include("Quotes"),
		{Name: "Stray", Pattern: `\r`},
	},
	"Value": {
		{Name: "Text", Pattern: `(?:[^ \t\r\n#"'\\]|\\[^\r\n])+`},
		lexer.Include("Quotes"),
		{Name: "Trailing", Pattern: `\\`},
		lexer.Return(),
	},
	"Quotes": {
		{Name: "Double", Pattern: `"(?:[^"\\\r\n]|\\[^\r\n])*"`},
		{Name: "Single", Pattern: `'[^'\r\n]*'`},
		{Name: "Open", Pattern: `["'][^\r\n]*`},
	},
}

type fileNode struct {
	Lines []*lineNode `parser:"@@*"`
}

type lineNode struct {
	Indent  string       `parser:"@Blank?"`
	Words   []*wordNode  `parser:"( @@ Blank? )*"`
	Comment *lexer.Token `parser:"@Comment?"`
	End     *lexer.Token `parser:"@Newline"`
}

type wordNode struct {
	Pos   lexer.Position
	Head  []*headNode `parser:"( @@+"`
	Value *valueNode  `parser:"@@?"`
	Alone *valueNode  `parser:"| @@ )"`
}

type headNode struct {
	Pos   lexer.Position
	Name  string `parser:"@Name"`
	Wrong string `parser:"| @( Double | Single | Open | Stray )"`
}

type valueNode struct {
	Assign *lexer.Token `parser:"@Assign"`
	Parts  []*partNode  `parser:"@@*"`
}

type partNode struct {
	Pos      lexer.Position
	Text     string `parser:"@Text"`
	Double   string `parser:"| @Double"`
	Single   string `parser:"| @Single"`
	Open     string `parser:"| @Open"`
	Trailing string `parser:"| @Trailing"`
}

// parser builds the parser when the first file is read: programs that read
// none do not pay for it.
var parser = sync.OnceValue(func() *participle.Parser[fileNode] {
	return participle.MustBuild[fileNode](participle.Lexer(lexer.MustStateful(tokens)))
})
