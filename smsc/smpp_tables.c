/*
 * smpp_tables.c - what each PDU is made of, and the names of ids, statuses and TLVs.
 * Spec: SMPP v3.4 issue 1.2, section 4 (PDUs), 5.1.3 (status), 5.3.2 (TLVs); names of 5.0 where 3.4 has none.
 */
#include "smsc/smpp_tables.h"

#define AT(member) offsetof(struct smpp_pdu, member)
#define ROWS(a) (a), sizeof(a) / sizeof((a)[0])

/* ---- fields --------------------------------------------------------------------------- */

#define SERVICE_TYPE \
	{ SMPP_CSTR,    6, AT(service_type), "service_type", SMPP_SHOW }
#define SOURCE(max) \
	{ SMPP_U8,      0, AT(source_ton), "source_addr_ton", SMPP_SHOW }, \
	{ SMPP_U8,      0, AT(source_npi), "source_addr_npi", SMPP_SHOW }, \
	{ SMPP_CSTR,  max, AT(source), "source_addr", SMPP_MASK }
#define DEST(max) \
	{ SMPP_U8,      0, AT(dest_ton), "dest_addr_ton", SMPP_SHOW }, \
	{ SMPP_U8,      0, AT(dest_npi), "dest_addr_npi", SMPP_SHOW }, \
	{ SMPP_CSTR,  max, AT(dest), "destination_addr", SMPP_MASK }
#define MESSAGE_ID \
	{ SMPP_CSTR,   65, AT(message_id), "message_id", SMPP_SHOW }
#define MESSAGE \
	{ SMPP_U8,      0, AT(esm_class), "esm_class", SMPP_SHOW }, \
	{ SMPP_U8,      0, AT(protocol_id), "protocol_id", SMPP_SHOW }, \
	{ SMPP_U8,      0, AT(priority), "priority_flag", SMPP_SHOW }, \
	{ SMPP_CSTR,   17, AT(schedule_time), "schedule_delivery_time", SMPP_SHOW }, \
	{ SMPP_CSTR,   17, AT(validity), "validity_period", SMPP_SHOW }, \
	{ SMPP_U8,      0, AT(registered_delivery), "registered_delivery", SMPP_SHOW }, \
	{ SMPP_U8,      0, AT(replace_if_present), "replace_if_present_flag", SMPP_SHOW }, \
	{ SMPP_U8,      0, AT(data_coding), "data_coding", SMPP_SHOW }, \
	{ SMPP_U8,      0, AT(default_msg_id), "sm_default_msg_id", SMPP_SHOW }, \
	{ SMPP_OCTETS, 255, AT(short_message), "short_message", SMPP_HIDE }

static const struct smpp_field bind[] = {
	{ SMPP_CSTR,   16, AT(system_id), "system_id", SMPP_SHOW },
	{ SMPP_CSTR,    9, AT(password), "password", SMPP_HIDE },
	{ SMPP_CSTR,   13, AT(system_type), "system_type", SMPP_SHOW },
	{ SMPP_U8,      0, AT(interface_version), "interface_version", SMPP_SHOW },
	{ SMPP_U8,      0, AT(addr_ton), "addr_ton", SMPP_SHOW },
	{ SMPP_U8,      0, AT(addr_npi), "addr_npi", SMPP_SHOW },
	{ SMPP_CSTR,   41, AT(address_range), "address_range", SMPP_SHOW },
};

static const struct smpp_field bind_resp[] = {
	{ SMPP_LOOSE,  16, AT(system_id), "system_id", SMPP_SHOW },
};

static const struct smpp_field outbind[] = {
	{ SMPP_CSTR,   16, AT(system_id), "system_id", SMPP_SHOW },
	{ SMPP_CSTR,    9, AT(password), "password", SMPP_HIDE },
};

static const struct smpp_field message[] = { SERVICE_TYPE, SOURCE(21), DEST(21), MESSAGE };

static const struct smpp_field submit_multi[] = {
	SERVICE_TYPE, SOURCE(21),
	{ SMPP_DESTS,  21, AT(list), "dest_address", SMPP_HIDE },
	MESSAGE
};

static const struct smpp_field id_resp[] = {
	{ SMPP_LOOSE,  65, AT(message_id), "message_id", SMPP_SHOW },
};

