# wm65-opened.profile - a wm65-pro that was opened for bootstrapping over the air.
# Chosen here, after the way of wm5-opened: no numbers were published for 6.1 and 6.5.
base = wm65-pro
policy SECPOLICY_OMACPUSERNETWPINMSG = PPG_TRUSTED|PPG_AUTH|OPERATOR_TPS|ANY_PUSH_SOURCE
policy SECPOLICY_OTAPROVISIONING = PPG_TRUSTED|PPG_AUTH|TRUSTED_PPG|OPERATOR_TPS|USER_AUTH|OPERATOR|ANY_PUSH_SOURCE
policy SECPOLICY_GRANTMANAGER = OPERATOR_TPS|ENTERPRISE|OPERATOR
