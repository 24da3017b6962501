#include "grant.hpp"

#include <muster/ownership.hpp>

#include <ctime>

namespace muster {

namespace member {

Mono boot_now() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return {static_cast<std::int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000};
}

bool Grant::valid() const noexcept {
  // The fence first: a grant is ended before the fence moves on, so whoever sees the moved fence
  // also sees the end. The clock last: time that passes in here counts against us.
  const std::int64_t fenced = fence->until.load(std::memory_order_acquire);
  if (ended.load(std::memory_order_acquire)) return false;
  return boot_now().ms < fenced;
}

}  // namespace member

namespace {
const member::Grant& empty_grant() {
  static const member::Grant none;
  return none;
}
const member::Grant& of(const std::shared_ptr<const member::Grant>& grant) {
  return grant ? *grant : empty_grant();
}
}  // namespace

const TopicName& Ownership::topic() const {
  return of(grant_).topic;
}
const TopicId& Ownership::topic_id() const {
  return of(grant_).partition.topic;
}
PartitionIndex Ownership::partition() const {
  return of(grant_).partition.partition;
}
Token Ownership::token() const {
  return of(grant_).token;
}
bool Ownership::valid() const noexcept {
  return grant_ && grant_->valid();
}

}  // namespace muster
