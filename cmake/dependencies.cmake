# System libraries, each behind one name. Debian 12's packages stand in ./dev.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(EVENT REQUIRED IMPORTED_TARGET libevent_core libevent_extra libevent_pthreads)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(SSL REQUIRED IMPORTED_TARGET libssl>=3.0 libcrypto)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)

find_path(PG_QUERY_INCLUDE pg_query.h REQUIRED)
find_library(PG_QUERY_LIBRARY pg_query REQUIRED)
add_library(dg_pg_query INTERFACE)
target_include_directories(dg_pg_query SYSTEM INTERFACE ${PG_QUERY_INCLUDE})
target_link_libraries(dg_pg_query INTERFACE ${PG_QUERY_LIBRARY})

# Header-only: libpg_query.so exports XXH3 symbols of its own.
find_path(XXHASH_INCLUDE xxhash.h REQUIRED)
