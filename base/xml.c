/*
 * xml.c - see xml.h. The house of expat.
 *
 * A document goes three ways: it becomes UTF-8 where it is not (xml_source.c), one linear scan
 * refuses what must not reach the parser (xml_scan.c), and expat reads what is left.
 */
#include "base/xml.h"

#include <expat.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/xml_int.h"

enum {
	DEPTH_DEFAULT = 16,
	ATTRS_DEFAULT = 32,
	ATTRS_MAX = 256,
	START_TAG_DEFAULT = 8 * 1024,
	DOC_MAX = 64 * 1024 * 1024,
	KEEP_MAX = 64 * 1024		/* larger documents do not leave their memory in a kept parser */
};

/* One run: what expat reads, and what stopped it. */
struct run {
	const struct xml_events *ev;
	void *ctx;
	struct xml_source src;
	XML_Parser parser;
	unsigned depth, depth_max, attrs_max;
	bool in_doctype;
	int err;
};

/* ---- its call-backs ----------------------------------------------------------------------- */

/* The result of a call-back; an error stops the parser where it stands. */
static void
take(struct run *run, int err)
{
	if (err == OK)
		return;
	run->err = err;
	xml_source_place(&run->src, (size_t)XML_GetCurrentByteIndex(run->parser));
	XML_StopParser(run->parser, XML_FALSE);
}

static void
on_start(void *arg, const char *name, const char **atts)
{
	struct xml_attr attrs[ATTRS_MAX];
	struct run *run = arg;
	size_t n = 0;

	if (run->err)
		return;
	if (++run->depth > run->depth_max) {
		take(run, why_set(run->src.why, ERR_LIMIT, "elements nested deeper than %u", run->depth_max));
		return;
	}
	for (; atts[0] != NULL; atts += 2) {
		if (n == run->attrs_max) {
			take(run, why_set(run->src.why, ERR_LIMIT, "more than %u attributes", run->attrs_max));
			return;
		}
		attrs[n++] = (struct xml_attr){ atts[0], atts[1] };
	}
	if (run->ev->start != NULL)
		take(run, run->ev->start(run->ctx, name, attrs, n, run->src.why));
}

static void
on_end(void *arg, const char *name)
{
	struct run *run = arg;

	if (run->err)
		return;
	run->depth--;
	if (run->ev->end != NULL)
		take(run, run->ev->end(run->ctx, name, run->src.why));
}

static void
on_text(void *arg, const char *s, int n)
{
	struct run *run = arg;

	if (run->err == OK)
		take(run, run->ev->text(run->ctx, span_of(s, (size_t)n), run->src.why));
}

static void
on_instruction(void *arg, const char *target, const char *data)
{
	struct run *run = arg;

	if (run->err == OK)
		take(run, run->ev->instruction(run->ctx, target, data, run->in_doctype, run->src.why));
}

static void
on_doctype(void *arg, const char *name, const char *system_id, const char *public_id, int subset)
{
	struct run *run = arg;

	run->in_doctype = true;
	if (run->err == OK && run->ev->doctype != NULL)
		take(run, run->ev->doctype(run->ctx, name, public_id, system_id, run->src.why));
}

static void
on_doctype_end(void *arg)
{
	struct run *run = arg;

	run->in_doctype = false;
}

/* The scan has refused these already; here for the day that it overlooks one. */
static void
on_entity_decl(void *arg, const char *name, int parameter, const char *value, int n,
    const char *base, const char *system_id, const char *public_id, const char *notation)
{
	struct run *run = arg;

	if (run->err == OK)
		take(run, why_set(run->src.why, ERR_SYNTAX, "entity declarations are not accepted"));
}

static void
on_skipped_entity(void *arg, const char *name, int parameter)
{
	struct run *run = arg;

	if (run->err == OK)
		take(run, why_set(run->src.why, ERR_SYNTAX, "reference to an entity that is not predefined"));
}

/* ---- one parser kept per thread: a reset is cheaper than a new one ------------------------- */

struct kept {
	XML_Parser parser;
	unsigned long salt;
	bool busy;		/* a call-back may parse another document */
};

static pthread_key_t kept_key;
static pthread_once_t kept_once = PTHREAD_ONCE_INIT;

