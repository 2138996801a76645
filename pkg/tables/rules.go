package tables

import "strings"

// This file is what a statement may be: one SELECT. The authorizer allows nothing else
// either; but EXPLAIN passes it, and its refusals have no words of ours.

// checkStatement returns an *Error for what is no SELECT by its first word.
func checkStatement(sql string) error {
	if len(sql) > MaxSQL {
		return &Error{Text: "the statement is too long: it has " + sizes(len(sql), MaxSQL)}
	}
	if at := strings.IndexByte(sql, 0); at >= 0 {
		return &Error{Text: "the statement has a character that is no text (NUL)", Position: position(sql, at)}
	}
	rest := skipBlank(sql)
	word := firstWord(rest)
	switch strings.ToUpper(word) {
	case "SELECT", "WITH", "VALUES":
		return checkClauses(sql)
	case "":
		if rest == "" {
			return errEmpty
		}
		word = rest[:1]
	}
	return &Error{Text: "the statement begins with " + quote(word) + ": write a SELECT, which is all there is", Position: position(sql, len(sql)-len(rest))}
}

var errEmpty = &Error{Text: "the statement is empty: write a SELECT, for example SELECT name, state FROM tasks"}

// skipBlank returns a statement without what comes before its first word: spaces,
// comments and semicolons.
func skipBlank(sql string) string {
	for {
		before := sql
		sql = strings.TrimLeft(sql, " \t\r\n\f;")
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			_, sql, _ = strings.Cut(sql[2:], "*/")
		}
		if sql == before {
			return sql
		}
	}
}

func firstWord(sql string) string {
	end := strings.IndexFunc(sql, func(r rune) bool { return r != '_' && (r|0x20 < 'a' || r|0x20 > 'z') })
	if end < 0 {
		return sql
	}
	return sql[:end]
}
