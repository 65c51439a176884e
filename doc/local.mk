dist_man_MANS += doc/ppgctl.1 doc/ppgd.conf.5
dist_man_MANS += doc/smscsim.1
dist_man_MANS += doc/pushrouter.1
dist_man_MANS += doc/ppgd.8