static const struct smpp_field submit_multi_resp[] = {
	MESSAGE_ID,
	{ SMPP_FAILED, 21, AT(list), "unsuccess_sme", SMPP_HIDE },
};

static const struct smpp_field data_sm[] = {
	SERVICE_TYPE, SOURCE(65), DEST(65),
	{ SMPP_U8,      0, AT(esm_class), "esm_class", SMPP_SHOW },
	{ SMPP_U8,      0, AT(registered_delivery), "registered_delivery", SMPP_SHOW },
	{ SMPP_U8,      0, AT(data_coding), "data_coding", SMPP_SHOW },
};

static const struct smpp_field query_sm[] = { MESSAGE_ID, SOURCE(21) };

static const struct smpp_field query_sm_resp[] = {
	MESSAGE_ID,
	{ SMPP_CSTR,   17, AT(final_date), "final_date", SMPP_SHOW },
	{ SMPP_U8,      0, AT(message_state), "message_state", SMPP_SHOW },
	{ SMPP_U8,      0, AT(error_code), "error_code", SMPP_SHOW },
};

/* The destination has 21 octets in the specification, 65 in the field. */
static const struct smpp_field cancel_sm[] = { SERVICE_TYPE, MESSAGE_ID, SOURCE(21), DEST(65) };

static const struct smpp_field replace_sm[] = {
	MESSAGE_ID, SOURCE(21),
	{ SMPP_CSTR,   17, AT(schedule_time), "schedule_delivery_time", SMPP_SHOW },
	{ SMPP_CSTR,   17, AT(validity), "validity_period", SMPP_SHOW },
	{ SMPP_U8,      0, AT(registered_delivery), "registered_delivery", SMPP_SHOW },
	{ SMPP_U8,      0, AT(default_msg_id), "sm_default_msg_id", SMPP_SHOW },
	{ SMPP_OCTETS, 255, AT(short_message), "short_message", SMPP_HIDE },
};

static const struct smpp_field alert_notification[] = {
	SOURCE(65),
	{ SMPP_U8,      0, AT(dest_ton), "esme_addr_ton", SMPP_SHOW },
	{ SMPP_U8,      0, AT(dest_npi), "esme_addr_npi", SMPP_SHOW },
	{ SMPP_CSTR,   65, AT(dest), "esme_addr", SMPP_MASK },
};

/* ---- PDUs ----------------------------------------------------------------------------- */

#define RESP(id) (SMPP_RESP | (id))

/* The busiest first. */
const struct smpp_kind smpp_kinds[] = {
	{ RESP(SMPP_SUBMIT_SM), "submit_sm_resp", ROWS(id_resp), true },
	{ SMPP_SUBMIT_SM, "submit_sm", ROWS(message), false },
	{ SMPP_DELIVER_SM, "deliver_sm", ROWS(message), false },
	{ RESP(SMPP_DELIVER_SM), "deliver_sm_resp", ROWS(id_resp), false },
	{ SMPP_ENQUIRE_LINK, "enquire_link", NULL, 0, false },
	{ RESP(SMPP_ENQUIRE_LINK), "enquire_link_resp", NULL, 0, false },
	{ SMPP_DATA_SM, "data_sm", ROWS(data_sm), false },
	{ RESP(SMPP_DATA_SM), "data_sm_resp", ROWS(id_resp), true },
	{ SMPP_SUBMIT_MULTI, "submit_multi", ROWS(submit_multi), false },
	{ RESP(SMPP_SUBMIT_MULTI), "submit_multi_resp", ROWS(submit_multi_resp), true },
	{ SMPP_QUERY_SM, "query_sm", ROWS(query_sm), false },
	{ RESP(SMPP_QUERY_SM), "query_sm_resp", ROWS(query_sm_resp), true },
	{ SMPP_CANCEL_SM, "cancel_sm", ROWS(cancel_sm), false },
	{ RESP(SMPP_CANCEL_SM), "cancel_sm_resp", NULL, 0, false },
	{ SMPP_REPLACE_SM, "replace_sm", ROWS(replace_sm), false },
	{ RESP(SMPP_REPLACE_SM), "replace_sm_resp", NULL, 0, false },
	{ SMPP_BIND_TRANSCEIVER, "bind_transceiver", ROWS(bind), false },
	{ RESP(SMPP_BIND_TRANSCEIVER), "bind_transceiver_resp", ROWS(bind_resp), true },
	{ SMPP_BIND_TRANSMITTER, "bind_transmitter", ROWS(bind), false },
	{ RESP(SMPP_BIND_TRANSMITTER), "bind_transmitter_resp", ROWS(bind_resp), true },
	{ SMPP_BIND_RECEIVER, "bind_receiver", ROWS(bind), false },
	{ RESP(SMPP_BIND_RECEIVER), "bind_receiver_resp", ROWS(bind_resp), true },
	{ SMPP_UNBIND, "unbind", NULL, 0, false },
	{ RESP(SMPP_UNBIND), "unbind_resp", NULL, 0, false },
	{ SMPP_OUTBIND, "outbind", ROWS(outbind), false },
	{ SMPP_ALERT_NOTIFICATION, "alert_notification", ROWS(alert_notification), false },
	{ SMPP_GENERIC_NACK, "generic_nack", NULL, 0, false },
};
const size_t smpp_n_kinds = sizeof smpp_kinds / sizeof smpp_kinds[0];

