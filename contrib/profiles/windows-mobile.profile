# windows-mobile.profile - what Windows Mobile devices have in common: who may write which setting.
# A base for others: it names no family. From the default table of Windows Mobile 5.0; makers and
# operators change it. Sure where nothing else is said.
access ACCESS = MANAGER|USER_AUTH
access APPLICATION = MANAGER|OPERATOR|OPERATOR_TPS
access BOOTSTRAP = MANAGER|OPERATOR|OPERATOR_TPS
access Bluetooth = MANAGER|USER_AUTH
access BrowserFavorite = MANAGER|USER_AUTH
access CM_GPRSEntries = MANAGER|OPERATOR_TPS|USER_AUTH
access CM_Mappings = MANAGER
access CM_NetEntries = MANAGER|USER_AUTH
access CM_Networks = MANAGER|USER_AUTH
access CM_PPPEntries = MANAGER|OPERATOR_TPS|USER_AUTH
access CM_Planner = MANAGER|USER_AUTH
access CM_ProxyEntries = MANAGER|USER_AUTH
access CM_VPNEntries = MANAGER|USER_AUTH
access CM_WiFiEntries = MANAGER|USER_AUTH
access CertificateStore = MANAGER
access Clock = MANAGER|USER_AUTH
access DevDetail = NONE			# for reading only
access DeviceInformation = NONE		# for reading only
access FileOperation = MANAGER		# a guess
access HomeScreen = MANAGER|USER_AUTH|USER_UNAUTH	# likely
access Metabase = MANAGER
access NAPDEF = MANAGER|OPERATOR|OPERATOR_TPS		# a guess
access PXLOGICAL = MANAGER|OPERATOR|OPERATOR_TPS	# a guess
access Registry = MANAGER		# a guess
access SecurityPolicy = MANAGER
