# blackberry-legacy.profile - BlackBerry before 10.
# It has service books instead of client provisioning; one of them names ports and the SMS addresses
# that may push: list them with `accept` and set the modes to list.
family = other
mode si = auto			# the user may change it
mode sl = auto
mode mms = auto
mode dm = auto
mode drm = auto
mode other = ignore
signature unsigned = none
signature userpin = none
signature netwpin = none
signature usernetwpin = none
signature userpinmac = none
