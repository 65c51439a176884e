/* template.c - see template.h: what a template says, and filling it. */
#include "contrib/tps/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NAME_MAX_LENGTH = 32 };

static bool
is_name(struct span s)
{
	size_t i;

	if (s.n == 0 || s.n > NAME_MAX_LENGTH)
		return false;
	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-'))
			return false;
	return true;
}

static struct span
cut(struct span s, size_t from, size_t to)
{
	return span_of(s.p + from, to - from);
}

/* The next line of *rest, without its end. */
static struct span
take_line(struct span *rest)
{
	const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n, used = end != NULL ? n + 1 : n;
	struct span line = span_of(rest->p, n);

	*rest = span_of(rest->p + used, rest->n - used);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* "word rest" -> rest, when it begins with that word and a blank. */
static bool
begins_with(struct span line, const char *word, struct span *rest)
{
	size_t n = strlen(word);

	if (line.n <= n || memcmp(line.p, word, n) != 0 || (line.p[n] != ' ' && line.p[n] != ':'))
		return false;
	*rest = span_trim(cut(line, n + (line.p[n] == ':'), line.n));
	return true;
}

const struct tps_var *
tps_template_var(const struct tps_template *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_vars; i++)
		if (strcmp(t->vars[i].name, name) == 0)
			return &t->vars[i];
	return NULL;
}

static bool
knows(const struct tps_template *t, struct span name)
{
	char *text = span_dup(name);
	bool yes = tps_template_var(t, text) != NULL;

	free(text);
	return yes;
}

/* ---- the head ---------------------------------------------------------------------------------------- */

/* "name = default: help" or "name: help" */
static int
add_var(struct tps_template *t, struct span text, bool needed, struct why *why)
{
	const uint8_t *colon = text.n > 0 ? memchr(text.p, ':', text.n) : NULL, *equals;
	struct span name, help, def = span_str("");

	if (colon == NULL)
		return why_set(why, ERR_SYNTAX, "a value is declared as \"name: what it is\"");
	name = span_trim(span_of(text.p, (size_t)(colon - text.p)));
	help = span_trim(cut(text, (size_t)(colon - text.p) + 1, text.n));
	equals = name.n > 0 ? memchr(name.p, '=', name.n) : NULL;
	if (equals != NULL) {
		def = span_trim(cut(name, (size_t)(equals - name.p) + 1, name.n));
		name = span_trim(span_of(name.p, (size_t)(equals - name.p)));
	}
	if (!is_name(name) || (needed && equals != NULL))
		return why_set(why, ERR_SYNTAX, needed && is_name(name) ? "what is needed has no default" :
		    "names are small letters, digits and '-', at most %d", NAME_MAX_LENGTH);
	if (knows(t, name))
		return why_set(why, ERR_SYNTAX, "%.*s is declared twice", (int)name.n, (const char *)name.p);
	if (t->n_vars == TPS_VARS_MAX)
		return why_set(why, ERR_LIMIT, "more than %d values", TPS_VARS_MAX);
	t->vars[t->n_vars++] = (struct tps_var){ span_dup(name), span_dup(help), needed ? NULL : span_dup(def) };
	return OK;
}

static void
set(char **text, struct span value)
{
	free(*text);
	*text = span_dup(value);
}

static int
head_line(struct tps_template *t, struct span line, struct why *why)
{
	struct span text = span_trim(cut(line, 1, line.n)), rest;

	if (begins_with(text, "title", &rest)) {
		set(&t->title, rest);
	} else if (begins_with(text, "type", &rest)) {
		if (rest.n == 0 || text_has_control(rest))
			return why_set(why, ERR_SYNTAX, "that is no content type");
		set(&t->type, rest);
	} else if (begins_with(text, "needs", &rest)) {
		return add_var(t, rest, true, why);
	} else if (begins_with(text, "takes", &rest)) {
		return add_var(t, rest, false, why);
	}
	return OK;
}

/* ---- the body, for checking (no values) and filling ---------------------------------------------------- */

struct filling {
	const struct tps_template *t;
	const struct tps_value *values;		/* NULL: only check */
	size_t n_values;
	struct sbuf *out;
	bool in_if, skip;
};

static int
value_of(const struct filling *f, struct span name, const char **out, struct why *why)
{
	const struct tps_var *var = NULL;
	char *text = span_dup(name);
	size_t i;
	int err = OK;

	*out = "";
	var = is_name(name) ? tps_template_var(f->t, text) : NULL;
	if (var == NULL) {
		err = why_set(why, ERR_SYNTAX, "\"%.40s\" is not declared at the top", text);
	} else if (f->values != NULL) {
		*out = var->def;
		for (i = 0; i < f->n_values; i++)
			if (strcmp(f->values[i].name, text) == 0 && f->values[i].value != NULL)
				break;
		if (i < f->n_values)
			*out = f->values[i].value;
		if (*out == NULL)
			err = why_set(why, ERR_NOT_FOUND, "template %.40s needs %s: %.80s", f->t->name, var->name, var->help);
	}
	free(text);
	return err;
}

static int
put_value(struct filling *f, struct span name, struct why *why)
{
	const char *value;
	int err = value_of(f, name, &value, why);

	if (err == OK && f->out != NULL && !f->skip)
		sbuf_xml(f->out, span_str(value));
	return err;
}

