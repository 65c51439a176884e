/*
 * config_profile.c - the groups device-profile: descriptions of devices that the configuration names; see config.h. A text
 * of that name in the store goes before them, they go before the files of the folder of profiles.
 */
#include "ppg/config_int.h"

#include <stdlib.h>

#include "ppg/admin_csv.h"

static int
read_base(void *arg, const char *name, struct sbuf *out, struct why *why)
{
	const struct ppg_config *cf = arg;
	struct profile_dir dir;

	if (subscriber_profile_find(cf->profiles, cf->n_profiles, name, out))
		return OK;
	profile_dir_find(&dir, cf->subscribers.profiles);
	return profile_dir_read(&dir, name, out, why);
}

static void
read_file(struct loading *ld, const struct conf_group *g, struct subscriber_profile *p)
{
	const char *file = conf_text(g, "file");
	struct sbuf text = { 0 };
	struct profile_dir nowhere = { "" };
	struct why why;

	if (file == NULL)
		return;
	if (profile_dir_read(&nowhere, file, &text, &why) != OK)
		config_tell(ld, 2, g, "file", "%.200s cannot be read", file);
	else
		p->text = sbuf_take(&text);
	sbuf_done(&text);
}

/* Bases may be other groups, so each is looked at when all are there. */
static void
check(struct loading *ld, const struct conf_group *g, const struct subscriber_profile *p)
{
	const struct policy_files files = { read_base, ld->config };
	struct policy_device *dev = calloc(1, sizeof *dev);
	struct why why;

	if (dev == NULL)
		abort();
	if (p->text != NULL && policy_profile_parse(p->name, span_str(p->text), &files, dev, &why) != OK)
		config_tell(ld, 2, g, "file", "%s", why.text);
	free(dev);
}

void
config_take_profiles(struct loading *ld)
{
	struct ppg_config *cf = ld->config;
	size_t i, n = config_count_groups(cf->conf, "device-profile");
	const struct conf_group *g;

	cf->profiles = config_zeroed(n + 1, sizeof *cf->profiles);
	for (g = conf_first(cf->conf, "device-profile"); g != NULL; g = conf_next(cf->conf, g)) {
		struct subscriber_profile *p = &cf->profiles[cf->n_profiles];

		p->name = conf_text(g, "name");
		if (p->name == NULL)
			continue;		/* the reader has told */
		if (!profile_name_ok(span_str(p->name)) || p->name[0] == '.')
			config_tell(ld, 2, g, "name", "a profile's name has letters, digits and . _ - +");
		read_file(ld, g, p);
		cf->n_profiles++;
	}
	for (g = conf_first(cf->conf, "device-profile"), i = 0; g != NULL; g = conf_next(cf->conf, g))
		if (conf_text(g, "name") != NULL)
			check(ld, g, &cf->profiles[i++]);
}
