# wm5-opened.profile - a wm5-ppc-phone whose maker opened it for bootstrapping over the air.
base = wm5-ppc-phone
policy SECPOLICY_WAPSIGNEDMSG = PPG_TRUSTED|PPG_AUTH|OPERATOR_TPS|OPERATOR
policy SECPOLICY_GRANTMANAGER = OPERATOR_TPS|OPERATOR