const struct smpp_kind *
smpp_kind_find(uint32_t id)
{
	size_t i;

	for (i = 0; i < smpp_n_kinds; i++)
		if (smpp_kinds[i].id == id)
			return &smpp_kinds[i];
	return NULL;
}

const char *
smpp_id_name(uint32_t id)
{
	const struct smpp_kind *kind = smpp_kind_find(id);

	return kind != NULL ? kind->name : NULL;
}

/* ---- command_status -------------------------------------------------------------------- */

static const struct { uint32_t status; const char *name; } statuses[] = {
	{ 0x000, "ROK" },
	{ 0x001, "RINVMSGLEN" }, { 0x002, "RINVCMDLEN" }, { 0x003, "RINVCMDID" },
	{ 0x004, "RINVBNDSTS" }, { 0x005, "RALYBND" }, { 0x006, "RINVPRTFLG" },
	{ 0x007, "RINVREGDLVFLG" }, { 0x008, "RSYSERR" }, { 0x00A, "RINVSRCADR" },
	{ 0x00B, "RINVDSTADR" }, { 0x00C, "RINVMSGID" }, { 0x00D, "RBINDFAIL" },
	{ 0x00E, "RINVPASWD" }, { 0x00F, "RINVSYSID" }, { 0x011, "RCANCELFAIL" },
	{ 0x013, "RREPLACEFAIL" }, { 0x014, "RMSGQFUL" }, { 0x015, "RINVSERTYP" },
	{ 0x033, "RINVNUMDESTS" }, { 0x034, "RINVDLNAME" }, { 0x040, "RINVDESTFLAG" },
	{ 0x042, "RINVSUBREP" }, { 0x043, "RINVESMCLASS" }, { 0x044, "RCNTSUBDL" },
	{ 0x045, "RSUBMITFAIL" }, { 0x048, "RINVSRCTON" }, { 0x049, "RINVSRCNPI" },
	{ 0x050, "RINVDSTTON" }, { 0x051, "RINVDSTNPI" }, { 0x053, "RINVSYSTYP" },
	{ 0x054, "RINVREPFLAG" }, { 0x055, "RINVNUMMSGS" }, { 0x058, "RTHROTTLED" },
	{ 0x061, "RINVSCHED" }, { 0x062, "RINVEXPIRY" }, { 0x063, "RINVDFTMSGID" },
	{ 0x064, "RX_T_APPN" }, { 0x065, "RX_P_APPN" }, { 0x066, "RX_R_APPN" },
	{ 0x067, "RQUERYFAIL" }, { 0x0C0, "RINVOPTPARSTREAM" }, { 0x0C1, "ROPTPARNOTALLWD" },
	{ 0x0C2, "RINVPARLEN" }, { 0x0C3, "RMISSINGOPTPARAM" }, { 0x0C4, "RINVOPTPARAMVAL" },
	{ 0x0FE, "RDELIVERYFAILURE" }, { 0x0FF, "RUNKNOWNERR" },
	{ 0x100, "RSERTYPUNAUTH" }, { 0x101, "RPROHIBITED" }, { 0x102, "RSERTYPUNAVAIL" },
	{ 0x103, "RSERTYPDENIED" }, { 0x104, "RINVDCS" }, { 0x105, "RINVSRCADDRSUBUNIT" },
	{ 0x106, "RINVDSTADDRSUBUNIT" },
};

