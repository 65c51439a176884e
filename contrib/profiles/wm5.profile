# wm5.profile - short for wm5-ppc-phone.
base = wm5-ppc-phone
