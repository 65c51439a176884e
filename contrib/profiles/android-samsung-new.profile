# android-samsung-new.profile - Samsung Android phones since the update of May 2019.
base = android-samsung-old
signature unsigned = refuse		# likely
