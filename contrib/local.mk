EXTRA_DIST += contrib/openppg.conf