static int
put_line(struct filling *f, struct span line, struct why *why)
{
	size_t i, end, from = 0;
	int err = OK;

	for (i = 0; i + 1 < line.n && err == OK; i++) {
		bool escaped = i > from && line.p[i - 1] == '$';

		if (line.p[i] != '$' || line.p[i + 1] != '{')
			continue;
		if (f->out != NULL && !f->skip)
			sbuf_span(f->out, cut(line, from, escaped ? i - 1 : i));
		from = i;
		if (escaped)
			continue;
		for (end = i + 2; end < line.n && line.p[end] != '}'; end++)
			;
		if (end == line.n)
			return why_set(why, ERR_SYNTAX, "\"${\" without \"}\"");
		err = put_value(f, cut(line, i + 2, end), why);
		from = end + 1;
		i = end;
	}
	if (err == OK && f->out != NULL && !f->skip) {
		sbuf_span(f->out, cut(line, from, line.n));
		sbuf_char(f->out, '\n');
	}
	return err;
}

static int
body_line(struct filling *f, struct span line, struct why *why)
{
	struct span text = span_trim(line), rest;
	const char *value;
	int err;

	if (begins_with(text, "#if", &rest)) {
		if (f->in_if)
			return why_set(why, ERR_SYNTAX, "#if inside of #if");
		err = value_of(f, rest, &value, why);
		f->in_if = true;
		f->skip = err == OK && value[0] == '\0';
		return err;
	}
	if (span_eq_str(text, "#end")) {
		if (!f->in_if)
			return why_set(why, ERR_SYNTAX, "#end without #if");
		f->in_if = f->skip = false;
		return OK;
	}
	return put_line(f, line, why);
}

static int
walk(struct filling *f, struct span body, unsigned line, struct why *why)
{
	int err = OK;

	for (; body.n > 0 && err == OK; line++) {
		err = body_line(f, take_line(&body), why);
		if (err == ERR_SYNTAX)
			why_prefix(why, "template %.40s, line %u", f->t->name, line);
	}
	if (err == OK && f->in_if)
		err = why_set(why, ERR_SYNTAX, "template %.40s: #if without #end", f->t->name);
	return err;
}

/* ---- the whole --------------------------------------------------------------------------------------------- */

int
tps_template_parse(const char *name, struct span text, struct tps_template *out, struct why *why)
{
	struct filling checking = { .t = out };
	unsigned line = 1;
	int err = OK;

	*out = (struct tps_template){ .name = span_dup(span_str(name)), .title = span_dup(span_str("")),
		.type = span_dup(span_str("text/vnd.wap.connectivity-xml")) };
	if (text.n > TPS_TEMPLATE_MAX)
		err = why_set(why, ERR_LIMIT, "template %.40s has more than %d octets", name, TPS_TEMPLATE_MAX);
	else if (!text_is_utf8(text, NULL) || (text.n > 0 && memchr(text.p, '\0', text.n) != NULL))
		err = why_set(why, ERR_SYNTAX, "template %.40s is no UTF-8 text", name);
	for (; err == OK && text.n > 0 && text.p[0] == '#'; line++) {
		err = head_line(out, take_line(&text), why);
		if (err != OK)
			why_prefix(why, "template %.40s, line %u", name, line);
	}
	if (err == OK && span_trim(text).n == 0)
		err = why_set(why, ERR_SYNTAX, "template %.40s has no document", name);
	if (err == OK)
		err = walk(&checking, text, line, why);
	if (err == OK)
		out->body = span_dup(text);
	else
		tps_template_done(out);
	return err;
}

void
tps_template_done(struct tps_template *t)
{
	size_t i;

	for (i = 0; i < t->n_vars; i++) {
		free(t->vars[i].name);
		free(t->vars[i].help);
		free(t->vars[i].def);
	}
	free(t->name);
	free(t->title);
	free(t->type);
	free(t->body);
	*t = (struct tps_template){ 0 };
}

static int
check_values(const struct tps_template *t, const struct tps_value *values, size_t n, struct why *why)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		struct span value = span_str(values[i].value != NULL ? values[i].value : "");

		if (tps_template_var(t, values[i].name) == NULL) {
			if (values[i].given)
				return why_set(why, ERR_SYNTAX, "template %.40s knows no %.40s", t->name, values[i].name);
			continue;
		}
		for (k = 0; k < i && values[i].given; k++)
			if (values[k].given && strcmp(values[k].name, values[i].name) == 0)
				return why_set(why, ERR_SYNTAX, "%.40s is given twice", values[i].name);
		if (value.n > TPS_VALUE_MAX)
			return why_set(why, ERR_LIMIT, "the value of %.40s has more than %d octets", values[i].name, TPS_VALUE_MAX);
		if (text_has_control(value) || !text_is_utf8(value, NULL))
			return why_set(why, ERR_SYNTAX, "the value of %.40s has control characters or is no UTF-8", values[i].name);
	}
	return OK;
}

int
tps_template_fill(const struct tps_template *t, const struct tps_value *values, size_t n, struct sbuf *out,
    struct why *why)
{
	static const struct tps_value none;
	struct filling f = { .t = t, .values = values != NULL ? values : &none, .n_values = values != NULL ? n : 0, .out = out };
	int err = check_values(t, values, f.n_values, why);

	return err != OK ? err : walk(&f, span_str(t->body), 1, why);
}
