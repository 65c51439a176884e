# nokia-s60.profile - Nokia S60.
# Each service has its own white list: mail notifications are off, on, or from trusted push proxies only.
family = other
mode si = store
mode sl = prompt			# a guess
mode mms = auto
mode dm = auto
mode drm = auto
mode other = ignore
signature unsigned = refuse	# by newer models, without a word
signature userpin = pin
signature netwpin = mac	# a guess
signature usernetwpin = pin	# a guess
signature userpinmac = pin	# a guess
