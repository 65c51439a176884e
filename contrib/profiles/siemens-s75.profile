# siemens-s75.profile - Siemens S75.
# The user keeps an accept and a reject list of 20 senders each; a profile of one subscriber names
# them with `accept` and `reject`.
family = other
mode si = list
mode sl = list
mode mms = auto
mode dm = auto
mode drm = auto
mode other = ignore
signature unsigned = prompt
signature userpin = pin	# a guess
signature netwpin = mac+prompt	# a guess
signature usernetwpin = pin	# a guess
signature userpinmac = pin	# a guess
unknown-sender = prompt			# allow all, none, or ask
