/*
 * template.h - documents with places to fill.
 *
 *	# title: An access point		what it is, for the list
 *	# type: text/vnd.wap.connectivity-xml	its content type; this one when absent
 *	# needs apn: the access point name	a value that must be given
 *	# takes name = Internet: its name	one with a default
 *	# takes user: user name			one that may be absent: then it is empty
 *	<?xml version="1.0"?>			the first line without # begins the document
 *	<a value="${apn}"/>
 *	#if user				until #end: only where the value is not empty
 *	<b value="${user}"/>
 *	#end
 *
 * Values are escaped for XML. "$${" stands for "${". Names are small letters, digits and '-'.
 */
#ifndef CONTRIB_TPS_TEMPLATE_H
#define CONTRIB_TPS_TEMPLATE_H

#include "base/buf.h"

enum { TPS_TEMPLATE_MAX = 128 * 1024, TPS_VARS_MAX = 64, TPS_VALUE_MAX = 1024 };

struct tps_template {
	char *name, *title, *type;	/* heap */
	struct tps_var {
		char *name, *help, *def;	/* heap; def NULL: the value must be given */
	} vars[TPS_VARS_MAX];
	size_t n_vars;
	char *body;			/* heap */
};

/* ERR_SYNTAX, ERR_LIMIT with the line in *why. */
int tps_template_parse(const char *name, struct span text, struct tps_template *out, struct why *why);
void tps_template_done(struct tps_template *t);

struct tps_value {
	const char *name, *value;
	bool given;			/* by somebody: the template must know it. Else it is offered. */
};
/*
 * The first value of a name counts. ERR_NOT_FOUND: names what must be given; ERR_SYNTAX: a value that cannot stand in XML, or
 * a given one that the template does not know. *why holds no value.
 */
int tps_template_fill(const struct tps_template *t, const struct tps_value *values, size_t n, struct sbuf *out,
    struct why *why);
const struct tps_var *tps_template_var(const struct tps_template *t, const char *name);	/* NULL: has none */

/*
 * NAME.tmpl of the folder `own` (NULL: none), of $OPENPPG_TEMPLATES, of contrib/tps/templates beside a program
 * that runs where it was built, of share/openppg/templates beside its bin, or where it was installed. ERR_NOT_FOUND, ERR_IO, and those of parse.
 */
int tps_template_load(const char *own, const char *name, struct tps_template *out, struct why *why);
/* Names, sorted, each once, one a line. */
void tps_template_list(const char *own, struct sbuf *out);

#endif
