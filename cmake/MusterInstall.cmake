# What is installed: the libraries with their public headers, the programs, and the files by which
# CMake and pkg-config find them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Makes `target` part of the installed package as muster::`name`, with these public headers.
function(muster_install target name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "BASE" "HEADERS")
  list(TRANSFORM arg_HEADERS PREPEND ${arg_BASE}/)
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${arg_BASE} FILES ${arg_HEADERS})
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON)
  install(TARGETS ${target} EXPORT musterTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

muster_install(muster_messages messages BASE ${PROJECT_SOURCE_DIR}/wire/include
  HEADERS muster/errc.hpp muster/events.hpp muster/group_messages.hpp muster/messages.hpp
          muster/service_messages.hpp muster/types.hpp)
# Only for linking: the frames and their codec are no public interface.
muster_install(muster_wire wire BASE ${PROJECT_SOURCE_DIR}/wire)
muster_install(muster_core core BASE ${PROJECT_SOURCE_DIR}/coordinator/core/include
  HEADERS muster/core/chunk_map.hpp muster/core/describe.hpp muster/core/effects.hpp muster/core/image.hpp
          muster/core/limits.hpp muster/core/member.hpp muster/core/pack.hpp muster/core/record.hpp
          muster/core/registry_record.hpp muster/core/registry_view.hpp muster/core/shard.hpp
          muster/core/shared.hpp muster/core/trace.hpp muster/core/view.hpp)
muster_install(muster_member member BASE ${PROJECT_SOURCE_DIR}/member/include
  HEADERS muster/member.hpp muster/muster.h muster/ownership.hpp)
set_target_properties(muster_member PROPERTIES OUTPUT_NAME muster)

foreach(program muster musterd)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

set(_package ${CMAKE_INSTALL_LIBDIR}/cmake/muster)
install(EXPORT musterTargets NAMESPACE muster:: DESTINATION ${_package})
configure_package_config_file(cmake/musterConfig.cmake.in musterConfig.cmake INSTALL_DESTINATION ${_package})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(musterConfigVersion.cmake COMPATIBILITY SameMinorVersion)
# muster.pc finds the prefix from where it lies itself, so the installed tree may be moved.
file(RELATIVE_PATH MUSTER_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/muster.pc.in muster.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/musterConfig.cmake ${PROJECT_BINARY_DIR}/musterConfigVersion.cmake
        DESTINATION ${_package})
install(FILES ${PROJECT_BINARY_DIR}/muster.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
