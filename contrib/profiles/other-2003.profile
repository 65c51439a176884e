# other-2003.profile - other handsets as tested in 2003.
# Several knew the user PIN alone. One vendor ignored SEC and MAC altogether: for such a handset,
# set every signature to silent. SI and SL are assumed.
family = other
mode si = store
mode sl = prompt
mode mms = auto
mode dm = auto
mode drm = auto
mode other = ignore
signature unsigned = refuse
signature userpin = pin
signature netwpin = refuse
signature usernetwpin = refuse
signature userpinmac = refuse
