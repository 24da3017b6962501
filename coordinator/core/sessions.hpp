/// Sessions: who is alive. Volatile state, rebuilt after a restart.
///
/// Session time is steady time less the broker's own gaps: one addition shifts every deadline by a
/// whole gap. A heartbeat stores when it came, and nothing else; a timing wheel of lazy entries
/// looks at a session when the next edge of its ladder may have come.
#pragma once

#include <muster/core/effects.hpp>
#include <muster/core/limits.hpp>
#include <muster/core/pack.hpp>
#include <muster/types.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

namespace muster::core {

/// Session time in milliseconds.
using SessionTime = std::int64_t;

/// One cache line. Slot i of the table belongs to the member whose MemberView says slot i.
struct alignas(64) Session {
  SessionTime last_heard = 0;
  SessionTime last_progress = 0;      ///< When a beat last reported progress.
  std::uint64_t connection = 0;       ///< The connection its handle is bound to; 0: none.
  Revision step_after = 0;            ///< Revision of the newest step of this run, told or not.
  std::uint32_t generation : 20 = 0;  ///< Of the handle; a new one with each binding.
  std::uint32_t status : 4 = 0;       ///< As in the member's record.
  bool used : 1 = false;
  bool heard : 1 = false;        ///< In this run.
  bool noted : 1 = false;        ///< A silence record of it is durable or on its way, or may be.
  bool ponged : 1 = false;       ///< It answered a ping since its last beat.
  bool watched : 1 = false;      ///< The wheel holds an entry of it.
  std::uint32_t timeout_ms = 0;  ///< S as it counts.
  std::uint32_t offered_ms = 0;  ///< S as it was offered; shorter ones count once echoed.
  std::uint32_t max_poll_ms = 0;
  std::uint32_t sequence = 0;
  std::uint32_t progress = 0;
  std::uint32_t told_step = 0;
  std::uint32_t wheel_stamp = 0;  ///< Tells the wheel's newest entry of this slot from stale ones.
};
static_assert(sizeof(Session) == 64);
static_assert(std::is_trivially_copyable_v<Session>);

/// The next look at a session: by slot, with the stamp that makes an entry stale when it is
/// replaced.
struct WheelEntry {
  std::uint32_t slot = 0;
  std::uint32_t stamp = 0;
};

/// A timing wheel of one level: 8 ms a bucket, 65 s around. What is farther away is looked at when
/// it comes around and put back.
class Wheel {
 public:
  static constexpr std::int64_t bucket_ms = 8;
  static constexpr std::size_t buckets = 8'192;

  /// An entry that comes due no earlier than `at` and less than a bucket later.
  void add(WheelEntry entry, SessionTime at);
  /// Takes at most `most` entries that are due at `now` into `out` (emptied first). True: there are
  /// more.
  bool take_due(SessionTime now, std::size_t most, std::vector<WheelEntry>& out);
  /// When the next entry is due at the earliest.
  [[nodiscard]] std::optional<SessionTime> next() const;
  /// Starts the wheel at `now`; only while it is empty.
  void start(SessionTime now) { position_ = now / bucket_ms; }
  /// Session time has fallen back by `fell` to `now`. A session that beats from now on may be due
  /// before its entry is, so all are looked at that much earlier; too early does no harm.
  void rewind(SessionTime fell, SessionTime now);

  void pack(Packer& out) const;
  void unpack(Unpacker& in);

 private:
  [[nodiscard]] static std::size_t index(std::int64_t bucket) {
    return static_cast<std::size_t>(bucket) % buckets;
  }

  std::array<std::vector<WheelEntry>, buckets> lists_;
  std::array<std::uint64_t, buckets / 64> filled_{};  // a bit for each list that is not empty
  std::int64_t position_ = 0;                         // the first bucket that is not yet taken
};

/// Gives the table's mapping back.
struct Unmap {
  std::size_t bytes = 0;
  void operator()(Session* table) const;
};

class Sessions {
 public:
  Sessions(ShardIndex shard, const Limits& limits) : shard_(shard), limits_(limits) {}

  // Time -----------------------------------------------------------------------------------------

