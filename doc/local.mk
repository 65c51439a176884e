dist_man_MANS += doc/ppgctl.1 doc/ppgd.conf.5
dist_man_MANS += doc/smscsim.1
dist_man_MANS += doc/pushrouter.1
dist_man_MANS += doc/ppgd.8 doc/tps.1
EXTRA_DIST += doc/api.md doc/architecture.md doc/bad-input.md doc/conformance.md doc/dependencies.md doc/from-kannel.md doc/guide.md doc/performance.md doc/policies.md doc/store.md doc/threats.md doc/tps.md \
	doc/way-of-a-push.svg
