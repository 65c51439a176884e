/*
 * decode.h - a push message as JSON, for ppgctl decode, smscsim and the push router:
 * the members of doc/interfaces "ppgctl decode --json".
 */
#ifndef WAP_DECODE_H
#define WAP_DECODE_H

#include "base/json.h"
#include "base/buf.h"

/*
 * One complete WSP PDU / WBXML document -> a new reference to an object with tid, content_type,
 * params, headers, app_id, push_flag, initiator_uri, body {format, value}. NULL and *why (with offset)
 * when it does not decode. `kind` is not set: the caller knows where the octets came from.
 */
json_t *decode_wsp(struct span pdu, struct why *why);
json_t *decode_wbxml(struct span doc, struct why *why);
/* Body alone, by media type: {"format","value"}. Undecodable bodies of known types are an error. */
json_t *decode_body(const char *media, struct span body, struct why *why);

enum decode_as { DECODE_AUTO, DECODE_SMS, DECODE_WSP, DECODE_WBXML };
/*
 * One message out of one or more octet strings (UDH+UD parts of an SMS in any order and repeated,
 * or a single PDU or document). The result has "kind", and for SMS "ports" and "segments".
 */
json_t *decode_parts(const struct span *parts, size_t n, enum decode_as as, struct why *why);

#endif
