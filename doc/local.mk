dist_man_MANS += doc/ppgctl.1 doc/ppgd.conf.5
