/// The C face of Member: converts, and lets no exception out.
#include <muster/muster.h>
#include <muster/member.hpp>

#include <algorithm>
#include <cstring>
#include <deque>
#include <exception>
#include <new>
#include <utility>

struct muster_ownership {
  muster::Ownership value;
};

struct muster_member {
  muster::Callbacks callbacks;
  muster::Outcome<muster::Member> member{muster::Error{}};
  // What the last call handed out.
  std::deque<muster_ownership> ownerships;
  std::vector<muster_partition> assignment;
  std::vector<muster::CommittedOffset> committed;
};

namespace {

using muster::Errc;
using muster::Error;
using muster::Millis;
using muster::Ownership;

int report(muster_error* to, int code, std::string_view message) {
  if (to == nullptr) return code;
  to->code = code;
  const std::size_t length = std::min(message.size(), sizeof to->message - 1);
  std::memcpy(to->message, message.data(), length);
  to->message[length] = '\0';
  return code;
}

int report(muster_error* to, const Error& error) {
  const std::string_view message = error.message.empty() ? to_string(error.code) : error.message;
  return report(to, static_cast<int>(error.code), message);
}

int fine(muster_error* to) {
  return report(to, MUSTER_OK, "");
}

/// Runs `call`, which gives the code; whatever it throws becomes one.
template <class Call>
int guarded(muster_error* error, Call&& call) noexcept {
  try {
    return call();
  } catch (const std::exception& thrown) {
    return report(error, MUSTER_INTERNAL, thrown.what());
  } catch (...) {
    return report(error, MUSTER_INTERNAL, "an unknown exception");
  }
}

std::string text(const char* c) {
  return c == nullptr ? std::string{} : std::string{c};
}

std::vector<std::string> texts(const char* const* list, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; list != nullptr && i < count; ++i) all.push_back(text(list[i]));
  return all;
}

void set(Millis& to, std::uint32_t ms) {
  if (ms != 0) to = Millis{ms};
}

muster::MemberOptions options_of(const muster_options& given) {
  // A program made with an older header gives a shorter struct: what it lacks has its default.
  muster_options from = MUSTER_OPTIONS_INIT;
  std::memcpy(&from, &given, std::min(given.size, sizeof from));
  muster::MemberOptions options;
  if (from.server_count > 0) options.servers = texts(from.servers, from.server_count);
  options.group = text(from.group);
  options.topics = texts(from.topics, from.topic_count);
  options.instance_id = text(from.instance_id);
  options.client_id = text(from.client_id);
  options.address = text(from.address);
  options.zone = text(from.zone);
  options.assignor = text(from.assignor);
  set(options.session_timeout, from.session_timeout_ms);
  set(options.rebalance_timeout, from.rebalance_timeout_ms);
  set(options.max_poll_interval, from.max_poll_interval_ms);
  if (from.weight >= 0) options.weight = static_cast<std::uint32_t>(from.weight);
  if (from.connect_timeout_ms >= 0) options.connect_timeout = Millis{from.connect_timeout_ms};
  return options;
}

muster_partition row(const muster_ownership& ownership) {
  const Ownership& value = ownership.value;
  return {value.topic().value.c_str(), value.partition(), value.token(), &ownership};
}

std::function<void(const std::vector<Ownership>&)> bridge(muster_list_callback callback,
                                                          void* user) {
  if (callback == nullptr) return {};
  return [callback, user](const std::vector<Ownership>& list) {
    std::deque<muster_ownership> owned;
    std::vector<muster_partition> rows;
    for (const Ownership& ownership : list)
      rows.push_back(row(owned.emplace_back(muster_ownership{ownership})));
    callback(user, rows.data(), rows.size());
  };
}

muster::Callbacks callbacks_of(const muster_callbacks* given) {
  if (given == nullptr) return {};
  muster_callbacks from = MUSTER_CALLBACKS_INIT;
  std::memcpy(&from, given, std::min(given->size, sizeof from));
  muster::Callbacks callbacks;
  callbacks.on_assigned = bridge(from.on_assigned, from.user);
  callbacks.on_revoked = bridge(from.on_revoked, from.user);
  callbacks.on_lost = bridge(from.on_lost, from.user);
  callbacks.on_lost_now = bridge(from.on_lost_now, from.user);
  return callbacks;
}

