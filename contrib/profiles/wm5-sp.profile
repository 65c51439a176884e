# wm5-sp.profile - Windows Mobile 5.0 and 6.0, Smartphone.
base = wm5-ppc-phone
policy SECPOLICY_CFAUTORUN = absent
policy SECPOLICY_UNSIGNEDCABS = absent
policy SECPOLICY_UNSIGNEDAPPS = absent
policy SECPOLICY_PRIVILEGEDAPPS = 0		# a guess: two-tier
