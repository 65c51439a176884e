# oma-push-mo.profile - a handset that follows the OMA push management object.
family = other
mode si = list
mode sl = list
mode mms = list
mode dm = list
mode drm = list
mode other = list
signature unsigned = list
signature userpin = list
signature netwpin = list
signature usernetwpin = list
signature userpinmac = list
unknown-sender = refuse
# Its tree lists trusted gateways and SMSCs, each with application ids and content types:
#	accept = 192.0.2.10 x-wap-application:wml.ua text/vnd.wap.si
#	accept = +12025550100
