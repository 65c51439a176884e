/* test_policy_profile.c - profiles as text: what is one, what is not and where; those that we ship. */
#include "tests/unit/policy_fixture.h"

static int
other_file(void *arg, const char *name, struct sbuf *out, struct why *why)
{
	static const struct { const char *name, *text; } files[] = {
		{ "masks", "access APPLICATION = 140\n" },
		{ "base", "base = masks\nfamily = wm5\npolicy 4109 = 3072\npolicy 4107 = 128\n" },
		{ "loop", "base = loop\n" },
		{ "slip", "family = wm5\nnonsense\n" },
	};
	size_t i;

	for (i = 0; i < COUNT(files); i++) {
		if (strcmp(files[i].name, name) == 0) {
			sbuf_str(out, files[i].text);
			return OK;
		}
	}
	return why_set(why, ERR_NOT_FOUND, "no %s", name);
}

static const struct policy_files files = { other_file, NULL };

#define WM5 "family = wm5\n"
#define W10M "family = w10m\n"

static void
what_is_none(void **state)
{
	static const struct { const char *text; int err; const char *says; } rows[] = {
		{ WM5, OK, "" },
		{ "\xEF\xBB\xBF" WM5, ERR_SYNTAX, "mine:1: unknown key" },
		{ "# a remark\n\n  family = wm5   # and another\r\n", OK, "" },
		{ "", ERR_SYNTAX, "family is missing" },
		{ "access A = 8\n", ERR_SYNTAX, "family is missing" },
		{ "family = wm7\n", ERR_SYNTAX, "mine:1: \"wm7\" is none of wm5, wm6x, w10m, other" },
		{ "family\n", ERR_SYNTAX, "mine:1: KEY = VALUE" },
		{ "family =\n", ERR_SYNTAX, "mine:1: KEY = VALUE" },
		{ "policy 4109 = 3072\n" WM5, ERR_SYNTAX, "mine:1: the family is not known yet" },
		{ WM5 "policies 4109 = 1\n", ERR_SYNTAX, "mine:2: unknown key \"policies\"" },
		{ WM5 "policy = 1\n", ERR_SYNTAX, "mine:2: policy NAME = VALUE" },
		{ WM5 "family x = wm5\n", ERR_SYNTAX, "mine:2: family = VALUE" },
		{ WM5 "policy SI_MESSAGE = PPG_AUTH|PPG_TRUSTED\n", OK, "" },
		{ WM5 "policy secpolicy_si_message = ppg_auth ppg_trusted\n", OK, "" },
		{ WM5 "policy 4109 = 0xC00\n", OK, "" },
		{ WM5 "policy 4109 = NONE\n", OK, "" },
		{ WM5 "policy 4109 = absent\n", OK, "" },
		{ WM5 "policy 9999 = 7\n", OK, "" },		/* kept, never looked at */
		{ WM5 "policy SI_MESAGE = 1\n", ERR_NOT_FOUND, "mine:2: policy \"SI_MESAGE\" is not known" },
		{ WM5 "policy 4109 = PPG\n", ERR_SYNTAX, "mine:2: \"PPG\" is no role" },
		{ WM5 "policy 4109 = 3072x\n", ERR_SYNTAX, "mine:2:" },
		{ WM5 "policy 4109 = 0xFFFFFFFFFF\n", ERR_SYNTAX, "mine:2:" },
		{ WM5 "policy 4109 = 1\n", ERR_RANGE, "no role: 1" },
		{ WM5 "policy 4104 = OPERATOR\n", ERR_SYNTAX, "mine:2: policy 4104" },
		{ WM5 "policy 4104 = 2\n", ERR_RANGE, "0..1" },
		{ WM5 "policy 4109 = 64\npolicy SI_MESSAGE = 64\n", ERR_EXISTS, "mine:3: policy 4109 is set twice" },
		{ W10M "policy 4109 = KNOWN_PPG|ANY_PUSH_SOURCE\n", OK, "" },
		{ W10M "policy 4109 = PPG_AUTH\n", ERR_RANGE, "w10m takes the bits 256, 4096 only, not 1024" },
		{ W10M "policy 4111 = USER_AUTH\n", ERR_RANGE, "not 16" },
		{ WM5 "access A = MANAGER\naccess A = 8\n", ERR_EXISTS, "mine:3: access A is set twice" },
		{ WM5 "access A = 1\n", ERR_RANGE, "no role" },
		{ WM5 "mode si = auto\n", OK, "" },
		{ WM5 "mode si = often\n", ERR_SYNTAX, "\"often\" is none of none, ignore" },
		{ WM5 "mode si = auto\nmode si = list\n", ERR_EXISTS, "twice" },
		{ WM5 "mode fax = auto\n", ERR_SYNTAX, "\"fax\" is none of other, si, sl" },
		{ WM5 "mode provisioning = auto\n", ERR_SYNTAX, "by signature" },
		{ WM5 "signature unsigned = pin\n", ERR_SYNTAX, "no PIN" },
		{ WM5 "signature userpin = pin\n", OK, "" },
		{ WM5 "signature seal = pin\n", ERR_SYNTAX, "none of unsigned" },
		{ WM5 "unknown-sender = list\n", ERR_SYNTAX, "auto, prompt or refuse" },
		{ WM5 "accept = 192.0.2.1 * text/vnd.wap.si\nreject = *\n", OK, "" },
		{ WM5 "accept = a b c d\n", ERR_SYNTAX, "no more" },
		{ WM5 "proxy P1 = +12025550100 trust push\n", OK, "" },
		{ WM5 "proxy P1 = +12025550100 loud\n", ERR_SYNTAX, "only trust and push" },
		{ WM5 "country-code = +1\n", ERR_SYNTAX, "digits" },
		{ WM5 "clients = some\n", ERR_SYNTAX, "all or none" },
		{ WM5 "tps-needs-content-trust = 1\n", ERR_SYNTAX, "yes or no" },
		{ WM5 "provurl = a\x01\n", ERR_SYNTAX, "control" },
		{ "base = base\n", OK, "" },
		{ "base = base\npolicy 4109 = 64\n", OK, "" },	/* over the base: no slip */
		{ "base = base\nfamily = wm6x\n", ERR_SYNTAX, "the base is of family wm5" },
		{ WM5 "base = base\n", ERR_SYNTAX, "mine:2: base comes first" },
		{ "base = base\nbase = base\n", ERR_SYNTAX, "base comes first" },
		{ "base = none\n", ERR_NOT_FOUND, "mine:1: no none" },
		{ "base = loop\n", ERR_LIMIT, "build on each other" },
		{ "base = slip\n", ERR_SYNTAX, "slip:2: KEY = VALUE" },
	};
	struct policy_device dev;
	struct why why;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		int err;

		why = (struct why){ 0 };
		err = policy_profile_parse("mine", span_str(rows[i].text), &files, &dev, &why);
		if (err != rows[i].err || strstr(why.text, rows[i].says) == NULL)
			fail_msg("row %zu: %d, %s", i, err, why.text);
		assert_string_equal(dev.profile, err == OK ? "mine" : "");
		assert_true(err == OK || dev.n_policies == 0);
	}
}

