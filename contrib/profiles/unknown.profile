# unknown.profile - a handset nobody knows: the strictest that still reaches somebody.
family = other
mode si = prompt
mode sl = refuse
mode mms = auto
mode dm = auto
mode drm = refuse
mode other = refuse
signature unsigned = refuse
signature userpin = refuse
signature netwpin = refuse
signature usernetwpin = pin
signature userpinmac = refuse
