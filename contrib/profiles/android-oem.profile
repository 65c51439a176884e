# android-oem.profile - Android phones of Huawei, LG and Sony as tested in 2019.
family = other
mode si = app
mode sl = prompt			# a guess
mode mms = auto
mode dm = auto
mode drm = auto
mode other = ignore
signature unsigned = refuse
signature userpin = pin
signature netwpin = mac+prompt
signature usernetwpin = pin
signature userpinmac = pin
