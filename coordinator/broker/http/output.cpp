#include "output.hpp"

#include <algorithm>
#include <utility>

namespace muster::broker::http {

std::string& Output::text() {
  if (parts_.size() == first_ || parts_.back().shared) parts_.emplace_back();
  return parts_.back().own;
}

void Output::append(std::shared_ptr<const std::string> body) {
  if (!body || body->empty()) return;
  if (body->size() <= copied) {
    text() += *body;
  } else {
    parts_.push_back({{}, std::move(body)});
  }
}

std::size_t Output::size() const {
  std::size_t sum = 0;
  for (std::size_t i = first_; i < parts_.size(); ++i) sum += parts_[i].bytes().size();
  return sum - sent_;
}

Output::Buffers Output::front() const {
  Buffers out;
  const std::size_t count = std::min(max_parts, parts_.size() - first_);
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view bytes = parts_[first_ + i].bytes();
    if (i == 0) bytes.remove_prefix(sent_);
    out.add(bytes);
  }
  return out;
}

void Output::consume(std::size_t size) {
  sent_ += size;
  while (first_ < parts_.size() && sent_ >= parts_[first_].bytes().size()) {
    sent_ -= parts_[first_].bytes().size();
    parts_[first_++] = {};
  }
  if (first_ < parts_.size()) return;
  std::vector<Part>{}.swap(parts_);  // nothing is kept for a peer that waits
  first_ = 0;
  sent_ = 0;
}

}  // namespace muster::broker::http
