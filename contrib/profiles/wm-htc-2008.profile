# wm-htc-2008.profile - a Windows Mobile phone as one maker sold it in 2008: SI and SL from anyone.
base = wm5-ppc-phone
policy SECPOLICY_SL_MESSAGE = PPG_TRUSTED|USER_UNAUTH
policy SECPOLICY_SI_MESSAGE = PPG_TRUSTED|PPG_AUTH|USER_UNAUTH
