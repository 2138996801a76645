package tables

import (
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Function describes a function for completion.
type Function struct {
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Help      string `json:"help"`
}

// Functions are the functions that may be called. What is not listed may not, also what
// SQLite learns later.
var Functions = []Function{
	{"time_bucket", "time_bucket('1h', time)", "The beginning of the time's bucket of that length. Weeks begin on Mondays, 1M and 1y are the calendar's, all in UTC."},
	{"count", "count(*)", "The number of rows, or of values that are not NULL."},
	{"sum", "sum(x)", "The sum; NULL of none."},
	{"total", "total(x)", "The sum; 0.0 of none."},
	{"avg", "avg(x)", "The average."},
	{"min", "min(x)", "The least, of a column or of several values."},
	{"max", "max(x)", "The most, of a column or of several values."},
	{"group_concat", "group_concat(x, ', ')", "The texts of a group in one."},
	{"string_agg", "string_agg(x, ', ')", "The texts of a group in one."},
	{"coalesce", "coalesce(a, b, ...)", "The first value that is not NULL."},
	{"ifnull", "ifnull(a, b)", "a, or b where a is NULL."},
	{"nullif", "nullif(a, b)", "a, or NULL where both are equal."},
	{"iif", "iif(condition, a, b)", "a where the condition holds, else b."},
	{"if", "if(condition, a, b)", "a where the condition holds, else b."},
	{"abs", "abs(x)", "The number without its sign."},
	{"sign", "sign(x)", "-1, 0 or 1."},
	{"round", "round(x, digits)", "The number rounded."},
	{"ceil", "ceil(x)", "The next whole number up."},
	{"ceiling", "ceiling(x)", "The next whole number up."},
	{"floor", "floor(x)", "The next whole number down."},
	{"trunc", "trunc(x)", "The whole number towards 0."},
	{"mod", "mod(a, b)", "What is left of a divided by b."},
	{"pow", "pow(a, b)", "a to the power of b."},
	{"power", "power(a, b)", "a to the power of b."},
	{"sqrt", "sqrt(x)", "The square root."},
	{"exp", "exp(x)", "e to the power of x."},
	{"ln", "ln(x)", "The natural logarithm."},
	{"log", "log(base, x)", "The logarithm."},
	{"log2", "log2(x)", "The logarithm of base 2."},
	{"log10", "log10(x)", "The logarithm of base 10."},
	{"lower", "lower(text)", "The text in small letters."},
	{"upper", "upper(text)", "The text in capital letters."},
	{"length", "length(text)", "The number of characters."},
	{"substr", "substr(text, from, length)", "A part of the text."},
	{"substring", "substring(text, from, length)", "A part of the text."},
	{"instr", "instr(text, part)", "Where the part is in the text; 0: nowhere."},
	{"replace", "replace(text, old, new)", "The text with a part replaced."},
	{"trim", "trim(text)", "The text without spaces at its ends."},
	{"ltrim", "ltrim(text)", "The text without spaces at its beginning."},
	{"rtrim", "rtrim(text)", "The text without spaces at its end."},
	{"printf", "printf('%.1f %%', x)", "The values in a text."},
	{"format", "format('%.1f %%', x)", "The values in a text."},
	{"concat", "concat(a, b, ...)", "The texts in one."},
	{"concat_ws", "concat_ws('/', a, b, ...)", "The texts in one, with a separator."},
	{"like", "text LIKE 'web%'", "Whether a text matches, whatever the case of its letters A to Z: of others compare lower(text)."},
	{"glob", "text GLOB 'web*'", "Whether a text matches."},
	{"regexp", "text REGEXP '^web-[0-9]+$'", "Whether a regular expression (RE2) matches a part of the text."},
	{"typeof", "typeof(x)", "null, integer, real or text."},
	{"date", "date(time, '-1 day')", "The day of a time."},
	{"time", "time(time)", "The time of day."},
	{"datetime", "datetime(time, '-1 hour')", "The day and time of day."},
	{"julianday", "julianday(time)", "The time in days."},
	{"unixepoch", "unixepoch(time)", "The time in seconds since 1970."},
	{"strftime", "strftime('%Y-%m-%d', time)", "The time written in another way."},
	{"timediff", "timediff(a, b)", "The length of time between two times, as text."},
	{"json", "json(text)", "The JSON without spaces."},
	{"->", "attributes -> '$.rack'", "A part of JSON, as JSON."},
	{"->>", "labels ->> 'team'", "A part of JSON, as text or number."},
	{"json_extract", "json_extract(labels, '$.team')", "A part of JSON, as text or number."},
	{"json_array", "json_array(a, b, ...)", "A list as JSON."},
	{"json_array_length", "json_array_length(roles)", "The number of values in a list."},
	{"json_object", "json_object('a', 1)", "An object as JSON."},
	{"json_type", "json_type(x)", "The type of JSON."},
	{"json_valid", "json_valid(x)", "Whether a text is JSON."},
	{"json_quote", "json_quote(x)", "The value as JSON."},
	{"json_group_array", "json_group_array(x)", "The values of a group as a list."},
	{"json_group_object", "json_group_object(name, x)", "The values of a group as an object."},
	{"json_each", "FROM tasks, json_each(labels)", "A row for each member of JSON: key, value."},
	{"json_tree", "FROM tasks, json_tree(labels)", "A row for each part of JSON."},
	{"row_number", "row_number() OVER (ORDER BY x)", "The number of the row."},
	{"rank", "rank() OVER (ORDER BY x)", "The rank of the row."},
	{"dense_rank", "dense_rank() OVER (ORDER BY x)", "The rank of the row, without gaps."},
	{"percent_rank", "percent_rank() OVER (ORDER BY x)", "The rank between 0 and 1."},
	{"cume_dist", "cume_dist() OVER (ORDER BY x)", "The part of rows up to this one."},
	{"ntile", "ntile(4) OVER (ORDER BY x)", "The number of the row's part of so many."},
	{"lag", "lag(x) OVER (ORDER BY y)", "The value of the row before."},
	{"lead", "lead(x) OVER (ORDER BY y)", "The value of the row after."},
	{"first_value", "first_value(x) OVER (ORDER BY y)", "The value of the first row."},
	{"last_value", "last_value(x) OVER (ORDER BY y)", "The value of the last row."},
	{"nth_value", "nth_value(x, 2) OVER (ORDER BY y)", "The value of that row."},
}

var allowedFunctions = func() map[string]bool {
	allowed := map[string]bool{}
	for _, f := range Functions {
		allowed[f.Name] = true
	}
	return allowed
}()

// functionNames returns the names of the functions.
func functionNames() []string {
	var names []string
	for _, f := range Functions {
		names = append(names, f.Name)
	}
	return names
}

// registerFunctions adds the functions that SQLite does not have.
func registerFunctions(c *sqlite3.Conn) error {
	const pure = sqlite3.DETERMINISTIC | sqlite3.INNOCUOUS
	if err := c.CreateFunction("time_bucket", 2, pure, timeBucket); err != nil {
		return err
	}
	// SQLite's own know the letters A to Z only.
	for name, of := range map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper} {
		if err := c.CreateFunction(name, 1, pure, func(ctx sqlite3.Context, args ...sqlite3.Value) {
			if args[0].Type() == sqlite3.NULL {
				ctx.ResultNull()
				return
			}
			ctx.ResultText(of(args[0].Text()))
		}); err != nil {
			return err
		}
	}
	return c.CreateFunction("regexp", 2, pure, new(patterns).match)
}

// readTime reads a time as the tables write it, or as SQLite's functions do.
func readTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
