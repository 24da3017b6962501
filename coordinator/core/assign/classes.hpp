/// Members that subscribe alike, and what they hold: the small picture in which Algorithm C works.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// Members with the same subscription and weight. One that takes nothing new is a class of its own.
struct Class {
  std::span<const std::uint32_t> topics;
  std::uint32_t weight = 1;
  bool grows = true;                 ///< False: of each topic at most what it holds.
  std::vector<MemberIndex> members;  ///< In order.
  std::uint32_t first_arc = 0;       ///< One arc a topic from here on, in the order of `topics`.
};

/// "This class may own slots of that topic."
struct Arc {
  std::uint32_t topic = 0;
  std::uint32_t cls = 0;
  std::uint32_t held = 0;   ///< Slots of the topic that the class's members own and may keep.
  std::uint32_t owned = 0;  ///< Slots of the topic that they are to own.
};

struct Picture {
  Picture(const Problem& problem, std::span<const std::uint32_t> slot_begins);

  [[nodiscard]] std::span<const std::uint32_t> arcs_of(std::uint32_t topic) const {
    return std::span(topic_arcs)
        .subspan(topic_arcs_begin[topic], topic_arcs_begin[topic + 1] - topic_arcs_begin[topic]);
  }
  [[nodiscard]] std::span<const Arc> arcs_of(const Class& cls) const {
    return std::span(arcs).subspan(cls.first_arc, cls.topics.size());
  }
  /// The arc of a class and a topic that it subscribes to.
  [[nodiscard]] std::uint32_t arc_of(std::uint32_t cls, std::uint32_t topic) const;

  const Problem& problem;
  std::span<const std::uint32_t> begins;  ///< Of the slots of each topic.
  std::vector<Class> classes;             ///< In order of their first members.
  std::vector<std::uint32_t> class_of;    ///< Per member; `nobody` if it takes no part.
  std::vector<Arc> arcs;
  std::vector<std::uint32_t> topic_arcs;  ///< Arc numbers, topic by topic.
  std::vector<std::uint32_t> topic_arcs_begin;
  std::vector<std::uint32_t> placeable;  ///< Per topic: slots that can have an owner.
  std::vector<MemberIndex> owner;        ///< Per slot: the present owner if it may stay, or nobody.
  std::vector<std::uint32_t> held;       ///< Per member: slots that it owns and may keep.

 private:
  void find_classes();
  void connect();
  void count_holdings();
};

}  // namespace muster::core::assign
