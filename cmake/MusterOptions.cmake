# Warnings, sanitizers and the compiler launcher: for our own targets only, never exported.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD AND NOT MUSTER_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

add_library(muster_options INTERFACE)
target_compile_options(muster_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                                $<$<BOOL:${MUSTER_WERROR}>:-Werror>)
# clang sees that libstdc++ 12's stable_sort uses what C++20 deprecates, and what librdkafka's macros are made of; g++
# still warns of our own uses.
target_compile_options(muster_options INTERFACE
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations -Wno-gnu-statement-expression-from-macro-expansion>)
# g++ 12 sees overlaps in std::string that are none once it optimises fully (GCC bug 105651).
target_compile_options(muster_options INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>,$<COMPILE_LANGUAGE:CXX>>:-Wno-restrict>)
if(MUSTER_SANITIZE)
  string(REPLACE ";" "," _sanitizers "${MUSTER_SANITIZE}")
  add_compile_options(-fsanitize=${_sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # It looks at objects through a pipe, and takes them for none where descriptors have run out.
  if(MUSTER_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize=vptr)
  endif()
  add_link_options(-fsanitize=${_sanitizers})
endif()

# Links a target of ours to its warnings, without exporting them.
function(muster_warnings target)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:muster_options>)
endfunction()
