/* device.c - the simulated device of a push router: its policies, keys and user. */
#include "router/pushrouter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

int
router_device_init(struct router_device *dev, const char *profile, const struct policy_files *files,
    struct why *why)
{
	memset(dev, 0, sizeof *dev);
	return policy_device_init(&dev->policy, profile, files, why);
}

void
router_device_done(struct router_device *dev)
{
	explicit_bzero(dev, sizeof *dev);
}

int
router_device_set_imsi(struct router_device *dev, const char *imsi, struct why *why)
{
	return prov_network_key(imsi, dev->network_key, &dev->n_network_key, why);
}

int
router_device_add_pin(struct router_device *dev, const char *pin, struct why *why)
{
	int err = prov_check_pin(pin, why);

	if (err != OK)
		return err;
	if (dev->n_pins == POLICY_PINS_MAX)
		return why_set(why, ERR_LIMIT, "PIN: at most %d", POLICY_PINS_MAX);
	snprintf(dev->pins[dev->n_pins], sizeof dev->pins[0], "%s", pin);
	dev->n_pins++;
	return OK;
}

static int
set_network_key(struct router_device *dev, const char *hex, struct why *why)
{
	uint8_t key[PROV_KEY_MAX];
	size_t n, digits = strlen(hex);

	if (digits == 0 || digits > 2 * (PROV_KEY_MAX - PROV_PIN_MAX) ||
	    text_hex(span_str(hex), key, &n, NULL) != OK)
		return why_set(why, ERR_SYNTAX, "network_key: 1 to %d octets in hexadecimal are expected",
		    PROV_KEY_MAX - PROV_PIN_MAX);
	memcpy(dev->network_key, key, n);
	dev->n_network_key = n;
	explicit_bzero(key, sizeof key);
	return OK;
}

static int
read_pins(json_t *list, struct router_device *dev, struct why *why)
{
	json_t *v;
	size_t i;

	if (list == NULL || json_is_null(list))
		return OK;
	if (!json_is_array(list))
		return why_set(why, ERR_SYNTAX, "pins: a list is expected");
	json_array_foreach(list, i, v) {
		const char *pin = json_string_value(v);
		int err = pin ? router_device_add_pin(dev, pin, why) :
		    why_set(why, ERR_SYNTAX, "a string is expected");

		if (err != OK) {
			why_prefix(why, "pins[%zu]", i);
			return err;
		}
	}
	return OK;
}

static int
read_consent(json_t *v, struct router_device *dev, struct why *why)
{
	const char *s = json_string_value(v);

	if (v == NULL || json_is_null(v))
		return OK;
	if (s == NULL || (strcasecmp(s, "yes") != 0 && strcasecmp(s, "no") != 0))
		return why_set(why, ERR_SYNTAX, "consent: yes or no is expected");
	dev->refuses = strcasecmp(s, "no") == 0;
	return OK;
}

/* A member that is a string or absent. */
static int
read_key(json_t *obj, const char *name, struct router_device *dev,
    int (*set)(struct router_device *dev, const char *text, struct why *why), struct why *why)
{
	json_t *v = json_object_get(obj, name);

	if (v == NULL || json_is_null(v))
		return OK;
	if (!json_is_string(v))
		return why_set(why, ERR_SYNTAX, "%s: a string is expected", name);
	return set(dev, json_string_value(v), why);
}

int
router_device_from_json(json_t *obj, const struct policy_files *files, struct router_device *dev,
    struct why *why)
{
	int err;

	memset(dev, 0, sizeof *dev);
	err = policy_device_from_json(obj, files, &dev->policy, why);
	if (err == OK)
		err = read_key(obj, "imsi", dev, router_device_set_imsi, why);
	if (err == OK)
		err = read_key(obj, "network_key", dev, set_network_key, why);
	if (err == OK)
		err = read_pins(json_object_get(obj, "pins"), dev, why);
	if (err == OK)
		err = read_consent(json_object_get(obj, "consent"), dev, why);
	if (err != OK)
		router_device_done(dev);
	return err;
}
