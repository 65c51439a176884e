# android-aosp.profile - Android as its source is published.
# SI and SL are decoded and offered to programs with the WAP push permission; no stock program
# takes them. Client provisioning is not part of it.
family = other
mode si = ignore
mode sl = ignore
mode mms = app
mode dm = ignore
mode drm = ignore
mode other = ignore
signature unsigned = none
signature userpin = none
signature netwpin = none
signature usernetwpin = none
signature userpinmac = none
