# wm6x.profile - short for wm65-pro.
base = wm65-pro