std::vector<muster::OffsetToCommit> offsets_of(const muster_offset* offsets, std::size_t count) {
  std::vector<muster::OffsetToCommit> all;
  for (std::size_t i = 0; i < count; ++i) {
    const muster_offset& o = offsets[i];
    const Ownership owner = o.ownership == nullptr ? Ownership{} : o.ownership->value;
    all.push_back({owner, o.offset, text(o.metadata), o.leader_epoch});
  }
  return all;
}

}  // namespace

extern "C" {

const char* muster_version(void) {
  return muster::library_version().data();
}

int muster_join(const muster_options* options, const muster_callbacks* callbacks,
                muster_member** member, muster_error* error) {
  return guarded(error, [&] {
    if (options == nullptr || member == nullptr)
      return report(error, MUSTER_INVALID_REQUEST, "options and member must not be NULL");
    auto made = std::make_unique<muster_member>();
    made->member = muster::Member::join(options_of(*options), callbacks_of(callbacks));
    if (!made->member) return report(error, made->member.error());
    *member = made.release();
    return fine(error);
  });
}

int muster_poll(muster_member* member, uint32_t timeout_ms, muster_polled* polled,
                muster_error* error) {
  return guarded(error, [&] {
    const auto result = member->member->poll(Millis{timeout_ms});
    if (!result) return report(error, result.error());
    if (polled != nullptr) *polled = static_cast<muster_polled>(*result);
    return fine(error);
  });
}

void muster_wakeup(muster_member* member) {
  member->member->wakeup();
}

int muster_assignment(muster_member* member, const muster_partition** list, size_t* count,
                      muster_error* error) {
  return guarded(error, [&] {
    member->ownerships.clear();
    member->assignment.clear();
    for (Ownership& ownership : member->member->assignment())
      member->assignment.push_back(
          row(member->ownerships.emplace_back(muster_ownership{ownership})));
    *list = member->assignment.data();
    *count = member->assignment.size();
    return fine(error);
  });
}

int muster_ownership_valid(const muster_ownership* ownership) {
  return ownership != nullptr && ownership->value.valid() ? 1 : 0;
}

muster_ownership* muster_ownership_keep(const muster_ownership* ownership) {
  return ownership == nullptr ? nullptr : new (std::nothrow) muster_ownership{*ownership};
}

void muster_ownership_free(muster_ownership* ownership) {
  delete ownership;
}

int muster_commit(muster_member* member, const muster_offset* offsets, size_t count,
                  uint32_t timeout_ms, muster_error* error) {
  return guarded(error, [&] {
    const auto done = member->member->commit(offsets_of(offsets, count), Millis{timeout_ms});
    return done ? fine(error) : report(error, done.error());
  });
}

int muster_commit_async(muster_member* member, const muster_offset* offsets, size_t count,
                        muster_commit_callback done, void* user, muster_error* error) {
  return guarded(error, [&] {
    member->member->commit_async(offsets_of(offsets, count),
                                 [done, user](const muster::Outcome<void>& outcome) {
                                   if (done == nullptr) return;
                                   muster_error told;
                                   outcome ? fine(&told) : report(&told, outcome.error());
                                   done(user, &told);
                                 });
    return fine(error);
  });
}

int muster_committed(muster_member* member, const muster_ownership* const* ownerships, size_t count,
                     muster_committed_offset* out, uint32_t timeout_ms, muster_error* error) {
  return guarded(error, [&] {
    std::vector<Ownership> asked;
    for (std::size_t i = 0; i < count; ++i) asked.push_back(ownerships[i]->value);
    auto answer = member->member->committed(asked, Millis{timeout_ms});
    if (!answer) return report(error, answer.error());
    member->committed = std::move(*answer);
    for (std::size_t i = 0; i < count; ++i) {
      const muster::CommittedOffset& o = member->committed.at(i);
      out[i] = {o.offset, o.metadata.c_str(), o.token, o.committed_at.ms};
    }
    return fine(error);
  });
}

int muster_leave(muster_member* member, uint32_t timeout_ms, muster_error* error) {
  return guarded(error, [&] {
    const auto left = member->member->leave(Millis{timeout_ms});
    return left ? fine(error) : report(error, left.error());
  });
}

void muster_close(muster_member* member) {
  delete member;
}

}  // extern "C"
