# wm5-rapi-opened.profile - a wm5-ppc-phone that was opened for bootstrapping by desktop synchronisation.
base = wm5-ppc-phone
policy SECPOLICY_GRANTMANAGER = OPERATOR_TPS|USER_AUTH
