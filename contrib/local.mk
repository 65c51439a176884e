EXTRA_DIST += contrib/openppg.conf contrib/aggregator.conf contrib/quickstart/apn.xml contrib/quickstart/si.xml \
	contrib/quickstart/handset.json contrib/quickstart/ppgd.conf.in contrib/quickstart/common.py contrib/quickstart/story.py \
	contrib/rehearsal/ppgd.conf.in contrib/rehearsal/rehearse.py contrib/rehearsal/tps.conf.in

# Profiles of devices: doc/policies.md. Programs find them beside the build, or installed.
profilesdir = $(pkgdatadir)/profiles
dist_profiles_DATA = \
	contrib/profiles/android-aosp.profile \
	contrib/profiles/android-oem.profile \
	contrib/profiles/android-samsung-new.profile \
	contrib/profiles/android-samsung-old.profile \
	contrib/profiles/blackberry-legacy.profile \
	contrib/profiles/ios.profile \
	contrib/profiles/nokia-s40.profile \
	contrib/profiles/nokia-s60.profile \
	contrib/profiles/oma-push-mo.profile \
	contrib/profiles/other-2003.profile \
	contrib/profiles/siemens-s75.profile \
	contrib/profiles/sonyericsson-uiq.profile \
	contrib/profiles/unknown.profile \
	contrib/profiles/w10m-open.profile \
	contrib/profiles/w10m-trusted.profile \
	contrib/profiles/w10m.profile \
	contrib/profiles/windows-mobile.profile \
	contrib/profiles/wm-htc-2008.profile \
	contrib/profiles/wm2003-ppc.profile \
	contrib/profiles/wm2003-sp.profile \
	contrib/profiles/wm5-opened.profile \
	contrib/profiles/wm5-ppc-phone.profile \
	contrib/profiles/wm5-ppc.profile \
	contrib/profiles/wm5-rapi-opened.profile \
	contrib/profiles/wm5-sp.profile \
	contrib/profiles/wm5.profile \
	contrib/profiles/wm65-classic.profile \
	contrib/profiles/wm65-opened.profile \
	contrib/profiles/wm65-pro.profile \
	contrib/profiles/wm65-std.profile \
	contrib/profiles/wm6x.profile

# What smscsim(1) can be started with.
simdatadir = $(pkgdatadir)/smscsim
dist_simdata_DATA = contrib/smscsim/accounts.json contrib/smscsim/bad-night.json contrib/smscsim/untidy.json

distclean-local: distclean-profiles
.PHONY: distclean-profiles
distclean-profiles:
	test ! -L contrib/profiles || rm -f contrib/profiles
	test ! -L contrib/tps/templates || rm -f contrib/tps/templates
EXTRA_DIST += contrib/monitoring/openppg.rules.yml contrib/monitoring/openppg-dashboard.json

# Service units, where systemd looks for those of a prefix.
systemdunitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
systemdunit_DATA = contrib/systemd/ppgd.service contrib/systemd/tps.service
EXTRA_DIST += contrib/systemd/ppgd.service.in contrib/systemd/tps.service.in contrib/systemd/openppg.sysusers
CLEANFILES += $(systemdunit_DATA)
$(systemdunit_DATA): Makefile
	$(AM_V_GEN)$(MKDIR_P) contrib/systemd && sed -e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' $(srcdir)/$@.in > $@
contrib/systemd/ppgd.service: contrib/systemd/ppgd.service.in
contrib/systemd/tps.service: contrib/systemd/tps.service.in
install-data-hook:
	$(MKDIR_P) $(DESTDIR)$(sysusersdir)
	$(INSTALL_DATA) $(srcdir)/contrib/systemd/openppg.sysusers $(DESTDIR)$(sysusersdir)/openppg.conf
uninstall-hook:
	rm -f $(DESTDIR)$(sysusersdir)/openppg.conf
