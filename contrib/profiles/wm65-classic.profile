# wm65-classic.profile - Windows Mobile 6.1 and 6.5, Classic: no radio, so no push policies.
base = windows-mobile
family = wm6x
policy SECPOLICY_CFAUTORUN = 0
policy SECPOLICY_RAPI = 2
policy SECPOLICY_UNSIGNEDCABS = USER_AUTH	# a guess
policy SECPOLICY_UNSIGNEDTHEMES = USER_UNAUTH	# a guess
policy SECPOLICY_TPSCARRIERROLE = 1		# likely
policy SECPOLICY_MAXAUTHENTICATIONRETRY = 3	# likely
policy SECPOLICY_GRANTMANAGER = USER_AUTH|ENTERPRISE
policy SECPOLICY_GRANTUSERAUTH = USER_AUTH	# likely
policy SECPOLICY_UNSIGNEDPROMPT = 0		# likely
policy SECPOLICY_PRIVILEGEDAPPS = 1		# a guess
policy SECPOLICY_MSGSERVICE_SMS_MMS = 1		# likely
