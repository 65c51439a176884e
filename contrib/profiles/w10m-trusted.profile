# w10m-trusted.profile - w10m with a provisioned gateway; its record lists the proxies.
base = w10m