static void
a_base_and_what_changes(void **state)
{
	struct policy_device dev;

	assert_int_equal(policy_profile_parse("mine", span_str("base = base\npolicy 4109 = 64\n"
	    "policy 4107 = absent\naccess BOOTSTRAP = OPERATOR\nproxy P = 192.0.2.1 push\n"), &files, &dev,
	    NULL), OK);
	assert_int_equal(dev.family, FAMILY_WM5);
	assert_int_equal(policy_get(&dev, 4109, 7), 64);
	assert_int_equal(policy_get(&dev, 4107, 7), 7);
	assert_int_equal(policy_access(&dev, "APPLICATION"), 140);
	assert_int_equal(policy_access(&dev, "BOOTSTRAP/X"), 4);
	assert_true(dev.proxies[0].ipv4 && dev.proxies[0].push && !dev.proxies[0].trust);
}

static void
too_much(void **state)
{
	struct policy_device dev;
	struct sbuf text = { 0 };
	struct why why;
	int i;

	sbuf_str(&text, WM5);
	for (i = 0; i < 100; i++)
		sbuf_fmt(&text, "policy %d = 1\n", 20000 + i);
	assert_int_equal(policy_profile_parse("mine", sbuf_as_span(&text), NULL, &dev, &why), ERR_LIMIT);
	sbuf_clear(&text);
	sbuf_str(&text, WM5 "provurl = ");
	for (i = 0; i < 600; i++)
		sbuf_char(&text, 'a');
	assert_int_equal(policy_profile_parse("mine", sbuf_as_span(&text), NULL, &dev, &why), ERR_LIMIT);
	sbuf_clear(&text);
	for (i = 0; i < 5000; i++)
		sbuf_char(&text, '\n');
	assert_int_equal(policy_profile_parse("mine", sbuf_as_span(&text), NULL, &dev, &why), ERR_LIMIT);
	sbuf_done(&text);
}

