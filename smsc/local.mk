
# ---- smscsim and what the end-to-end tests share ----
EXTRA_DIST += tests/e2e/harness.py tests/e2e/smpp_client.py
