/// The closing texts of `--help`: examples, environment, exit codes.
#pragma once

#include <string>
#include <string_view>

namespace muster::cli {

/// Of `muster --help`.
[[nodiscard]] std::string main_footer();
/// Of `muster <command> --help`, for example "topics create"; empty where there is nothing to add.
[[nodiscard]] std::string footer(std::string_view command);

}  // namespace muster::cli
