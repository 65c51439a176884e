/* kinds.h - what the policies tell apart by content type (device policies 3.6); inside policy/ only. */
#ifndef POLICY_KINDS_H
#define POLICY_KINDS_H

enum policy_kind { KIND_OTHER, KIND_SI, KIND_SL, KIND_PROV, KIND_DM_NOTIFICATION, KIND_MMS, KIND_DRM };

/* Word of a kind in profiles: "si"; KIND_PROV has rules by signature instead. */
const char *policy_kind_word(enum policy_kind kind);
/* Of a media type in any case. */
enum policy_kind policy_kind_of(const char *content_type);
/* Who usually takes this kind on the device: "SI client"; NULL for KIND_OTHER. */
const char *policy_kind_client(enum policy_kind kind);

#endif
