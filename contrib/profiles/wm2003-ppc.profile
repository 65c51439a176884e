# wm2003-ppc.profile - Windows Mobile 2003, Pocket PC.
# Few of its values were published: a policy that is not here counts as 0, which lets nobody in.
base = windows-mobile
family = wm5
policy SECPOLICY_CFAUTORUN = 0
policy SECPOLICY_TPSCARRIERROLE = 1		# a guess
policy SECPOLICY_MAXAUTHENTICATIONRETRY = 3
policy SECPOLICY_UNAUTHMESSAGES = USER_UNAUTH	# a guess
policy SECPOLICY_OTAPROVISIONING = 3732		# a guess
policy SECPOLICY_WSPNOTIFICATIONS = 1		# a guess
policy SECPOLICY_GRANTMANAGER = USER_AUTH
policy SECPOLICY_GRANTUSERAUTH = USER_AUTH
policy SECPOLICY_TRUSTED_WAP_PROXY = 140	# a guess
policy SECPOLICY_UNSIGNEDPROMPT = 0		# likely
# Service indications and loading are for Smartphones only.
clients = none
client configuration manager = text/vnd.wap.connectivity-xml
client configuration manager = application/vnd.wap.connectivity-wbxml
client configuration manager = * x-wap-microsoft:cfgmgr.ua
client DM client = application/vnd.syncml.notification
client MMS client = application/vnd.wap.mms-message
