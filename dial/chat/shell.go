package chat

import (
	"path"
	"slices"
	"strings"
)

// HideShell gives a command line of sh(1) as it may be shown: without what each
// chat(8) on it sends in confidence. A script that is in error, or that the shell
// makes while it runs, gives nothing away.
func HideShell(line string) string {
	var shown strings.Builder
	done := 0
	hide := func(from, to int) {
		shown.WriteString(line[done:from] + hidden)
		done = to
	}
	commands, plain := splitShell(line)
	for _, args := range commands {
		i := slices.IndexFunc(args, func(a argument) bool { return path.Base(a.Text) == "chat" })
		if i < 0 {
			continue
		}
		if args = args[i+1:]; !plain && len(args) > 0 {
			hide(args[0].Off, len(line))
			break
		}
		args = withoutOptions(args)
		var p parser
		for _, a := range args {
			p.words = append(p.words, a.Word)
		}
		if _, err := p.parse(); err != nil {
			hide(args[0].Off, args[len(args)-1].end)
			continue
		}
		for _, a := range args {
			if slices.ContainsFunc(p.secrets, func(w Word) bool { return a.Off <= w.Off && w.Off < a.end }) {
				hide(a.Off, a.end)
			}
		}
	}
	return shown.String() + line[done:]
}

// withoutOptions gives the words behind the options of chat(8).
func withoutOptions(args []argument) []argument {
	for len(args) > 0 && len(args[0].Text) > 1 && args[0].Text[0] == '-' {
		letters := args[0].Text
		args = args[1:]
		if letters == "--" {
			break
		}
		// The rest of the word is the value of -f and its like, or the next word.
		if strings.IndexAny(letters, "ftrTU") == len(letters)-1 && len(args) > 0 {
			args = args[1:]
		}
	}
	return args
}

// An argument is a word of a command of the shell, its quotes taken off.
type argument struct {
	Word     // Off is where it begins, quotes included
	end  int // where it ends
}

// splitShell cuts a line into its commands, without redirections. It is not plain
// when only a shell can tell what the words are.
func splitShell(line string) (commands [][]argument, plain bool) {
	plain = !strings.Contains(line, "`") && !strings.Contains(line, "$(")
	var args []argument
	operand := false // of a redirection comes next
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case isBlank(c):
			i++
		case c == '<' || c == '>':
			operand = true
			i += len(line[i:]) - len(strings.TrimLeft(line[i:], "<>&|"))
		case isShellSign(c):
			commands, args = append(commands, args), nil
			i++
		default:
			text, n, ended := shellWord(line[i:])
			a := argument{Word{Text: text, Off: i}, i + n}
			i += n
			number := i < len(line) && (line[i] == '<' || line[i] == '>') && strings.Trim(text, "0123456789") == ""
			if !operand && !number {
				args = append(args, a)
			}
			operand = false
			plain = plain && ended
		}
	}
	return append(commands, args), plain
}

// shellWord reads the word at the beginning of s, n bytes with its quotes; ended
// is false where a quote does not end.
func shellWord(s string) (text string, n int, ended bool) {
	var b strings.Builder
	var quote byte
	for ; n < len(s); n++ {
		switch c := s[n]; {
		case c == '\\' && n+1 < len(s) && (quote == 0 || quote == '"' && strings.IndexByte("\"\\$`", s[n+1]) >= 0):
			n++
			b.WriteByte(s[n])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && (isBlank(c) || isShellSign(c)):
			return b.String(), n, true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), n, quote == 0
}

// isShellSign tells a sign that ends a word of the shell.
func isShellSign(c byte) bool { return strings.IndexByte(";|&()<>", c) >= 0 }
