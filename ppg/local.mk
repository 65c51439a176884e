noinst_LIBRARIES += ppg/libppg.a
ppg_libppg_a_SOURCES = ppg/life.h

# ---- configuration ----
ppg_libppg_a_SOURCES += ppg/config.c ppg/config.h ppg/config_keys.c
