# nokia-s40.profile - Nokia Series 40.
# SI go to the service inbox. A message filter with trusted channels exists: list its senders with
# `accept` and set mode si = list. A second document with the PROVURL of the first was refused on one model.
family = other
mode si = store
mode sl = auto			# automatic connection; a switch
mode mms = auto
mode dm = auto
mode drm = auto
mode other = ignore
signature unsigned = refuse	# by newer models; older ones asked
signature userpin = pin
signature netwpin = mac
signature usernetwpin = pin	# a guess
signature userpinmac = pin	# a guess
