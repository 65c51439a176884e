/* decode_int.h - between the files of decode.h; nobody else includes this. */
#ifndef WAP_DECODE_INT_H
#define WAP_DECODE_INT_H

#include "wap/decode.h"

/* Each returns a new object of fields, or NULL with *why (offset in the body). */
json_t *decode_mms(struct span body, struct why *why);		/* OMA-TS-MMS-ENC, 7 */
json_t *decode_package0(struct span body, struct why *why);	/* OMA-TS-DM-Notification 1.2, 6 */
json_t *decode_supl_init(struct span body, struct why *why);	/* OMA-TS-ULP 1.0, 7.1 */

#endif