/* Defaults of devices (2.3), a few of each column; 7 stands for absent. */
static void
shipped_values(void **state)
{
	static const struct { const char *profile; uint32_t v4105, v4107, v4108, v4109, v4111, v4119, v4143; } rows[] = {
		{ "wm2003-ppc",   3, 7,    7,    7,    3732, 16,  7 },
		{ "wm2003-sp",    3, 7,    7,    7,    3732, 16,  7 },
		{ "wm5",          3, 3200, 2048, 3072, 3732, 128, 7 },
		{ "wm5-ppc-phone", 3, 3200, 2048, 3072, 3732, 128, 7 },
		{ "wm5-ppc",      3, 3200, 2048, 3072, 3732, 16,  7 },
		{ "wm5-sp",       3, 3200, 2048, 3072, 3732, 128, 7 },
		{ "wm5-opened",   3, 3204, 2048, 3072, 3732, 132, 7 },
		{ "wm-htc-2008",  3, 3200, 2112, 3136, 3732, 128, 7 },
		{ "wm6x",         3, 7,    2048, 3072, 3732, 160, 3200 },
		{ "wm65-pro",     3, 7,    2048, 3072, 3732, 160, 3200 },
		{ "wm5-rapi-opened", 3, 3200, 2048, 3072, 3732, 144, 7 },
		{ "wm65-opened",  3, 7,    2048, 3072, 7828, 164, 7296 },
		{ "wm65-std",     3, 7,    2048, 3072, 3732, 160, 3200 },
		{ "wm65-classic", 3, 7,    7,    7,    7,    48,  7 },
		{ "w10m",         3, 7,    256,  256,  384,  128, 256 },
		{ "w10m-trusted", 3, 7,    256,  256,  384,  128, 256 },
		{ "w10m-open",    3, 7,    256,  256,  4480, 128, 4096 },
	};
	struct policy_device dev;
	struct why why;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		if (policy_device_init(&dev, rows[i].profile, profile_files(), &why) != OK)
			fail_msg("%s", why.text);
		if (policy_get(&dev, 4105, 7) != rows[i].v4105 || policy_get(&dev, 4107, 7) != rows[i].v4107 ||
		    policy_get(&dev, 4108, 7) != rows[i].v4108 || policy_get(&dev, 4109, 7) != rows[i].v4109 ||
		    policy_get(&dev, 4111, 7) != rows[i].v4111 || policy_get(&dev, 4119, 7) != rows[i].v4119 ||
		    policy_get(&dev, 4143, 7) != rows[i].v4143)
			fail_msg("%s", rows[i].profile);
		assert_int_equal(policy_access(&dev, "CM_GPRSEntries"), 152);
		assert_int_equal(policy_access(&dev, "DevDetail"), 0);
		assert_int_equal(dev.n_metabase, 25);
	}
}

/* Nothing that is in the folder is broken, and every name that the manual promises is there. */
static void
all_shipped_ones_load(void **state)
{
	static const char *const promised[] = { "android-aosp", "android-samsung-old", "android-samsung-new",
		"android-oem", "nokia-s40", "nokia-s60", "siemens-s75", "sonyericsson-uiq", "blackberry-legacy",
		"ios", "oma-push-mo", "other-2003", "unknown" };
	struct profile_dir dir;
	struct policy_device dev;
	struct sbuf names = { 0 };
	struct why why;
	char *name, *rest;
	size_t i, n = 0;

	profile_dir_find(&dir, TOP_SRCDIR "/contrib/profiles");
	assert_int_equal(profile_dir_list(&dir, &names, &why), OK);
	for (name = strtok_r(names.s, "\n", &rest); name; name = strtok_r(NULL, "\n", &rest), n++) {
		if (strcmp(name, "windows-mobile") != 0 &&
		    policy_device_init(&dev, name, profile_files(), &why) != OK)
			fail_msg("%s", why.text);
	}
	assert_in_range(n, 28, 100);
	for (i = 0; i < COUNT(promised); i++) {
		assert_int_equal(policy_device_init(&dev, promised[i], profile_files(), &why), OK);
		assert_int_equal(dev.family, FAMILY_OTHER);
	}
	sbuf_done(&names);
}

static void
files_of_the_folder(void **state)
{
	struct profile_dir dir;
	struct sbuf text = { 0 };
	struct why why;

	profile_dir_find(&dir, TOP_SRCDIR "/contrib/profiles");
	assert_int_equal(profile_dir_read(&dir, "wm5", &text, &why), OK);
	assert_non_null(strstr(text.s, "wm5-ppc-phone"));
	sbuf_clear(&text);
	assert_int_equal(profile_dir_read(&dir, TOP_SRCDIR "/contrib/profiles/wm5.profile", &text, &why), OK);
	assert_int_equal(profile_dir_read(&dir, "../profiles/wm5", &text, &why), ERR_NOT_FOUND);
	assert_int_equal(profile_dir_read(&dir, "", &text, &why), ERR_NOT_FOUND);
	assert_int_equal(profile_dir_read(&dir, TOP_SRCDIR, &text, &why), ERR_NOT_FOUND);
	assert_int_equal(profile_dir_read(&dir, "Makefile", &text, &why), ERR_NOT_FOUND);	/* no path */
	assert_int_equal(profile_dir_read(&dir, "no\nsuch", &text, &why), ERR_NOT_FOUND);
	assert_non_null(strstr(why.text, "no\\x0Asuch"));
	assert_int_equal(setenv("OPENPPG_PROFILES", "/nonexistent/folder", 1), 0);
	profile_dir_find(&dir, NULL);
	assert_string_equal(dir.path, "/nonexistent/folder");
	profile_dir_find(&dir, "/else");
	assert_string_equal(dir.path, "/else");
	sbuf_clear(&text);
	assert_int_equal(profile_dir_list(&dir, &text, &why), ERR_IO);
	unsetenv("OPENPPG_PROFILES");
	sbuf_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(a_base_and_what_changes),
		cmocka_unit_test(too_much),
		cmocka_unit_test(shipped_values),
		cmocka_unit_test(all_shipped_ones_load),
		cmocka_unit_test(files_of_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
