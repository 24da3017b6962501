/// The bodies of requests: JSON, read strictly, so that a misspelt field is told and not ignored.
#pragma once

#include <muster/errc.hpp>
#include <muster/messages.hpp>

#include <string_view>
#include <variant>

namespace muster::broker::http {

/// {"service":"web","id":"web-1","address":"10.0.0.1","port":8080,…}; an empty address stays empty.
[[nodiscard]] std::variant<Register, Error> parse_register(std::string_view body);

struct ReportBody {
  Status status = Status::healthy;
  std::string detail;
};
/// {"status":"critical","detail":"the disk is full"}
[[nodiscard]] std::variant<ReportBody, Error> parse_report(std::string_view body);

}  // namespace muster::broker::http