static void
kept_free(void *arg)
{
	struct kept *k = arg;

	XML_ParserFree(k->parser);
	free(k);
}

static void
kept_key_make(void)
{
	if (pthread_key_create(&kept_key, kept_free) != 0)
		abort();
}

static XML_Parser
parser_new(unsigned long *salt)
{
	XML_Parser p = XML_ParserCreate("UTF-8");

	/* Without randomness the salt stays 0, and expat looks for some itself. */
	if (getrandom(salt, sizeof *salt, 0) != (ssize_t)sizeof *salt)
		*salt = 0;
	if (p == NULL)
		abort();
	return p;
}

static struct kept *
kept_get(void)
{
	struct kept *k;

	pthread_once(&kept_once, kept_key_make);
	k = pthread_getspecific(kept_key);
	if (k == NULL) {
		k = calloc(1, sizeof *k);
		if (k == NULL)
			abort();
		k->parser = parser_new(&k->salt);
		pthread_setspecific(kept_key, k);
	} else if (!k->busy) {
		XML_ParserReset(k->parser, "UTF-8");
	}
	return k;
}

static void
parser_set_up(XML_Parser p, struct run *run, unsigned long salt)
{
	run->parser = p;
	XML_SetHashSalt(p, salt);
	XML_SetUserData(p, run);
	XML_SetElementHandler(p, on_start, on_end);
	XML_SetDoctypeDeclHandler(p, on_doctype, on_doctype_end);
	XML_SetEntityDeclHandler(p, on_entity_decl);
	XML_SetSkippedEntityHandler(p, on_skipped_entity);
	if (run->ev->text != NULL)
		XML_SetCharacterDataHandler(p, on_text);
	if (run->ev->instruction != NULL)
		XML_SetProcessingInstructionHandler(p, on_instruction);
}

static int
parse(struct run *run)
{
	struct kept *kept = run->src.utf8.n <= KEEP_MAX ? kept_get() : NULL;
	bool keep = kept != NULL && !kept->busy;
	unsigned long salt = 0;
	XML_Parser p = keep ? kept->parser : parser_new(&salt);

	if (keep)
		kept->busy = true;
	parser_set_up(p, run, keep ? kept->salt : salt);
	if (XML_Parse(p, (const char *)run->src.utf8.p, (int)run->src.utf8.n, XML_TRUE) != XML_STATUS_OK &&
	    run->err == OK) {
		XML_Index at = XML_GetCurrentByteIndex(p);

		run->err = xml_source_fail(&run->src, ERR_SYNTAX,
		    at < 0 ? run->src.utf8.n : (size_t)at, XML_ErrorString(XML_GetErrorCode(p)));
	}
	if (keep)
		kept->busy = false;
	else
		XML_ParserFree(p);
	return run->err;
}

int
xml_parse(struct span doc, const char *charset, const struct xml_limits *limits,
    const struct xml_events *events, void *ctx, struct why *why)
{
	static const struct xml_limits none;
	const struct xml_limits *lim = limits != NULL ? limits : &none;
	struct why unheard;
	struct run run = {
		.ev = events, .ctx = ctx, .src.why = why != NULL ? why : &unheard,
		.depth_max = lim->depth ? lim->depth : DEPTH_DEFAULT,
		.attrs_max = lim->attributes ? lim->attributes : ATTRS_DEFAULT,
	};
	int err;

	if (run.attrs_max > ATTRS_MAX)
		run.attrs_max = ATTRS_MAX;
	if (doc.n == 0)
		return why_at(why, ERR_SYNTAX, 0, "line 1, column 1: the document is empty");
	if (doc.n > DOC_MAX)
		return why_at(why, ERR_LIMIT, 0, "document longer than %d octets", DOC_MAX);
	err = xml_source_open(&run.src, doc, charset);
	if (err == OK)
		err = xml_scan(&run.src, lim->start_tag ? lim->start_tag : START_TAG_DEFAULT);
	if (err == OK)
		err = parse(&run);
	xml_source_done(&run.src);
	return err;
}

const char *
xml_attr_get(const struct xml_attr *attrs, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(attrs[i].name, name) == 0)
			return attrs[i].value;
	return NULL;
}
