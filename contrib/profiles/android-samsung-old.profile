# android-samsung-old.profile - Samsung Android phones before the update of May 2019.
# Documents are surely so: one without any signature was installed after one tap.
family = other
mode si = app
mode sl = prompt			# a guess; a vendor program
mode mms = auto
mode dm = auto
mode drm = auto
mode other = ignore
signature unsigned = prompt
signature userpin = pin
signature netwpin = mac+prompt
signature usernetwpin = pin
signature userpinmac = pin
