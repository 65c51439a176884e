# wm65-std.profile - Windows Mobile 6.1 and 6.5, Standard.
base = wm65-pro
policy SECPOLICY_CFAUTORUN = absent
policy SECPOLICY_UNSIGNEDCABS = absent
policy SECPOLICY_PRIVILEGEDAPPS = 0		# a guess: two-tier
