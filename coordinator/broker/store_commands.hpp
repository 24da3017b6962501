/// `musterd store check|backup|restore`: for folders that no broker uses.
#pragma once

#include "broker.hpp"

#include <string>

namespace muster::broker {

/// Each prints what it did, or one sentence on standard error.
[[nodiscard]] ExitCode check_store(const std::string& path);
[[nodiscard]] ExitCode backup_store(const std::string& from, const std::string& to);
[[nodiscard]] ExitCode restore_store(const std::string& from, const std::string& to);

}  // namespace muster::broker
