# sonyericsson-uiq.profile - Sony Ericsson UIQ phones.
family = other
mode si = store			# with the bookmarks; a switch
mode sl = auto			# a switch
mode mms = auto
mode dm = auto
mode drm = auto
mode other = ignore
signature unsigned = refuse	# a guess
signature userpin = pin
signature netwpin = mac
signature usernetwpin = pin	# a guess
signature userpinmac = pin	# a guess
