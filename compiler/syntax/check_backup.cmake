# Fails when flex says in lex.backup that the scanner has states that back up.
file(READ lex.backup report)
if(report MATCHES "non-accepting")
  message(FATAL_ERROR "the scanner backs up:\n${report}")
endif()
