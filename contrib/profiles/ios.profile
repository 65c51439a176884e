# ios.profile - iOS.
# A guess. It has configuration profiles instead.
family = other
mode si = ignore
mode sl = ignore
mode mms = auto
mode dm = ignore
mode drm = ignore
mode other = ignore
signature unsigned = none
signature userpin = none
signature netwpin = none
signature usernetwpin = none
signature userpinmac = none
