# wm5-ppc.profile - Windows Mobile 5.0 and 6.0, Pocket PC without a phone.
base = wm5-ppc-phone
policy SECPOLICY_GRANTMANAGER = USER_AUTH
