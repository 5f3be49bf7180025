# Every target of ours is compiled with these; the ci preset turns them into errors.
add_library(dg_flags INTERFACE)
target_include_directories(dg_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(dg_flags INTERFACE _GNU_SOURCE DG_VERSION="${PROJECT_VERSION}")
target_compile_options(dg_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla
  -Wformat=2 -Wpointer-arith -Wcast-qual -Wundef
  $<$<BOOL:${DG_WERROR}>:-Werror>
  # strcpy, strcat, sprintf, atoi, strtok and their like do not compile (base/banned.h marks them deprecated).
  -Werror=deprecated-declarations
  -include ${PROJECT_SOURCE_DIR}/base/banned.h)

if(DG_SANITIZE)
  target_compile_options(dg_flags INTERFACE -fsanitize=${DG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(dg_flags INTERFACE -fsanitize=${DG_SANITIZE})
endif()
if(DG_FUZZ)
  target_compile_options(dg_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(dg_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection)
  target_link_options(dg_flags INTERFACE -pie -Wl,-z,relro -Wl,-z,now)
endif()

# dg_add_library(<folder> SOURCES ... LINK ...): one static library a folder.
function(dg_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(dg_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(dg_${name} PUBLIC dg_flags ${ARG_LINK})
endfunction()
