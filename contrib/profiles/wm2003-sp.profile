# wm2003-sp.profile - Windows Mobile 2003, Smartphone.
# Its SI, SL, RAPI and signed-message policies exist, but their values were not published: absent.
base = wm2003-ppc
clients = all