const char *
smpp_status_name(uint32_t status)
{
	size_t i;

	for (i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		if (statuses[i].status == status)
			return statuses[i].name;
	return NULL;
}

/* ---- TLVs ------------------------------------------------------------------------------ */

static const struct smpp_tlv_kind tlv_kinds[] = {
	{ 0x0005, "dest_addr_subunit", SMPP_TLV_INT },
	{ 0x0006, "dest_network_type", SMPP_TLV_INT },
	{ 0x0007, "dest_bearer_type", SMPP_TLV_INT },
	{ 0x0008, "dest_telematics_id", SMPP_TLV_INT },
	{ 0x000D, "source_addr_subunit", SMPP_TLV_INT },
	{ 0x000E, "source_network_type", SMPP_TLV_INT },
	{ 0x000F, "source_bearer_type", SMPP_TLV_INT },
	{ 0x0010, "source_telematics_id", SMPP_TLV_INT },
	{ 0x0017, "qos_time_to_live", SMPP_TLV_INT },
	{ 0x0019, "payload_type", SMPP_TLV_INT },
	{ 0x001D, "additional_status_info_text", SMPP_TLV_TEXT },
	{ SMPP_TAG_RECEIPTED_MESSAGE_ID, "receipted_message_id", SMPP_TLV_TEXT },
	{ 0x0030, "ms_msg_wait_facilities", SMPP_TLV_INT },
	{ 0x0201, "privacy_indicator", SMPP_TLV_INT },
	{ 0x0202, "source_subaddress", SMPP_TLV_OCTETS },
	{ 0x0203, "dest_subaddress", SMPP_TLV_OCTETS },
	{ 0x0204, "user_message_reference", SMPP_TLV_INT },
	{ 0x0205, "user_response_code", SMPP_TLV_INT },
	{ SMPP_TAG_SOURCE_PORT, "source_port", SMPP_TLV_INT },
	{ SMPP_TAG_DESTINATION_PORT, "destination_port", SMPP_TLV_INT },
	{ 0x020C, "sar_msg_ref_num", SMPP_TLV_INT },
	{ 0x020D, "language_indicator", SMPP_TLV_INT },
	{ 0x020E, "sar_total_segments", SMPP_TLV_INT },
	{ 0x020F, "sar_segment_seqnum", SMPP_TLV_INT },
	{ SMPP_TAG_SC_INTERFACE_VERSION, "sc_interface_version", SMPP_TLV_INT },
	{ 0x0302, "callback_num_pres_ind", SMPP_TLV_INT },
	{ 0x0303, "callback_num_atag", SMPP_TLV_OCTETS },
	{ 0x0304, "number_of_messages", SMPP_TLV_INT },
	{ 0x0381, "callback_num", SMPP_TLV_OCTETS },
	{ 0x0420, "dpf_result", SMPP_TLV_INT },
	{ 0x0421, "set_dpf", SMPP_TLV_INT },
	{ 0x0422, "ms_availability_status", SMPP_TLV_INT },
	{ SMPP_TAG_NETWORK_ERROR_CODE, "network_error_code", SMPP_TLV_INT },
	{ SMPP_TAG_MESSAGE_PAYLOAD, "message_payload", SMPP_TLV_OCTETS },
	{ 0x0425, "delivery_failure_reason", SMPP_TLV_INT },
	{ 0x0426, "more_messages_to_send", SMPP_TLV_INT },
	{ SMPP_TAG_MESSAGE_STATE, "message_state", SMPP_TLV_INT },
	{ 0x0428, "congestion_state", SMPP_TLV_INT },
	{ 0x0501, "ussd_service_op", SMPP_TLV_INT },
	{ 0x1201, "display_time", SMPP_TLV_INT },
	{ 0x1203, "sms_signal", SMPP_TLV_INT },
	{ 0x1204, "ms_validity", SMPP_TLV_INT },
	{ 0x130C, "alert_on_message_delivery", SMPP_TLV_OCTETS },
	{ 0x1380, "its_reply_type", SMPP_TLV_INT },
	{ 0x1383, "its_session_info", SMPP_TLV_INT },
};

const struct smpp_tlv_kind *
smpp_tlv_kind_find(uint16_t tag)
{
	size_t i;

	for (i = 0; i < sizeof tlv_kinds / sizeof tlv_kinds[0]; i++)
		if (tlv_kinds[i].tag == tag)
			return &tlv_kinds[i];
	return NULL;
}