  [[nodiscard]] SessionTime at(Mono mono) const { return mono.ms - credit_; }
  [[nodiscard]] Mono mono(SessionTime time) const { return {time + credit_}; }
  /// Sets the wheel to the present; once, before the first session.
  void start(Mono now) { wheel_.start(at(now)); }
  /// Time up to here has been counted with.
  void used(Mono now) { used_ = std::max(used_, at(now)); }
  /// Credits the part of a loop's gap that was not credited yet; gives how much.
  Millis credit_gap(Mono last_ran, Mono now);

  // The table ------------------------------------------------------------------------------------

  /// A session in `slot`, heard now. Its handle is void until bind().
  Session& open(std::uint32_t slot, Millis timeout, Millis max_poll, SessionTime heard_at);
  void close(std::uint32_t slot);
  [[nodiscard]] Session& operator[](std::uint32_t slot) { return table_[slot]; }
  [[nodiscard]] const Session& operator[](std::uint32_t slot) const { return table_[slot]; }

  /// A new handle, valid on this connection only; the old one is void.
  SessionHandle bind(std::uint32_t slot, SessionRef connection);
  [[nodiscard]] SessionHandle handle(std::uint32_t slot) const;
  /// The slot of a handle, if it is bound to this connection.
  [[nodiscard]] std::optional<std::uint32_t> find(SessionHandle handle, SessionRef from) const;
  void prefetch(SessionHandle handle) const noexcept;
  void prefetch(std::uint32_t slot) const noexcept { __builtin_prefetch(&table_[slot], 1); }

  /// Looks at the session again at `when`.
  void watch(std::uint32_t slot, SessionTime when);
  Wheel& wheel() { return wheel_; }
  [[nodiscard]] const Wheel& wheel() const { return wheel_; }
  [[nodiscard]] bool current(const WheelEntry& entry) const {
    const Session& s = table_[entry.slot];
    return s.used && s.watched && s.wheel_stamp == entry.stamp;
  }

  /// The revision that withdraws the note of this session's silence: what it is told waits for it.
  /// 0: none does.
  [[nodiscard]] Revision withdrawal(std::uint32_t slot) const;
  void set_withdrawal(std::uint32_t slot, Revision revision) { withdrawals_[slot] = revision; }
  void forget_withdrawal(std::uint32_t slot) { withdrawals_.erase(slot); }

  // Who waits for an answer
  // -----------------------------------------------------------------------------------------

  /// The answer to what was heard last leaves once this revision is durable. Until then nobody can
  /// expect the next beat: it may be the one that tells the handle.
  void answered_after(std::uint32_t slot, Revision revision);
  void forget_answer(std::uint32_t slot);
  /// Whether an answer waits for more than what is durable.
  [[nodiscard]] bool awaits_answer(std::uint32_t slot, Revision durable) const;
  [[nodiscard]] bool any_awaits_answer() const { return !answers_.empty(); }
  /// Whether answers that waited for the disk can leave now.
  [[nodiscard]] bool answers_leave(Revision durable) const {
    return !leaving_.empty() && leaving_.begin()->first <= durable;
  }
  /// They leave: the silence of those sessions begins here.
  void begin_silences(Revision durable, SessionTime now);

  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// All of it, for an image; `slots` as many as the state has.
  void pack(Packer& out, std::uint32_t slots) const;
  /// Into fresh sessions. False: these were no bytes of pack().
  [[nodiscard]] bool unpack(Unpacker& in);

 private:
  void grow(std::uint32_t slots);
  void fall_back(SessionTime by, SessionTime now);

  ShardIndex shard_;
  const Limits& limits_;
  std::int64_t credit_ = 0;
  SessionTime used_ = 0;  // nobody was heard later, nor the wheel turned further
  struct Span {
    Mono begin;
    Mono end;
  };
  std::vector<Span> credited_;  // apart from each other; the newest few
  std::unique_ptr<Session[], Unmap> table_;
  std::uint32_t capacity_ = 0;
  std::uint64_t count_ = 0;
  std::map<std::uint32_t, Revision> withdrawals_;         // few, and not for long
  std::map<std::uint32_t, Revision> answers_;             // that wait for the disk, by slot
  std::set<std::pair<Revision, std::uint32_t>> leaving_;  // the same, in the order of the disk
  Wheel wheel_;
};

}  // namespace muster::core
