# Writes a C file that holds a style sheet: cmake -DOUTPUT=x.c -DINPUT=x.css -P style.cmake
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "/* Made by style.cmake. */\n#include \"compiler/document/page.h\"\n\nconst char DOCUMENT_STYLE[] = {${bytes}0};\n")
