/* report.c - see report.h. */
#include "ppg/report.h"

#include "ppg/life.h"

int
report_code(int state, int code)
{
	switch ((enum push_step)state) {
	case STEP_QUEUED:
	case STEP_TAKEN:
	case STEP_SUBMITTED:
	case STEP_UNFIT:
	case STEP_QUARANTINED:
	case STEP_CANCELLED:
		return PAP_OK;
	case STEP_DELIVERED:
		return code != 0 ? code : PAP_OK;
	case STEP_UNDELIVERABLE:
	case STEP_EXPIRED:
		break;
	}
	return code != 0 ? code : PAP_SERVICE_FAILURE;
}

const struct pap_qos_used *
report_qos(json_t *meta, const char *link, const struct routes *routes, struct pap_qos_used *out)
{
	json_t *qos = json_object_get(meta, "qos");
	const struct smsc_config *cf;

	if (qos == NULL)
		return NULL;
	cf = link != NULL ? routes_find(routes, link) : NULL;
	*out = (struct pap_qos_used){
		.priority = json_string_value(qos),
		.delivery_method = "unconfirmed",
		.network = cf != NULL ? cf->network : NULL,
		.bearer = cf != NULL ? cf->bearer : NULL,
	};
	if (out->priority != NULL && out->priority[0] == '\0')
		out->priority = NULL;
	return out;
}
