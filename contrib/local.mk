EXTRA_DIST += contrib/openppg.conf contrib/quickstart/apn.xml contrib/quickstart/si.xml \
	contrib/quickstart/handset.json contrib/quickstart/ppgd.conf.in contrib/quickstart/story.py
